// The session that runs, and what its bar can do.
import type { Commands, World } from "./world";

export function stage(world: World): Commands {
  return {
    still_here: () => {},
    ask_person: () => {},
    want_more: () => {},
    extend_session: () => {
      if (!world.staled) world.factor.fresh_for_ms = 0;
      world.staled = true;
      world.proven();
      return 1_800_000;
    },
    exit_with_note: () => world.close("exited"),
    show_stage: () => undefined,
    exit_impersonation: () => world.close("exited"),
    get_stage_state: () => world.stageOf(world.own()),
    set_bar_height: ({ height }: { height: number }) => {
      document.documentElement.dataset.height = String(height);
    },
    dismiss_sheet: () => world.emit("stage-state", { ...world.stageOf(world.own()), sheet: null }),
    open_external_link: () => undefined,
    open_download_folder: () => undefined,
    reload_stage: () => undefined,
  };
}
