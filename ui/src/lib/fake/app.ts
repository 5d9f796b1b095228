// The app itself: its server, who is signed in, links, newer versions, the switch.
import type { SetSwitch } from "../generated/SetSwitch";
import * as data from "./data";
import { type Commands, fail, type World } from "./world";

export function app(world: World): Commands {
  const { scene, app } = world;
  // Half written before the link comes.
  if (scene === "link-draft") {
    const draft = { identifier: "INV-000140", reason: "Cannot download the tax form", ticket: "HD-1" };
    sessionStorage.setItem("request-draft", JSON.stringify(draft));
  }
  if (scene.startsWith("link")) {
    setTimeout(() => {
      app.prefill = data.prefill;
      world.stateChanged();
    }, 900);
  }

  const signOut = () => {
    app.staff = null;
    world.stateChanged();
  };

  return {
    get_app_state: () => {
      if (scene === "signed-out") setTimeout(signOut, 300);
      if (scene === "closed") setTimeout(() => world.close("exited"), 300);
      if (scene === "closed-offline") setTimeout(() => world.close("exited_offline"), 300);
      if (scene === "refused") {
        app.stage = world.stageOf(world.own());
        setTimeout(() => world.emit("close-refused", null), 300);
      }
      return app;
    },
    take_prefill: () => {
      const { prefill } = app;
      app.prefill = null;
      world.stateChanged();
      return prefill;
    },
    install_update: () =>
      new Promise((_, refuse) => {
        if (scene !== "update-failed") return;
        setTimeout(() => refuse(data.updateFailed), 200);
      }),
    quit: () => {
      if (app.stage) world.emit("close-refused", null);
      else document.documentElement.dataset.quit = "yes";
    },
    set_server: ({ url }: { url: string }) => {
      if (!url.includes("7200"))
        fail("unreachable", `No server answers at ${url}. Check the address and that the server runs.`);
      Object.assign(app, { server: url, info: data.info });
      return app;
    },
    forget_server: () => Object.assign(app, { server: null, info: null, staff: null }),
    sign_in: ({ password }: { password: string }) => {
      if (password === "wrong")
        fail(
          "wrong_credentials",
          "The e-mail address or the password is not right. Check both and try again.",
        );
      app.staff = data.staff;
      world.stateChanged();
      return data.staff;
    },
    sign_out: signOut,
    set_switch: ({ set }: { set: SetSwitch }) => {
      world.proven();
      app.info = { ...data.info, switched_off: !set.on };
      if (!set.on && app.stage) world.close("ended_by_server", "switched_off");
      world.stateChanged();
      return { on: set.on, turned: data.turned };
    },
    get_switch: () => ({ on: !app.info?.switched_off, turned: data.turned }),
  };
}
