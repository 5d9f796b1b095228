import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lapse } from "../src/lib/lapse";

const done = vi.fn();
let note: HTMLElement;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  done.mockReset();
  document.body.innerHTML = "<div><button></button></div>";
  note = document.querySelector("div") as HTMLElement;
  stop = lapse(8000, done)(note);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

test("what only informs goes after its time", () => {
  vi.advanceTimersByTime(7999);
  expect(done).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(done).toHaveBeenCalledOnce();
});

test("it waits while the focus is within, and its time starts anew when the focus leaves", () => {
  const button = note.querySelector("button") as HTMLButtonElement;
  button.focus();
  vi.advanceTimersByTime(20_000);
  expect(done).not.toHaveBeenCalled();
  button.blur();
  vi.advanceTimersByTime(7999);
  expect(done).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(done).toHaveBeenCalledOnce();
});

test("taken away before, it calls nobody", () => {
  stop();
  vi.advanceTimersByTime(20_000);
  expect(done).not.toHaveBeenCalled();
});
