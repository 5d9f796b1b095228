import { beforeEach, expect, test } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import { readReviewDraft, writeReviewDraft } from "../src/lib/drafts";
import * as data from "../src/lib/fake/data";
import type { Event } from "../src/lib/generated/Event";
import type { SessionsQuery } from "../src/lib/generated/SessionsQuery";
import { state } from "./state";

const SESSION = "7c0ffee0-0000-4000-8000-000000000012";
let heard: Map<string, (payload: unknown) => void>;
let asked: SessionsQuery[];
let waiting: number;
let staff = data.lead;

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  location.hash = "";
  [heard, asked, waiting, staff] = [new Map(), [], 2, data.lead];
  plug({
    invoke: async (command, args) => {
      if (command === "get_app_state") return state({ staff });
      if (command === "list_sessions") {
        asked.push((args as { query: SessionsQuery }).query);
        return { sessions: [], total: 0, offset: 0, exceptions: 3, to_review: waiting };
      }
      return command === "list_inbox" || command === "list_approvals" ? [] : null;
    },
    listen: async (event, hears) => {
      heard.set(event, hears);
      return () => undefined;
    },
  });
});

const settle = () => new Promise((done) => setTimeout(done, 5));
const hear = (event: Event) => heard.get("server-event")?.({ cursor: 1, at: data.ago(0), event });

async function open(): Promise<Desk> {
  const desk = new Desk();
  await desk.open();
  await settle();
  return desk;
}

const used: Event = {
  type: "exception_used",
  session_id: SESSION,
  staff: data.colleague,
  person: { id: "INV-000137", kind: "Investor", name: "Élise Marchand" },
  category: "Suspected fraud",
  approved_by: { id: "5a1f6c1e-0000-4000-8000-000000000009", name: "Sami Okafor" },
};

test("leads know how many sessions wait for them, and others do not ask", async () => {
  const desk = await open();
  expect(desk.toReview).toBe(2);
  waiting = 1;
  hear({ type: "session_reviewed", session_id: SESSION });
  await settle();
  expect(desk.toReview).toBe(1);
  waiting = 2;
  hear({ type: "session_ended", session_id: SESSION, cause: "exit" });
  await settle();
  expect(desk.toReview).toBe(2);
  staff = data.staff;
  asked = [];
  const other = await open();
  expect(other.toReview).toBe(0);
  expect(asked.some(({ only }) => only === "to_review")).toBe(false);
});

test("a lead is told of an exception, and gets from there to its report", async () => {
  const desk = await open();
  hear(used);
  const [toast] = desk.toasts.list;
  expect(toast?.text).toContain("Suspected fraud");
  toast?.action?.run();
  await settle();
  expect(desk.route.place).toMatchObject({ screen: "history", item: SESSION });
  location.hash = "#/settings";
  await settle();
  heard.get("session-opened")?.(SESSION);
  await settle();
  expect(desk.route.place).toMatchObject({ screen: "history", item: SESSION });
});

test("whoever asked or agreed is not told of their own exception", async () => {
  const desk = await open();
  hear({ ...used, staff: { id: data.lead.id, name: data.lead.name } });
  hear({ ...used, approved_by: { id: data.lead.id, name: data.lead.name } });
  expect(desk.toasts.list).toEqual([]);
});

test("a review that is half written is whose it is, of the session it is about", () => {
  writeReviewDraft(SESSION, "lea", { verdict: "objected", text: "Nobody called" });
  expect(readReviewDraft(SESSION, "lea")).toEqual({ verdict: "objected", text: "Nobody called" });
  expect(readReviewDraft(SESSION, "lou").text).toBe("");
  expect(readReviewDraft("another", "lea").text).toBe("");
  writeReviewDraft(SESSION, "lea", null);
  expect(readReviewDraft(SESSION, "lea")).toEqual({ verdict: null, text: "" });
});
