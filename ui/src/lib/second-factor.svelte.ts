// The second factor of who is signed in: whether it counts, and what its setting up leaves to be kept.
import { getSecondFactor } from "./app";
import type { SecondFactor } from "./generated/SecondFactor";
import { left, type Received, received } from "./time";

export class Factor {
  /** `null` until the server was asked. */
  state: Received<SecondFactor> | null = $state.raw(null);
  /** New recovery codes, until somebody has said that they are kept: the server shows them only once. */
  recovery: string[] | null = $state.raw(null);
  /** Whether it is being set up above the steps of the impersonation. */
  settingUp = $state(false);

  /** Whether what is to be done about it comes before everything else. */
  get underWay(): boolean {
    return (this.settingUp && this.state?.value.set_up === false) || this.recovery !== null;
  }

  /** Whether it still counts; `undefined` where the server has not said. */
  fresh(now: number): boolean | undefined {
    return this.state === null ? undefined : left(this.state.value.fresh_for_ms, this.state.at, now) > 0;
  }

  /** For how many more minutes it counts. */
  minutes(now: number): number {
    return this.state === null
      ? 0
      : Math.ceil(left(this.state.value.fresh_for_ms, this.state.at, now) / 60_000);
  }

  set(factor: SecondFactor): void {
    this.state = received(factor);
  }

  /** Where the server does not say, starting a session will. */
  async refresh(): Promise<void> {
    try {
      this.set(await getSecondFactor());
    } catch {
      this.state = null;
    }
  }
}
