import * as data from "../src/lib/fake/data";
import type { AppState } from "../src/lib/generated/AppState";

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
