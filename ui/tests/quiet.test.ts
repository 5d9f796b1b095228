import { expect, test } from "vitest";
import { parseClock } from "../src/lib/quiet";

test.each([
  ["22", "22:00"],
  ["7:05", "07:05"],
  ["7h30", "07:30"],
  ["7 h", "07:00"],
  ["2230", "22:30"],
  ["22.15", "22:15"],
  [" 00:00 ", "00:00"],
])("%s is %s", (typed, time) => {
  expect(parseClock(typed)).toBe(time);
});

test.each(["", "24:00", "12:60", "noon", "-1", "1:2:3"])("%s is no time", (typed) => {
  expect(parseClock(typed)).toBeNull();
});
