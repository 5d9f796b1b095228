// Language and theme of this window. The settings are the one place where they are chosen; what is kept here
// only lets the next start look right before the settings have been read.
import type { Settings } from "./generated/Settings";
import {
  baseLocale,
  extractLocaleFromNavigator,
  getLocale,
  type Locale,
  localStorageKey,
  overwriteGetLocale,
} from "./paraglide/runtime";

const THEME_KEY = "theme";

// In memory: what is stored may be cleared from outside, and then half of a screen would speak another language.
let locale = getLocale();
overwriteGetLocale(() => locale);

function keep(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Without storage the next start begins as the system looks.
  }
}

function drawTheme(theme: string | null): void {
  const { dataset } = document.documentElement;
  if (theme === "light" || theme === "dark") dataset.theme = theme;
  else delete dataset.theme;
}

/** As it was last chosen, and as it is chosen in another window. */
export function startTheme(): void {
  drawTheme(localStorage.getItem(THEME_KEY));
  addEventListener("storage", ({ key, newValue }) => {
    if (key === THEME_KEY) drawTheme(newValue);
  });
}

/** Applies what was chosen. Answers whether the words have to be drawn anew, in another language. */
export function applyAppearance({ language, theme }: Pick<Settings, "language" | "theme">): boolean {
  keep(THEME_KEY, theme);
  drawTheme(theme);
  keep(localStorageKey, language);
  return speak(language ?? extractLocaleFromNavigator() ?? baseLocale);
}

/** Answers whether the words have to be drawn anew. */
export function speak(language: Locale): boolean {
  const before = locale;
  locale = language;
  document.documentElement.lang = language;
  return locale !== before;
}
