import { mount, tick, unmount } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import * as data from "../src/lib/fake/data";
import type { SessionsQuery } from "../src/lib/generated/SessionsQuery";
import type { Staff } from "../src/lib/generated/Staff";
import Palette from "../src/screens/palette/Palette.svelte";
import RecoveryCodes from "../src/screens/second-factor/RecoveryCodes.svelte";
import AtDesk from "./AtDesk.svelte";
import { state } from "./state";

let part: object;
let sessionsAsked: SessionsQuery[];

const find = <T extends HTMLElement>(testid: string) => document.querySelector<T>(`[data-testid=${testid}]`);

beforeEach(() => {
  sessionsAsked = [];
  plug({
    invoke: async (command, args) => {
      if (command !== "list_sessions") return command === "list_people" ? { people: [], total: 0 } : null;
      const query = args?.query as SessionsQuery;
      sessionsAsked.push(query);
      const found = data.sessions.filter(({ staff }) => staff.name.includes(query.search ?? ""));
      return { sessions: found.slice(0, query.limit ?? 50), total: found.length, offset: 0 };
    },
    listen: async () => () => undefined,
  });
});

afterEach(() => unmount(part));

// biome-ignore lint/suspicious/noExplicitAny: any part, with its own properties.
function show(Part: any, props: Record<string, unknown>, staff: Staff = data.staff): void {
  const desk = new Desk();
  desk.take(state({ staff }));
  sessionsAsked = [];
  part = mount(AtDesk, { target: document.body, props: { desk, Part, props } });
}

test("recovery codes that were neither copied nor printed are put away at the second word", async () => {
  const onkept = vi.fn();
  show(RecoveryCodes, { codes: ["WDJB-MJHT"], onkept });
  find("recovery-kept")?.click();
  await tick();
  expect(onkept).not.toHaveBeenCalled();
  expect(find("recovery-unsaved")).not.toBeNull();
  expect(find("recovery-kept")?.textContent).toContain("I have written them down");
  find("recovery-kept")?.click();
  expect(onkept).toHaveBeenCalledOnce();
});

test("recovery codes that were copied are put away at once", async () => {
  vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText: async () => undefined } });
  const onkept = vi.fn();
  show(RecoveryCodes, { codes: ["WDJB-MJHT"], onkept });
  find("recovery-copy")?.click();
  await vi.waitFor(() => expect(document.body.textContent).toContain("Copied"));
  find("recovery-kept")?.click();
  expect(onkept).toHaveBeenCalledOnce();
  vi.unstubAllGlobals();
});

/** What bits-ui asks for, and jsdom has not. */
class ResizeObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}

test("the palette has the server find the sessions, also those of others", async () => {
  Object.assign(document.defaultView ?? {}, { ResizeObserver });
  Element.prototype.scrollIntoView = () => undefined;
  show(Palette, { onclose: () => undefined }, data.lead);
  await vi.waitFor(() =>
    expect(document.querySelectorAll("[data-testid=palette-item]").length).toBeGreaterThan(3),
  );
  const input = find<HTMLInputElement>("palette-input");
  if (!input) throw new Error("There is no field.");
  input.value = data.colleague.name;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await vi.waitFor(() =>
    expect(sessionsAsked.at(-1)).toMatchObject({ search: data.colleague.name, limit: 5 }),
  );
  await vi.waitFor(() =>
    expect(document.querySelectorAll("[data-testid=palette-item][data-value^=session-]")).toHaveLength(5),
  );
  expect(find("palette-item")?.textContent).toContain(data.colleague.name);
});
