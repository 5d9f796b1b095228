import { beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import { EMPTY_REQUEST, readRequestDraft } from "../src/lib/drafts";
import * as data from "../src/lib/fake/data";
import type { AppState } from "../src/lib/generated/AppState";
import type { Person } from "../src/lib/generated/Person";
import type { Prefill } from "../src/lib/generated/Prefill";
import type { Request } from "../src/lib/generated/Request";
import { stageOf, state } from "./state";

const link: Prefill = { person: "INV-000139", ticket: "HELP-77", reason: "Payment blocked" };
const [elise] = data.people as [Person];
const begun = {
  ...EMPTY_REQUEST,
  identifier: elise.id,
  reason: "Her statement does not open",
  mode: "act" as const,
  given_by: "Élise Marchand",
  means: "phone" as const,
};

let pending: Prefill | null;
let open: Request | null;
let asked: string[];
let desk: Desk;

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  history.replaceState(null, "", "/");
  pending = null;
  open = null;
  asked = [];
  plug({
    invoke: async (command) => {
      asked.push(command);
      if (command === "current_request") return open;
      if (command === "list_inbox") return [];
      if (command === "list_sessions") return { sessions: [], total: 0, offset: 0 };
      if (command === "request_code") return data.request("waiting");
      if (command !== "take_prefill") return null;
      const taken = pending;
      pending = null;
      return taken;
    },
    listen: async () => () => undefined,
  });
  desk = new Desk();
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
async function clicked(wanted: Prefill, more: Partial<AppState> = {}) {
  pending = wanted;
  desk.take(state({ prefill: wanted, ...more }));
  await settled();
}
const texts = () => desk.toasts.list.map(({ text }) => text);

test("a link fills the form in, says so, and sends nothing", async () => {
  await clicked(link);
  expect(desk.form.draft).toEqual({
    ...EMPTY_REQUEST,
    identifier: "INV-000139",
    ticket: "HELP-77",
    reason: "Payment blocked",
    prefilled: true,
  });
  expect(desk.form.person).toBeNull();
  expect(desk.form.replaced).toBeNull();
  expect(location.hash).toBe("#/impersonation");
  expect(asked.filter((command) => /find|request_code|verify|start/.test(command))).toEqual([]);
  expect(asked.filter((command) => command === "take_prefill")).toHaveLength(1);
  // A change of language loads the window anew.
  expect(readRequestDraft().prefilled).toBe(true);
});

test("it waits for the sign-in", async () => {
  await clicked(link, { staff: null });
  expect(asked).not.toContain("take_prefill");
  desk.take(state({ prefill: pending }));
  await settled();
  expect(desk.form.draft.identifier).toBe("INV-000139");
});

test("what was begun comes back with Undo, and no consent goes over to somebody else", async () => {
  desk.take(state());
  desk.form.draft = { ...begun };
  desk.form.person = elise;
  await clicked({ ...link, reason: null });
  expect(desk.form.draft).toMatchObject({ reason: "", given_by: "", means: null, mode: "view" });
  desk.form.undoPrefill();
  expect(desk.form.draft).toEqual(begun);
  expect(desk.form.person).toEqual(elise);
  expect(readRequestDraft()).toEqual(begun);
  expect(desk.form.replaced).toBeNull();
});

test("Undo of a second link brings back the first, with its warning", async () => {
  await clicked(link);
  await clicked({ ...link, person: "INV-000140" });
  desk.form.undoPrefill();
  expect(desk.form.draft).toMatchObject({ identifier: "INV-000139", prefilled: true });
});

test("the warning goes with the request", async () => {
  await clicked(link);
  await desk.form.send({} as never);
  expect(desk.form.draft.prefilled).toBe(false);
  expect(readRequestDraft().prefilled).toBe(false);
});

test.each(["waiting", "code_sent", "verified"] as const)(
  "a request that is %s stays untouched",
  async (name) => {
    open = data.request(name);
    desk.form.draft = { ...begun };
    await clicked(link);
    expect(desk.form.draft).toEqual(begun);
    expect(desk.request?.value).toEqual(open);
    expect(location.hash).not.toBe("#/impersonation");
    expect(texts()).toEqual([
      expect.stringMatching(/^A link wanted to fill in the form\. Exit impersonation/),
    ]);
    expect(pending).toBeNull();
  },
);

test("what is over makes room, and comes back with Undo", async () => {
  desk.take(state());
  await settled();
  desk.setRequest(data.request("expired"));
  desk.form.draft = { ...begun };
  await clicked(link);
  expect(desk.request).toBeNull();
  desk.form.undoPrefill();
  expect(desk.request).toMatchObject({ value: { state: "expired" } });
});

test("a live session stays untouched", async () => {
  const session = data.sessions[0] as never;
  await clicked(link, {
    stage: stageOf(session),
  });
  expect(desk.form.draft).toEqual(EMPTY_REQUEST);
  expect(texts()).toHaveLength(1);
});

test("a link that comes while a code is being requested does not get in between", async () => {
  desk.take(state());
  await settled();
  desk.form.draft = { ...begun };
  const sent = desk.form.send({} as never);
  await Promise.all([sent, clicked(link)]);
  expect(desk.form.draft).toEqual(begun);
  expect(texts()).toHaveLength(1);
});

test("who reads only is told so", async () => {
  await clicked(link, { staff: data.lead });
  expect(desk.form.draft).toEqual(EMPTY_REQUEST);
  expect(texts()).toEqual([expect.stringMatching(/not allowed/)]);
  expect(pending).toBeNull();
});

test("a link that comes while another is taken is taken as well", async () => {
  pending = link;
  desk.take(state({ prefill: pending }));
  pending = { ...link, person: "INV-000141" };
  desk.take(state({ prefill: pending }));
  await vi.waitFor(() => expect(desk.form.draft.identifier).toBe("INV-000141"));
});
