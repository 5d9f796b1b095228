// The bar's own few words, so that it loads none of the workspace's.

import { COMMON } from "$lib/errors";
import type { CommandError } from "$lib/generated/CommandError";
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

export function errorSentence(error: CommandError): string {
  if (getLocale() === "en" && error.message !== "") return error.message;
  return COMMON[error.code]?.(error) || m.error_internal();
}
