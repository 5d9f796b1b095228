import type { CommandError } from "./generated/CommandError";

/** What a form's buttons set off: one thing at a time, and what came of the last. */
export class Attempt<What extends string = "it"> {
  busy = $state<What | null>(null);
  error = $state.raw<CommandError | null>(null);

  /** Whether it was done. Nothing is, while something else runs. */
  async run(work: () => Promise<unknown>, what = "it" as What): Promise<boolean> {
    if (this.busy) return false;
    this.busy = what;
    this.error = null;
    try {
      await work();
      return true;
    } catch (thrown) {
      this.error = thrown as CommandError;
      return false;
    } finally {
      this.busy = null;
    }
  }
}
