// What the palette can do besides finding people and sessions.
import ArrowRight from "@lucide/svelte/icons/arrow-right";
import Copy from "@lucide/svelte/icons/copy";
import FilePen from "@lucide/svelte/icons/file-pen";
import Keyboard from "@lucide/svelte/icons/keyboard";
import Languages from "@lucide/svelte/icons/languages";
import LogOut from "@lucide/svelte/icons/log-out";
import PanelTop from "@lucide/svelte/icons/panel-top";
import Power from "@lucide/svelte/icons/power";
import Printer from "@lucide/svelte/icons/printer";
import SunMoon from "@lucide/svelte/icons/sun-moon";
import ToggleLeft from "@lucide/svelte/icons/toggle-left";
import UserRoundCog from "@lucide/svelte/icons/user-round-cog";
import type { Component } from "svelte";
import { exitImpersonation, quit, showStage } from "$lib/app";
import { copyText } from "$lib/copy";
import type { Desk } from "$lib/desk.svelte";
import type { Person } from "$lib/generated/Person";
import type { Settings } from "$lib/generated/Settings";
import { goKeys, KEYS } from "$lib/keys";
import { printPart } from "$lib/print";
import type { Screen } from "$lib/route.svelte";
import * as m from "$messages";

export interface Command {
  id: string;
  label: string;
  Icon: Component<{ size?: number; "aria-hidden"?: "true" }>;
  keys?: readonly string[];
  /** Whether it is so already. */
  on?: boolean;
  run: () => unknown;
}

/** `person`: the one whom the search found first. */
export function commandsOf(desk: Desk, person: Person | null = null): Command[] {
  const { stage, settings } = desk;
  const managed = settings?.managed ?? [];
  const set = (change: Partial<Settings>) => () => desk.attempt(() => desk.changeSettings(change));
  const go = (screen: Screen, name: string): Command => ({
    id: `go-${screen}`,
    label: m.palette_go({ screen: name }),
    Icon: ArrowRight,
    keys: goKeys(screen),
    run: () => {
      location.hash = desk.route.href(screen);
    },
  });
  const commands: Command[] = [];
  if (person !== null && stage === null) {
    commands.push({
      id: "impersonate",
      label: m.palette_impersonate({ name: person.name }),
      Icon: UserRoundCog,
      run: () => desk.form.open(person),
    });
  }
  if (stage !== null) {
    commands.push(
      { id: "show-stage", label: m.show_window(), Icon: PanelTop, run: () => desk.attempt(showStage) },
      {
        id: "exit",
        label: m.exit(),
        Icon: LogOut,
        keys: KEYS.exit,
        run: () => desk.attempt(exitImpersonation),
      },
    );
  }
  const owed = desk.unnoted[0];
  if (owed !== undefined && stage === null) {
    commands.push({
      id: "note",
      label: `${m.note_write()} · ${owed.person.name}`,
      Icon: FilePen,
      run: () => {
        desk.closed = { session: owed, reason: "ended_by_server" };
      },
    });
  }
  if (desk.screen === "history" && desk.route.place.item !== null) {
    commands.push({ id: "print", label: m.print_report(), Icon: Printer, run: () => printPart() });
  }
  if (desk.impersonates) {
    commands.push(go("people", m.people()), go("inbox", m.inbox()), go("impersonation", m.impersonation()));
  }
  commands.push(go("history", m.history()), go("settings", m.settings()));
  if (!managed.includes("theme")) {
    commands.push(
      {
        id: "theme-light",
        label: m.palette_theme({ theme: m.theme_light() }),
        Icon: SunMoon,
        on: settings?.theme === "light",
        run: set({ theme: "light" }),
      },
      {
        id: "theme-dark",
        label: m.palette_theme({ theme: m.theme_dark() }),
        Icon: SunMoon,
        on: settings?.theme === "dark",
        run: set({ theme: "dark" }),
      },
      {
        id: "theme-system",
        label: m.palette_theme({ theme: m.as_system() }),
        Icon: SunMoon,
        on: settings?.theme === null,
        run: set({ theme: null }),
      },
    );
  }
  if (!managed.includes("language")) {
    commands.push(
      {
        id: "language-en",
        label: "Language: English",
        Icon: Languages,
        on: settings?.language === "en",
        run: set({ language: "en" }),
      },
      {
        id: "language-fr",
        label: "Langue : Français",
        Icon: Languages,
        on: settings?.language === "fr",
        run: set({ language: "fr" }),
      },
      {
        id: "language-system",
        label: m.palette_language({ language: m.as_system() }),
        Icon: Languages,
        on: settings?.language === null,
        run: set({ language: null }),
      },
    );
  }
  commands.push(
    {
      id: "copy-server",
      label: m.palette_copy_server(),
      Icon: Copy,
      run: async () => {
        const copied = await copyText(desk.app?.server ?? "");
        desk.toasts.show(copied ? m.palette_copied_server() : m.copy_failed());
      },
    },
    {
      id: "keys",
      label: m.keys_title(),
      Icon: Keyboard,
      keys: KEYS.sheet,
      run: () => {
        desk.over = "keys";
      },
    },
  );
  if (desk.administers) {
    commands.push({
      id: "switch",
      label: desk.switchedOff ? m.switch_on_command() : m.switch_off_command(),
      Icon: ToggleLeft,
      run: () => {
        desk.switching = true;
      },
    });
  }
  if (stage === null) {
    commands.push({
      id: "sign-out",
      label: m.sign_out(),
      Icon: LogOut,
      run: () => desk.attempt(() => desk.leave()),
    });
  }
  // While impersonating it says why not.
  commands.push({ id: "quit", label: m.quit(), Icon: Power, run: () => desk.attempt(quit) });
  return commands;
}

const plain = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Whether every word that was typed begins or stands in one of these texts; accents and case do not matter. */
export function matches(typed: string, ...texts: (string | null)[]): boolean {
  const text = plain(texts.filter(Boolean).join(" "));
  return plain(typed)
    .split(/\s+/)
    .every((word) => text.includes(word));
}
