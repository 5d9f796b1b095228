// What people have half written, kept where a reload or a crash does not lose it.
import type { ConsentMeans } from "./generated/ConsentMeans";
import type { Mode } from "./generated/Mode";
import type { Moved } from "./route.svelte";

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
  /** Whether values in it came from outside, by a link, and have not been acknowledged. */
  prefilled: boolean;
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

const noteKey = (sessionId: string) => `note:${sessionId}`;
const REQUEST_KEY = "request-draft";

/** A note outlives the app: it is owed until it is written. */
export const readNoteDraft = (sessionId: string) => read(localStorage, noteKey(sessionId), EMPTY_NOTE);
export const writeNoteDraft = (sessionId: string, draft: NoteDraft | null) =>
  write(localStorage, noteKey(sessionId), draft);

/** A request only outlives a reload. */
export const readRequestDraft = () => read(sessionStorage, REQUEST_KEY, EMPTY_REQUEST);
export const writeRequestDraft = (draft: RequestDraft | null) => write(sessionStorage, REQUEST_KEY, draft);

/** Where somebody was, over restarts of the app. */
export const readWorkspace = () => read(localStorage, WORKSPACE_KEY, EMPTY_WORKSPACE);
export const writeWorkspace = (workspace: Workspace) => write(localStorage, WORKSPACE_KEY, workspace);

/** Forgets what another person left on this computer; their words are theirs. */
export function takeOver(staff: string): Workspace {
  const known = readWorkspace();
  if (known.staff === staff) return known;
  if (known.staff !== "") {
    for (const key of Object.keys(localStorage)) if (key.startsWith("note:")) localStorage.removeItem(key);
  }
  const fresh = { ...EMPTY_WORKSPACE, last: {}, staff };
  writeWorkspace(fresh);
  return fresh;
}
