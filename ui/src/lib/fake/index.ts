// Stands in for the Rust side in a browser: `npm run fake`, then `/?scene=…` or `/bar.html?scene=…`.
// Never in a production bundle; scripts/check-bundle.mjs looks for the marker below.
import type { Bridge } from "../app";
import { formatCode, normaliseCode } from "../code";
import type { AppState } from "../generated/AppState";
import type { CommandError } from "../generated/CommandError";
import type { ConsentState } from "../generated/ConsentState";
import type { ErrorCode } from "../generated/ErrorCode";
import type { InboxEntry } from "../generated/InboxEntry";
import type { LiftedNote } from "../generated/LiftedNote";
import type { LiftNote } from "../generated/LiftNote";
import type { NewNote } from "../generated/NewNote";
import type { NewRequest } from "../generated/NewRequest";
import type { NewReview } from "../generated/NewReview";
import type { NoteDraft } from "../generated/NoteDraft";
import type { PeopleQuery } from "../generated/PeopleQuery";
import type { Question } from "../generated/Question";
import type { Raise } from "../generated/Raise";
import type { Request } from "../generated/Request";
import type { SecondFactor } from "../generated/SecondFactor";
import type { Session } from "../generated/Session";
import type { SessionsQuery } from "../generated/SessionsQuery";
import type { SetSwitch } from "../generated/SetSwitch";
import type { Settings } from "../generated/Settings";
import type { Sheet } from "../generated/Sheet";
import type { StageState } from "../generated/StageState";
import * as data from "./data";

export const MARKER = "UNDERSTUDY_FAKE";
const CODE = "WDJB-MJHT";
const DELAY = 120;
const DIGITS = "123456";
const RATE_LIMITED = "999999";
const RECOVERY = [
  "WDJB-MJHT",
  "KLMN-PQRS",
  "TVWX-ZBCD",
  "FGHJ-KLMN",
  "PQRS-TVWX",
  "ZXWV-TSRQ",
  "PNML-KJHG",
  "FDCB-ZXWV",
  "TSRQ-PNML",
  "KJHG-FDCB",
];

function asking(state: ConsentState): Question {
  return { id: "q", session_id: "s", scope: "bank_details", state, left_ms: 600_000 };
}

/** The session that runs. */
const LIVE = "0d9b9a7e-0000-4000-8000-00000000000a";

const SHEETS: Record<string, Sheet> = {
  "bar-close": { type: "close_refused" },
  "bar-link": { type: "external_link", url: "https://tax.example/forms/2025?form=2777&from=meridian" },
  "bar-refused": { type: "refused", method: "POST", path: "/documents", reason: "view_only", scope: null },
  "bar-consent-missing": {
    type: "refused",
    method: "POST",
    path: "/settings/bank",
    reason: "consent_missing",
    scope: "bank_details",
  },
  "bar-raised": { type: "raised" },
  "bar-consent-asked": { type: "consent", question: asking("asked") },
  "bar-consent-allowed": { type: "consent", question: asking("allowed") },
  "bar-consent-declined": { type: "consent", question: asking("declined") },
  "bar-downloaded": {
    type: "downloaded",
    file: "statement-2025-03.pdf",
    folder: "/home/nora/Downloads",
    ok: true,
  },
  "bar-download-failed": {
    type: "downloaded",
    file: "statement-2025-03.pdf",
    folder: "/home/nora/Downloads",
    ok: false,
  },
  "bar-crashed": { type: "crashed" },
  "bar-not-loaded": { type: "not_loaded", untrusted: false, first: false },
  "bar-not-entered": { type: "not_loaded", untrusted: true, first: true },
};

function fail(code: ErrorCode, message: string, more: Partial<CommandError> = {}): never {
  throw { ...data.error(code, message), ...more };
}

/** `scene` names what the screens should show; see `npm run fake`. */
export function fake(scene = new URLSearchParams(location.search).get("scene") ?? ""): Bridge {
  document.documentElement.dataset.bridge = MARKER;
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const emit = (event: string, payload: unknown) => {
    for (const heard of listeners.get(event) ?? []) heard(structuredClone(payload));
  };

  let request: Request | null = null;
  let inbox: InboxEntry[] = [];
  let approvals = scene.startsWith("approvals") ? data.pendingRequests() : [];
  if (scene === "approvals-exception") for (const entry of approvals) entry.consent = data.exception;
  let staled = false;
  const sessions = structuredClone(scene.startsWith("exceptions") ? data.withExceptions() : data.sessions);
  const aNote = data.sessions.find(({ note }) => note !== null)?.note ?? null;
  if (scene !== "owed") for (const session of sessions) if (session.ended_at) session.note ??= aNote;

  const drafts = new Map<string, NoteDraft>();
  const lifted = new Map<string, LiftedNote>();

  const stageOf = (session: Session): StageState => ({
    session,
    sheet: SHEETS[scene] ?? null,
    connection_lost: scene === "bar-lost",
    loading: scene === "bar-loading",
    limit_in_ms: scene === "bar-soon" ? 95_000 : session.limit_in_ms,
    idle_in_ms: scene === "bar-still" ? 48_000 : null,
  });
  const own = (person = data.people[scene === "bar-rtl" ? 3 : scene === "bar-long" ? 5 : 0]): Session => ({
    ...(sessions[0] as Session),
    id: LIVE,
    staff: { id: data.staff.id, name: data.staff.name },
    mode: scene === "bar-act" ? "act" : "view",
    person: data.reference(person ?? (data.people[0] as never)),
    started_at: data.ago(350_000),
    limit_in_ms: 24 * 60_000 + 10_000,
    extendable: true,
    ended_at: null,
    end_cause: null,
    note: null,
    note_lifted: false,
  });

  const ended = (session: Session, end_cause: Session["end_cause"] = "exit"): Session => ({
    ...session,
    ended_at: data.ago(0),
    end_cause,
    actions: 12,
  });

  const state: AppState = {
    version: "0.1.0",
    server: scene.startsWith("first") ? null : "http://127.0.0.1:7200",
    info:
      scene.startsWith("first") || scene === "sign-in-trouble"
        ? null
        : { ...data.info, switched_off: scene.startsWith("off") },
    staff: /^(first|sign-in)/.test(scene)
      ? null
      : ["link-lead", "exceptions-lead"].includes(scene)
        ? data.lead
        : data.staff,
    connection: scene === "offline" || scene.endsWith("-trouble") ? "offline" : "online",
    trouble: scene.endsWith("-trouble") ? data.trouble : null,
    clock_ahead_ms: { clock: 6 * 60_000, "clock-behind": -190_000, "sign-in-clock": 3_660_000 }[scene] ?? 800,
    left: scene === "left" ? { session: ended(own(), "client_lost"), reason: "app_gone" } : null,
    prefill: null,
    new_version: scene.startsWith("update") ? data.newVersion : null,
    keyring:
      scene === "sign-in-keyring" || scene === "keyring"
        ? {
            state: "unavailable",
            help: "No keyring answers on this computer. Install gnome-keyring or KeePassXC and sign in to the desktop again; until then your sign-in lasts as long as Understudy runs.",
          }
        : { state: "available" },
    stage: /^(link-|update-)?live/.test(scene) ? stageOf(own()) : null,
  };
  const stateChanged = () => emit("app-state", state);
  if (state.left) sessions.unshift(state.left.session);

  // Half written before the link comes.
  if (scene === "link-draft") {
    const draft = { identifier: "INV-000140", reason: "Cannot download the tax form", ticket: "HD-1" };
    sessionStorage.setItem("request-draft", JSON.stringify(draft));
  }
  if (scene.startsWith("link")) {
    setTimeout(() => {
      state.prefill = data.prefill;
      stateChanged();
    }, 900);
  }

  // Digits count once, as they do on the server: the scene tells how the factor stands at first.
  const factor: SecondFactor = {
    set_up: scene !== "ready-set-up" && scene !== "factor-none",
    fresh_for_ms:
      scene === "ready-code" ||
      scene === "approvals-code" ||
      scene === "ready-set-up" ||
      scene.startsWith("factor")
        ? 0
        : 3_000_000,
  };
  const checkFactor = (code: string) => {
    if (code === RATE_LIMITED) fail("too_many", "Too many wrong codes.", { retry_after_ms: 300_000 });
    if (code !== DIGITS && !RECOVERY.includes(formatCode(code)))
      fail("wrong_second_factor", "That code is not right. Check the clock of your phone.");
  };

  // Kept over the reload that a change of language takes.
  const settings: Settings = {
    language: (localStorage.getItem("PARAGLIDE_LOCALE") as Settings["language"]) ?? null,
    theme: (localStorage.getItem("theme") as Settings["theme"]) ?? null,
    zoom: 100,
    autostart: false,
    keep_running: true,
    show_codes: false,
    quiet_hours: scene === "managed" ? { from: "20:00", to: "08:00" } : null,
    managed: scene === "managed" ? ["autostart", "show_codes", "quiet_hours", "server"] : [],
  };

  function arrive(made: Request) {
    inbox = [
      {
        request_id: made.id,
        person: made.person,
        reason: made.reason,
        mode: made.mode,
        arrived_at: data.ago(0),
        expires_at: made.expires_at ?? "",
        expires_in_ms: made.expires_in_ms ?? 0,
        code: CODE,
      },
    ];
  }

  const preset: Record<string, Request["state"]> = {
    code: "code_sent",
    "link-open": "code_sent",
    inbox: "code_sent",
    ready: "verified",
    "ready-code": "verified",
    "ready-set-up": "verified",
    "ready-stale": "verified",
    expired: "expired",
    tries: "too_many_tries",
  };
  if (preset[scene]) {
    request = data.request(preset[scene]);
    if (request.state === "code_sent") arrive(request);
  }

  const asked: Record<string, Request> = {
    pending: data.asked("pending"),
    "pending-taken": data.asked("pending", { by: data.colleague }),
    "pending-nobody": data.asked("pending", { on_duty: 0 }),
    denied: data.asked("denied", data.denial),
    unanswered: data.asked("unanswered"),
    asked: data.askedByPage("asked"),
    declined: data.askedByPage("consent_declined"),
    "live-asked": { ...data.askedByPage("asked"), mode: "act", raises: LIVE },
    "live-code": { ...data.request("code_sent"), mode: "act", raises: LIVE },
    "live-ready": { ...data.request("verified"), mode: "act", raises: LIVE },
    "code-person": data.withPerson(),
  };
  if (asked[scene]) request = asked[scene];

  function close(reason: string, cause: Session["end_cause"] = "exit") {
    const session = ended(state.stage?.session ?? own(), cause);
    sessions.unshift(session);
    state.stage = null;
    request = null;
    stateChanged();
    emit("stage-closed", { session, reason });
  }

  const commands: Record<string, (args: never) => unknown> = {
    get_app_state: () => {
      if (scene === "signed-out") setTimeout(() => commands.sign_out?.({} as never), 300);
      if (scene === "closed") setTimeout(() => close("exited"), 300);
      if (scene === "closed-offline") setTimeout(() => close("exited_offline"), 300);
      if (scene === "refused") {
        state.stage = stageOf(own());
        setTimeout(() => emit("close-refused", null), 300);
      }
      return state;
    },
    take_prefill: () => {
      const { prefill } = state;
      state.prefill = null;
      stateChanged();
      return prefill;
    },
    install_update: () =>
      new Promise((_, refuse) => {
        if (scene !== "update-failed") return;
        setTimeout(() => refuse(data.updateFailed), 200);
      }),
    quit: () => {
      if (state.stage) emit("close-refused", null);
      else document.documentElement.dataset.quit = "yes";
    },
    set_server: ({ url }: { url: string }) => {
      if (!url.includes("7200"))
        fail("unreachable", `No server answers at ${url}. Check the address and that the server runs.`);
      Object.assign(state, { server: url, info: data.info });
      return state;
    },
    forget_server: () => Object.assign(state, { server: null, info: null, staff: null }),
    sign_in: ({ password }: { password: string }) => {
      if (password === "wrong")
        fail(
          "wrong_credentials",
          "The e-mail address or the password is not right. Check both and try again.",
        );
      state.staff = data.staff;
      stateChanged();
      return data.staff;
    },
    sign_out: () => {
      state.staff = null;
      stateChanged();
    },
    get_second_factor: () => factor,
    enrol_second_factor: ({ password }: { password: string }) => {
      if (password === "wrong") fail("invalid", "That is not your password.", { field: "password" });
      if (password === "many") fail("too_many", "Too many wrong passwords.", { retry_after_ms: 300_000 });
      if (factor.set_up && factor.fresh_for_ms === 0)
        fail("second_factor_needed", "Show your second factor first.");
      return data.enrolment;
    },
    confirm_second_factor: ({ code }: { code: string }) => {
      checkFactor(code);
      Object.assign(factor, { set_up: true, fresh_for_ms: 3_600_000 });
      return { codes: RECOVERY };
    },
    verify_second_factor: ({ code }: { code: string }) => {
      checkFactor(code);
      factor.fresh_for_ms = 3_600_000;
      return factor;
    },
    still_here: () => {},
    ask_person: () => {},
    want_more: () => {},
    ask_to_act: ({ wanted }: { wanted: Raise }) => {
      request = { ...data.askedByPage("asked"), ...wanted, mode: "act", raises: LIVE };
      return request;
    },
    resume_session: () => {
      request = data.request("waiting");
      return request;
    },
    raise_session: () => {
      if (request) request.state = "raised";
      if (state.stage) state.stage.session.mode = "act";
      stateChanged();
    },
    extend_session: () => {
      if (factor.fresh_for_ms === 0 || !staled) {
        staled = true;
        factor.fresh_for_ms = 0;
        fail("second_factor_needed", "Show your second factor first.");
      }
      return 1_800_000;
    },
    get_settings: () => settings,
    can_notify: () => scene !== "silent",
    set_settings: ({ settings: wanted }: { settings: Settings }) => {
      Object.assign(settings, wanted);
      emit("settings", settings);
      return settings;
    },
    list_people: ({ query }: { query: PeopleQuery }) => {
      if (scene === "many") return data.manyPeople(query);

      const wanted = (query.search ?? "").toLowerCase();
      const found = data.people.filter(
        ({ id, kind, name, email }) =>
          (query.kind === null || kind === query.kind) &&
          `${name} ${email} ${id}`.toLowerCase().includes(wanted),
      );
      const offset = query.offset;
      return { people: found.slice(offset, offset + (query.limit ?? 50)), total: found.length, offset };
    },
    find_person: ({ identifier }: { identifier: string }) =>
      data.people.find(({ id, email }) => [id, email].includes(identifier)) ??
      fail(
        "person_not_found",
        "Nobody has this ID or e-mail address. Check it, or find the person in People.",
      ),
    request_code: ({ request: wanted }: { request: NewRequest }) => {
      const person = data.people.find(({ id }) => id === wanted.identifier) ?? data.people[0];
      request = { ...data.request("waiting", 600_000), ...wanted, person: data.reference(person as never) };
      setTimeout(() => {
        if (!request) return;
        request = { ...request, state: "code_sent", deliveries: data.request("code_sent").deliveries };
        arrive(request);
        const event = {
          type: "code_arrived",
          request_id: request.id,
          person: request.person,
          mode: request.mode,
        };
        emit("server-event", { cursor: 1, at: data.ago(0), event });
      }, 1200);
      return request;
    },
    get_request: () => request ?? fail("not_found", "No such request."),
    current_request: () => request,
    cancel_request: () => {
      const cancelled = { ...(request as Request), state: "cancelled" };
      request = null;
      inbox = [];
      return cancelled;
    },
    verify_code: ({ code }: { code: string }) => {
      if (!request) fail("not_found", "No such request.");
      if (normaliseCode(code) !== normaliseCode(CODE)) {
        request.tries_left -= 1;
        if (request.tries_left === 0) {
          request.state = "too_many_tries";
          fail("too_many_tries", "Too many wrong codes. Request a new code.");
        }
        fail(
          "wrong_code",
          `That code is not right. ${request.tries_left} tries left. Check the latest message: an older code no longer works.`,
          { tries_left: request.tries_left },
        );
      }
      inbox = [];
      request = { ...request, state: "verified", expires_in_ms: 300_000 };
      return request;
    },
    start_session: () => {
      // What the server says where an hour went by since it was asked.
      if (scene === "ready-stale" && !staled) {
        staled = true;
        factor.fresh_for_ms = 0;
      }
      if (factor.fresh_for_ms === 0) fail("second_factor_needed", "Show your second factor first.");
      const session = own(data.people.find(({ id }) => id === request?.person.id));
      state.stage = stageOf(session);
      if (request) request.state = "started";
      stateChanged();
      return session;
    },
    list_inbox: () => inbox,
    list_approvals: () => approvals,
    take_request: ({ id }: { id: string }) => {
      const entry = approvals.find(({ request_id }) => request_id === id);
      if (!entry) fail("request_answered", "This request no longer waits for an answer.");
      const { name, id: staffId } = data.staff;
      return Object.assign(entry, { taken_by: { id: staffId, name }, held_for_ms: 600_000 });
    },
    hand_over_code: ({ id }: { id: string }) => {
      if (factor.fresh_for_ms === 0) fail("second_factor_needed", "Show your second factor first.");
      approvals = approvals.filter(({ request_id }) => request_id !== id);
    },
    deny_code: ({ id }: { id: string }) => {
      approvals = approvals.filter(({ request_id }) => request_id !== id);
    },
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
      };
    },
    get_session: ({ id }: { id: string }) => {
      const session = sessions.find((known) => known.id === id) ?? fail("not_found", "No such session.");
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
      const session = sessions.find((known) => known.id === id) ?? fail("not_found", "No such session.");
      return Object.assign(session, { ended_at: data.ago(0), end_cause: "stopped_by_staff" });
    },
    write_note: ({ id, note }: { id: string; note: NewNote }) => {
      const { name, id: staffId } = data.staff;
      const written = { ...note, written_at: data.ago(0), written_by: { id: staffId, name } };
      const session = sessions.find((known) => known.id === id);
      if (session) session.note = written;
      return written;
    },
    lift_note: ({ id, lift }: { id: string; lift: LiftNote }) => {
      const session = sessions.find((known) => known.id === id) ?? fail("not_found", "No such session.");
      lifted.set(id, {
        by: { id: data.staff.id, name: data.staff.name },
        at: data.ago(0),
        reason: lift.reason,
      });
      return Object.assign(session, { note_lifted: true });
    },
    review_session: ({ id, review }: { id: string; review: NewReview }) => {
      const session = sessions.find((known) => known.id === id) ?? fail("not_found", "No such session.");
      const written = { ...review, by: { id: data.lead.id, name: data.lead.name }, at: data.ago(0) };
      Object.assign(session, { review: written, review_by: null });
      return written;
    },
    get_note_draft: ({ id }: { id: string }) => drafts.get(id) ?? { what: "", why: "", solved: null },
    keep_note_draft: ({ id, draft }: { id: string; draft: NoteDraft }) => void drafts.set(id, draft),
    set_switch: ({ set }: { set: SetSwitch }) => {
      if (factor.fresh_for_ms === 0) fail("second_factor_needed", "Show your second factor first.");
      state.info = { ...data.info, switched_off: !set.on };
      if (!set.on && state.stage) close("ended_by_server", "switched_off");
      stateChanged();
      return { on: set.on };
    },
    exit_with_note: () => close("exited"),
    show_stage: () => undefined,
    exit_impersonation: () => close("exited"),
    get_stage_state: () => stageOf(own()),
    set_bar_height: ({ height }: { height: number }) => {
      document.documentElement.dataset.height = String(height);
    },
    dismiss_sheet: () => emit("stage-state", { ...stageOf(own()), sheet: null }),
    open_external_link: () => undefined,
    open_download_folder: () => undefined,
    reload_stage: () => undefined,
  };

  return {
    async invoke(command, args) {
      await new Promise((resolve) => setTimeout(resolve, scene === "slow" ? 60_000 : DELAY));
      const run = commands[command];
      if (!run) throw new Error(`The fake does not know ${command}.`);
      return structuredClone(await run((args ?? {}) as never));
    },
    async listen(event, heard) {
      const known = listeners.get(event) ?? new Set();
      listeners.set(event, known.add(heard));
      return () => known.delete(heard);
    },
  };
}
