// The state that the workspace shares: who is signed in, the open request, what waits, the session.

import { createContext } from "svelte";
import * as m from "$messages";
import * as app from "./app";
import { applyAppearance } from "./appearance";
import { takeOver, writeWorkspace } from "./drafts";
import { isOpen } from "./flow";
import type { AppState } from "./generated/AppState";
import type { CommandError } from "./generated/CommandError";
import type { EventEnvelope } from "./generated/EventEnvelope";
import type { Kind } from "./generated/Kind";
import type { More } from "./generated/More";
import type { Request } from "./generated/Request";
import type { Session } from "./generated/Session";
import type { Settings } from "./generated/Settings";
import type { StageClosed } from "./generated/StageClosed";
import type { StageState } from "./generated/StageState";
import { Inbox } from "./inbox.svelte";
import { zoomed } from "./keys";
import { errorText, kindSingular } from "./labels";
import { RequestForm } from "./request-form.svelte";
import { Route, type Screen } from "./route.svelte";
import { Factor } from "./second-factor.svelte";
import { type Received, received } from "./time";
import { Toasts } from "./toasts.svelte";

/** From here on a clock that is off is worth a word, in milliseconds. */
const CLOCK_OFF = 2 * 60_000;
const CLOCK_SEEN = "clock-seen";

export class Desk {
  readonly route = new Route();
  readonly toasts = new Toasts();
  readonly form = new RequestForm(this);
  inbox = $state.raw(new Inbox(this));
  factor = $state.raw(new Factor());

  app: AppState | null = $state.raw(null);
  stage: Received<StageState> | null = $state.raw(null);
  /** `undefined` until the server was asked. */
  request: Received<Request> | null | undefined = $state.raw(undefined);
  /** Own sessions that have ended and have no note yet. */
  unnoted: Session[] = $state.raw([]);
  /** How many sessions wait for the review of a lead, where one looks. */
  toReview = $state(0);
  /** How the last session ended, while its sheet is open. */
  closed: StageClosed | null = $state.raw(null);
  closeRefused = $state(false);
  /** Asks first: a request goes with the sign-in. */
  asksToLeave = $state(false);
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
  /** What lies over the screen. */
  over: "palette" | "keys" | null = $state(null);

  /** Whether the server has ended the sign-in, as long as nobody has signed in since. */
  signedOut = $state(false);
  #leaving = false;

  /** Why the newer version could not be installed. */
  updateError: CommandError | null = $state.raw(null);
  #clockSeen = $state(sessionStorage.getItem(CLOCK_SEEN) !== null);
  /** The trouble with a server that was left: none of the next one's. */
  #oldTrouble: CommandError | null = $state.raw(null);

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
    return this.factor.underWay ? "secondary" : "primary";
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
      app.onAppState((state) => this.take(state)),
      app.onServerEvent((event) => this.#heard(event)),
      app.onStageState((state) => {
        this.stage = received(state);
      }),
      app.onStageClosed((closed) => this.#stageClosed(closed)),
      app.onSettings((settings) => this.#takeSettings(settings)),
      app.onCodeOpened((id) => this.inbox.open(id)),
      app.onSessionOpened((id) => this.route.go("history", id)),
      app.onMoreWanted((more) => this.askMore(more)),
      app.onZoomKey((key) => this.zoomBy(key)),
      app.onCloseRefused(() => {
        this.closeRefused = this.stage !== null;
      }),
    ]);
    // What is drawn waits for neither: without settings the app is as it was at its last start.
    app
      .getSettings()
      .then((settings) => this.#takeSettings(settings))
      .catch(() => undefined);
    this.take(await app.getAppState());
    return () => {
      for (const stop of stops) stop();
    };
  }

  /** Also called with the answers of commands that change the app's state. */
  take = (state: AppState): void => {
    const before = this.app?.staff?.id ?? null;
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
    const other = staffId !== before;
    if (other) {
      this.#forget();
      if (before !== null) this.#startAnew();
      this.signedOut = staffId === null && !this.#leaving;
    }
    // Whoever changes the server knows.
    if (state.server === null) this.signedOut = false;
    if (other && staffId !== null) this.#settle(staffId);
    if (state.left && state.left.session.id !== this.#leftId && staffId !== null) {
      this.#leftId = state.left.session.id;
      this.closed = state.left;
    }
    if (staffId !== null && (other || back)) void this.refresh();
    if (staffId !== null && state.prefill) this.form.takePrefill();
  };

  #forget(): void {
    this.request = undefined;
    this.inbox = new Inbox(this);
    this.factor = new Factor();
    this.unnoted = [];
    this.toReview = 0;
    this.closed = null;
    this.over = null;
    this.switching = false;
  }

  #startAnew(): void {
    this.form.clear();
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
    const before = this.settings ?? (await app.getSettings());
    this.settings = { ...before, ...change };
    try {
      this.#takeSettings(await app.setSettings(this.settings));
    } catch (error) {
      this.settings = before;
      throw error;
    }
  }

  /** Whether this key, pressed with Ctrl, enlarges. */
  zoomBy(key: string): boolean {
    const zoom = this.settings && zoomed(key, this.settings.zoom);
    if (zoom) void this.attempt(() => this.changeSettings({ zoom }));
    return Boolean(zoom);
  }

  async refresh(): Promise<void> {
    this.sessionsVersion++;
    void this.refreshReviews();
    if (!this.impersonates) return;
    await Promise.all([
      this.refreshRequest(),
      this.inbox.refresh(),
      this.inbox.refreshApprovals(),
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

  /** Opens the form for it, with nobody's consent carried over from the session itself. */
  askMore(more: More): void {
    if (!this.stage) return;
    if (more === "act" && this.more !== "act") this.form.clear();
    this.more = more;
    this.route.go("impersonation");
  }

  /** After the app was lost: one click sends a new code, and the note waits for the end of both. */
  async resume(id: string): Promise<void> {
    this.setRequest(await app.resumeSession(id));
    this.closed = null;
    void this.inbox.refresh();
    this.route.go("impersonation");
  }

  /** The request that is still good for something. */
  get openRequest(): Request | null {
    const request = this.request ?? null;
    return request && isOpen(request, Date.now()) ? request.value : null;
  }

  /** Asks first where something is lost by it, unless they are `sure`. */
  async leave(sure = false): Promise<void> {
    this.asksToLeave = !sure && this.openRequest !== null;
    if (this.asksToLeave) return;
    this.#leaving = true;
    try {
      await app.signOut();
      this.take(await app.getAppState());
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
    this.form.clear();
    const { note, person } = closed.session;
    // Filed on the way out: nothing is left to ask.
    if (note) this.toasts.show(m.note_filed({ name: person.name }));
    else this.closed = closed;
    this.sessionsVersion++;
    void this.refreshUnnoted();
  }

  /** The button of a message that leads there. */
  opens = (run: () => void) => ({ label: m.toast_open(), run });

  #heard({ event }: EventEnvelope): void {
    switch (event.type) {
      case "approval_asked":
        void this.inbox.asked(event.request_id);
        break;
      case "approval_changed":
        void this.inbox.refreshApprovals();
        break;
      case "code_denied": {
        if (this.screen === "impersonation") break;
        const open = this.opens(() => this.route.go("impersonation"));
        this.toasts.show(m.toast_denied({ by: event.by.name, name: event.person.name }), open);
        break;
      }
      case "code_arrived":
        void this.inbox.arrived(event.request_id, event.person.name);
        break;
      case "request_changed":
        void this.inbox.refresh();
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
        if ([staff.id, approved_by?.id].includes(this.app?.staff?.id)) break;
        const open = this.opens(() => this.route.go("history", session_id));
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
