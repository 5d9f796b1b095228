// The only module that knows Tauri: one function for each command, one for each event.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { AppState } from "./generated/AppState";
import type { CommandError } from "./generated/CommandError";
import type { Enrolment } from "./generated/Enrolment";
import type { EventEnvelope } from "./generated/EventEnvelope";
import type { InboxEntry } from "./generated/InboxEntry";
import type { LiftNote } from "./generated/LiftNote";
import type { More } from "./generated/More";
import type { NewNote } from "./generated/NewNote";
import type { NewRequest } from "./generated/NewRequest";
import type { NewReview } from "./generated/NewReview";
import type { Note } from "./generated/Note";
import type { NoteDraft } from "./generated/NoteDraft";
import type { PendingRequest } from "./generated/PendingRequest";
import type { PeoplePage } from "./generated/PeoplePage";
import type { PeopleQuery } from "./generated/PeopleQuery";
import type { Person } from "./generated/Person";
import type { Prefill } from "./generated/Prefill";
import type { Raise } from "./generated/Raise";
import type { RecoveryCodes } from "./generated/RecoveryCodes";
import type { Request } from "./generated/Request";
import type { RequestsPage } from "./generated/RequestsPage";
import type { RequestsQuery } from "./generated/RequestsQuery";
import type { Review } from "./generated/Review";
import type { Scope } from "./generated/Scope";
import type { SecondFactor } from "./generated/SecondFactor";
import type { Session } from "./generated/Session";
import type { SessionDetail } from "./generated/SessionDetail";
import type { SessionsPage } from "./generated/SessionsPage";
import type { SessionsQuery } from "./generated/SessionsQuery";
import type { SetSwitch } from "./generated/SetSwitch";
import type { Settings } from "./generated/Settings";
import type { Staff } from "./generated/Staff";
import type { StageClosed } from "./generated/StageClosed";
import type { StageState } from "./generated/StageState";
import type { Switch } from "./generated/Switch";

export interface Bridge {
  invoke(command: string, args?: Record<string, unknown>): Promise<unknown>;
  /** Answers with the function that stops listening. */
  listen(event: string, heard: (payload: unknown) => void): Promise<() => void>;
}

const tauri: Bridge = {
  invoke: (command, args) => invoke(command, args),
  listen: (event, heard) => listen(event, ({ payload }) => heard(payload)),
};

let bridge = tauri;

/** Puts something else in Tauri's place, for tests and for looking at the screens in a browser. */
export function plug(other: Bridge): void {
  bridge = other;
}

/** Whatever a command was rejected with, as the contract's error. */
export function asCommandError(thrown: unknown): CommandError {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    return thrown as CommandError;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: "internal",
    message,
    field: null,
    tries_left: null,
    retry_after_ms: null,
    session_id: null,
    name: null,
  };
}

async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return (await bridge.invoke(command, args)) as T;
  } catch (thrown) {
    throw asCommandError(thrown);
  }
}

function on<T>(event: string, heard: (payload: T) => void): Promise<() => void> {
  return bridge.listen(event, (payload) => heard(payload as T));
}

export const getAppState = () => call<AppState>("get_app_state");
export const quit = () => call<void>("quit");
export const takePrefill = () => call<Prefill | null>("take_prefill");
export const installUpdate = () => call<void>("install_update");
export const setServer = (url: string) => call<AppState>("set_server", { url });
export const forgetServer = () => call<AppState>("forget_server");
export const signIn = (email: string, password: string) => call<Staff>("sign_in", { email, password });
export const signOut = () => call<void>("sign_out");

export const getSwitch = () => call<Switch>("get_switch");
export const setSwitch = (set: SetSwitch) => call<Switch>("set_switch", { set });

export const getSecondFactor = () => call<SecondFactor>("get_second_factor");
export const enrolSecondFactor = (password: string) => call<Enrolment>("enrol_second_factor", { password });
export const confirmSecondFactor = (code: string) => call<RecoveryCodes>("confirm_second_factor", { code });
export const verifySecondFactor = (code: string) => call<SecondFactor>("verify_second_factor", { code });

export const getSettings = () => call<Settings>("get_settings");
export const setSettings = (settings: Settings) => call<Settings>("set_settings", { settings });
export const canNotify = () => call<boolean>("can_notify");

export const listPeople = (query: PeopleQuery) => call<PeoplePage>("list_people", { query });
export const findPerson = (identifier: string) => call<Person>("find_person", { identifier });

export const requestCode = (request: NewRequest) => call<Request>("request_code", { request });
export const getRequest = (id: string) => call<Request>("get_request", { id });
export const currentRequest = () => call<Request | null>("current_request");
export const cancelRequest = (id: string) => call<Request>("cancel_request", { id });
export const verifyCode = (id: string, code: string) => call<Request>("verify_code", { id, code });
export const startSession = (id: string) => call<Session>("start_session", { id });
export const resumeSession = (id: string) => call<Request>("resume_session", { id });
export const askToAct = (wanted: Raise) => call<Request>("ask_to_act", { wanted });
export const raiseSession = (request: string) => call<void>("raise_session", { request });
export const extendSession = () => call<number>("extend_session");
export const listInbox = () => call<InboxEntry[]>("list_inbox");
export const listApprovals = () => call<PendingRequest[]>("list_approvals");
export const takeRequest = (id: string) => call<PendingRequest>("take_request", { id });
export const handOverCode = (id: string) => call<void>("hand_over_code", { id });
export const denyCode = (id: string, reason: string) => call<void>("deny_code", { id, reason });

/** Those that never became a session. */
export const listRequests = (query: Partial<RequestsQuery>) =>
  call<RequestsPage>("list_requests", {
    query: { person: null, search: null, offset: 0, limit: null, ...query },
  });

const ALL_SESSIONS: SessionsQuery = {
  person: null,
  live: null,
  only: null,
  search: null,
  offset: 0,
  limit: null,
};
export const listSessions = (query: Partial<SessionsQuery>) =>
  call<SessionsPage>("list_sessions", { query: { ...ALL_SESSIONS, ...query } });
export const getSession = (id: string) => call<SessionDetail>("get_session", { id });
export const stopSession = (id: string) => call<Session>("stop_session", { id });
export const writeNote = (id: string, note: NewNote) => call<Note>("write_note", { id, note });
export const liftNote = (id: string, lift: LiftNote) => call<Session>("lift_note", { id, lift });
export const reviewSession = (id: string, review: NewReview) =>
  call<Review>("review_session", { id, review });
export const getNoteDraft = (id: string) => call<NoteDraft>("get_note_draft", { id });
export const keepNoteDraft = (id: string, draft: NoteDraft) => call<void>("keep_note_draft", { id, draft });
export const showStage = () => call<void>("show_stage");
export const exitImpersonation = () => call<void>("exit_impersonation");
export const exitWithNote = () => call<void>("exit_with_note");

export const getStageState = () => call<StageState>("get_stage_state");
export const setBarHeight = (height: number) => call<void>("set_bar_height", { height });
export const askPerson = (scope: Scope) => call<void>("ask_person", { scope });
export const wantMore = (more: More) => call<void>("want_more", { more });
export const stillHere = () => call<void>("still_here");
export const dismissSheet = () => call<void>("dismiss_sheet");
export const openExternalLink = () => call<void>("open_external_link");
export const openDownloadFolder = () => call<void>("open_download_folder");
export const reloadStage = () => call<void>("reload_stage");

export const onAppState = (heard: (state: AppState) => void) => on("app-state", heard);
export const onServerEvent = (heard: (event: EventEnvelope) => void) => on("server-event", heard);
export const onStageState = (heard: (state: StageState) => void) => on("stage-state", heard);
export const onStageClosed = (heard: (closed: StageClosed) => void) => on("stage-closed", heard);
export const onSettings = (heard: (settings: Settings) => void) => on("settings", heard);
export const onCodeOpened = (heard: (requestId: string) => void) => on("code-opened", heard);
export const onSessionOpened = (heard: (sessionId: string) => void) => on("session-opened", heard);
export const onMoreWanted = (heard: (more: More) => void) => on("more-wanted", heard);
export const onZoomKey = (heard: (key: string) => void) => on("zoom-key", heard);
export const onCloseRefused = (heard: () => void) => on<null>("close-refused", heard);
