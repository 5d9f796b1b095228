import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const paths = (svg: string) =>
  [...svg.matchAll(/\bd="([^"]+)"\s+transform="([^"]+)"/g)].map(([, d, at]) => [d, at]);

test("the logo is the drawing of the app's icon, in its colours", () => {
  const icon = read("../../icons/icon.svg");
  const tokens = read("../src/styles/tokens.css");
  const colours = [...tokens.matchAll(/--logo-\w+: (#\w+);/g)].map(([, colour]) => colour);
  expect(paths(read("../src/screens/start/Logo.svelte"))).toEqual(paths(icon));
  expect(new Set(icon.match(/#\w{6}/g))).toEqual(new Set(colours));
});
