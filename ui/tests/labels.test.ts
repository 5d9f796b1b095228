import { expect, test } from "vitest";
import type { Action } from "../src/lib/generated/Action";
import { statusLabel } from "../src/lib/labels";
import { changesOf } from "../src/lib/outcomes";

test.each([
  ["active", "Active"],
  ["SUSPENDED", "Suspended"],
  ["under review", "Under review"],
  ["écarté", "Écarté"],
  ["", ""],
])("the status %j reads %j", (status, label) => {
  expect(statusLabel(status)).toBe(label);
});

test("a note is written from what was changed, each thing named once", () => {
  const done = (name: string, changes: boolean) => ({ name, changes }) as Action;
  const actions = [
    done("Changed the profile", true),
    done("Viewed documents", false),
    done("Uploaded a document", true),
    done("Changed the profile", true),
  ];
  expect(changesOf(actions, "en")).toBe("Changed the profile (2×), Uploaded a document");
  expect(changesOf([], "en")).toBe("");
});
