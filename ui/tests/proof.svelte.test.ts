import { flushSync } from "svelte";
import { beforeEach, expect, test } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import type { CommandError } from "../src/lib/generated/CommandError";
import { Proof } from "../src/screens/second-factor/proof.svelte";

const STALE = { set_up: true, fresh_for_ms: 0 };
const FRESH = { set_up: true, fresh_for_ms: 3_600_000 };
let factor: typeof STALE | null;
let proof: Proof;

const refusal = (code: CommandError["code"]) => ({ code, message: "", field: null });
let done: number;
const act = async () => void done++;
const refused = (code: CommandError["code"]) => proof.before(() => Promise.reject(refusal(code)));

/** A form opens while the server says this. */
async function open(said: typeof factor) {
  factor = said;
  $effect.root(() => {
    proof = new Proof(new Desk());
  });
  flushSync();
  await new Promise((resolve) => setTimeout(resolve));
}

beforeEach(() => {
  done = 0;
  plug({
    invoke: async (command, args) => {
      if (command === "verify_second_factor" && args?.code !== "123456") throw refusal("wrong_second_factor");
      if (command === "verify_second_factor") factor = FRESH;
      return factor ?? Promise.reject(refusal("unreachable"));
    },
    listen: async () => () => undefined,
  });
});

test.each([
  [FRESH, null, 1],
  [null, null, 1],
  [STALE, "code", 0],
  [{ set_up: false, fresh_for_ms: 0 }, "set_up", 0],
])("of %o is asked for %s", async (said, asked, times) => {
  await open(said);
  expect(proof.asked).toBe(asked);
  expect(await proof.before(act)).toBe(times === 1);
  expect(done).toBe(times);
});

test("what is typed is shown before the deed; a wrong code or half of one is said in place of it", async () => {
  await open(STALE);
  proof.code = "123";
  expect(await proof.before(act)).toBe(false);
  expect(proof.incomplete).not.toBeNull();
  proof.code = "000000";
  expect(await proof.before(act)).toBe(false);
  expect([proof.incomplete, proof.wrong, proof.code]).toEqual([null, expect.any(String), "000000"]);
  proof.code = "123456";
  expect(await proof.before(act)).toBe(true);
  expect([proof.asked, proof.wrong, proof.code, done]).toEqual([null, null, "", 1]);
});

test.each([FRESH, STALE, null])("what no longer counts is asked for anew, with %o", async (then) => {
  await open(FRESH);
  factor = then;
  expect(await refused("second_factor_needed")).toBe(false);
  expect(proof.asked).toBe("code");
});

test("any other refusal is the form's to say", async () => {
  await open(FRESH);
  await expect(refused("session_ended")).rejects.toMatchObject({ code: "session_ended" });
});
