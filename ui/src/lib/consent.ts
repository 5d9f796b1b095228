// On what a request or session rests, in words. Not for the first chunk: no frame needs them.
import * as m from "$messages";
import type { Consent } from "./generated/Consent";
import type { ConsentMeans } from "./generated/ConsentMeans";
import type { Request } from "./generated/Request";

const MEANS: Record<ConsentMeans, () => string> = {
  phone: m.means_phone,
  chat: m.means_chat,
  email: m.means_email,
  in_person: m.means_in_person,
};

/** On what a request or session about `name` rests; `given`: whether they have answered. */
export function consentLabel(consent: Consent, name: string, given = true): string {
  switch (consent.evidence) {
    case "statement": {
      const { given_by, means, reference } = consent;
      return `${m.consent_by({ name: given_by, means: MEANS[means]() })} · ${reference}`;
    }
    case "page":
      return given ? m.consent_page_given({ name }) : m.consent_page({ name });
    case "code":
      return given ? m.consent_code_given({ name }) : m.consent_code({ name });
    case "exception":
      return `${m.consent_exception({ category: consent.category })} · ${consent.reason}`;
  }
}

/** Whether the person of a request has given what it rests on: by their page before there is a code, or by the code. */
export function hasConsent({ consent, state }: Pick<Request, "consent" | "state">): boolean {
  if (consent.evidence === "code") return ["verified", "started", "raised"].includes(state);
  return !["asked", "consent_declined", "consent_unanswered"].includes(state);
}
