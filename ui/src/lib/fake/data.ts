// Believable people and sessions, the same every time.
import type { Action } from "../generated/Action";
import type { Approval } from "../generated/Approval";
import type { ClosedRequest } from "../generated/ClosedRequest";
import type { CommandError } from "../generated/CommandError";
import type { Consent } from "../generated/Consent";
import type { EndCause } from "../generated/EndCause";
import type { Enrolment } from "../generated/Enrolment";
import type { Milestone } from "../generated/Milestone";
import type { MilestoneKind } from "../generated/MilestoneKind";
import type { NewVersion } from "../generated/NewVersion";
import type { Note } from "../generated/Note";
import type { PendingRequest } from "../generated/PendingRequest";
import type { PeoplePage } from "../generated/PeoplePage";
import type { PeopleQuery } from "../generated/PeopleQuery";
import type { Person } from "../generated/Person";
import type { Prefill } from "../generated/Prefill";
import type { Raised } from "../generated/Raised";
import type { Request } from "../generated/Request";
import type { Review } from "../generated/Review";
import type { ServerInfo } from "../generated/ServerInfo";
import type { Session } from "../generated/Session";
import type { SessionDetail } from "../generated/SessionDetail";
import type { Staff } from "../generated/Staff";
import type { Turned } from "../generated/Turned";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
export const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

export const info: ServerInfo = {
  name: "Meridian support",
  version: "0.1.0",
  protocol: 1,
  kinds: [
    { id: "Investor", singular: "Investor", plural: "Investors" },
    { id: "Company", singular: "Company", plural: "Companies" },
  ],
  gateway_origins: ["http://localhost:7201"],
  oldest_protocol: null,
  permissions: [],
  session_minutes: 30,
  asks_people: true,
  exception_categories: ["Suspected fraud", "Person cannot be reached"],
  switched_off: false,
};

export const staff: Staff = {
  id: "5a1f6c1e-0000-4000-8000-000000000001",
  name: "Nora Lindqvist",
  email: "nora.lindqvist@meridian.example",
  roles: ["support", "admin"],
  codes: { view: "requester", act: "requester" },
};
export const lead: Staff = { ...staff, roles: ["lead"] };
export const colleague = { id: "5a1f6c1e-0000-4000-8000-000000000002", name: "Tomasz Zieliński" };

const FIRST =
  "Élise Jonas Amélie Søren Ibrahim Zoë Matteo Chloé Lucía Björn Hanna Mircea Agnieszka Noé Ayşe".split(" ");
const LAST =
  "Marchand Weber O’Connor Nygård Öztürk Dvořák Rossi Lefèvre García Lindholm Kowalska Ionescu".split(" ");

function investor(index: number): Person {
  const first = FIRST[index % FIRST.length] ?? "";
  const last = LAST[(index * 7) % LAST.length] ?? "";
  const plain = `${first}.${last}`
    .normalize("NFD")
    .replace(/[^A-Za-z.]/g, "")
    .toLowerCase();
  const named: Record<number, [string, string]> = {
    3: ["فاطمة الزهراء العلوي", "fatima.alaoui"],
    5: ["Maximiliane-Theodora Freifrau von und zu Hohenberg-Wittelsbach", "m.hohenberg"],
  };
  const [name, mailbox] = named[index] ?? [`${first} ${last}`, plain];
  return {
    id: `INV-${String(137 + index).padStart(6, "0")}`,
    kind: "Investor",
    name,
    email: `${mailbox}${index > 11 ? index : ""}@mail.example`,
    status: index % 11 === 6 ? "suspended" : "active",
    active: index % 11 !== 6,
    created_at: ago(400 * DAY + index * DAY),
    language: null,
    last_seen_at: index % 13 === 4 ? null : ago((index % 300) ** 2 * 37 * MINUTE + 12 * MINUTE),
  };
}

function company(index: number): Person {
  const trade = ["Nordlys Energi", "Atelier Brûlé", "Grünwald Logistik", "Porto Azul", "Baltica Foods"][
    index % 5
  ];
  const form = ["AS", "SARL", "GmbH", "Lda", "UAB"][index % 5];
  return {
    ...investor(index),
    id: `COM-${String(21 + index).padStart(5, "0")}`,
    kind: "Company",
    name: `${trade} ${form}${index > 4 ? ` ${index}` : ""}`,
    email: `contact${index}@company.example`,
  };
}

export const people: Person[] = [
  ...Array.from({ length: 240 }, (_, index) => investor(index)),
  ...Array.from({ length: 60 }, (_, index) => company(index)),
];
export const MANY = 100_000;
/** A directory too large to be held at once; how often it was asked is on the page, for tests. */
export function manyPeople({ kind, search, offset, limit }: PeopleQuery): PeoplePage {
  const total = search ? Math.ceil(MANY / (search.length * 37)) : kind === "Company" ? 4_000 : MANY;
  const size = Math.min(limit ?? 50, Math.max(0, total - offset));
  const asked = document.documentElement.dataset;
  asked.asked = String(Number(asked.asked ?? 0) + 1);
  const found = Array.from({ length: size }, (_, index) => ({
    ...investor(offset + index + 20),
    kind: kind ?? "Investor",
  }));
  return { people: found, total, offset };
}

export const enrolment: Enrolment = {
  secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  url: "otpauth://totp/Meridian%20support:nora.lindqvist%40meridian.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Meridian%20support",
};

const [elise] = people as [Person];

export const prefill: Prefill = {
  person: "INV-000137",
  ticket: "HD-48213",
  reason: "Her March statement does not open.",
};
export const newVersion: NewVersion = {
  version: "0.2.0",
  notes: "Codes arrive faster.\nThe history can be searched by ticket.",
  downloaded: null,
};
export const error = (code: CommandError["code"], message: string): CommandError => ({
  code,
  message,
  field: null,
  tries_left: null,
  retry_after_ms: null,
  session_id: null,
  name: null,
});
export const trouble = error(
  "other_version",
  "This server (version 0.3.0) is newer than this app (0.1.0). Update Understudy on this computer, then try again.",
);
export const updateFailed = error(
  "app",
  "The update could not be installed, so this version stays. Try again later, or tell whoever manages this computer.",
);

export const exception: Consent = {
  evidence: "exception",
  category: "Suspected fraud",
  reason: "Two payments left her account tonight that she cannot have made, and she is on a flight.",
};

export const reference = ({ id, kind, name }: Person) => ({ id, kind, name });

export function request(state: Request["state"], left = 8 * MINUTE + 41_000): Request {
  return {
    id: "0d9b9a7e-0000-4000-8000-00000000000a",
    person: reference(elise),
    reason: "Her March statement does not open; she gets a blank page.",
    ticket: "HD-48213",
    mode: "view",
    consent: {
      evidence: "statement",
      given_by: "Élise Marchand",
      means: "phone",
      reference: "Call 2025-11-22 10:14",
    },
    raises: null,
    state,
    created_at: ago(MINUTE),
    expires_at: ago(-left),
    expires_in_ms: left,
    expires_after_ms: 10 * MINUTE,
    tries_left: 3,
    deliveries: [
      { channel: "email", to: staff.email, state: state === "waiting" ? "sending" : "sent", tries: 1 },
      { channel: "app", to: null, state: "sent", tries: 1 },
    ],
    session_minutes: 30,
    recipient: "requester",
    approval: null,
  };
}

/** A request whose code the person reads out. */
export function withPerson(): Request {
  const deliveries: Request["deliveries"] = [{ channel: "email", to: elise.email, state: "sent", tries: 1 }];
  return { ...request("code_sent"), recipient: "person", deliveries };
}

/** A request that administrators are asked about. */
export function asked(state: Request["state"], approval: Partial<Approval> = {}): Request {
  const left = state === "pending" ? 52 * MINUTE + 8_000 : null;
  return {
    ...request(state),
    expires_at: left ? ago(-left) : null,
    expires_in_ms: left,
    expires_after_ms: left ? 60 * MINUTE : null,
    deliveries: [],
    recipient: "approver",
    approval: { by: null, reason: null, on_duty: 2, ...approval },
  };
}

/** A request that asks its person by mail. */
export function askedByPage(state: Request["state"]): Request {
  const left = state === "asked" ? 28 * MINUTE + 12_000 : null;
  return {
    ...request(state),
    consent: { evidence: "page" },
    expires_at: left ? ago(-left) : null,
    expires_in_ms: left,
    expires_after_ms: left ? 30 * MINUTE : null,
    deliveries: [],
  };
}

const DENIAL =
  "She has not called back, and the ticket says that she asked for nothing. Call her first, then ask again.";
export const turned: Turned = {
  at: ago(34 * MINUTE),
  by: colleague,
  reason: "A laptop was stolen on the train to Lyon; until its account is disabled.",
};
export const denial = { by: colleague, reason: DENIAL };

export function pendingRequests(): PendingRequest[] {
  const entry = (index: number, rest: Partial<PendingRequest>): PendingRequest => ({
    request_id: `0d9b9a7e-0000-4000-8000-0000000000f${index}`,
    staff: { id: "5a1f6c1e-0000-4000-8000-000000000003", name: "Ada Winter" },
    person: reference(people[index * 5] as Person),
    reason: "Her payment is stuck since Monday; the reference has a typing error that she cannot correct.",
    ticket: "HD-48213",
    mode: "act",
    raises: false,
    longest_minutes: 120,
    consent: {
      evidence: "statement",
      given_by: people[index * 5]?.name ?? "",
      means: "phone",
      reference: "Call 2025-11-22 10:14",
    },
    session_minutes: 30,
    asked_at: ago((index + 1) * 2 * MINUTE),
    expires_in_ms: (58 - 2 * index) * MINUTE,
    taken_by: null,
    held_for_ms: 0,
    ...rest,
  });
  return [
    entry(0, { taken_by: { id: staff.id, name: staff.name }, held_for_ms: 9 * MINUTE }),
    entry(1, { mode: "view", ticket: null }),
    entry(2, { taken_by: colleague, held_for_ms: 6 * MINUTE + 12_000 }),
  ];
}

const CAUSES: EndCause[] = ["exit", "exit", "limit", "exit", "client_lost", "exit", "stopped_by_staff"];

function note(at: string, by: Session["staff"], solved: boolean): Note {
  return {
    what: "Opened Documents and the March statement, reproduced the blank page.",
    why: "The file name has a character that the viewer cannot read. Told the platform team (PLT-912).",
    solved,
    written_at: at,
    written_by: by,
  };
}

function session(index: number): Session {
  const by = index % 3 === 1 ? colleague : { id: staff.id, name: staff.name };
  const person = people[(index * 5) % people.length] ?? elise;
  const start = index * 0.7 * DAY + 25 * MINUTE;
  const ended = index === 1 ? null : ago(start - (4 + ((index * 3) % 19)) * MINUTE);
  return {
    id: `7c0ffee0-0000-4000-8000-0000000000${String(10 + index)}`,
    staff: by,
    person: reference(person),
    mode: index % 4 === 2 ? "act" : "view",
    reason: "Her March statement does not open; she gets a blank page.",
    ticket: index % 3 === 0 ? "HD-48213" : null,
    consent: { evidence: "statement", given_by: person.name, means: "phone", reference: "Call 10:14" },
    raised: null,
    resumed_by: null,
    extended_at: null,
    extendable: index === 1,
    approved_by: index === 2 ? colleague : null,
    started_at: index === 1 ? ago(6 * MINUTE) : ago(start),
    limit_at: ago(-24 * MINUTE),
    limit_in_ms: 24 * MINUTE + 10_000,
    ended_at: ended,
    end_cause: ended ? (CAUSES[index % CAUSES.length] ?? "exit") : null,
    actions: 3 + ((index * 5) % 17),
    refused: index === 2 ? 2 : 0,
    note: ended && index !== 3 && index !== 4 ? note(ended, by, index % 5 !== 4) : null,
    note_lifted: false,
    review: null,
    review_by: null,
  };
}

export const raised = ({ started_at, person }: Session): Raised => ({
  at: started_at,
  reason: "She asked me to correct her telephone number.",
  consent: { evidence: "statement", given_by: person.name, means: "phone", reference: "Call 10:31" },
  approved_by: colleague,
});

export const sessions: Session[] = Array.from({ length: 64 }, (_, index) => session(index)).sort((a, b) =>
  b.started_at.localeCompare(a.started_at),
);

/** What never became a session, each in its own way. */
export const neverStarted: ClosedRequest[] = (
  [
    { state: "too_many_tries", wrong_codes: 3 },
    { state: "denied", approver: colleague, denial: DENIAL, mode: "act" },
    { state: "consent_declined" },
    { state: "expired", wrong_codes: 1 },
    { state: "cancelled", consent: exception },
    { state: "unanswered" },
  ] as Partial<ClosedRequest>[]
).map((rest, index) => {
  const { staff, person, reason, ticket, mode, consent } = session(index);
  return {
    id: `7c0ffee0-0000-4000-8000-0000000001${10 + index}`,
    ...{ staff, person, reason, ticket, mode, consent },
    asked_at: ago(index * 0.9 * DAY + 40 * MINUTE),
    closed_at: ago(index * 0.9 * DAY + 31 * MINUTE),
    state: "expired",
    approver: null,
    denial: null,
    wrong_codes: 0,
    ...rest,
  };
});

const review = (verdict: Review["verdict"], text: string): Review => ({
  verdict,
  text,
  by: { id: "5a1f6c1e-0000-4000-8000-000000000004", name: "Léa Fontaine" },
  at: ago(DAY / 2),
});
export const earlierReview = review("objected", "The ticket does not say whom the bank has called, or when.");

/** Sessions without consent: one to review, one that is late, one that was reviewed. */
export function withExceptions(): Session[] {
  const cases: Record<number, Partial<Session>> = {
    2: { review_by: ago(-2 * DAY) },
    5: { review_by: ago(3 * MINUTE) },
    6: {
      review: review(
        "justified",
        "The bank’s letter has come meanwhile, and nothing was touched but the card.",
      ),
    },
    9: { review: review("objected", "He could have been called: the number in the ticket works.") },
  };
  return sessions.map((session, index) => {
    const staff = { id: "5a1f6c1e-0000-4000-8000-000000000003", name: "Ada Winter" };
    return cases[index]
      ? { ...session, staff, consent: exception, approved_by: colleague, ...cases[index] }
      : session;
  });
}

const action = (index: number, rest: Partial<Action>): Action => ({
  entry: 4100 + index,
  at: ago(20 * MINUTE - index * 41_000),
  name: "Opened a page",
  names: { fr: "Consultation d’une page" },
  method: "GET",
  route: null,
  path: "/",
  parameters: [],
  fields: [],
  status: 200,
  refused: null,
  changes: false,
  frames: null,
  ...rest,
});

const milestone = (entry: number, kind: MilestoneKind, rest: Partial<Milestone> = {}): Milestone => ({
  entry,
  at: ago(entry > 9_000 ? 15 * MINUTE : 24 * MINUTE - entry * 20_000),
  kind,
  by: null,
  scope: null,
  ...rest,
});

const milestones: Milestone[] = [
  milestone(1, "code_requested"),
  milestone(2, "code_handed_over", { by: colleague }),
  milestone(3, "code_wrong"),
  milestone(4, "code_verified"),
  milestone(5, "session_started"),
  milestone(9_990, "consent_given", { scope: "bank_details" }),
  milestone(9_999, "session_ended"),
];

export const actions: Action[] = [
  action(0, {
    name: "Opened the dashboard",
    names: { fr: "Consultation du tableau de bord" },
    path: "/dashboard",
  }),
  action(1, { name: "Opened documents", path: "/documents", parameters: ["year", "page"] }),
  action(2, { name: "Opened a document", path: "/documents/18834", route: "/documents/{id}", status: 500 }),
  action(3, {
    name: "Uploaded a document",
    names: { fr: "Envoi d’un document" },
    method: "POST",
    path: "/documents",
    fields: ["title", "category", "file"],
    status: null,
    refused: "view_only",
  }),
  action(4, {
    name: "Changed the profile",
    method: "POST",
    path: "/profile",
    fields: ["phone"],
    status: 303,
    changes: true,
  }),
  action(5, {
    name: "Uploaded a document",
    names: { fr: "Envoi d’un document" },
    method: "POST",
    path: "/documents",
    fields: ["file"],
    status: 422,
    refused: "platform",
  }),
  action(6, {
    name: "Opened the live connection",
    path: "/live/echo",
    status: 101,
    changes: true,
    frames: { sent: 12, sent_bytes: 1840, refused: 1, refused_bytes: 64 },
  }),
];

/** What was done in it, as if it were this session's. */
export function story({ started_at }: Session): Pick<SessionDetail, "actions" | "milestones"> {
  const began = milestones.find(({ kind }) => kind === "session_started")?.at ?? started_at;
  const later = Date.parse(started_at) - Date.parse(began);
  const moved = <T extends { at: string }>(it: T): T => ({
    ...it,
    at: new Date(Date.parse(it.at) + later).toISOString(),
  });
  return { actions: actions.map(moved), milestones: milestones.map(moved) };
}
