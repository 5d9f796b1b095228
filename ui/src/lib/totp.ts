// The second factor as people type it.
import { CODE_LENGTH, normaliseCode } from "./code";

export const DIGITS = 6;

/** The digits of what was typed or pasted, at most six. */
export function digitsOf(text: string): string {
  return text.normalize("NFKC").replace(/\D/g, "").slice(0, DIGITS);
}

/** What is sent: the six digits, or the eight letters of a recovery code; `null` where some are missing. */
export function factorCode(text: string, recovery: boolean): string | null {
  const code = recovery ? normaliseCode(text) : digitsOf(text);
  return code.length === (recovery ? CODE_LENGTH : DIGITS) ? code : null;
}

/** A secret to be typed, in groups of four. */
export const inGroups = (secret: string) => (secret.match(/.{1,4}/g) ?? []).join(" ");
