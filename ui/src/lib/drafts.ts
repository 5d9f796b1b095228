// What people have half written, kept where a reload or a crash does not lose it.
import type { ConsentMeans } from "./generated/ConsentMeans";
import type { Mode } from "./generated/Mode";

export interface NoteDraft {
  what: string;
  why: string;
  solved: boolean | null;
}

export interface RequestDraft {
  identifier: string;
  reason: string;
  ticket: string;
  mode: Mode;
  given_by: string;
  /** `null` until somebody has chosen: a consent is stated, never assumed. */
  means: ConsentMeans | null;
  reference: string;
}

export const EMPTY_NOTE: NoteDraft = { what: "", why: "", solved: null };
export const EMPTY_REQUEST: RequestDraft = {
  identifier: "",
  reason: "",
  ticket: "",
  mode: "view",
  given_by: "",
  means: null,
  reference: "",
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

const noteKey = (sessionId: string) => `note:${sessionId}`;
const REQUEST_KEY = "request-draft";

/** A note outlives the app: it is owed until it is written. */
export const readNoteDraft = (sessionId: string) => read(localStorage, noteKey(sessionId), EMPTY_NOTE);
export const writeNoteDraft = (sessionId: string, draft: NoteDraft | null) =>
  write(localStorage, noteKey(sessionId), draft);

/** A request only outlives a reload. */
export const readRequestDraft = () => read(sessionStorage, REQUEST_KEY, EMPTY_REQUEST);
export const writeRequestDraft = (draft: RequestDraft | null) => write(sessionStorage, REQUEST_KEY, draft);
