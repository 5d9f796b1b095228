// Settings of this computer.
import type { Settings } from "../generated/Settings";
import type { Commands, World } from "./world";

export function settings({ scene, emit }: World): Commands {
  // Kept over the reload that a change of language takes.
  const settings: Settings = {
    language: (localStorage.getItem("PARAGLIDE_LOCALE") as Settings["language"]) ?? null,
    theme: (localStorage.getItem("theme") as Settings["theme"]) ?? null,
    zoom: 100,
    autostart: false,
    keep_running: true,
    show_codes: false,
    quiet_hours: scene === "managed" ? { from: "20:00", to: "08:00" } : null,
    managed: scene === "managed" ? ["autostart", "show_codes", "quiet_hours", "server"] : [],
  };

  return {
    get_settings: () => settings,
    can_notify: () => scene !== "silent",
    set_settings: ({ settings: wanted }: { settings: Settings }) => {
      Object.assign(settings, wanted);
      emit("settings", settings);
      return settings;
    },
  };
}
