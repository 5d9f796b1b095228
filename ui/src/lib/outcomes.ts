// What came of sessions, actions and deliveries, in words. Not for the first chunk: no frame needs them.
import * as m from "$messages";
import type { Action } from "./generated/Action";
import type { Channel } from "./generated/Channel";
import type { DeliveryState } from "./generated/DeliveryState";
import type { EndCause } from "./generated/EndCause";
import type { RefusalReason } from "./generated/RefusalReason";

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
