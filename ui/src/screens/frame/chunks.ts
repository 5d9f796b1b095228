// What the first sight of the app does not need, fetched when it is.
export const CHUNKS = {
  impersonation: () => import("../impersonation/Impersonation.svelte"),
  inbox: () => import("../inbox/Inbox.svelte"),
  history: () => import("../history/History.svelte"),
  settings: () => import("../settings/Settings.svelte"),
  palette: () => import("../palette/Palette.svelte"),
  keys: () => import("../palette/KeysSheet.svelte"),
  note: () => import("../note/NoteSheet.svelte"),
  switch: () => import("../switch/Switch.svelte"),
  switchedOff: () => import("../switch/SwitchedOff.svelte"),
  clockOff: () => import("./ClockOff.svelte"),
  newVersion: () => import("./NewVersion.svelte"),
  leave: () => import("./Leave.svelte"),
  closeRefused: () => import("./CloseRefused.svelte"),
};
