import { beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import * as data from "../src/lib/fake/data";
import type { StageClosed } from "../src/lib/generated/StageClosed";
import { GO, goKeys, SCREEN_ORDER, screenKeys } from "../src/lib/keys";
import { SCREENS } from "../src/lib/route.svelte";
import { Shortcuts } from "../src/screens/frame/shortcuts";
import { endText, endTitle } from "../src/screens/note/ended";
import { commandsOf } from "../src/screens/palette/commands";
import { stageOf, state } from "./state";

let desk: Desk;
let asked: string[];

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  document.body.innerHTML = "";
  history.replaceState(null, "", "/");
  asked = [];
  plug({
    invoke: async (command) => {
      asked.push(command);
      if (command === "list_sessions") return { sessions: [], total: 0, offset: 0 };
      return command === "list_inbox" ? [] : null;
    },
    listen: async () => () => undefined,
  });
  desk = new Desk();
  desk.take(state());
});

test.each([
  [null, null],
  [120_000, null],
  [-119_000, null],
  [360_000, 360_000],
  [-121_000, -121_000],
])("a clock that is off by %s ms: %s", (clock_ahead_ms, worth) => {
  desk.take(state({ clock_ahead_ms }));
  expect(desk.clockOff).toBe(worth);
});

test("a clock that is off is said once in a run, also over a change of language", () => {
  desk.take(state({ clock_ahead_ms: 360_000 }));
  desk.clockSeen();
  expect(desk.clockOff).toBeNull();
  const anew = new Desk();
  anew.take(state({ clock_ahead_ms: 360_000 }));
  expect(anew.clockOff).toBeNull();
});

test("trouble with a server that was left is not the next one's", () => {
  desk.take(state({ staff: null, connection: "offline", trouble: data.trouble }));
  expect(desk.trouble).toEqual(data.trouble);
  desk.take(state({ staff: null, server: null, connection: "offline", trouble: data.trouble }));
  expect(desk.trouble).toBeNull();
  const other = { ...data.trouble, code: "unreachable" as const };
  desk.take(state({ staff: null, server: null, connection: "offline", trouble: other }));
  expect(desk.trouble).toEqual(other);
});

test("trouble at the very first start is said", () => {
  const first = new Desk();
  first.take(state({ staff: null, server: null, connection: "offline", trouble: data.trouble }));
  expect(first.trouble).toEqual(data.trouble);
});

test("the session of an app that was closed: who, until when, and that it is over", () => {
  const ended_at = "2026-11-22T10:32:00Z";
  const closed: StageClosed = {
    session: { ...(data.sessions[4] as StageClosed["session"]), ended_at, end_cause: "exit" },
    reason: "app_gone",
  };
  const { name } = closed.session.person;
  desk.take(state({ left: closed }));
  expect(desk.closed).toEqual(closed);
  expect(endTitle(closed)).toBe(`The session with ${name} has ended`);
  expect(endText(closed)).toContain(`was closed while you were signed in as ${name}`);
  expect(endText(closed)).toMatch(/ended on .*2026.*: nothing more can happen in it/);
  expect(endText({ ...closed, session: { ...closed.session, ended_at: null } })).not.toContain("ended on");
});

test("every screen has its number and its letter", () => {
  expect([...SCREEN_ORDER].sort()).toEqual([...SCREENS].sort());
  expect([...SCREEN_ORDER].sort()).toEqual(Object.values(GO).sort());
  expect(SCREEN_ORDER.map((screen) => [screenKeys(screen)[1], goKeys(screen)[1]])).toEqual([
    ["1", "P"],
    ["2", "I"],
    ["3", "M"],
    ["4", "H"],
    ["5", "S"],
  ]);
});

/** Pressed in a field; answers with where that led. */
function pressed(init: KeyboardEventInit): string {
  const field = document.createElement("input");
  document.body.append(field);
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
  const hear = (heard: Event) => new Shortcuts(desk).press(heard as KeyboardEvent);
  addEventListener("keydown", hear);
  field.dispatchEvent(event);
  removeEventListener("keydown", hear);
  return event.defaultPrevented ? location.hash : "";
}

test("Ctrl and a digit leads to a screen from a field, on a French keyboard too", () => {
  expect(pressed({ ctrlKey: true, code: "Digit4", key: "4" })).toBe("#/history");
  expect(pressed({ ctrlKey: true, code: "Digit2", key: "é" })).toBe("#/inbox");
  expect(pressed({ metaKey: true, code: "Digit5", key: "5" })).toBe("#/settings");
});

test("AltGr, other digits and digits alone are typed", () => {
  expect(pressed({ ctrlKey: true, altKey: true, code: "Digit4", key: "{" })).toBe("");
  expect(pressed({ ctrlKey: true, code: "Digit6", key: "6" })).toBe("");
  expect(pressed({ code: "Digit4", key: "4" })).toBe("");
});

test("a dialog that waits stays in front; the palette goes", () => {
  document.body.innerHTML = '<div role="dialog"></div>';
  expect(pressed({ ctrlKey: true, code: "Digit4", key: "4" })).toBe("");
  desk.over = "palette";
  expect(pressed({ ctrlKey: true, code: "Digit4", key: "4" })).toBe("#/history");
  expect(desk.over).toBeNull();
});

test("who reads only goes to no other screen", () => {
  desk.take(state({ staff: data.lead }));
  expect(pressed({ ctrlKey: true, code: "Digit3", key: "3" })).toBe("");
  expect(pressed({ ctrlKey: true, code: "Digit4", key: "4" })).toBe("#/history");
});

test("the palette quits, also while impersonating: the app then says why not", async () => {
  const session = data.sessions[0] as StageClosed["session"];
  for (const stage of [null, stageOf(session)]) {
    desk.take(state({ stage }));
    asked = [];
    commandsOf(desk)
      .find(({ id }) => id === "quit")
      ?.run();
    await vi.waitFor(() => expect(asked).toContain("quit"));
  }
});

test("what is set up above the steps has the one main button", () => {
  expect(desk.next).toBe("primary");
  desk.factor.settingUp = true;
  desk.factor.set({ set_up: false, fresh_for_ms: 0 });
  expect(desk.next).toBe("secondary");
  desk.factor.set({ set_up: true, fresh_for_ms: 0 });
  expect(desk.next).toBe("primary");
  desk.factor.recovery = ["WDJB-MJHT"];
  expect(desk.next).toBe("secondary");
});
