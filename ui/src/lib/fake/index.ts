// Stands in for the Rust side in a browser: `npm run fake`, then `/?scene=…` or `/bar.html?scene=…`.
// Never in a production bundle; scripts/check-bundle.mjs looks for the marker below.
import type { Bridge } from "../app";
import { app } from "./app";
import { factor } from "./factor";
import { people } from "./people";
import { requests } from "./requests";
import { sessions } from "./sessions";
import { settings } from "./settings";
import { stage } from "./stage";
import { type Commands, World } from "./world";

export const MARKER = "UNDERSTUDY_FAKE";
const DELAY = 120;

/** `scene` names what the screens should show; see `npm run fake`. */
export function fake(scene = new URLSearchParams(location.search).get("scene") ?? ""): Bridge {
  document.documentElement.dataset.bridge = MARKER;
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  const world = new World(scene, (event, payload) => {
    for (const heard of listeners.get(event) ?? []) heard(structuredClone(payload));
  });
  const parts = [app, settings, factor, people, requests, sessions, stage];
  const commands: Commands = Object.assign({}, ...parts.map((part) => part(world)));

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
