// What can go wrong on the bar as well as in the workspace: the bar loads none of the workspace's other sentences.
import * as m from "$messages";
import type { CommandError } from "./generated/CommandError";
import type { ErrorCode } from "./generated/ErrorCode";

/** The server speaks English; where its code says it all, other languages have their own sentence. */
export type Sentences = Partial<Record<ErrorCode, (error: CommandError) => string>>;

export const COMMON: Sentences = {
  consent_unavailable: m.error_consent_unavailable,
  session_ended: m.error_session_ended,
  too_many: ({ retry_after_ms }) =>
    m.error_too_many({ seconds: Math.ceil((retry_after_ms ?? 60_000) / 1000) }),
  unreachable: m.error_unreachable,
  // The app says itself what failed on this computer, in the language.
  app: ({ message }) => message,
};
