// Where the workspace is, in the address's hash, so that a reload keeps the place.
export const SCREENS = ["people", "impersonation", "inbox", "history", "settings"] as const;
export type Screen = (typeof SCREENS)[number];

export interface Place {
  screen: Screen;
  /** What is opened in the screen: a tab of People, a session of History. */
  item: string | null;
  query: Readonly<Record<string, string>>;
}

export function parsePlace(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [first, item] = path.split("/").map(decodeURIComponent);
  const screen = SCREENS.find((name) => name === first) ?? "people";
  return { screen, item: item || null, query: Object.fromEntries(new URLSearchParams(search)) };
}

export function formatPlace(
  screen: Screen,
  item?: string | null,
  query: Record<string, string> = {},
): string {
  const filled = Object.entries(query).filter(([, value]) => value !== "");
  const search = filled.length > 0 ? `?${new URLSearchParams(filled)}` : "";
  return `#/${screen}${item ? `/${encodeURIComponent(item)}` : ""}${search}`;
}

/** The place, and the last one in each screen, as addresses. */
export interface Moved {
  here: string;
  last: Partial<Record<Screen, string>>;
}

export class Route {
  place: Place = $state.raw(parsePlace(location.hash));
  /** The last place in each screen, to which the rail leads back; of History its list, never a report. */
  #last: Partial<Record<Screen, string>> = $state({});

  /** Told of every change of the place, once somebody asked to be. */
  onmove: ((moved: Moved) => void) | null = null;
  #here = $state("");

  constructor() {
    addEventListener("hashchange", () => this.#read());
    this.#read();
  }

  /** Where one was when the app was closed; an address that already says where wins. */
  restore(moved: Moved): void {
    this.#last = { ...this.#last, ...moved.last };
    if (location.hash === "" && moved.here !== "") history.replaceState(null, "", moved.here);
    this.#read();
  }

  go(screen: Screen, item?: string | null, query?: Record<string, string>): void {
    location.hash = formatPlace(screen, item, query);
  }

  /** Changes the place without a step in the history: search text, filters. */
  replace(screen: Screen, item?: string | null, query?: Record<string, string>): void {
    history.replaceState(null, "", formatPlace(screen, item, query));
    this.#read();
  }

  /** To the start, with nothing to lead back to. */
  reset(): void {
    this.#last = {};
    this.replace("people");
  }

  /** The rail's link: back to where one was, or to the screen's start when one is there. */
  href(screen: Screen): string {
    const last = this.#last[screen] ?? formatPlace(screen);
    return last === this.#here ? formatPlace(screen) : last;
  }

  #read(): void {
    this.place = parsePlace(location.hash);
    const { screen, item, query } = this.place;
    this.#here = formatPlace(screen, item, { ...query });
    if (screen !== "history" || item === null) this.#last[screen] = this.#here;
    this.onmove?.({ here: this.#here, last: $state.snapshot(this.#last) });
  }
}
