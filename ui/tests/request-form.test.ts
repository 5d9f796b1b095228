import { mount, tick, unmount } from "svelte";
import { afterEach, beforeEach, expect, test } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import * as data from "../src/lib/fake/data";
import type { NewRequest } from "../src/lib/generated/NewRequest";
import type { Person } from "../src/lib/generated/Person";
import Why from "../src/screens/impersonation/Why.svelte";
import AtDesk from "./AtDesk.svelte";
import { state } from "./state";

const [elise] = data.people as [Person];
let form: object;
let desk: Desk;
let sent: NewRequest | null;

beforeEach(async () => {
  sessionStorage.clear();
  sent = null;
  plug({
    invoke: async (command, args) => {
      if (command === "request_code") sent = args?.request as NewRequest;
      return command === "request_code" ? data.request("waiting") : [];
    },
    listen: async () => () => undefined,
  });
  desk = new Desk();
  desk.take(state());
  const props = { desk, Part: Why as never, props: { person: elise } };
  form = mount(AtDesk, { target: document.body, props });
  await tick();
});

afterEach(() => unmount(form));

const find = (testid: string) => document.querySelector<HTMLInputElement>(`[data-testid=${testid}]`);
async function type(testid: string, text: string): Promise<void> {
  const field = find(testid);
  if (!field) throw new Error(`There is no ${testid}.`);
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await tick();
}
async function stated(): Promise<void> {
  find("evidence-statement")?.click();
  await tick();
}
const reference = () => find("consent-reference")?.value;

test("the consent is looked up in the ticket, without its being typed twice", async () => {
  await stated();
  await type("reason", "Her statement does not open");
  await type("ticket", "HELP-2041");
  expect(reference()).toBe("HELP-2041");
  await type("consent-given-by", elise.name);
  find("means-phone")?.click();
  await tick();
  find("request-code")?.click();
  await tick();
  expect(sent).toMatchObject({
    ticket: "HELP-2041",
    consent: { given_by: elise.name, means: "phone", reference: "HELP-2041" },
  });
});

test("a reference of its own stays, whatever becomes of the ticket", async () => {
  await stated();
  await type("ticket", "HELP-2041");
  await type("consent-reference", "Call 4711");
  await type("ticket", "HELP-2042");
  expect(reference()).toBe("Call 4711");
});

test("a reference that was taken out stays out", async () => {
  await stated();
  await type("ticket", "HELP-2041");
  await type("consent-reference", "");
  await type("ticket", "HELP-2042");
  expect(reference()).toBe("");
});

test("a request without a ticket has no reference of itself", async () => {
  await stated();
  expect(reference()).toBe("");
});

test("how they agree is chosen, and never taken for granted", async () => {
  await type("reason", "Her statement does not open");
  expect(find("consent-given-by")).toBeNull();
  find("request-code")?.click();
  await tick();
  expect(sent).toBeNull();
  expect(document.body.textContent).toContain("Choose how they agree.");
  find("evidence-page")?.click();
  await tick();
  find("request-code")?.click();
  await tick();
  expect(sent).toMatchObject({ consent: { evidence: "page" } });
});
