// Every key of the workspace, in one place: the handler, the palette and the sheet read it.
import * as m from "$messages";
import type { Screen } from "./route.svelte";

export const mac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Where F6 goes between the page and the bar of the session's window. */
export const linux = typeof navigator !== "undefined" && /Linux/.test(navigator.userAgent);

/** `Mod` is ⌘ on a Mac and Ctrl elsewhere. */
const NAMES: Record<string, () => string> = mac
  ? { Mod: () => "⌘", Shift: () => "⇧", Enter: () => "↩", Escape: () => "esc" }
  : { Mod: m.key_ctrl, Shift: m.key_shift, Enter: m.key_enter, Escape: m.key_escape };
NAMES.Up = () => "↑";
NAMES.Down = () => "↓";

export const keyName = (key: string) => NAMES[key]?.() ?? key;
/** "Ctrl K", for titles. */
export const keysName = (keys: readonly string[]) => keys.map(keyName).join(" ");

/** g, then one of these. */
export const GO: Record<string, Screen> = {
  p: "people",
  i: "inbox",
  m: "impersonation",
  h: "history",
  s: "settings",
};
export const goKeys = (screen: Screen): string[] => [
  "G",
  (Object.entries(GO).find(([, to]) => to === screen)?.[0] ?? "").toUpperCase(),
];

/** In the order of the rail: Mod and their number goes there, from a field as well. */
export const SCREEN_ORDER: readonly Screen[] = ["people", "inbox", "impersonation", "history", "settings"];
export const screenKeys = (screen: Screen): string[] => ["Mod", String(SCREEN_ORDER.indexOf(screen) + 1)];

export const KEYS = {
  palette: ["Mod", "K"],
  sheet: ["?"],
  search: ["/"],
  find: ["Mod", "F"],
  settings: ["Mod", ","],
  larger: ["Mod", "+"],
  smaller: ["Mod", "-"],
  usual: ["Mod", "0"],
  exit: ["Mod", "Shift", "E"],
  print: ["Mod", "P"],
  quit: ["Mod", "Q"],
  bar: ["F6"],
} as const;

/** Whether this is Mod with that letter, and nothing else. */
export const isMod = (event: KeyboardEvent, letter: string) =>
  (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === letter;

/** How large everything is, in percent: the steps of the keys and of the settings. */
export const ZOOMS = [80, 100, 125, 150, 175, 200] as const;

/** The step that this key leads to from `zoom`, if it is such a key. */
export function zoomed(key: string, zoom: number): number | undefined {
  if (key === "0") return 100;
  if (key === "+" || key === "=") return ZOOMS.find((step) => step > zoom) ?? 200;
  if (key === "-" || key === "_") return ZOOMS.findLast((step) => step < zoom) ?? 80;
}

/** Whether what is typed goes into a field or a menu that has keys of its own. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest(
      "input, textarea, select, [contenteditable=true], [role=menu], [role=dialog], [role=alertdialog]",
    ) !== null
  );
}

const SINGLE_KEY = "single-keys";

/** Keys without Ctrl or ⌘ can be switched off: speech input and tremor set them off by mistake (WCAG 2.1.4). */
export const singleKeys = () => localStorage.getItem(SINGLE_KEY) !== "off";
export const setSingleKeys = (on: boolean) =>
  on ? localStorage.removeItem(SINGLE_KEY) : localStorage.setItem(SINGLE_KEY, "off");
