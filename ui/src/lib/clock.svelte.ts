import { createSubscriber } from "svelte/reactivity";

const ticking = (every: number) =>
  createSubscriber((update) => {
    const timer = setInterval(update, every);
    return () => clearInterval(timer);
  });

const everySecond = ticking(500);
const everyHalfMinute = ticking(30_000);

/** Now, for countdowns: whoever reads it runs again twice a second. */
export function nowBySecond(): number {
  everySecond();
  return Date.now();
}

/** Now, for relative times. */
export function nowByMinute(): number {
  everyHalfMinute();
  return Date.now();
}
