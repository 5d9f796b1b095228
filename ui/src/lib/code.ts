// Codes as people write them: eight of the 20 letters of RFC 8628, any case, with or without the dash.
export const CODE_LENGTH = 8;
const ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";
const WHOLE = new RegExp(`\\b[${ALPHABET}]{4}[-\\u2010-\\u2015 ]?[${ALPHABET}]{4}\\b`);

/** The letters and digits of what was typed, upper case, at most eight. */
export function normaliseCode(text: string): string {
  return text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .slice(0, CODE_LENGTH);
}

/** The code in what was pasted, be it alone or inside a sentence of the mail. */
export function codeFromPaste(text: string): string {
  const upper = text.normalize("NFKC").toUpperCase();
  return normaliseCode(WHOLE.exec(upper)?.[0] ?? upper);
}

/** Characters that no code has; trying such a code would only cost a try. */
export function foreignCharacters(code: string): string[] {
  return [...new Set(normaliseCode(code))].filter((char) => !ALPHABET.includes(char));
}

/** As it is read out: `WDJB-MJHT`. */
export function formatCode(code: string): string {
  const plain = normaliseCode(code);
  return plain.length > 4 ? `${plain.slice(0, 4)}-${plain.slice(4)}` : plain;
}
