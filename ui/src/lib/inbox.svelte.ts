// What waits for the person at the app: codes of their own, and requests of others for an administrator.
import * as m from "$messages";
import { listApprovals, listInbox, verifyCode } from "./app";
import type { Desk } from "./desk.svelte";
import type { CommandError } from "./generated/CommandError";
import type { InboxEntry } from "./generated/InboxEntry";
import type { PendingRequest } from "./generated/PendingRequest";
import { type Received, received } from "./time";

export class Inbox {
  /** `null` until the server was asked. */
  codes: Received<InboxEntry[]> | null = $state.raw(null);
  approvals: Received<PendingRequest[]> | null = $state.raw(null);
  error: CommandError | null = $state.raw(null);
  #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** What somebody should look at: own codes, and requests that nobody else has taken. */
  get waiting(): number {
    const own = this.#desk.app?.staff?.id;
    const open = this.approvals?.value.filter(({ taken_by }) => taken_by === null || taken_by.id === own);
    return (this.codes?.value.length ?? 0) + (open?.length ?? 0);
  }

  async refresh(): Promise<void> {
    try {
      this.codes = received(await listInbox());
      this.#keepToasts();
      this.error = null;
    } catch (error) {
      this.error = error as CommandError;
    }
  }

  async refreshApprovals(): Promise<void> {
    if (!this.#desk.administers) return;
    try {
      this.approvals = received(await listApprovals());
      this.#keepToasts();
    } catch {
      // What waits stays as it was; whoever answers it hears what is wrong.
    }
  }

  #keepToasts(): void {
    const waiting = [...(this.codes?.value ?? []), ...(this.approvals?.value ?? [])];
    this.#desk.toasts.keepAbout((about) => waiting.some(({ request_id }) => request_id === about));
  }

  /** Goes there, to this entry. */
  open(requestId: string): void {
    void this.refresh();
    void this.refreshApprovals();
    this.#desk.toasts.keepAbout((about) => about !== requestId);
    this.#desk.route.go("inbox", null, { request: requestId });
  }

  /** Takes the code over and goes to the confirmation. */
  async use(entry: InboxEntry): Promise<void> {
    this.#desk.setRequest(await verifyCode(entry.request_id, entry.code));
    void this.refresh();
    this.#desk.route.go("impersonation");
  }

  /** A code has arrived. */
  async arrived(requestId: string, name: string): Promise<void> {
    const desk = this.#desk;
    await Promise.all([this.refresh(), desk.refreshRequest()]);
    if (desk.screen === "impersonation" && desk.request?.value.id === requestId) return;
    this.#tell(requestId, m.toast_code({ name }));
  }

  /** An administrator is asked for a code. */
  async asked(requestId: string): Promise<void> {
    await this.refreshApprovals();
    const asked = this.approvals?.value.find(({ request_id }) => request_id === requestId);
    if (asked) this.#tell(requestId, m.toast_approval({ name: asked.staff.name }));
  }

  #tell(requestId: string, text: string): void {
    const desk = this.#desk;
    if (desk.screen === "inbox") return;
    desk.toasts.show(
      text,
      desk.opens(() => this.open(requestId)),
      requestId,
    );
  }
}
