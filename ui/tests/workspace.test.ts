import { beforeEach, expect, test } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import { readWorkspace } from "../src/lib/drafts";
import * as data from "../src/lib/fake/data";
import { state } from "./state";

const nora = data.staff;
const other = { ...data.staff, id: "5a1f6c1e-0000-4000-8000-0000000000ff" };

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, "", "/");
  plug({
    invoke: async (command) =>
      command === "list_sessions"
        ? { sessions: [], total: 0, offset: 0 }
        : command === "list_inbox"
          ? []
          : null,
    listen: async () => () => undefined,
  });
});

/** The app starts anew, with the address that a window has at first. */
function start(staff: typeof nora): Desk {
  history.replaceState(null, "", "/");
  const desk = new Desk();
  desk.take(state({ staff }));
  return desk;
}

test("a restart opens the screen, the tab and the search that were open", () => {
  start(nora).route.replace("people", "Company", { q: "nord" });
  expect(start(nora).route.place).toEqual({ screen: "people", item: "Company", query: { q: "nord" } });
});

test("the rail leads back to where one was in the other screens", () => {
  const desk = start(nora);
  desk.route.replace("people", "Company", { q: "nord" });
  desk.route.replace("history");
  expect(start(nora).route.href("people")).toBe("#/people/Company?q=nord");
});

test("the rail leads to the list of sessions, not to the report that was read last", () => {
  const { route } = start(nora);
  route.replace("history", null, { person: "INV-000137" });
  route.replace("history", "a-session");
  expect(route.href("history")).toBe("#/history?person=INV-000137");
  route.replace("people");
  expect(route.href("history")).toBe("#/history?person=INV-000137");
  route.replace("history", null, { person: "INV-000137" });
  expect(route.href("history"), "to the whole list").toBe("#/history");
});

test("who signs out and in again finds their place", () => {
  const desk = start(nora);
  desk.route.replace("people", "Company", { q: "nord" });
  desk.take(state({ staff: null }));
  expect(desk.route.place.query).toEqual({});
  desk.take(state());
  expect(desk.route.place.query).toEqual({ q: "nord" });
});

test("another person finds nothing of the one before", () => {
  const desk = start(nora);
  desk.route.replace("people", "Company", { q: "nord" });
  desk.take(state({ staff: null }));
  desk.take(state({ staff: other }));
  expect(desk.route.place).toEqual({ screen: "people", item: null, query: {} });
  expect(desk.route.href("people")).toBe("#/people");
  expect(readWorkspace().staff).toBe(other.id);
});
