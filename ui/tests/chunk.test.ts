import { mount, unmount } from "svelte";
import { expect, test, vi } from "vitest";
import Screen from "../src/lib/components/Skeleton.svelte";
import Chunk from "../src/screens/frame/Chunk.svelte";

const seen = (testid: string) => document.querySelector(`[data-testid=${testid}]`) !== null;

test("a screen that is being fetched says so, until it is there", async () => {
  let arrive: (part: { default: typeof Screen }) => void = () => undefined;
  const load = () => new Promise<{ default: typeof Screen }>((resolve) => (arrive = resolve));
  const chunk = mount(Chunk, { target: document.body, props: { load } });
  await vi.waitFor(() => expect(seen("loading")).toBe(true));
  arrive({ default: Screen });
  await vi.waitFor(() => expect(seen("loading")).toBe(false));
  expect(document.querySelector(".skeleton")).not.toBeNull();
  await unmount(chunk);
});

test("a screen that cannot be fetched can be asked for again", async () => {
  const chunk = mount(Chunk, { target: document.body, props: { load: () => Promise.reject(new Error()) } });
  await vi.waitFor(() => expect(seen("error")).toBe(true));
  expect(document.body.textContent).toContain("could not be loaded");
  expect(seen("retry")).toBe(true);
  await unmount(chunk);
});
