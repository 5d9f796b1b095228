// The form by which a code is requested: as far as it is filled in, by hand or by a link, and its sending.
import * as m from "$messages";
import { requestCode, takePrefill } from "./app";
import type { Desk } from "./desk.svelte";
import { EMPTY_REQUEST, type RequestDraft, readRequestDraft, writeRequestDraft } from "./drafts";
import { isOpen, OPEN } from "./flow";
import type { NewRequest } from "./generated/NewRequest";
import type { Person } from "./generated/Person";
import type { Prefill } from "./generated/Prefill";
import type { Request } from "./generated/Request";

/** What a link takes the place of. */
type Replaced = Pick<RequestForm, "draft" | "person"> & Pick<Desk, "request">;

export class RequestForm {
  draft: RequestDraft = $state(readRequestDraft());
  /** The person its identifier was resolved to. */
  person: Person | null = $state.raw(null);
  /** As it was before a link filled it in, as long as it can be brought back. */
  replaced: Replaced | null = $state.raw(null);
  /** Raised whenever it holds something else altogether. */
  fills = $state(0);
  #desk: Desk;
  #sending = false;
  #taking: Promise<void> = Promise.resolve();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Where the consent can be looked up. */
  get reference(): string {
    return this.draft.reference ?? this.draft.ticket;
  }

  keep(): void {
    writeRequestDraft($state.snapshot(this.draft));
  }

  clear(): void {
    writeRequestDraft(null);
    this.draft = { ...EMPTY_REQUEST };
    this.person = null;
    this.replaced = null;
  }

  /** Opens it with this person filled in; an open request stays as it is. */
  open(person: Person): void {
    const desk = this.#desk;
    if (desk.request && !OPEN.includes(desk.request.value.state)) desk.request = null;
    this.draft.identifier = person.id;
    this.person = person;
    this.keep();
    desk.route.go("impersonation");
  }

  /** Filled in as a request was, about the person whom it was about. */
  fillAs({ person: { id }, reason, ticket, mode, consent }: Request, person: Person | null): void {
    this.draft = { ...EMPTY_REQUEST, identifier: id, reason, ticket: ticket ?? "", mode };
    if (consent.evidence !== "code") this.draft.evidence = consent.evidence;
    if (consent.evidence === "exception") {
      Object.assign(this.draft, { category: consent.category, exception: consent.reason });
    } else if (consent.evidence === "statement") {
      const { given_by, means, reference } = consent;
      Object.assign(this.draft, { given_by, means, reference });
    }
    this.person = person;
    this.keep();
  }

  /** A link wants to fill it in. Anybody can write one: nothing is sent, not even the search for the person. */
  takePrefill(): void {
    const desk = this.#desk;
    // One after the other; one that is not answered can be opened again.
    this.#taking = this.#taking
      .then(async () => {
        // Whether a request may be open decides what becomes of it.
        if (desk.impersonates && desk.request === undefined) await desk.refreshRequest();
        const prefill = await takePrefill();
        if (prefill && desk.app?.staff) this.#fillIn(prefill);
      })
      .catch(() => undefined);
  }

  #fillIn({ person, ticket, reason }: Prefill): void {
    const desk = this.#desk;
    if (!desk.impersonates) {
      desk.toasts.show(m.error_forbidden());
      return;
    }
    if (desk.stage !== null || this.#sending || isOpen(desk.request ?? null, Date.now())) {
      desk.toasts.show(m.prefill_refused());
      return;
    }
    const draft = $state.snapshot(this.draft);
    const begun = JSON.stringify(draft) !== JSON.stringify(EMPTY_REQUEST);
    this.replaced = begun ? { draft, person: this.person, request: desk.request } : null;
    // All of it is another case: above all, nobody's consent is carried over.
    this.draft = {
      ...EMPTY_REQUEST,
      identifier: person ?? "",
      ticket: ticket ?? "",
      reason: reason ?? "",
      prefilled: true,
    };
    this.person = null;
    desk.request = null;
    this.keep();
    this.fills++;
    desk.over = null;
    desk.route.go("impersonation");
  }

  undoPrefill(): void {
    if (this.replaced === null) return;
    ({ draft: this.draft, person: this.person, request: this.#desk.request } = this.replaced);
    this.replaced = null;
    this.keep();
    this.fills++;
  }

  prefillSeen(): void {
    this.replaced = null;
    if (!this.draft.prefilled) return;
    this.draft.prefilled = false;
    this.keep();
  }

  async send(wanted: NewRequest): Promise<void> {
    this.#sending = true;
    try {
      this.#desk.setRequest(await requestCode(wanted));
    } finally {
      this.#sending = false;
    }
    this.prefillSeen();
    void this.#desk.inbox.refresh();
  }
}
