// The history: what was done, the notes and the reviews.
import type { LiftedNote } from "../generated/LiftedNote";
import type { LiftNote } from "../generated/LiftNote";
import type { NewNote } from "../generated/NewNote";
import type { NewReview } from "../generated/NewReview";
import type { NoteDraft } from "../generated/NoteDraft";
import type { RequestsQuery } from "../generated/RequestsQuery";
import type { SessionsQuery } from "../generated/SessionsQuery";
import * as data from "./data";
import { type Commands, fail, type World } from "./world";

export function sessions(world: World): Commands {
  const { scene, sessions } = world;
  const drafts = new Map<string, NoteDraft>();
  const lifted = new Map<string, LiftedNote>();
  const known = (id: string) =>
    sessions.find((session) => session.id === id) ?? fail("not_found", "No such session.");

  return {
    list_sessions: ({ query }: { query: SessionsQuery }) => {
      const found =
        scene === "empty"
          ? []
          : sessions.filter(
              ({
                person,
                staff,
                ticket,
                reason,
                ended_at,
                consent,
                review_by,
                note,
                note_lifted,
                resumed_by,
              }) =>
                [person.name, person.id, staff.name, ticket, reason].some((text) =>
                  text?.toLowerCase().includes((query.search ?? "").toLowerCase()),
                ) &&
                (query.person === null || person.id === query.person) &&
                (query.live === null || query.live === (ended_at === null)) &&
                (query.only !== "unnoted" ||
                  (staff.id === data.staff.id &&
                    ended_at !== null &&
                    note === null &&
                    !note_lifted &&
                    resumed_by === null)) &&
                (query.only !== "exceptions" || consent.evidence === "exception") &&
                (query.only !== "to_review" || review_by !== null),
            );
      const offset = query.offset;
      return {
        sessions: found.slice(offset, offset + (query.limit ?? 50)),
        total: found.length,
        offset,
        exceptions: sessions.filter(({ consent }) => consent.evidence === "exception").length,
        to_review: sessions.filter(({ review_by }) => review_by !== null).length,
        never_started: scene.startsWith("exceptions") ? data.neverStarted.length : 0,
      };
    },
    list_requests: ({ query }: { query: RequestsQuery }) => ({
      requests: data.neverStarted.filter(({ person }) =>
        person.name.toLowerCase().includes((query.search ?? "").toLowerCase()),
      ),
      total: data.neverStarted.length,
      offset: 0,
    }),
    get_session: ({ id }: { id: string }) => {
      const session = known(id);
      if (session.staff.id !== world.app.staff?.id) world.proven();
      return {
        session: {
          ...session,
          actions: data.actions.length,
          raised: scene === "raised" ? data.raised(session) : null,
        },
        ...data.story(session),
        earlier_notes: scene === "corrected" && session.note ? [{ ...session.note, solved: false }] : [],
        lifted: lifted.get(id) ?? null,
        earlier_reviews: session.review?.verdict === "justified" ? [data.earlierReview] : [],
      };
    },
    stop_session: ({ id }: { id: string }) => {
      return Object.assign(known(id), { ended_at: data.ago(0), end_cause: "stopped_by_staff" });
    },
    write_note: ({ id, note }: { id: string; note: NewNote }) => {
      const { name, id: staffId } = data.staff;
      const written = { ...note, written_at: data.ago(0), written_by: { id: staffId, name } };
      known(id).note = written;
      return written;
    },
    lift_note: ({ id, lift }: { id: string; lift: LiftNote }) => {
      lifted.set(id, {
        by: { id: data.staff.id, name: data.staff.name },
        at: data.ago(0),
        reason: lift.reason,
      });
      return Object.assign(known(id), { note_lifted: true });
    },
    review_session: ({ id, review }: { id: string; review: NewReview }) => {
      const written = { ...review, by: { id: data.lead.id, name: data.lead.name }, at: data.ago(0) };
      Object.assign(known(id), { review: written, review_by: null });
      return written;
    },
    get_note_draft: ({ id }: { id: string }) => drafts.get(id) ?? { what: "", why: "", solved: null },
    keep_note_draft: ({ id, draft }: { id: string; draft: NoteDraft }) => void drafts.set(id, draft),
  };
}
