// On what a request or session rests, in words. Not for the first chunk: no frame needs them.
import * as m from "$messages";
import type { Consent } from "./generated/Consent";
import type { ConsentMeans } from "./generated/ConsentMeans";

const MEANS: Record<ConsentMeans, () => string> = {
  phone: m.means_phone,
  chat: m.means_chat,
  email: m.means_email,
  in_person: m.means_in_person,
};

/** On what a request or session about `name` rests. */
export function consentLabel(consent: Consent, name: string): string {
  switch (consent.evidence) {
    case "statement": {
      const { given_by, means, reference } = consent;
      return `${m.consent_by({ name: given_by, means: MEANS[means]() })} · ${reference}`;
    }
    case "page":
      return m.consent_page({ name });
    case "code":
      return m.consent_code({ name });
    case "exception":
      return `${m.consent_exception({ category: consent.category })} · ${consent.reason}`;
  }
}
