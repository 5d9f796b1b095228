import { expect, test } from "vitest";
import { statusLabel } from "../src/lib/labels";

test.each([
  ["active", "Active"],
  ["SUSPENDED", "Suspended"],
  ["under review", "Under review"],
  ["écarté", "Écarté"],
  ["", ""],
])("the status %j reads %j", (status, label) => {
  expect(statusLabel(status)).toBe(label);
});
