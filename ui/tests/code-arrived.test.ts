import { beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import * as data from "../src/lib/fake/data";
import { parsePlace } from "../src/lib/route.svelte";
import { state } from "./state";

const request = data.request("code_sent");
const heard = new Map<string, (payload: unknown) => void>();
let desk: Desk;

const answers: Record<string, unknown> = {
  get_app_state: state(),
  current_request: request,
  list_inbox: [],
  list_sessions: { sessions: [], total: 0, offset: 0 },
};

beforeEach(async () => {
  plug({
    invoke: async (command) => answers[command],
    listen: async (event, listener) => {
      heard.set(event, listener);
      return () => undefined;
    },
  });
  desk = new Desk();
  await desk.open();
});

async function toastsAt(hash: string, requestId: string): Promise<number> {
  desk.route.place = parsePlace(hash);
  const event = { type: "code_arrived", request_id: requestId, person: request.person, mode: "view" };
  heard.get("server-event")?.({ cursor: 1, at: request.created_at, event });
  await vi.waitFor(() => expect(desk.inbox.codes).not.toBeNull());
  await new Promise((resolve) => setTimeout(resolve));
  return desk.toasts.list.length;
}

test("a code is announced where it is not waited for", async () => {
  expect(await toastsAt("#/people", request.id)).toBe(1);
});

test("a code is not announced to whoever waits for it or has it before their eyes", async () => {
  expect(await toastsAt("#/impersonation", request.id)).toBe(0);
  expect(await toastsAt("#/inbox", request.id)).toBe(0);
});

test("the code of another request is announced on the page of the open one", async () => {
  expect(await toastsAt("#/impersonation", "0d9b9a7e-0000-4000-8000-0000000000ff")).toBe(1);
});
