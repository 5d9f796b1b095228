// What came of sessions, actions and deliveries, in words. Not for the first chunk: no frame needs them.
import * as m from "$messages";
import type { Action } from "./generated/Action";
import type { Channel } from "./generated/Channel";
import type { ClosedRequest } from "./generated/ClosedRequest";
import type { DeliveryState } from "./generated/DeliveryState";
import type { EndCause } from "./generated/EndCause";
import type { Milestone } from "./generated/Milestone";
import type { MilestoneKind } from "./generated/MilestoneKind";
import type { RefusalReason } from "./generated/RefusalReason";
import type { RequestState } from "./generated/RequestState";
import type { Session } from "./generated/Session";
import { getLocale } from "./paraglide/runtime";
import { scopeLabel } from "./scope";

const CAUSES: Record<EndCause, () => string> = {
  exit: m.cause_exit,
  limit: m.cause_limit,
  idle: m.cause_idle,
  client_lost: m.cause_client_lost,
  consent_withdrawn: m.cause_consent_withdrawn,
  stopped_by_staff: m.cause_stopped_by_staff,
  staff_disabled: m.cause_staff_disabled,
  switched_off: m.cause_switched_off,
};
export const causeLabel = (cause: EndCause) => CAUSES[cause]();

/** Why a request came to nothing. */
export function closedLabel({ state, person, approver }: ClosedRequest): string {
  switch (state) {
    case "denied":
      return m.closed_denied({ name: approver?.name ?? m.pending_admin() });
    case "consent_declined":
      return m.closed_consent_declined(person);
    case "consent_unanswered":
      return m.closed_consent_unanswered(person);
    default:
      return CLOSED[state]?.() ?? m.closed_cancelled();
  }
}
const CLOSED: Partial<Record<RequestState, () => string>> = {
  expired: m.closed_expired,
  replaced: m.closed_replaced,
  too_many_tries: m.closed_too_many_tries,
  undeliverable: m.closed_undeliverable,
  switched_off: m.cause_switched_off,
  unanswered: m.closed_unanswered,
};

const REFUSALS: Record<RefusalReason | "platform", () => string> = {
  consent_missing: m.refused_consent_missing,
  view_only: m.refused_view_only,
  path_not_canonical: m.refused_path,
  shut: m.refused_shut,
  platform: m.refused_platform,
};

/** The ledger keeps the reason as text; the ones we know are said in words. */
export function refusalLabel(reason: Action["refused"]): string {
  return (REFUSALS as Record<string, () => string>)[reason ?? ""]?.() ?? reason ?? "";
}

export const channelLabel = (channel: Channel) => (channel === "email" ? m.channel_email() : m.channel_app());

const DELIVERIES: Record<DeliveryState, () => string> = {
  sending: m.delivery_sending,
  sent: m.delivery_sent,
  failed: m.delivery_failed,
};
export const deliveryLabel = (state: DeliveryState) => DELIVERIES[state]();

const MILESTONES: Record<MilestoneKind, (about: { name: string }) => string> = {
  code_requested: m.milestone_code_requested,
  raise_requested: m.milestone_raise_requested,
  raise_closed: m.milestone_raise_closed,
  consent_asked: m.milestone_consent_asked,
  consent_given: m.milestone_consent_given,
  consent_declined: m.milestone_consent_declined,
  signed_in_late: m.milestone_signed_in_late,
  code_handed_over: m.milestone_code_handed_over,
  code_wrong: m.milestone_code_wrong,
  code_verified: m.milestone_code_verified,
  session_started: m.milestone_session_started,
  mode_raised: m.milestone_mode_raised,
  session_extended: m.milestone_session_extended,
  session_ended: m.milestone_session_ended,
};

export function milestoneLabel({ kind, by, scope }: Milestone, { person, end_cause }: Session): string {
  const more = kind === "session_ended" && end_cause ? causeLabel(end_cause) : scope && scopeLabel(scope);
  const said = MILESTONES[kind](person);
  return [more ? `${said} · ${more}` : said, by && m.milestone_by({ name: by.name })]
    .filter(Boolean)
    .join(" ");
}

/** In the words of the reader, where the installation has them. */
export function actionLabel({ name, names, refused }: Pick<Action, "name" | "names" | "refused">): string {
  const said = names[getLocale()] ?? name;
  return refused === null ? said : m.action_tried({ name: said });
}
