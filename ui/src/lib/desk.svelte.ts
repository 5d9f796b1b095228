// The state that the workspace shares: who is signed in, the open request, what waits, the session.

import { createContext } from "svelte";
import * as m from "$messages";
import * as app from "./app";
import { applyAppearance } from "./appearance";
import {
  EMPTY_REQUEST,
  type RequestDraft,
  readRequestDraft,
  takeOver,
  writeRequestDraft,
  writeWorkspace,
} from "./drafts";
import { isOpen, OPEN } from "./flow";
import type { AppState } from "./generated/AppState";
import type { CommandError } from "./generated/CommandError";
import type { EventEnvelope } from "./generated/EventEnvelope";
import type { InboxEntry } from "./generated/InboxEntry";
import type { Kind } from "./generated/Kind";
import type { More } from "./generated/More";
import type { NewRequest } from "./generated/NewRequest";
import type { PendingRequest } from "./generated/PendingRequest";
import type { Person } from "./generated/Person";
import type { Prefill } from "./generated/Prefill";
import type { Request } from "./generated/Request";
import type { SecondFactor } from "./generated/SecondFactor";
import type { Session } from "./generated/Session";
import type { Settings } from "./generated/Settings";
import type { StageClosed } from "./generated/StageClosed";
import type { StageState } from "./generated/StageState";
import { errorText, kindSingular } from "./labels";
import { Route, type Screen } from "./route.svelte";
import { left, type Received, received } from "./time";
import { Toasts } from "./toasts.svelte";

/** From here on a clock that is off is worth a word, in milliseconds. */
const CLOCK_OFF = 2 * 60_000;
const CLOCK_SEEN = "clock-seen";

/** A form as it was before a link filled it in. */
type Replaced = Pick<Desk, "draft" | "person" | "request">;

/** What the app does until its settings have been read. */
const PLAIN: Settings = {
  language: null,
  theme: null,
  zoom: 100,
  autostart: false,
  keep_running: false,
  show_codes: false,
  quiet_hours: null,
  managed: [],
};

export class Desk {
  readonly route = new Route();
  readonly toasts = new Toasts();

  app: AppState | null = $state.raw(null);
  stage: Received<StageState> | null = $state.raw(null);
  /** `undefined` until the server was asked. */
  request: Received<Request> | null | undefined = $state.raw(undefined);
  inbox: Received<InboxEntry[]> | null = $state.raw(null);
  /** Requests of others that wait for an administrator. */
  approvals: Received<PendingRequest[]> | null = $state.raw(null);
  inboxError: CommandError | null = $state.raw(null);
  /** Own sessions that have ended and have no note yet. */
  unnoted: Session[] = $state.raw([]);
  /** How many sessions wait for the review of a lead, where one looks. */
  toReview = $state(0);
  /** How the last session ended, while its sheet is open. */
  closed: StageClosed | null = $state.raw(null);
  closeRefused = $state(false);
  /** What more is being asked for in the session that runs. */
  more: More | null = $state(null);
  /** Whether an admin is asked about the switch. */
  switching = $state(false);
  /** The session whose note was last written or waived. */
  settled: string | null = $state.raw(null);
  /** Raised whenever a session may have changed; History reads it to know that it is stale. */
  sessionsVersion = $state(0);

  /** `null` until they have been read. */
  settings: Settings | null = $state.raw(null);
  /** `null` until the server was asked. */
  factor: Received<SecondFactor> | null = $state.raw(null);
  /** New recovery codes, until somebody has said that they are kept: the server shows them only once. */
  recovery: string[] | null = $state.raw(null);
  /** Whether it is being set up above the steps of the impersonation. */
  settingUp = $state(false);
  /** What lies over the screen. */
  over: "palette" | "keys" | null = $state(null);

  /** The impersonation form, and the person its identifier was resolved to. */
  draft: RequestDraft = $state(readRequestDraft());
  person: Person | null = $state.raw(null);
  /** What a link took the place of, as long as it can be brought back. */
  replaced: Replaced | null = $state.raw(null);
  /** Whether the server has ended the sign-in, as long as nobody has signed in since. */
  signedOut = $state(false);
  /** Raised whenever the form holds something else altogether. */
  fills = $state(0);
  #requesting = false;
  #leaving = false;
  #taking = false;
  #takeAgain = false;

  /** Why the newer version could not be installed. */
  updateError: CommandError | null = $state.raw(null);
  #clockSeen = $state(sessionStorage.getItem(CLOCK_SEEN) !== null);
  /** The trouble with a server that was left: none of the next one's. */
  #oldTrouble: CommandError | null = $state.raw(null);

  #staffId: string | null = null;
  /** The session left open by an earlier run whose sheet was shown already. */
  #leftId: string | null = null;

  get kinds(): Kind[] {
    return this.app?.info?.kinds ?? [];
  }

  kind = (id: string): string => kindSingular(id, this.kinds);

  /** What the server is called, so that nobody takes the trial for the real one. */
  get serverName(): string {
    return this.app?.info?.name ?? this.app?.server ?? "";
  }

  /** Team leads read; only support and admins step in. The server decides; this keeps dead ends off the screen. */
  get impersonates(): boolean {
    return this.app?.staff?.roles.some((role) => role !== "lead") ?? false;
  }

  /** Administrators answer for the codes of others, and have the switch. */
  get administers(): boolean {
    return this.app?.staff?.roles.includes("admin") ?? false;
  }

  /** Leads review what others did. */
  get reviews(): boolean {
    return this.app?.staff?.roles.includes("lead") ?? false;
  }

  /** What somebody should look at: own codes, and requests that nobody else has taken. */
  get waiting(): number {
    const open = this.approvals?.value.filter(
      ({ taken_by }) => taken_by === null || taken_by.id === this.#staffId,
    );
    return (this.inbox?.value.length ?? 0) + (open?.length ?? 0);
  }

  get switchedOff(): boolean {
    return this.app?.info?.switched_off ?? false;
  }

  /** Where the workspace is, as far as the role may go. */
  get screen(): Screen {
    const { screen } = this.route.place;
    return this.impersonates || screen === "settings" ? screen : "history";
  }

  /** How the button of the open step looks: what is under way above the steps has the one main button. */
  get next(): "primary" | "secondary" {
    const settingUp = this.settingUp && this.factor?.value.set_up === false;
    return settingUp || this.recovery !== null ? "secondary" : "primary";
  }

  /** Why what needs the server cannot be done now. */
  get offline(): string | null {
    if (this.app?.connection === "offline") return m.offline_reason();
    return this.app?.connection === "connecting" ? m.connecting_reason() : null;
  }

  /** Why nobody may begin anything now. */
  get shut(): string | null {
    return this.offline ?? (this.switchedOff ? m.switched_off_reason() : null);
  }

  /** By how much this computer's clock is off, where that is worth a word; until it was said in this run. */
  get clockOff(): number | null {
    const ahead = this.app?.clock_ahead_ms ?? 0;
    return Math.abs(ahead) > CLOCK_OFF && !this.#clockSeen ? ahead : null;
  }

  clockSeen(): void {
    this.#clockSeen = true;
    sessionStorage.setItem(CLOCK_SEEN, "yes");
  }

  /** Why the server cannot be used, before anybody is signed in. */
  get trouble(): CommandError | null {
    const trouble = this.app?.trouble ?? null;
    const old = this.app?.server === null && JSON.stringify(trouble) === JSON.stringify(this.#oldTrouble);
    return old ? null : trouble;
  }

  /** Starts listening, then asks how things stand, for certain; answers with the function that stops it. */
  async open(): Promise<() => void> {
    // Before anybody is signed in there is nothing to miss: it is drawn at once.
    app
      .getAppState()
      .then((state) => {
        if (state.staff === null) this.app ??= state;
      })
      .catch(() => undefined);
    const stops = await Promise.all([
      app.onAppState((state) => this.#take(state)),
      app.onServerEvent((event) => this.#heard(event)),
      app.onStageState((state) => {
        this.stage = received(state);
      }),
      app.onStageClosed((closed) => this.#stageClosed(closed)),
      app.onSettings((settings) => this.#takeSettings(settings)),
      app.onCodeOpened((id) => this.openInbox(id)),
      app.onSessionOpened((id) => this.route.go("history", id)),
      app.onMoreWanted((more) => this.askMore(more)),
      app.onCloseRefused(() => {
        this.closeRefused = this.stage !== null;
      }),
    ]);
    // What is drawn waits for neither: without settings the app is as it was at its last start.
    app
      .getSettings()
      .then((settings) => this.#takeSettings(settings))
      .catch(() => undefined);
    this.#take(await app.getAppState());
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Also called with the answers of commands that change the app's state. */
  #take(state: AppState): void {
    const back = this.app?.connection !== "online" && state.connection === "online";
    if (state.server === null && this.app?.server) this.#oldTrouble = state.trouble;
    this.app = state;
    if (state.stage === null) {
      this.stage = null;
      this.closeRefused = false;
    } else {
      this.stage = received(state.stage);
    }
    const staffId = state.staff?.id ?? null;
    const other = staffId !== this.#staffId;
    if (other) {
      this.#forget();
      this.signedOut = staffId === null && !this.#leaving;
    }
    // Whoever changes the server knows.
    if (state.server === null) this.signedOut = false;
    this.#staffId = staffId;
    if (other && staffId !== null) this.#settle(staffId);
    if (state.left && state.left.session.id !== this.#leftId && staffId !== null) {
      this.#leftId = state.left.session.id;
      this.closed = state.left;
    }
    if (staffId !== null && (other || back)) void this.refresh();
    if (staffId !== null && state.prefill) void this.#takePrefill();
  }

  take = (state: AppState): void => this.#take(state);

  #forget(): void {
    this.request = undefined;
    this.inbox = null;
    this.approvals = null;
    this.unnoted = [];
    this.toReview = 0;
    this.closed = null;
    this.factor = null;
    this.recovery = null;
    this.over = null;
    this.switching = false;
    if (this.#staffId === null) return;
    this.clearDraft();
    // Whoever comes next does not land where the one before was; whoever comes back does.
    this.route.onmove = null;
    this.route.reset();
    history.replaceState(null, "", location.pathname + location.search);
  }

  #settle(staff: string): void {
    this.route.restore(takeOver(staff));
    this.route.onmove = (moved) => writeWorkspace({ staff, ...moved });
  }

  #takeSettings(settings: Settings): void {
    this.settings = settings;
    if (applyAppearance(settings)) location.reload();
  }

  /** Changes some settings and keeps the rest. */
  async changeSettings(change: Partial<Settings>): Promise<void> {
    const before = this.settings;
    const wanted = { ...(before ?? PLAIN), ...change };
    this.settings = wanted;
    try {
      this.#takeSettings(await app.setSettings(wanted));
    } catch (error) {
      this.settings = before;
      throw error;
    }
  }

  /** Whether the second factor still counts; `undefined` where the server has not said. */
  factorFresh(now: number): boolean | undefined {
    return this.factor === null ? undefined : left(this.factor.value.fresh_for_ms, this.factor.at, now) > 0;
  }

  setFactor(factor: SecondFactor): void {
    this.factor = received(factor);
  }

  /** Where the server does not say, starting a session will. */
  async refreshFactor(): Promise<void> {
    try {
      this.setFactor(await app.getSecondFactor());
    } catch {
      this.factor = null;
    }
  }

  async refresh(): Promise<void> {
    this.sessionsVersion++;
    void this.refreshReviews();
    if (!this.impersonates) return;
    await Promise.all([
      this.refreshRequest(),
      this.refreshInbox(),
      this.refreshApprovals(),
      this.refreshUnnoted(),
    ]);
  }

  async refreshRequest(): Promise<void> {
    try {
      let request = await app.currentRequest();
      // What was wanted in a session that is over on this side is over too.
      if (request?.raises && !this.stage) request = null;
      // The server's "open one" leaves out what is over; what we know of it is still worth saying.
      const known = this.request?.value;
      const closed = request === null || (known?.raises && request.id !== known.id);
      if (closed && known && !["cancelled", "started", "raised"].includes(known.state)) {
        this.request = received(await app.getRequest(known.id));
      } else {
        this.request = request && received(request);
      }
    } catch {
      this.request ??= null;
    }
  }

  async refreshInbox(): Promise<void> {
    try {
      this.inbox = received(await app.listInbox());
      this.#keepToasts();
      this.inboxError = null;
    } catch (error) {
      this.inboxError = error as CommandError;
    }
  }

  async refreshApprovals(): Promise<void> {
    if (!this.administers) return;
    try {
      this.approvals = received(await app.listApprovals());
      this.#keepToasts();
    } catch {
      // What waits stays as it was; whoever answers it hears what is wrong.
    }
  }

  #keepToasts(): void {
    const waiting = [...(this.inbox?.value ?? []), ...(this.approvals?.value ?? [])];
    this.toasts.keepAbout((about) => waiting.some(({ request_id }) => request_id === about));
  }

  async refreshUnnoted(): Promise<void> {
    try {
      this.unnoted = (await app.listSessions({ only: "unnoted", limit: 200 })).sessions;
    } catch {
      // The reminder stays as it was; History itself says what is wrong.
    }
  }

  async refreshReviews(): Promise<void> {
    if (!this.reviews) return;
    try {
      this.toReview = (await app.listSessions({ only: "to_review", limit: 1 })).to_review;
    } catch {
      // The count stays as it was; History itself says what is wrong.
    }
  }

  setRequest(request: Request): void {
    this.request = received(request);
  }

  /** Takes the code over and goes to the confirmation. */
  async useCode(entry: InboxEntry): Promise<void> {
    this.setRequest(await app.verifyCode(entry.request_id, entry.code));
    void this.refreshInbox();
    this.route.go("impersonation");
  }

  /** Opens the form for it, with nobody's consent carried over from the session itself. */
  askMore(more: More): void {
    if (!this.stage) return;
    if (more === "act" && this.more !== "act") this.draft = { ...EMPTY_REQUEST };
    this.more = more;
    this.route.go("impersonation");
  }

  openInbox(requestId: string): void {
    void this.refreshInbox();
    void this.refreshApprovals();
    this.toasts.keepAbout((about) => about !== requestId);
    this.route.go("inbox", null, { request: requestId });
  }

  /** The impersonation page with this person filled in; an open request stays as it is. */
  impersonate(person: Person): void {
    this.startOver();
    this.draft.identifier = person.id;
    this.person = person;
    this.keepDraft();
    this.route.go("impersonation");
  }

  /** A link wants to fill in the form. Anybody can write one: nothing is sent, not even the search for the person. */
  async #takePrefill(): Promise<void> {
    this.#takeAgain = true;
    if (this.#taking) return;
    this.#taking = true;
    try {
      while (this.#takeAgain) {
        this.#takeAgain = false;
        // Whether one may be open decides what becomes of it.
        if (this.impersonates && this.request === undefined) await this.refreshRequest();
        const prefill = await app.takePrefill();
        if (prefill) this.#fillIn(prefill);
      }
    } catch {
      // The link can be opened again.
    } finally {
      this.#taking = false;
    }
  }

  #fillIn({ person, ticket, reason }: Prefill): void {
    if (this.#staffId === null) return;
    if (!this.impersonates) {
      this.toasts.show(m.error_forbidden());
      return;
    }
    if (this.stage !== null || this.#requesting || isOpen(this.request ?? null, Date.now())) {
      this.toasts.show(m.prefill_refused());
      return;
    }
    const draft = $state.snapshot(this.draft);
    const begun = JSON.stringify(draft) !== JSON.stringify(EMPTY_REQUEST);
    this.replaced = begun ? { draft, person: this.person, request: this.request } : null;
    // All of it is another case: above all, nobody's consent is carried over.
    this.draft = {
      ...EMPTY_REQUEST,
      identifier: person ?? "",
      ticket: ticket ?? "",
      reason: reason ?? "",
      prefilled: true,
    };
    this.person = null;
    this.request = null;
    this.keepDraft();
    this.fills++;
    this.over = null;
    this.route.go("impersonation");
  }

  undoPrefill(): void {
    if (this.replaced === null) return;
    Object.assign(this, this.replaced);
    this.replaced = null;
    this.keepDraft();
    this.fills++;
  }

  prefillSeen(): void {
    this.replaced = null;
    if (!this.draft.prefilled) return;
    this.draft.prefilled = false;
    this.keepDraft();
  }

  /** What the form asks for. */
  async requestCode(wanted: NewRequest): Promise<void> {
    this.#requesting = true;
    try {
      this.setRequest(await app.requestCode(wanted));
    } finally {
      this.#requesting = false;
    }
    this.prefillSeen();
    void this.refreshInbox();
  }

  /** After the app was lost: one click sends a new code, and the note waits for the end of both. */
  async resume(id: string): Promise<void> {
    this.setRequest(await app.resumeSession(id));
    this.closed = null;
    void this.refreshInbox();
    this.route.go("impersonation");
  }

  /** Leaves behind what is over, so that the form opens again. */
  startOver(): void {
    const state = this.request?.value.state;
    if (state === undefined || !OPEN.includes(state)) this.request = null;
  }

  keepDraft(): void {
    writeRequestDraft($state.snapshot(this.draft));
  }

  clearDraft(): void {
    writeRequestDraft(null);
    this.draft = readRequestDraft();
    this.person = null;
    this.replaced = null;
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    try {
      await app.signOut();
      this.#take(await app.getAppState());
    } finally {
      this.#leaving = false;
    }
  }

  /** Opens the sheet for a note, also of a session that is not among those that are known to lack one. */
  async writeNote(id: string): Promise<void> {
    const known = this.unnoted.find((session) => session.id === id);
    const session = known ?? (await app.getSession(id)).session;
    this.closed = { session, reason: "ended_by_server" };
  }

  noteLater(): void {
    this.closed = null;
    void this.refreshUnnoted();
  }

  /** Runs what a button stands for and says what went wrong at the window's foot. */
  async attempt(run: () => Promise<unknown>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.toasts.show(errorText(error as CommandError));
    }
  }

  #stageClosed(closed: StageClosed): void {
    this.stage = null;
    this.closeRefused = false;
    this.more = null;
    this.request = null;
    this.clearDraft();
    const { note, person } = closed.session;
    // Filed on the way out: nothing is left to ask.
    if (note) this.toasts.show(m.note_filed({ name: person.name }));
    else this.closed = closed;
    this.sessionsVersion++;
    void this.refreshUnnoted();
  }

  async #codeArrived(requestId: string, name: string): Promise<void> {
    await Promise.all([this.refreshInbox(), this.refreshRequest()]);
    const waitsHere = this.screen === "impersonation" && this.request?.value.id === requestId;
    if (waitsHere || this.screen === "inbox") return;
    const open = { label: m.toast_open(), run: () => this.openInbox(requestId) };
    this.toasts.show(m.toast_code({ name }), open, requestId);
  }

  async #approvalAsked(requestId: string): Promise<void> {
    await this.refreshApprovals();
    const asked = this.approvals?.value.find(({ request_id }) => request_id === requestId);
    if (!asked || this.screen === "inbox") return;
    const open = { label: m.toast_open(), run: () => this.openInbox(requestId) };
    this.toasts.show(m.toast_approval({ name: asked.staff.name }), open, requestId);
  }

  #heard({ event }: EventEnvelope): void {
    switch (event.type) {
      case "approval_asked":
        void this.#approvalAsked(event.request_id);
        break;
      case "approval_changed":
        void this.refreshApprovals();
        break;
      case "code_denied": {
        if (this.screen === "impersonation") break;
        const open = { label: m.toast_open(), run: () => this.route.go("impersonation") };
        this.toasts.show(m.toast_denied({ by: event.by.name, name: event.person.name }), open);
        break;
      }
      case "code_arrived":
        void this.#codeArrived(event.request_id, event.person.name);
        break;
      case "request_changed":
        void this.refreshInbox();
        void this.refreshRequest();
        break;
      case "note_written":
      case "note_lifted":
        this.settled = event.session_id;
        this.sessionsVersion++;
        void this.refreshUnnoted();
        break;
      case "session_started":
      case "session_ended":
        this.sessionsVersion++;
        void this.refreshUnnoted();
        void this.refreshReviews();
        break;
      case "session_reviewed":
        this.sessionsVersion++;
        void this.refreshReviews();
        break;
      case "exception_used": {
        const { session_id, staff, approved_by, category } = event;
        if (staff.id === this.#staffId || approved_by?.id === this.#staffId) break;
        const open = { label: m.toast_open(), run: () => this.route.go("history", session_id) };
        this.toasts.show(m.toast_exception({ name: staff.name, category }), open);
        break;
      }
      case "action_refused":
      case "session_changed":
        this.sessionsVersion++;
        break;
    }
  }
}

export const [getDesk, setDesk] = createContext<Desk>();
