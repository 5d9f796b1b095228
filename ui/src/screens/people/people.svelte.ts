import { listPeople } from "$lib/app";
import type { CommandError } from "$lib/generated/CommandError";
import type { Person } from "$lib/generated/Person";
import { latest } from "$lib/latest";

export const PAGE = 100;

interface Question {
  kind: string;
  search: string;
}

/** The people of one kind that a search finds, fetched page by page as they come into sight. */
export class PeopleList {
  question: Question | null = null;
  total: number | null = $state(null);
  error: CommandError | null = $state.raw(null);
  /** How many each kind has under this search. */
  totals: Record<string, number> = $state({});
  #pages: Record<number, Person[]> = $state({});
  #asked = new Set<number>();

  #first = latest((question: Question) => this.#ask(question, 0, PAGE));
  #count = latest(async ({ kinds, search }: { kinds: string[]; search: string }) => {
    const counted = await Promise.all(
      kinds.map(async (kind) => [kind, (await this.#ask({ kind, search }, 0, 1)).total] as const),
    );
    return Object.fromEntries(counted);
  });

  #ask({ kind, search }: Question, offset: number, limit: number) {
    return listPeople({ kind, search: search === "" ? null : search, offset, limit });
  }

  /** Shows what the question finds; what is on the screen stays until the answer is there. */
  async find(question: Question): Promise<void> {
    const otherKind = this.question?.kind !== question.kind;
    this.question = question;
    if (otherKind) {
      this.total = null;
      this.#pages = {};
      this.#asked.clear();
    }
    try {
      const page = await this.#first(question);
      if (page === null) return;
      this.error = null;
      this.#asked = new Set([0]);
      this.#pages = { 0: page.people };
      this.total = page.total;
      this.totals[question.kind] = page.total;
    } catch (error) {
      this.error = error as CommandError;
    }
  }

  async count(kinds: string[], search: string): Promise<void> {
    try {
      Object.assign(this.totals, await this.#count({ kinds, search }));
    } catch {
      // A tab without its number is no loss; the list says what is wrong.
    }
  }

  at(index: number): Person | null {
    return this.#pages[Math.floor(index / PAGE)]?.[index % PAGE] ?? null;
  }

  /** Fetches the pages between these rows that are not there yet. */
  need(from: number, to: number): void {
    const question = this.question;
    if (question === null || this.total === null) return;
    for (let page = Math.floor(from / PAGE); page <= Math.floor(to / PAGE); page++) {
      if (this.#asked.has(page) || page * PAGE >= this.total) continue;
      this.#asked.add(page);
      this.#ask(question, page * PAGE, PAGE).then(
        ({ people }) => {
          if (this.question === question) this.#pages[page] = people;
        },
        (error: CommandError) => {
          if (this.question !== question) return;
          this.#asked.delete(page);
          this.error = error;
        },
      );
    }
  }

  byId(id: string): Person | null {
    return (
      Object.values(this.#pages)
        .flat()
        .find((person) => person.id === id) ?? null
    );
  }
}
