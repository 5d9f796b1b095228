import { SvelteMap } from "svelte/reactivity";
import { listPeople } from "$lib/app";
import type { CommandError } from "$lib/generated/CommandError";
import type { Person } from "$lib/generated/Person";
import { latest } from "$lib/latest";

export const PAGE = 100;
/** Pages that are kept: 2,000 people around the place that is shown. */
export const KEPT = 20;
const AT_ONCE = 3;
/** Rows past the edges that are fetched before they come into sight. */
const AHEAD = 30;

interface Question {
  kind: string;
  search: string;
}

/** The people of one kind that a search finds, fetched page by page as they come into sight. */
export class PeopleList {
  question: Question | null = null;
  total: number | null = $state(null);
  /** Whether an answer is on its way to what was asked last. */
  asking = $state(false);
  error: CommandError | null = $state.raw(null);
  /** How many each kind has under this search. */
  totals: Record<string, number> = $state({});
  /** Not made reactive in depth: a hundred thousand people are only shown. */
  #pages = new SvelteMap<number, Person[]>();
  #wanted: [number, number] = [0, 0];
  #flying = new Set<number>();
  /** The question whose first answer is here. */
  #answered: Question | null = null;

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
    this.#answered = null;
    this.#wanted = [0, 0];
    this.asking = true;
    if (otherKind) {
      this.total = null;
      this.#pages.clear();
    }
    try {
      const page = await this.#first(question);
      if (page === null) return;
      this.asking = false;
      this.error = null;
      this.#answered = question;
      this.#flying.clear();
      this.#pages.clear();
      this.#pages.set(0, page.people);
      this.total = page.total;
      this.totals[question.kind] = page.total;
      this.#fetch();
    } catch (error) {
      this.asking = false;
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
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  /** Says which rows are in sight: what is missing there is fetched, what is far from there is let go. */
  need(from: number, to: number): void {
    this.#wanted = [Math.max(0, from - AHEAD), to + AHEAD];
    this.#fetch();
  }

  /** Few questions at a time, so that a list dragged to its end asks for where it comes to rest, not for all. */
  #fetch(): void {
    const question = this.#answered;
    if (question === null || this.total === null) return;
    const [from, to] = this.#wanted;
    const last = Math.min(Math.floor(to / PAGE), Math.floor((this.total - 1) / PAGE));
    for (let page = Math.floor(from / PAGE); page <= last; page++) {
      if (this.#flying.size >= AT_ONCE) return;
      if (!this.#pages.has(page) && !this.#flying.has(page)) void this.#fetchPage(question, page);
    }
  }

  async #fetchPage(question: Question, page: number): Promise<void> {
    this.#flying.add(page);
    try {
      const { people } = await this.#ask(question, page * PAGE, PAGE);
      if (this.#answered !== question) return;
      this.#pages.set(page, people);
      this.#flying.delete(page);
      this.#letGo();
      this.#fetch();
    } catch (error) {
      if (this.#answered !== question) return;
      this.#flying.delete(page);
      this.error = error as CommandError;
    }
  }

  #letGo(): void {
    const middle = (this.#wanted[0] + this.#wanted[1]) / 2 / PAGE;
    // The first page stays: Enter in the search field opens its first person.
    const far = [...this.#pages.keys()]
      .filter((page) => page !== 0)
      .sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const page of far.slice(0, Math.max(0, this.#pages.size - KEPT))) this.#pages.delete(page);
  }

  byId(id: string): Person | null {
    return [...this.#pages.values()].flat().find((person) => person.id === id) ?? null;
  }
}
