import { expect, test } from "vitest";
import { formatPlace, parsePlace } from "../src/lib/route.svelte";

test("a place survives the address", () => {
  const hash = formatPlace("people", "Investor", { q: "élise & co", person: "INV/137" });
  expect(parsePlace(hash)).toEqual({
    screen: "people",
    item: "Investor",
    query: { q: "élise & co", person: "INV/137" },
  });
});

test("what is empty is left out, and an unknown screen is People", () => {
  expect(formatPlace("history", null, { person: "" })).toBe("#/history");
  expect(parsePlace("#/nowhere").screen).toBe("people");
  expect(parsePlace("").screen).toBe("people");
});
