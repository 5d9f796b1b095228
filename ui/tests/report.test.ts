import { mount, unmount } from "svelte";
import { expect, test } from "vitest";
import { consentLabel, hasConsent } from "../src/lib/consent";
import * as data from "../src/lib/fake/data";
import type { Action } from "../src/lib/generated/Action";
import type { Consent } from "../src/lib/generated/Consent";
import type { RequestState } from "../src/lib/generated/RequestState";
import type { Session } from "../src/lib/generated/Session";
import Actions from "../src/screens/history/Actions.svelte";

const [session] = data.sessions as [Session];

function action(entry: number, more: Partial<Action> = {}): Action {
  return {
    entry,
    at: new Date(entry * 1000).toISOString(),
    name: "Searched",
    names: {},
    method: "POST",
    route: null,
    path: "/search",
    parameters: [],
    fields: ["q"],
    status: 200,
    refused: null,
    changes: false,
    frames: null,
    ...more,
  };
}

test("what was looked at again and again is one row, and changes and refusals are each their own", () => {
  const actions = [
    action(1),
    action(2),
    action(3),
    action(4, { path: "/profile" }),
    action(5),
    action(6, { changes: true }),
    action(7, { changes: true }),
    action(8, { refused: "view_only" }),
    action(9, { refused: "view_only" }),
  ];
  const detail = {
    session,
    actions,
    milestones: [],
    earlier_notes: [],
    earlier_reviews: [],
    lifted: null,
  };
  const list = mount(Actions, { target: document.body, props: { detail } });
  const rows = [...document.querySelectorAll("[data-testid=action]")];
  expect(rows.map((row) => row.getAttribute("data-entry"))).toEqual(["1", "4", "5", "6", "7", "8", "9"]);
  expect(rows[0]?.textContent).toContain("3 times in a row");
  expect(document.querySelectorAll("[data-testid=times]")).toHaveLength(1);
  unmount(list);
});

test.each<[Consent["evidence"], RequestState, boolean]>([
  ["page", "asked", false],
  ["page", "consent_declined", false],
  ["page", "pending", true],
  ["page", "code_sent", true],
  ["page", "verified", true],
  ["code", "code_sent", false],
  ["code", "verified", true],
])("a consent by %s is given where the request is %s: %s", (evidence, state, given) => {
  const consent = { evidence } as Consent;
  expect(hasConsent({ consent, state })).toBe(given);
  const said = consentLabel(consent, "Élise", given);
  expect(said.includes("allowed") || said.includes("agreed")).toBe(given);
});
