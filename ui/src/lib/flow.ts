// From a request to the step of the impersonation page that is open.
import type { Request } from "./generated/Request";
import type { RequestState } from "./generated/RequestState";
import { left, type Received } from "./time";

export type Step = "who" | "why" | "code" | "ready";
export const STEPS: readonly Step[] = ["who", "why", "code", "ready"];

/** Ways in which a request is over without a session. */
export type Over =
  | "expired"
  | "replaced"
  | "too_many_tries"
  | "undeliverable"
  | "switched_off"
  | "denied"
  | "unanswered"
  | "consent_declined"
  | "consent_unanswered";
const OVER: readonly RequestState[] = [
  "expired",
  "replaced",
  "too_many_tries",
  "undeliverable",
  "switched_off",
  "denied",
  "unanswered",
  "consent_declined",
  "consent_unanswered",
];

/** What it is called when nobody did their part in time. */
const LATE: Partial<Record<RequestState, Over>> = { asked: "consent_unanswered", pending: "unanswered" };

/** States in which something can still happen before the session. */
export const OPEN: readonly RequestState[] = ["asked", "pending", "waiting", "code_sent", "verified"];

export interface Flow {
  step: Step;
  /** Why the request came to nothing; a new code is the next thing to do. */
  over: Over | null;
}

/** `found`: the form's identifier is resolved. `timeUp`: the request's time has run out by our own count. */
export function flowOf(request: Request | null, found: boolean, timeUp = false): Flow {
  const form: Flow = { step: found ? "why" : "who", over: null };
  if (request === null || ["cancelled", "started", "raised"].includes(request.state)) return form;
  if (OVER.includes(request.state)) return { step: "code", over: request.state as Over };
  if (timeUp) return { step: "code", over: LATE[request.state] ?? "expired" };
  return { step: request.state === "verified" ? "ready" : "code", over: null };
}

/** Whether it still asks for a code or a start: by the server's word and by our own count. */
export function isOpen(request: Received<Request> | null, now: number): boolean {
  if (request === null) return false;
  const { state, expires_in_ms } = request.value;
  if (!OPEN.includes(state)) return false;
  return expires_in_ms === null || left(expires_in_ms, request.at, now) > 0;
}

export type StepState = "done" | "open" | "ahead";

export function stepState(step: Step, flow: Flow): StepState {
  const distance = STEPS.indexOf(step) - STEPS.indexOf(flow.step);
  return distance < 0 ? "done" : distance === 0 ? "open" : "ahead";
}

/** As long as the server takes them, in characters. */
export const LONGEST = { reason: 500, line: 100, note: 4000 };

/** The server's rule, checked while one types: at least 10 characters, with three letters among them. */
export function reasonProblem(reason: string): "short" | "letters" | null {
  const text = reason.trim();
  if ([...text].length < 10) return "short";
  const letters = text.toLowerCase().match(/\p{L}/gu) ?? [];
  return new Set(letters).size < 3 ? "letters" : null;
}
