import { describe, expect, test } from "vitest";
import { amount, countdown, duration, left, localeFor, relative } from "../src/lib/time";

const NOW = Date.parse("2025-11-22T12:00:00Z");
const earlier = (ms: number) => new Date(NOW - ms).toISOString();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe("time left", () => {
  test.each([
    [0, "0:00"],
    [1, "0:01"],
    [59_000, "0:59"],
    [24 * MINUTE + 10_000, "24:10"],
    [65 * MINUTE, "1:05:00"],
    [-5, "0:00"],
  ])("%i ms is %s", (ms, text) => {
    expect(countdown(ms)).toBe(text);
  });

  test("counts from when it was received and never below zero", () => {
    expect(left(10_000, NOW, NOW + 4_000)).toBe(6_000);
    expect(left(10_000, NOW, NOW + 40_000)).toBe(0);
  });

  test("does not grow when the clock is set back", () => {
    expect(left(10_000, NOW, NOW - 60_000)).toBe(10_000);
  });
});

test.each([
  [6 * MINUTE, "en", "6 minutes"],
  [-6.4 * MINUTE, "fr", "6 minutes"],
  [61 * MINUTE, "en", "61 minutes"],
  [-3 * 60 * MINUTE, "fr", "3 heures"],
  [30 * DAY, "en", "30 days"],
])("a clock that is off by %i ms is off by (%s) %s", (ms, locale, text) => {
  expect(amount(ms, locale).replaceAll("\u00a0", " ")).toBe(text);
});

describe("relative times", () => {
  test.each([
    [20_000, "en", "now"],
    [12 * MINUTE, "en", "12 minutes ago"],
    [2 * 60 * MINUTE, "fr", "il y a 2 heures"],
    [DAY, "en", "yesterday"],
    [DAY, "fr", "hier"],
    [10 * DAY, "en-GB", "12 Nov"],
    [400 * DAY, "en-GB", "18 Oct 2024"],
  ])("%i ms ago in %s is %s", (ms, locale, text) => {
    expect(relative(earlier(ms), NOW, locale)).toBe(text);
  });

  test("a length of time is in the unit that says most", () => {
    expect(duration(earlier(45_000), earlier(0), "en")).toBe("45 sec");
    expect(duration(earlier(12 * MINUTE), earlier(0), "en")).toBe("12 min");
  });

  test("dates follow the system's variant of the language", () => {
    expect(localeFor("en", ["fr-CA", "en-GB", "en"])).toBe("en-GB");
    expect(localeFor("fr", ["en-GB"])).toBe("fr");
  });
});
