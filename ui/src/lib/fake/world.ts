// What the fake knows, and what its scene has made of it.
import type { AppState } from "../generated/AppState";
import type { CommandError } from "../generated/CommandError";
import type { ErrorCode } from "../generated/ErrorCode";
import type { InboxEntry } from "../generated/InboxEntry";
import type { Request } from "../generated/Request";
import type { SecondFactor } from "../generated/SecondFactor";
import type { Session } from "../generated/Session";
import type { StageState } from "../generated/StageState";
import { getLocale } from "../paraglide/runtime";
import * as data from "./data";
import { SHEETS } from "./sheets";

/** The session that runs. */
export const LIVE = "0d9b9a7e-0000-4000-8000-00000000000a";

/** What a part of the fake answers to. */
export type Commands = Record<string, (args: never) => unknown>;

export function fail(code: ErrorCode, message: string, more: Partial<CommandError> = {}): never {
  throw { ...data.error(code, message), ...more };
}

export class World {
  readonly scene: string;
  readonly emit: (event: string, payload: unknown) => void;
  readonly app: AppState;
  readonly factor: SecondFactor;
  readonly sessions: Session[];
  request: Request | null = null;
  inbox: InboxEntry[] = [];
  /** Whether the second factor has gone stale once. */
  staled = false;

  constructor(scene: string, emit: World["emit"]) {
    this.scene = scene;
    this.emit = emit;
    this.sessions = structuredClone(scene.startsWith("exceptions") ? data.withExceptions() : data.sessions);
    const aNote = data.sessions.find(({ note }) => note !== null)?.note ?? null;
    if (scene !== "owed") for (const session of this.sessions) if (session.ended_at) session.note ??= aNote;
    // Digits count once, as they do on the server: the scene tells how the factor stands at first.
    this.factor = {
      set_up: !scene.endsWith("-set-up") && scene !== "factor-none",
      fresh_for_ms:
        /^(ready|approvals|exceptions-lead)-(code|set-up)$/.test(scene) || scene.startsWith("factor")
          ? 0
          : 3_000_000,
    };
    this.app = {
      version: "0.1.0",
      server: scene.startsWith("first") ? null : "http://127.0.0.1:7200",
      info:
        scene.startsWith("first") || scene === "sign-in-trouble"
          ? null
          : { ...data.info, switched_off: scene.startsWith("off") },
      staff: /^(first|sign-in)/.test(scene)
        ? null
        : /^(link|exceptions)-lead/.test(scene)
          ? data.lead
          : data.staff,
      connection: scene === "offline" || scene.endsWith("-trouble") ? "offline" : "online",
      trouble: scene.endsWith("-trouble") ? data.trouble : null,
      clock_ahead_ms:
        { clock: 6 * 60_000, "clock-behind": -190_000, "sign-in-clock": 3_660_000 }[scene] ?? 800,
      left: scene === "left" ? { session: this.#ended(this.own(), "client_lost"), reason: "app_gone" } : null,
      prefill: null,
      new_version: scene.startsWith("update") ? data.newVersion : null,
      keyring:
        scene === "sign-in-keyring" || scene === "keyring"
          ? {
              state: "unavailable",
              help: "No keyring answers on this computer. Install gnome-keyring or KeePassXC and sign in to the desktop again; until then your sign-in lasts as long as Understudy runs.",
            }
          : { state: "available" },
      stage: /^(link-|update-)?live/.test(scene) ? this.stageOf(this.own()) : null,
    };
    if (this.app.left) this.sessions.unshift(this.app.left.session);
  }

  stateChanged(): void {
    this.emit("app-state", this.app);
  }

  /** As the server asks who it is. */
  proven(): void {
    if (this.factor.fresh_for_ms === 0) fail("second_factor_needed", "Show your second factor first.");
  }

  own(person = data.people[this.scene === "bar-rtl" ? 3 : this.scene === "bar-long" ? 5 : 0]): Session {
    return {
      ...(this.sessions[0] as Session),
      id: LIVE,
      staff: { id: data.staff.id, name: data.staff.name },
      mode: this.scene === "bar-act" ? "act" : "view",
      person: data.reference(person ?? (data.people[0] as never)),
      started_at: data.ago(350_000),
      limit_in_ms: 24 * 60_000 + 10_000,
      extendable: true,
      ended_at: null,
      end_cause: null,
      note: null,
      note_lifted: false,
      ...(this.scene === "bar-exception" && { consent: data.exception }),
    };
  }

  stageOf(session: Session): StageState {
    const { scene } = this;
    return {
      session,
      server: data.info.name,
      sheet: SHEETS[scene] ?? null,
      lost_in_ms: scene === "bar-lost" ? 24_000 : null,
      language: getLocale(),
      loading: scene === "bar-loading",
      limit_in_ms: scene === "bar-soon" ? 95_000 : session.limit_in_ms,
      idle_in_ms: scene === "bar-still" ? 48_000 : null,
    };
  }

  #ended(session: Session, end_cause: Session["end_cause"]): Session {
    return { ...session, ended_at: data.ago(0), end_cause, actions: 12 };
  }

  /** Ends the session that runs, on the screen too. */
  close(reason: string, cause: Session["end_cause"] = "exit") {
    const session = this.#ended(this.app.stage?.session ?? this.own(), cause);
    this.sessions.unshift(session);
    this.app.stage = null;
    this.request = null;
    this.stateChanged();
    this.emit("stage-closed", { session, reason });
  }
}
