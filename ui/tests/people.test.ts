import { beforeEach, expect, test, vi } from "vitest";
import { plug } from "../src/lib/app";
import type { PeopleQuery } from "../src/lib/generated/PeopleQuery";
import { KEPT, PAGE, PeopleList } from "../src/screens/people/people.svelte";

const TOTAL = 100_000;
interface Asked {
  query: PeopleQuery;
  answer: (total?: number) => void;
}
let asked: Asked[];

beforeEach(() => {
  asked = [];
  plug({
    invoke: (_command, args) =>
      new Promise((resolve) => {
        const { query } = args as { query: PeopleQuery };
        const people = Array.from({ length: query.limit ?? 50 }, (_, index) => ({
          id: `${query.search ?? ""}${query.offset + index}`,
        }));
        asked.push({ query, answer: (total = TOTAL) => resolve({ people, total, offset: query.offset }) });
      }),
    listen: async () => () => undefined,
  });
});

const settled = () => new Promise((resolve) => setTimeout(resolve));
async function opened(search = ""): Promise<PeopleList> {
  const list = new PeopleList();
  void list.find({ kind: "Investor", search });
  asked[0]?.answer();
  await vi.waitFor(() => expect(list.total).toBe(TOTAL));
  asked = [];
  return list;
}

test("a list dragged from top to end asks for where it comes to rest, not for all it passed", async () => {
  const list = await opened();
  for (let row = 0; row < TOTAL; row += 500) list.need(row, row + 20);
  list.need(TOTAL - 20, TOTAL - 1);
  while (asked.some(({ query }) => query.offset !== -1)) {
    const flying = asked.filter(({ query }) => query.offset !== -1);
    for (const { query, answer } of flying) {
      answer();
      query.offset = -1;
    }
    await settled();
  }
  expect(asked.length).toBeLessThanOrEqual(5);
  expect(list.at(TOTAL - 1)?.id).toBe(String(TOTAL - 1));
});

test("people far from what is shown are let go, but for the first page", async () => {
  const list = await opened();
  for (let page = 1; page < KEPT * 3; page++) {
    list.need(page * PAGE + 40, page * PAGE + 60);
    await settled();
    asked.at(-1)?.answer();
    await settled();
  }
  expect(list.at(0)).not.toBeNull();
  expect(list.at(2 * PAGE)).toBeNull();
  expect(list.at((KEPT * 3 - 1) * PAGE)).not.toBeNull();
});

test("of fast typing only the last answer counts, in whatever order they come", async () => {
  const list = await opened();
  void list.find({ kind: "Investor", search: "m" });
  void list.find({ kind: "Investor", search: "ma" });
  const [first, second] = asked;
  second?.answer(7);
  await settled();
  first?.answer(900);
  await settled();
  expect(list.total).toBe(7);
  expect(list.at(0)?.id).toBe("ma0");
});

test("a page of the old search does not get into the new one", async () => {
  const list = await opened();
  list.need(500, 520);
  const old = asked[0];
  void list.find({ kind: "Investor", search: "x" });
  asked.at(-1)?.answer();
  await settled();
  old?.answer();
  await settled();
  expect(list.at(500)).toBeNull();
});
