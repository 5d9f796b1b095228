import { beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import * as data from "../src/lib/fake/data";
import type { PendingRequest } from "../src/lib/generated/PendingRequest";
import type { Staff } from "../src/lib/generated/Staff";
import { parsePlace } from "../src/lib/route.svelte";
import { state } from "./state";

const heard = new Map<string, (payload: unknown) => void>();
let asked: string[];
let waiting: PendingRequest[];

async function open(staff: Staff): Promise<Desk> {
  const answers: Record<string, () => unknown> = {
    get_app_state: () => state({ staff }),
    list_inbox: () => [],
    list_approvals: () => waiting,
    current_request: () => null,
    list_sessions: () => ({ sessions: [], total: 0, offset: 0 }),
  };
  plug({
    invoke: async (command) => {
      asked.push(command);
      return answers[command]?.();
    },
    listen: async (event, listener) => {
      heard.set(event, listener);
      return () => undefined;
    },
  });
  const desk = new Desk();
  await desk.open();
  await vi.waitFor(() => expect(asked).toContain("list_inbox"));
  await new Promise((resolve) => setTimeout(resolve));
  return desk;
}

async function hear(event: object) {
  heard.get("server-event")?.({ cursor: 1, at: data.ago(0), event });
  await new Promise((resolve) => setTimeout(resolve));
}

beforeEach(() => {
  asked = [];
  waiting = data.pendingRequests();
});

test("what waits for somebody counts, and what a colleague has taken does not", async () => {
  const desk = await open(data.staff);
  expect(desk.inbox.approvals?.value.length).toBe(3);
  expect(desk.inbox.waiting).toBe(2);
});

test("an administrator is told of a request where it is not before their eyes, until it is over", async () => {
  const desk = await open(data.staff);
  const [first] = waiting as [PendingRequest];
  const event = { type: "approval_asked", request_id: first.request_id };
  desk.route.place = parsePlace("#/inbox");
  await hear(event);
  expect(desk.toasts.list).toEqual([]);
  desk.route.place = parsePlace("#/people");
  await hear(event);
  expect(desk.toasts.list.map(({ about }) => about)).toEqual([first.request_id]);
  waiting = waiting.slice(1);
  await hear({ type: "approval_changed", request_id: first.request_id });
  expect(desk.toasts.list).toEqual([]);
  expect(desk.inbox.waiting).toBe(1);
});

test("nobody but administrators asks for what waits", async () => {
  const desk = await open({ ...data.staff, roles: ["support"] });
  await hear({ type: "approval_asked", request_id: waiting[0]?.request_id });
  expect(asked).not.toContain("list_approvals");
  expect([desk.inbox.approvals, desk.inbox.waiting]).toEqual([null, 0]);
});

test("whoever asked hears of a denial where they are not reading it", async () => {
  const desk = await open(data.staff);
  const event = { type: "code_denied", request_id: "x", person: { name: "Élise" }, by: { name: "Grace" } };
  desk.route.place = parsePlace("#/impersonation");
  await hear(event);
  expect(desk.toasts.list).toEqual([]);
  desk.route.place = parsePlace("#/people");
  await hear(event);
  expect(desk.toasts.list[0]?.text).toContain("Grace");
});
