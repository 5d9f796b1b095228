/** Runs questions of which only the newest answer counts: older answers and errors come back as `null`. */
export function latest<Q, A>(ask: (question: Q) => Promise<A>): (question: Q) => Promise<A | null> {
  let newest = 0;
  return async (question) => {
    const mine = ++newest;
    try {
      const answer = await ask(question);
      return mine === newest ? answer : null;
    } catch (error) {
      if (mine === newest) throw error;
      return null;
    }
  };
}

/** How long typing pauses before what stands there is searched for, in milliseconds: a name is one search. */
export const PAUSE = 300;
/** Fewer characters say too little to search for by themselves. */
export const LEAST = 2;

/** Calls `run` once, `wait` milliseconds after the last call. */
export function debounce<Args extends unknown[]>(run: (...args: Args) => void, wait: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = () => clearTimeout(timer);
  const later = (...args: Args) => {
    cancel();
    timer = setTimeout(() => run(...args), wait);
  };
  return Object.assign(later, { cancel });
}
