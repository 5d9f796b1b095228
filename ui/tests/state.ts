import * as data from "../src/lib/fake/data";
import type { AppState } from "../src/lib/generated/AppState";
import type { Session } from "../src/lib/generated/Session";
import type { StageState } from "../src/lib/generated/StageState";

/** The app of somebody of the staff: signed in, connected, with nothing under way. */
export const state = (more: Partial<AppState> = {}): AppState => ({
  version: "0",
  server: "https://understudy.example",
  info: data.info,
  staff: data.staff,
  connection: "online",
  trouble: null,
  clock_ahead_ms: null,
  keyring: { state: "available" },
  stage: null,
  left: null,
  prefill: null,
  new_version: null,
  ...more,
});

/** The stage of this session, with a minute left and nothing to say. */
export const stageOf = (session: Session, sheet: StageState["sheet"] = null): StageState => ({
  session: { ...session },
  server: "Meridian",
  sheet,
  lost_in_ms: null,
  language: "en",
  loading: false,
  limit_in_ms: 60_000,
  idle_in_ms: null,
});
