import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import * as data from "../src/lib/fake/data";
import type { Sheet } from "../src/lib/generated/Sheet";
import type { StageState } from "../src/lib/generated/StageState";
import Bar from "../src/screens/bar/Bar.svelte";
import { stageOf } from "./state";

const [session] = data.sessions as [StageState["session"]];
const asked: string[] = [];
let renew: (state: StageState) => void;
let bar: Record<string, unknown>;

beforeEach(async () => {
  vi.useFakeTimers();
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  asked.length = 0;
  plug({
    invoke: async (command) => {
      asked.push(command);
      if (command === "get_note_draft") return { what: "Looked", why: "", solved: null };
      return command === "get_stage_state" ? state(null) : undefined;
    },
    listen: async (_, heard) => {
      renew = heard;
      return () => undefined;
    },
  });
  bar = mount(Bar, { target: document.body });
  await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => {
  unmount(bar);
  vi.useRealTimers();
});

const state = (sheet: Sheet | null) => stageOf(session, sheet);

/** The sheet is there for so long, with a renewal of the session every five seconds. */
async function shownFor(sheet: Sheet, seconds: number) {
  for (let second = 0; second < seconds; second++) {
    if (second % 5 === 0) renew(state({ ...sheet }));
    flushSync();
    await vi.advanceTimersByTimeAsync(1000);
  }
  return asked.includes("dismiss_sheet");
}

const saved: Sheet = { type: "downloaded", file: "a.pdf", folder: "/home/nora", ok: true };

test("a saved download goes after eight seconds, renewals or not", async () => {
  expect(await shownFor(saved, 7)).toBe(false);
  expect(await shownFor(saved, 2)).toBe(true);
});

test("what asks, and a download that failed, stay", async () => {
  expect(await shownFor({ ...saved, ok: false }, 30)).toBe(false);
  expect(await shownFor({ type: "close_refused" }, 30)).toBe(false);
  expect(await shownFor({ type: "external_link", url: "https://tax.example/" }, 30)).toBe(false);
  expect(await shownFor({ type: "crashed" }, 30)).toBe(false);
});

test('"Open folder" opens it, and the message has done its work', async () => {
  await shownFor(saved, 1);
  document.querySelector<HTMLElement>("[data-testid=open-folder]")?.click();
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.slice(-2)).toEqual(["open_download_folder", "dismiss_sheet"]);
});

test("the mode is said in words and by its icon", () => {
  expect(document.querySelector("[data-testid=bar-mode]")?.textContent?.trim()).toBe("view only");
  renew({ ...state(null), session: { ...session, mode: "act" } });
  flushSync();
  expect(document.querySelector("[data-testid=bar-mode]")?.textContent?.trim()).toBe("changes allowed");
});

const press = async (name: string) => {
  document.querySelector<HTMLElement>(`[data-testid=${name}]`)?.click();
  await vi.advanceTimersByTimeAsync(0);
};

test('"solved" offers to exit, and what was written is kept before the bar goes', async () => {
  await press("bar-note");
  const what = document.querySelector<HTMLTextAreaElement>("[data-testid=note-what]");
  expect(what?.value).toBe("Looked");
  expect(document.activeElement).toBe(what);
  expect(document.querySelector("[data-testid=exit-solved]")).toBeNull();
  await press("solved-yes");
  expect(document.body.textContent).toContain("is asked for right after");
  await press("exit-solved");
  expect(asked.slice(-2)).toEqual(["keep_note_draft", "exit_with_note"]);
});

test("Escape closes the draft and leaves the sheet", async () => {
  renew(state({ type: "crashed" }));
  await press("bar-note");
  const what = document.querySelector("[data-testid=note-what]");
  what?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  flushSync();
  expect(document.querySelector("[data-testid=note-draft]")).toBeNull();
  expect(document.querySelector("[data-testid=sheet-crashed]")).not.toBeNull();
  expect(document.activeElement?.getAttribute("data-testid")).toBe("bar-note");
});
