// The bar's own few words, so that it loads none of the workspace's.

import type { CommandError } from "$lib/generated/CommandError";
import type { ErrorCode } from "$lib/generated/ErrorCode";
import type { Session } from "$lib/generated/Session";
import { getLocale } from "$lib/paraglide/runtime";
import * as m from "$messages";

export function modeSentence({ mode, person: { name } }: Session): string {
  return mode === "view" ? m.bar_mode_view({ name }) : m.bar_mode_act({ name });
}

// The bar knows no list of kinds: a kind's ID is its singular unless the installation says otherwise.
export function kindWord(kind: string): string {
  if (kind === "Investor") return m.kind_investor();
  return kind === "Company" ? m.kind_company() : kind;
}

// What can go wrong from the bar; the server speaks English.
const ERRORS: Partial<Record<ErrorCode, (error: CommandError) => string>> = {
  unreachable: m.error_unreachable,
  session_ended: m.error_session_ended,
  consent_unavailable: m.error_consent_unavailable,
  too_many: ({ retry_after_ms }) =>
    m.error_too_many({ seconds: Math.ceil((retry_after_ms ?? 60_000) / 1000) }),
  // The app says itself what failed on this computer, in the language.
  app: ({ message }) => message || m.error_internal(),
};

export function errorSentence(error: CommandError): string {
  if (getLocale() === "en" && error.message !== "") return error.message;
  return (ERRORS[error.code] ?? m.error_internal)(error);
}
