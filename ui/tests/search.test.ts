import { flushSync, mount, tick, unmount } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import SearchBox from "../src/lib/components/SearchBox.svelte";

const onsearch = vi.fn();
const onkeydown = vi.fn();
let box: object;

beforeEach(() => {
  vi.useFakeTimers();
  onsearch.mockClear();
  onkeydown.mockClear();
  const props = { value: "", label: "Search", onsearch, onkeydown, testid: "search" };
  box = mount(SearchBox, { target: document.body, props });
  flushSync();
});

afterEach(async () => {
  await unmount(box);
  vi.useRealTimers();
});

const field = () => document.querySelector("input") as HTMLInputElement;
function type(text: string, pace = 200): void {
  for (const letter of text) {
    field().value += letter;
    field().dispatchEvent(new Event("input", { bubbles: true }));
    vi.advanceTimersByTime(pace);
  }
}
const press = (key: string) => field().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const searches = () => onsearch.mock.calls.flat();

test("a name typed at ordinary speed is one search", () => {
  type("marchand elise");
  expect(searches()).toEqual([]);
  vi.advanceTimersByTime(300);
  expect(searches()).toEqual(["marchand elise"]);
});

test("who stops typing has searched, without Enter", () => {
  type("mar");
  vi.advanceTimersByTime(300);
  type("chand");
  vi.advanceTimersByTime(300);
  expect(searches()).toEqual(["mar", "marchand"]);
});

test("one letter is searched for at Enter alone", () => {
  type("李");
  vi.advanceTimersByTime(300);
  expect(searches()).toEqual([]);
  press("Enter");
  expect(searches()).toEqual(["李"]);
});

test("Enter searches at once, and only then goes on to what was found", () => {
  type("mar", 0);
  press("Enter");
  expect(searches()).toEqual(["mar"]);
  expect(onkeydown).not.toHaveBeenCalled();
  vi.advanceTimersByTime(300);
  press("Enter");
  expect(searches()).toEqual(["mar"]);
  expect(onkeydown).toHaveBeenCalledOnce();
});

test("Escape clears at once", async () => {
  type("mar");
  vi.advanceTimersByTime(300);
  press("Escape");
  await tick();
  expect(searches()).toEqual(["mar", ""]);
  expect(field().value).toBe("");
});
