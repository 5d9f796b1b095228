import { expect, test, vi } from "vitest";
import { printPart } from "../src/lib/print";

test("after a dialog for recovery codes that was cancelled, a report is printed whole", () => {
  const parts: (string | undefined)[] = [];
  // As WebKit does it then: no `afterprint`.
  vi.stubGlobal("print", () => parts.push(document.documentElement.dataset.print));
  printPart("codes");
  printPart();
  expect(parts).toEqual(["codes", undefined]);
});
