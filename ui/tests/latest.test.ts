import { expect, test } from "vitest";
import { plug } from "../src/lib/app";
import type { PeoplePage } from "../src/lib/generated/PeoplePage";
import type { PeopleQuery } from "../src/lib/generated/PeopleQuery";
import { latest } from "../src/lib/latest";
import { PeopleList } from "../src/screens/people/people.svelte";

const asked = <T>() => {
  const open: { answer: (value: T) => void; fail: (error: unknown) => void }[] = [];
  const ask = () => new Promise<T>((answer, fail) => open.push({ answer, fail }));
  return { open, ask };
};

test("an answer that a newer question has overtaken is dropped", async () => {
  const { open, ask } = asked<string>();
  const question = latest(ask);
  const first = question("a");
  const second = question("b");
  open[1]?.answer("of b");
  open[0]?.answer("of a");
  expect(await second).toBe("of b");
  expect(await first).toBeNull();
});

test("the failure of an overtaken question is dropped too, that of the newest is not", async () => {
  const { open, ask } = asked<string>();
  const question = latest(ask);
  const first = question("a");
  const second = question("b");
  open[0]?.fail(new Error("old"));
  open[1]?.fail(new Error("new"));
  expect(await first).toBeNull();
  await expect(second).rejects.toThrow("new");
});

test("a slow search does not overwrite the list of a faster, newer one", async () => {
  const { open, ask } = asked<PeoplePage>();
  const queries: PeopleQuery[] = [];
  plug({
    invoke: (_, args) => {
      queries.push((args as { query: PeopleQuery }).query);
      return ask();
    },
    listen: async () => () => undefined,
  });
  const list = new PeopleList();
  const slow = list.find({ kind: "Investor", search: "e" });
  const fast = list.find({ kind: "Investor", search: "elise" });
  open[1]?.answer({ people: [], total: 1, offset: 0 });
  open[0]?.answer({ people: [], total: 99, offset: 0 });
  await Promise.all([slow, fast]);
  expect(queries.map(({ search }) => search)).toEqual(["e", "elise"]);
  expect(list.total).toBe(1);
});
