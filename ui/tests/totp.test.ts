import { expect, test } from "vitest";
import { digitsOf, factorCode, inGroups } from "../src/lib/totp";

test.each([
  ["123 456", "123456"],
  ["１２３４５６", "123456"],
  ["code: 123-456.", "123456"],
  ["1234567", "123456"],
])("%s is %s", (typed, digits) => {
  expect(digitsOf(typed)).toBe(digits);
});

test("what is incomplete is not sent", () => {
  expect(factorCode("12345", false)).toBeNull();
  expect(factorCode("wdjb-mjh", true)).toBeNull();
});

test("a recovery code is taken with or without its dash, in any case", () => {
  expect(factorCode("wdjb mjht", true)).toBe("WDJBMJHT");
});

test("a secret is shown in groups of four", () => {
  expect(inGroups("JBSWY3DPEH")).toBe("JBSW Y3DP EH");
});
