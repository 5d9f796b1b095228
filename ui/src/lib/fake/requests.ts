// Requests for a code, on their way to a session; and what waits in the inbox.
import { normaliseCode } from "../code";
import type { NewRequest } from "../generated/NewRequest";
import type { Raise } from "../generated/Raise";
import type { Request } from "../generated/Request";
import * as data from "./data";
import { type Commands, fail, LIVE, type World } from "./world";

const CODE = "WDJB-MJHT";

export function requests(world: World): Commands {
  const { scene, app } = world;
  let approvals = scene.startsWith("approvals") ? data.pendingRequests() : [];
  if (scene === "approvals-exception") for (const entry of approvals) entry.consent = data.exception;

  function arrive(made: Request) {
    world.inbox = [
      {
        request_id: made.id,
        person: made.person,
        reason: made.reason,
        mode: made.mode,
        arrived_at: data.ago(0),
        expires_at: made.expires_at ?? "",
        expires_in_ms: made.expires_in_ms ?? 0,
        code: CODE,
      },
    ];
  }

  const preset: Record<string, Request["state"]> = {
    code: "code_sent",
    "link-open": "code_sent",
    inbox: "code_sent",
    ready: "verified",
    "ready-code": "verified",
    "ready-set-up": "verified",
    "ready-stale": "verified",
    expired: "expired",
    tries: "too_many_tries",
  };
  if (preset[scene]) {
    world.request = data.request(preset[scene]);
    if (world.request.state === "code_sent") arrive(world.request);
  }

  const asked: Record<string, Request> = {
    pending: data.asked("pending"),
    "pending-taken": data.asked("pending", { by: data.colleague }),
    "pending-nobody": data.asked("pending", { on_duty: 0 }),
    denied: data.asked("denied", data.denial),
    unanswered: data.asked("unanswered"),
    asked: data.askedByPage("asked"),
    declined: data.askedByPage("consent_declined"),
    "live-asked": { ...data.askedByPage("asked"), mode: "act", raises: LIVE },
    "live-code": { ...data.request("code_sent"), mode: "act", raises: LIVE },
    "live-ready": { ...data.request("verified"), mode: "act", raises: LIVE },
    "code-person": data.withPerson(),
  };
  if (asked[scene]) world.request = asked[scene];

  return {
    request_code: ({ request: wanted }: { request: NewRequest }) => {
      const person = data.people.find(({ id }) => id === wanted.identifier) ?? data.people[0];
      world.request = {
        ...data.request("waiting", 600_000),
        ...wanted,
        person: data.reference(person as never),
      };
      setTimeout(() => {
        if (!world.request) return;
        const { deliveries } = data.request("code_sent");
        world.request = { ...world.request, state: "code_sent", deliveries };
        arrive(world.request);
        const { id, person, mode } = world.request;
        const event = { type: "code_arrived", request_id: id, person, mode };
        world.emit("server-event", { cursor: 1, at: data.ago(0), event });
      }, 1200);
      return world.request;
    },
    get_request: () => world.request ?? fail("not_found", "No such request."),
    current_request: () => world.request,
    cancel_request: () => {
      const cancelled = { ...(world.request as Request), state: "cancelled" };
      world.request = null;
      world.inbox = [];
      return cancelled;
    },
    verify_code: ({ code }: { code: string }) => {
      if (!world.request) fail("not_found", "No such request.");
      if (normaliseCode(code) !== normaliseCode(CODE)) {
        world.request.tries_left -= 1;
        if (world.request.tries_left === 0) {
          world.request.state = "too_many_tries";
          fail("too_many_tries", "Too many wrong codes. Request a new code.");
        }
        fail(
          "wrong_code",
          `That code is not right. ${world.request.tries_left} tries left. Check the latest message: an older code no longer works.`,
          { tries_left: world.request.tries_left },
        );
      }
      world.inbox = [];
      world.request = { ...world.request, state: "verified", expires_in_ms: 300_000 };
      return world.request;
    },
    list_inbox: () => world.inbox,
    list_approvals: () => approvals,
    take_request: ({ id }: { id: string }) => {
      const entry = approvals.find(({ request_id }) => request_id === id);
      if (!entry) fail("request_answered", "This request no longer waits for an answer.");
      const { name, id: staffId } = data.staff;
      return Object.assign(entry, { taken_by: { id: staffId, name }, held_for_ms: 600_000 });
    },
    hand_over_code: ({ id }: { id: string }) => {
      world.proven();
      approvals = approvals.filter(({ request_id }) => request_id !== id);
    },
    deny_code: ({ id }: { id: string }) => {
      approvals = approvals.filter(({ request_id }) => request_id !== id);
    },
    ask_to_act: ({ wanted }: { wanted: Raise }) => {
      world.request = { ...data.askedByPage("asked"), ...wanted, mode: "act", raises: LIVE };
      return world.request;
    },
    resume_session: () => {
      world.request = data.request("waiting");
      return world.request;
    },
    raise_session: () => {
      if (world.request) world.request.state = "raised";
      if (app.stage) app.stage.session.mode = "act";
      world.stateChanged();
    },
    start_session: () => {
      // What the server says where an hour went by since it was asked.
      if (scene === "ready-stale" && !world.staled) {
        world.staled = true;
        world.factor.fresh_for_ms = 0;
      }
      world.proven();
      const session = world.own(data.people.find(({ id }) => id === world.request?.person.id));
      app.stage = world.stageOf(session);
      if (world.request) world.request.state = "started";
      world.stateChanged();
      return session;
    },
  };
}
