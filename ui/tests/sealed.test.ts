import { type Component, mount, tick, unmount } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import * as data from "../src/lib/fake/data";
import Report from "../src/screens/history/Report.svelte";
import AtDesk from "./AtDesk.svelte";
import { state } from "./state";

const session = data.sessions.find(
  ({ staff }) => staff.id === data.colleague.id,
) as (typeof data.sessions)[0];
let fresh: boolean;
let shown: string[];
let part: object;
let desk: Desk;

const find = <T extends HTMLElement>(testid: string) => document.querySelector<T>(`[data-testid=${testid}]`);
const settle = async () => {
  for (let turn = 0; turn < 9; turn++) await tick();
};

beforeEach(async () => {
  [fresh, shown] = [false, []];
  plug({
    invoke: async (command, args) => {
      if (command === "get_second_factor") return { set_up: true, fresh_for_ms: fresh ? 3_600_000 : 0 };
      if (command === "verify_second_factor") {
        shown.push(args?.code as string);
        fresh = true;
        return { set_up: true, fresh_for_ms: 3_600_000 };
      }
      if (command !== "get_session") return null;
      if (!fresh) throw data.error("second_factor_needed", "Enter the code first.");
      return {
        session: { ...session, raised: null },
        ...data.story(session),
        earlier_notes: [],
        lifted: null,
        earlier_reviews: [],
      };
    },
    listen: async () => () => undefined,
  });
  desk = new Desk();
  desk.take(state({ staff: data.lead }));
  const props = { desk, Part: Report as Component<Record<string, unknown>>, props: { id: session.id } };
  part = mount(AtDesk, { target: document.body, props });
  await vi.waitFor(() => expect(find("second-factor-code")).not.toBeNull());
});

afterEach(() => unmount(part));

test("a colleague's report opens by the second factor, which is sent when it is asked for and never else", async () => {
  expect(find("report")).toBeNull();
  const field = find<HTMLInputElement>("second-factor-code") as HTMLInputElement;
  field.value = "123456";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  // Something happens elsewhere while it is typed.
  desk.sessionsVersion++;
  await settle();
  expect(shown).toEqual([]);
  find("report-open")?.click();
  await vi.waitFor(() => expect(find("report")).not.toBeNull());
  expect(shown).toEqual(["123456"]);
  expect(find("report-sealed")).toBeNull();
});

test("what is open is shut when the hour is over and it is read anew", async () => {
  fresh = true;
  desk.factor.set({ set_up: true, fresh_for_ms: 3_600_000 });
  find<HTMLFormElement>("report-open")?.click();
  await vi.waitFor(() => expect(find("report")).not.toBeNull());
  expect(shown).toEqual([]);
  fresh = false;
  desk.sessionsVersion++;
  await vi.waitFor(() => expect(find("report-sealed")).not.toBeNull());
  expect(find("report")).toBeNull();
});
