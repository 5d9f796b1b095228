import { describe, expect, test } from "vitest";
import { flowOf, reasonProblem, stepState } from "../src/lib/flow";
import type { Request } from "../src/lib/generated/Request";
import type { RequestState } from "../src/lib/generated/RequestState";

const request = (state: RequestState): Request => ({
  id: "0d9b9a7e-0000-4000-8000-00000000000a",
  person: { id: "INV-000137", kind: "Investor", name: "Élise Marchand" },
  reason: "Her statement does not open.",
  ticket: null,
  mode: "view",
  raises: null,
  consent: { evidence: "statement", given_by: "Élise Marchand", means: "phone", reference: "HD-1" },
  state,
  created_at: "2025-11-22T12:00:00Z",
  expires_at: null,
  expires_in_ms: 1000,
  expires_after_ms: 600_000,
  tries_left: 3,
  deliveries: [],
  session_minutes: 30,
  recipient: "requester",
  approval: null,
});

describe("the open step", () => {
  test("without a request is the form's", () => {
    expect(flowOf(null, false)).toEqual({ step: "who", over: null });
    expect(flowOf(null, true)).toEqual({ step: "why", over: null });
  });

  test.each([
    ["pending", "code", null],
    ["asked", "code", null],
    ["consent_declined", "code", "consent_declined"],
    ["consent_unanswered", "code", "consent_unanswered"],
    ["raised", "who", null],
    ["waiting", "code", null],
    ["denied", "code", "denied"],
    ["unanswered", "code", "unanswered"],
    ["code_sent", "code", null],
    ["verified", "ready", null],
    ["expired", "code", "expired"],
    ["replaced", "code", "replaced"],
    ["too_many_tries", "code", "too_many_tries"],
    ["undeliverable", "code", "undeliverable"],
    ["cancelled", "who", null],
    ["started", "who", null],
  ] as const)("of a request that is %s is %s", (state, step, over) => {
    expect(flowOf(request(state), false)).toEqual({ step, over });
  });

  test("says expired when our own count has run out, before the server does", () => {
    expect(flowOf(request("code_sent"), true, true)).toEqual({ step: "code", over: "expired" });
    expect(flowOf(request("verified"), true, true)).toEqual({ step: "code", over: "expired" });
    expect(flowOf(request("pending"), true, true)).toEqual({ step: "code", over: "unanswered" });
    expect(flowOf(request("asked"), true, true)).toEqual({ step: "code", over: "consent_unanswered" });
  });

  test("folds the steps before it and keeps back those after it", () => {
    const flow = flowOf(request("code_sent"), true);
    expect(["who", "why", "code", "ready"].map((step) => stepState(step as "who", flow))).toEqual([
      "done",
      "done",
      "open",
      "ahead",
    ]);
  });
});

test.each([
  ["too short", "short"],
  ["   padded    ", "short"],
  ["1234567890", "letters"],
  ["Aaaaaaaaaaaa", "letters"],
  ["Her statement is blank", null],
  ["لا يفتح كشف الحساب", null],
])("the reason %j: %s", (reason, problem) => {
  expect(reasonProblem(reason)).toBe(problem);
});
