/** Numbers, money, dates and ages as people read them, by Intl, in the texts' language. */
import type { MetricUnit } from "./metrics.ts";

export interface Format {
  count(value: number): string;
  /** A whole or one-digit percentage, for parts of a whole. */
  part(value: number): string;
  money(value: number, currency: string): string;
  /** A headline figure in its unit; rates with two digits after the point. @param value 0.0231 for 2.31 % */
  metric(value: number | null, unit: MetricUnit, currency: string): string;
  /** Percentage points. @param value 0.002 for 0.20 */
  points(value: number): string;
  /** Four digits after the point, as ranking metrics are quoted. */
  figure(value: number): string;
  ratio(value: number): string;
  bytes(value: number): string;
  age(ms: number): string;
  /** "A, B and C". */
  list(parts: readonly string[]): string;
  day(atMs: number, timeZone: string): string;
  shortDay(atMs: number, timeZone: string): string;
  /** Without the weekday. */
  date(atMs: number, timeZone: string): string;
  time(atMs: number, timeZone: string): string;
  dayAndTime(atMs: number, timeZone: string): string;
  /** @param toMs the last instant included */
  days(fromMs: number, toMs: number, timeZone: string): string;
  /** Short, for an axis. */
  axis(value: number, unit: MetricUnit, currency: string): string;
}

/** What stands where there is no figure. */
export const NO_FIGURE = "–";

/** The reader's own regional spelling of the language, where they have one. */
export function localeFor(language: string, preferred: readonly string[]): string {
  return preferred.find((tag) => tag.split("-")[0] === language) ?? language;
}

export function createFormat(locale: string): Format {
  const number = (options: Intl.NumberFormatOptions) => {
    const format = new Intl.NumberFormat(locale, options);
    return (value: number) => format.format(value);
  };
  const count = number({});
  const share = number({ style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const ratio = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const monies = new Map<string, (value: number) => string>();
  const money = (value: number, currency: string, compact = false) => {
    const key = `${currency} ${compact}`;
    if (!monies.has(key)) {
      const base = { style: "currency", currency, currencyDisplay: "narrowSymbol" } as const;
      monies.set(key, number(compact ? { ...base, notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 } : base));
    }
    return monies.get(key)!(value);
  };
  const compactCount = number({ notation: "compact", maximumFractionDigits: 1 });
  const axisShare = number({ style: "percent", maximumFractionDigits: 1 });
  const dates = new Map<string, Intl.DateTimeFormat>();
  const date = (name: string, timeZone: string, options: Intl.DateTimeFormatOptions) => {
    const key = `${name} ${timeZone}`;
    if (!dates.has(key)) dates.set(key, new Intl.DateTimeFormat(locale, { ...options, timeZone }));
    return dates.get(key)!;
  };
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const lists = new Intl.ListFormat(locale, { type: "conjunction" });
  return {
    count,
    part: number({ style: "percent", maximumFractionDigits: 1 }),
    money: (value, currency) => money(value, currency),
    metric: (value, unit, currency) => (value === null ? NO_FIGURE : unit === "money" ? money(value, currency) : unit === "share" ? share(value) : count(value)),
    points: (value) => ratio(value * 100),
    figure: number({ minimumFractionDigits: 4, maximumFractionDigits: 4 }),
    ratio,
    bytes: ((kilo, mega) => (value: number) => (value < 1e6 ? kilo(value / 1e3) : mega(value / 1e6)))(
      number({ style: "unit", unit: "kilobyte", maximumFractionDigits: 0 }), number({ style: "unit", unit: "megabyte", maximumFractionDigits: 1 })),
    age: (ms) => {
      const seconds = Math.max(0, Math.round(ms / 1000));
      if (seconds < 60) return relative.format(-seconds, "second");
      if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
      if (seconds < 48 * 3600) return relative.format(-Math.floor(seconds / 3600), "hour");
      return relative.format(-Math.floor(seconds / 86400), "day");
    },
    list: (parts) => lists.format(parts),
    day: (atMs, timeZone) => date("day", timeZone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(atMs),
    shortDay: (atMs, timeZone) => date("shortDay", timeZone, { day: "numeric", month: "short" }).format(atMs),
    date: (atMs, timeZone) => date("date", timeZone, { day: "numeric", month: "short", year: "numeric" }).format(atMs),
    time: (atMs, timeZone) => date("time", timeZone, { hour: "2-digit", minute: "2-digit" }).format(atMs),
    dayAndTime: (atMs, timeZone) => date("dayAndTime", timeZone, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(atMs),
    days: (fromMs, toMs, timeZone) => date("days", timeZone, { day: "numeric", month: "short", year: "numeric" }).formatRange(fromMs, toMs),
    axis: (value, unit, currency) => (unit === "money" ? money(value, currency, true) : unit === "share" ? axisShare(value) : compactCount(value)),
  };
}
