// Times as people read them. `now` and `locale` are passed in; the zone is the computer's.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Something from the server, and when it came: its `*_in_ms` fields count from then. */
export interface Received<T> {
  value: T;
  at: number;
}

export function received<T>(value: T): Received<T> {
  return { value, at: Date.now() };
}

/** What is left of `ms` that counted from `at`; never below zero. */
export function left(ms: number, at: number, now: number): number {
  return Math.max(0, ms - Math.max(0, now - at));
}

/** `24:10`, `1:04:05`. Rounded up, so that it shows 0:00 only when nothing is left. */
export function countdown(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / SECOND);
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** "2 hours ago", "yesterday", and from a week on the date. */
export function relative(iso: string, now: number, locale: string): string {
  const then = Date.parse(iso);
  const past = now - then;
  if (past > 6 * DAY || past < -6 * DAY) {
    const sameYear = new Date(then).getFullYear() === new Date(now).getFullYear();
    return new Intl.DateTimeFormat(locale, {
      day: "numeric",
      month: "short",
      year: sameYear ? undefined : "numeric",
    }).format(then);
  }
  const format = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const size = Math.abs(past);
  if (size < MINUTE) return format.format(0, "second");
  if (size < HOUR) return format.format(-Math.trunc(past / MINUTE), "minute");
  if (size < DAY) return format.format(-Math.trunc(past / HOUR), "hour");
  return format.format(-Math.trunc(past / DAY), "day");
}

/** The whole of it, with seconds and the zone, for titles. */
export function exact(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" }).format(Date.parse(iso));
}

/** "14 Nov 2025, 10:32": for reports, which must still be true next year. */
export function stamp(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" }).format(Date.parse(iso));
}

/** "10:32:05" */
export function clockTime(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(Date.parse(iso));
}

/** "12 min", "45 s": how long something lasted. */
export function duration(from: string, to: string, locale: string): string {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  const [amount, unit] =
    ms < MINUTE ? [Math.round(ms / SECOND), "second"] : [Math.round(ms / MINUTE), "minute"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: String(unit), unitDisplay: "short" }).format(
    Number(amount),
  );
}

/** "6 minutes", "3 hours": by how much a clock is off. */
export function amount(ms: number, locale: string): string {
  const size = Math.abs(ms);
  const [count, unit] =
    size < 2 * HOUR
      ? [size / MINUTE, "minute"]
      : size < 2 * DAY
        ? [size / HOUR, "hour"]
        : [size / DAY, "day"];
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: String(unit),
    unitDisplay: "long",
    maximumFractionDigits: 0,
  }).format(Number(count));
}

/** The system's own variant of a language (24-hour clock, order of a date), else the language itself. */
export function localeFor(language: string, system: readonly string[] = navigator.languages): string {
  return system.find((tag) => tag.split("-")[0] === language) ?? language;
}
