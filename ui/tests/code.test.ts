import { describe, expect, test } from "vitest";
import { codeFromPaste, foreignCharacters, formatCode, normaliseCode } from "../src/lib/code";

describe("a code as people write it", () => {
  test.each(["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "WDJB–MJHT", "ＷＤＪＢ-ＭＪＨＴ"])(
    "%s is WDJBMJHT",
    (text) => {
      expect(normaliseCode(text)).toBe("WDJBMJHT");
    },
  );

  test("is cut after eight letters", () => {
    expect(normaliseCode("WDJB-MJHTX")).toBe("WDJBMJHT");
  });

  test("is found in the sentence it was pasted with", () => {
    expect(codeFromPaste("Your code: wdjb-mjht. It is good for 10 minutes.")).toBe("WDJBMJHT");
  });

  test("is taken as it is where no whole code can be found", () => {
    expect(codeFromPaste("wdj")).toBe("WDJ");
  });

  test("with characters that no code has is noticed before a try is spent", () => {
    expect(foreignCharacters("wdjb-mjh0")).toEqual(["0"]);
    expect(foreignCharacters("aeeb-mjht")).toEqual(["A", "E"]);
    expect(foreignCharacters("WDJB-MJHT")).toEqual([]);
  });

  test("is read out with its dash", () => {
    expect(formatCode("wdjbmjht")).toBe("WDJB-MJHT");
    expect(formatCode("wdj")).toBe("WDJ");
  });
});
