import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import CodeBoxes from "../src/screens/impersonation/CodeBoxes.svelte";

let boxes: Record<string, unknown>;

beforeEach(() => {
  // bits-ui looks at the selection again a little later; here it must not do so after the end.
  vi.useFakeTimers();
  globalThis.ResizeObserver ??= class {
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  boxes = mount(CodeBoxes, { target: document.body, props: { value: "", label: "Code" } });
  flushSync();
});
afterEach(() => {
  unmount(boxes);
  vi.useRealTimers();
});

const input = () => document.querySelector<HTMLInputElement>("[data-testid=code]") as HTMLInputElement;
const letters = () =>
  Array.from({ length: 8 }, (_, index) =>
    document.querySelector(`[data-testid=code-box-${index}]`)?.textContent?.trim(),
  );

function paste(text: string) {
  const event = new Event("paste", { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => text } });
  input().dispatchEvent(event);
  flushSync();
}

test("a paste of the mail's sentence fills the eight boxes", () => {
  paste("Your code is wdjb-mjht");
  expect(letters()).toEqual([..."WDJBMJHT"]);
});

test("a pasted code takes the place of what was there", () => {
  paste("BCD");
  expect(letters().slice(0, 4)).toEqual(["B", "C", "D", ""]);
  paste("WDJB-MJHT");
  expect(letters()).toEqual([..."WDJBMJHT"]);
});

test("a dash that is typed is passed over", () => {
  const event = new KeyboardEvent("keydown", { key: "-", bubbles: true, cancelable: true });
  input().dispatchEvent(event);
  expect(event.defaultPrevented).toBe(true);
});

test("a press into a whole code takes all of it, so that typing replaces it", () => {
  paste("WDJB-MJHT");
  input().dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true }));
  expect([input().selectionStart, input().selectionEnd]).toEqual([0, 8]);
});
