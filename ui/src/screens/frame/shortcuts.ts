import { exitImpersonation, quit } from "$lib/app";
import type { Desk } from "$lib/desk.svelte";
import { GO, isTyping, mac, SCREEN_ORDER, singleKeys } from "$lib/keys";
import type { Screen } from "$lib/route.svelte";

/** How long after the g the second key counts, in milliseconds. */
const PATIENCE = 1500;

/** The keys that work from anywhere in the workspace; `lib/keys.ts` has the list that is shown. */
export class Shortcuts {
  #goSince = Number.NEGATIVE_INFINITY;

  constructor(private readonly desk: Desk) {}

  press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const done = event.ctrlKey || event.metaKey ? this.#chord(event) : this.#single(event);
    if (done) event.preventDefault();
  }

  #chord(event: KeyboardEvent): boolean {
    if (event.altKey) return false;
    // By its place on the keyboard: on a French one the row of digits has letters without Shift.
    const digit = /^Digit([1-5])$/.exec(event.code)?.[1];
    if (digit) return this.#screen(Number(digit));
    const key = event.key.toLowerCase();
    if (this.desk.zoomBy(key)) return true;
    if (event.shiftKey) {
      if (key !== "e" || this.desk.stage === null) return false;
      void this.desk.attempt(exitImpersonation);
      return true;
    }
    // On a Mac the menu has it.
    if (key === "q" && !mac) {
      void this.desk.attempt(quit);
      return true;
    }
    if (key === "k") {
      // A dialog that waits for an answer stays in front.
      if (this.desk.closed !== null || this.desk.closeRefused || this.desk.switching) return false;
      this.desk.over = this.desk.over === "palette" ? null : "palette";
      return true;
    }
    if (key === ",") {
      this.desk.over = null;
      this.desk.route.go("settings");
      return true;
    }
    return false;
  }

  #screen(number: number): boolean {
    // A dialog that waits for an answer stays in front.
    if (this.desk.over === null && document.querySelector("[role=dialog], [role=alertdialog]")) return false;
    const screen = SCREEN_ORDER[number - 1];
    if (screen === undefined || !this.#may(screen)) return false;
    this.desk.over = null;
    location.hash = this.desk.route.href(screen);
    return true;
  }

  #may(screen: Screen): boolean {
    return this.desk.impersonates || screen === "history" || screen === "settings";
  }

  #single(event: KeyboardEvent): boolean {
    if (event.altKey || isTyping(event.target) || !singleKeys()) return false;
    if (document.querySelector("[role=dialog], [role=alertdialog]")) return false;
    const went = event.timeStamp - this.#goSince < PATIENCE ? GO[event.key.toLowerCase()] : undefined;
    this.#goSince = Number.NEGATIVE_INFINITY;
    if (went) {
      if (!this.#may(went)) return false;
      location.hash = this.desk.route.href(went);
      return true;
    }
    if (event.key === "g") {
      this.#goSince = event.timeStamp;
      return false;
    }
    if (event.key === "?") {
      this.desk.over = "keys";
      return true;
    }
    if (event.key === "/") {
      const search = document.querySelector<HTMLInputElement>("main input[type=search]");
      if (search) search.select();
      else this.desk.over = "palette";
      return true;
    }
    return false;
  }
}
