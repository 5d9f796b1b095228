// The contract's values in the words of the screen.
import * as m from "$messages";
import { COMMON, type Sentences } from "./errors";
import type { CommandError } from "./generated/CommandError";
import type { Kind } from "./generated/Kind";
import type { Role } from "./generated/Role";
import { getLocale } from "./paraglide/runtime";

// The platform words its statuses itself; the usual ones are known in other languages.
const STATUSES: Record<string, () => string> = {
  active: m.status_active,
  closed: m.status_closed,
  disabled: m.status_disabled,
  inactive: m.status_inactive,
  invited: m.status_invited,
  locked: m.status_locked,
  pending: m.status_pending,
  suspended: m.status_suspended,
};
export function statusLabel(status: string): string {
  const [first = "", ...rest] = status;
  return STATUSES[status.toLowerCase()]?.() ?? first.toUpperCase() + rest.join("");
}

const ROLES: Record<Role, () => string> = { support: m.role_support, admin: m.role_admin, lead: m.role_lead };
export const rolesLabel = (roles: Role[]) => roles.map((role) => ROLES[role]()).join(", ");

// The installation words its kinds itself; the two of the specification are also known in other languages.
const KINDS: Record<string, [string, () => string]> = {
  Investor: ["Investor", m.kind_investor],
  Company: ["Company", m.kind_company],
  Investors: ["Investors", m.kind_investors],
  Companies: ["Companies", m.kind_companies],
};
const kindWord = (word: string) => KINDS[word]?.[1]() ?? word;
export const kindPlural = (kind: Kind) => kindWord(kind.plural);
export function kindSingular(id: string, kinds: Kind[]): string {
  return kindWord(kinds.find((kind) => kind.id === id)?.singular ?? id);
}

const ERRORS: Sentences = {
  ...COMMON,
  signed_out: m.error_signed_out,
  wrong_credentials: m.error_wrong_credentials,
  forbidden: m.error_forbidden,
  // Which address is none of a server's the app itself says, in the language.
  invalid: ({ field, message }) =>
    field === "url" ? message : field === "identifier" ? m.identifier_shared() : m.error_invalid(),
  not_found: m.error_not_found,
  person_not_found: m.error_person_not_found,
  person_refused: m.error_person_refused,
  already_impersonating: m.error_already_impersonating,
  person_busy: ({ name }) => m.error_person_busy({ name: name ?? "?" }),
  note_missing: m.error_note_missing,
  review_missing: m.error_review_missing,
  wrong_code: ({ tries_left }) => m.error_wrong_code({ count: tries_left ?? 0 }),
  code_expired: m.over_expired,
  undeliverable: m.over_undeliverable,
  code_used: m.error_code_used,
  too_many_tries: m.over_too_many_tries,
  request_replaced: m.over_replaced,
  request_cancelled: m.error_request_cancelled,
  request_denied: () => m.over_denied({ name: m.pending_admin() }),
  request_unanswered: m.over_unanswered,
  not_handed_over: m.error_not_handed_over,
  own_request: m.error_own_request,
  request_taken: m.error_request_taken,
  not_taken: m.error_not_taken,
  request_answered: m.error_request_answered,
  other_sign_in: m.error_other_sign_in,
  second_factor_needed: m.error_second_factor_needed,
  wrong_second_factor: m.factor_wrong,
  switched_off: m.error_switched_off,
  consent_missing: m.error_consent_missing,
  limit_reached: m.error_limit_reached,
  directory_unavailable: m.error_directory_unavailable,
  internal: m.error_internal,
  untrusted: m.error_untrusted,
  // The app itself says it, in the language, and names the versions.
  other_version: ({ message }) => message || m.error_other_version(),
};

export function errorText(error: CommandError): string {
  if (getLocale() === "en" && error.message !== "") return error.message;
  return ERRORS[error.code]?.(error) ?? (error.message || m.error_internal());
}
