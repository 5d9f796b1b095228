import { tick, untrack } from "svelte";
import { verifySecondFactor } from "$lib/app";
import { nowBySecond } from "$lib/clock.svelte";
import type { Desk } from "$lib/desk.svelte";
import type { CommandError } from "$lib/generated/CommandError";
import { factorCode } from "$lib/totp";
import * as m from "$messages";

/**
 * The second factor of a form whose deed the server does only for who has shown it within the hour.
 * The form makes one while it is set up, draws `FactorField` where `asked` is "code" and `Enrol` where it is
 * "set_up", and does its deed through `before`.
 */
export class Proof {
  code = $state("");
  /** Whether a recovery code is typed in place of the six digits. */
  recovery = $state(false);
  incomplete = $state<string | null>(null);
  wrong = $state<string | null>(null);
  busy = $state(false);
  input = $state.raw<HTMLInputElement>();
  /** Nothing is asked while it is fresh, or while the server has not said. */
  readonly asked = $derived.by(() => {
    if (!this.#needed()) return null;
    if (this.#desk.factor.recovery !== null) return "set_up";
    if (this.#desk.factor.state === null || this.#desk.factor.fresh(nowBySecond())) return null;
    return this.#desk.factor.state.value.set_up ? "code" : "set_up";
  });
  #desk: Desk;
  #needed: () => boolean;

  constructor(desk: Desk, needed = () => true) {
    this.#desk = desk;
    this.#needed = needed;
    // Also where it is known already: it may have been shown elsewhere since.
    $effect(() => {
      if (!needed()) return;
      untrack(() => {
        if (desk.factor.recovery === null) void desk.factor.refresh();
      });
    });
  }

  /** Does it, after what was typed where a code is asked for; `false` where the form now asks. Other errors are thrown. */
  async before(act: () => Promise<unknown>): Promise<boolean> {
    if (this.asked === "set_up" || (this.asked === "code" && !(await this.show()))) return false;
    try {
      await act();
      return true;
    } catch (thrown) {
      if ((thrown as CommandError).code !== "second_factor_needed") throw thrown;
    }
    // What counted a moment ago does so no longer: it is asked for, which says enough.
    const desk = this.#desk;
    await desk.factor.refresh();
    if (desk.factor.state === null || desk.factor.fresh(Date.now()))
      desk.factor.set({ set_up: true, fresh_for_ms: 0 });
    return false;
  }

  /** Shows the server what was typed; `false` where the field now says what is wrong with it. */
  async show(): Promise<boolean> {
    const { recovery } = this;
    const code = factorCode(this.code, recovery);
    this.wrong = null;
    this.incomplete =
      code !== null ? null : recovery ? m.factor_recovery_incomplete() : m.factor_incomplete();
    if (code !== null) {
      this.busy = true;
      try {
        this.#desk.factor.set(await verifySecondFactor(code));
        this.code = "";
        this.recovery = false;
        return true;
      } catch (thrown) {
        if ((thrown as CommandError).code !== "wrong_second_factor") throw thrown;
        this.wrong = recovery ? m.factor_recovery_wrong() : m.factor_wrong();
      } finally {
        this.busy = false;
      }
    }
    await this.again();
    return false;
  }

  /** To the field, with what is in it ready to be typed over. */
  async again(): Promise<void> {
    await tick();
    this.input?.focus();
    this.input?.select();
  }
}
