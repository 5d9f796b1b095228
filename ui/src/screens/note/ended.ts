// How a session ended, in plain words.

import type { EndCause } from "$lib/generated/EndCause";
import type { StageClosed } from "$lib/generated/StageClosed";
import { getLocale } from "$lib/paraglide/runtime";
import { localeFor, stamp } from "$lib/time";
import * as m from "$messages";

export function endTitle({ session, reason }: StageClosed): string {
  const told = { name: session.person.name };
  if (reason === "app_gone") return m.ended_title(told);
  const exited = reason === "exited" || reason === "exited_offline" || session.end_cause === "exit";
  return exited ? m.ended_exit_title(told) : m.ended_title(told);
}

const CAUSES: Record<EndCause, () => string> = {
  exit: m.ended_exit,
  limit: m.ended_limit,
  idle: m.ended_idle,
  client_lost: m.ended_client_lost,
  consent_withdrawn: m.ended_consent_withdrawn,
  stopped_by_staff: m.ended_stopped_by_staff,
  staff_disabled: m.ended_staff_disabled,
  switched_off: m.ended_switched_off,
};

export function endText({ session, reason }: StageClosed): string {
  if (reason === "exited") return m.ended_exit();
  if (reason === "exited_offline") return m.ended_exit_offline();
  if (reason === "app_gone") {
    const { name } = session.person;
    if (session.ended_at === null) return m.ended_app_gone({ name });
    return m.ended_app_gone_at({ name, time: stamp(session.ended_at, localeFor(getLocale())) });
  }
  if (reason === "lease_lost") return m.ended_lease_lost();
  return session.end_cause ? CAUSES[session.end_cause]() : m.ended_by_server();
}
