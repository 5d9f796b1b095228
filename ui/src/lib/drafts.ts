// What people have half written, kept where a reload or a crash does not lose it. Notes are kept by the Rust side,
// because the bar writes them too and a draft outlives the app.
import { getNoteDraft, keepNoteDraft } from "./app";
import type { Consent } from "./generated/Consent";
import type { ConsentMeans } from "./generated/ConsentMeans";
import type { Mode } from "./generated/Mode";
import type { NoteDraft } from "./generated/NoteDraft";
import type { Session } from "./generated/Session";
import type { Verdict } from "./generated/Verdict";
import type { Moved } from "./route.svelte";

export interface RequestDraft {
  identifier: string;
  reason: string;
  ticket: string;
  mode: Mode;
  /** `null` until somebody has chosen: a consent is stated, never assumed. */
  evidence: Evidence | null;
  given_by: string;
  /** Nor how it was given. */
  means: ConsentMeans | null;
  /** `null` until it is typed: the ticket, where the consent is looked up most often. */
  reference: string | null;
  /** Of an exceptional case. */
  category: string | null;
  exception: string;
  /** Whether values in it came from outside, by a link, and have not been acknowledged. */
  prefilled: boolean;
}

/** What somebody chooses, of what the installation offers. */
export type Evidence = Consent["evidence"];

export const EMPTY_NOTE: NoteDraft = { what: "", why: "", solved: null };
export const EMPTY_REQUEST: RequestDraft = {
  identifier: "",
  reason: "",
  ticket: "",
  mode: "view",
  evidence: null,
  given_by: "",
  means: null,
  reference: null,
  category: null,
  exception: "",
  prefilled: false,
};

function read<T extends object>(storage: Storage, key: string, empty: T): T {
  try {
    return { ...empty, ...(JSON.parse(storage.getItem(key) ?? "{}") as Partial<T>) };
  } catch {
    return { ...empty };
  }
}

function write<T extends object>(storage: Storage, key: string, value: T | null): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // A full or forbidden storage only means that the draft does not outlive the window.
  }
}

export interface Workspace extends Moved {
  /** Whose it is. */
  staff: string;
}

const EMPTY_WORKSPACE: Workspace = { staff: "", here: "", last: {} };
const WORKSPACE_KEY = "workspace";

const REQUEST_KEY = "request-draft";

/** As far as the note is written; what is filed already, where it is to be corrected. */
export async function readNoteDraft({ id, note }: Pick<Session, "id" | "note">): Promise<NoteDraft> {
  const filed = note ? { what: note.what, why: note.why, solved: note.solved } : { ...EMPTY_NOTE };
  const draft = await getNoteDraft(id).catch(() => EMPTY_NOTE);
  return JSON.stringify(draft) === JSON.stringify(EMPTY_NOTE) ? filed : draft;
}

let writing: Promise<unknown> = Promise.resolve();

/** One after the other, so that what was typed last stays. Answers when it is kept. */
export function writeNoteDraft(sessionId: string, draft: NoteDraft | null): Promise<void> {
  const written = writing.then(() => keepNoteDraft(sessionId, draft ?? EMPTY_NOTE));
  writing = written.catch(() => undefined);
  return written;
}

/** A review as far as it is written. */
export interface ReviewDraft {
  verdict: Verdict | null;
  text: string;
}

const reviewKey = (session: string, staff: string) => `review-draft/${staff}/${session}`;
export const readReviewDraft = (session: string, staff: string) =>
  read<ReviewDraft>(sessionStorage, reviewKey(session, staff), { verdict: null, text: "" });
export const writeReviewDraft = (session: string, staff: string, draft: ReviewDraft | null) =>
  write(sessionStorage, reviewKey(session, staff), draft);

/** A request only outlives a reload. */
export const readRequestDraft = () => read(sessionStorage, REQUEST_KEY, EMPTY_REQUEST);
export const writeRequestDraft = (draft: RequestDraft | null) => write(sessionStorage, REQUEST_KEY, draft);

/** Where somebody was, over restarts of the app. */
export const readWorkspace = () => read(localStorage, WORKSPACE_KEY, EMPTY_WORKSPACE);
export const writeWorkspace = (workspace: Workspace) => write(localStorage, WORKSPACE_KEY, workspace);

/** Forgets where another person was. */
export function takeOver(staff: string): Workspace {
  const known = readWorkspace();
  if (known.staff === staff) return known;
  const fresh = { ...EMPTY_WORKSPACE, last: {}, staff };
  writeWorkspace(fresh);
  return fresh;
}
