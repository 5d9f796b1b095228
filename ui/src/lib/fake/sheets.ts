// What can stand under the bar, by scene.
import type { ConsentState } from "../generated/ConsentState";
import type { Question } from "../generated/Question";
import type { Sheet } from "../generated/Sheet";

function asking(state: ConsentState): Question {
  return { id: "q", session_id: "s", scope: "bank_details", state, left_ms: 600_000, signed_in_late: false };
}

export const SHEETS: Record<string, Sheet> = {
  "bar-close": { type: "close_refused" },
  "bar-link": { type: "external_link", url: "https://tax.example/forms/2025?form=2777&from=meridian" },
  "bar-refused": { type: "refused", method: "POST", path: "/documents", reason: "view_only", scope: null },
  "bar-consent-missing": {
    type: "refused",
    method: "POST",
    path: "/settings/bank",
    reason: "consent_missing",
    scope: "bank_details",
  },
  "bar-raised": { type: "raised" },
  "bar-consent-asked": { type: "consent", question: asking("asked") },
  "bar-consent-late": { type: "consent", question: { ...asking("asked"), signed_in_late: true } },
  "bar-consent-allowed": { type: "consent", question: asking("allowed") },
  "bar-consent-declined": { type: "consent", question: asking("declined") },
  "bar-downloaded": {
    type: "downloaded",
    file: "statement-2025-03.pdf",
    folder: "/home/nora/Downloads",
    ok: true,
  },
  "bar-download-failed": {
    type: "downloaded",
    file: "statement-2025-03.pdf",
    folder: "/home/nora/Downloads",
    ok: false,
  },
  "bar-crashed": { type: "crashed" },
  "bar-not-loaded": { type: "not_loaded", untrusted: false, first: false },
  "bar-not-entered": { type: "not_loaded", untrusted: true, first: true },
};
