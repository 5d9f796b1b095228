import { beforeEach, expect, test } from "vitest";
import { plug } from "../src/lib/app";
import { Desk } from "../src/lib/desk.svelte";
import { EMPTY_NOTE, readNoteDraft, writeNoteDraft } from "../src/lib/drafts";
import * as data from "../src/lib/fake/data";
import type { NoteDraft } from "../src/lib/generated/NoteDraft";
import type { Session } from "../src/lib/generated/Session";
import { commandsOf } from "../src/screens/palette/commands";
import { state } from "./state";

const [live] = data.sessions as [Session];
const mine: Session = { ...live, staff: { id: data.staff.id, name: data.staff.name }, ended_at: data.ago(0) };
let heard: Map<string, (payload: unknown) => void>;
let kept: Map<string, NoteDraft>;
let listed: Session[];
let asked: string[];

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
  [heard, kept, listed, asked] = [new Map(), new Map(), [], []];
  plug({
    invoke: async (command, args) => {
      asked.push(command);
      const { id, draft } = (args ?? {}) as { id: string; draft: NoteDraft };
      // The first write takes longest, as on a busy disk.
      if (command === "keep_note_draft") {
        await new Promise((done) => setTimeout(done, draft.what.length > 1 ? 0 : 20));
        kept.set(id, draft);
        return;
      }
      if (command === "get_note_draft") return kept.get(id) ?? EMPTY_NOTE;
      if (command === "get_app_state") return state();
      if (command === "list_sessions") return { sessions: listed, total: listed.length, offset: 0 };
      if (command === "get_session") return { session: { ...mine, id }, actions: [] };
      return command === "list_inbox" ? [] : null;
    },
    listen: async (event, hears) => {
      heard.set(event, hears);
      return () => undefined;
    },
  });
});

async function open(): Promise<Desk> {
  const desk = new Desk();
  await desk.open();
  return desk;
}

const note = {
  what: "Looked",
  why: "She asked",
  solved: true,
  written_at: data.ago(0),
  written_by: mine.staff,
};

test("of a draft what was typed last stays, however long each write takes", async () => {
  await Promise.all(["L", "Lo", "Loo"].map((what) => writeNoteDraft("s1", { ...EMPTY_NOTE, what })));
  expect((await readNoteDraft({ id: "s1", note: null })).what).toBe("Loo");
  await writeNoteDraft("s1", null);
  expect(await readNoteDraft({ id: "s1", note: null })).toEqual(EMPTY_NOTE);
});

test("a note that is filed is what its correction begins with, unless one is begun", async () => {
  expect((await readNoteDraft({ id: "s1", note })).what).toBe("Looked");
  await writeNoteDraft("s1", { ...EMPTY_NOTE, what: "Changed the phone" });
  expect((await readNoteDraft({ id: "s1", note })).what).toBe("Changed the phone");
});

test("a note that was filed on the way out is not asked for", async () => {
  const desk = await open();
  heard.get("stage-closed")?.({ session: { ...mine, note }, reason: "exited" });
  expect(desk.closed).toBeNull();
  expect(desk.toasts.list.map(({ text }) => text).join()).toContain("The note is filed");
  heard.get("stage-closed")?.({ session: { ...mine, note: null }, reason: "exited" });
  expect(desk.closed?.session.id).toBe(mine.id);
});

test("the note that is owed opens, also of a session that is not on the desk", async () => {
  const desk = await open();
  await desk.writeNote("7c0ffee0-0000-4000-8000-0000000000ff");
  expect(asked).toContain("get_session");
  expect(desk.closed?.session.id).toBe("7c0ffee0-0000-4000-8000-0000000000ff");
});

test("a waived note is owed no longer", async () => {
  const desk = await open();
  listed = [{ ...mine, note: null }];
  await desk.refreshUnnoted();
  expect(desk.unnoted).toHaveLength(1);
  // The server no longer names it.
  listed = [];
  heard.get("server-event")?.({
    cursor: 1,
    at: data.ago(0),
    event: { type: "note_lifted", session_id: mine.id },
  });
  await new Promise((done) => setTimeout(done, 5));
  expect(desk.unnoted).toEqual([]);
  expect(desk.settled).toBe(mine.id);
});

test("while it is switched off nobody may begin, and only admins may switch it on", async () => {
  const desk = await open();
  const off = { ...data.info, switched_off: true };
  const ids = () => commandsOf(desk).map(({ id }) => id);
  expect(desk.shut).toBeNull();
  desk.take(state({ info: off }));
  expect(desk.shut).toContain("switched off");
  expect(ids()).toContain("switch");
  desk.take(state({ info: off, staff: { ...data.staff, roles: ["support"] } }));
  expect(ids()).not.toContain("switch");
  desk.take(state({ info: off, connection: "offline" }));
  expect(desk.shut).toContain("no connection");
});
