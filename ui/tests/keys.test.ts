import { expect, test } from "vitest";
import { zoomed } from "$lib/keys";

test("keys lead from step to step, and stay at the ends", () => {
  expect([zoomed("+", 100), zoomed("=", 110), zoomed("+", 200)]).toEqual([125, 125, 200]);
  expect([zoomed("-", 100), zoomed("-", 130), zoomed("-", 80)]).toEqual([80, 125, 80]);
  expect([zoomed("0", 175), zoomed("k", 175)]).toEqual([100, undefined]);
});
