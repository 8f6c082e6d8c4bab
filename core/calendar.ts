/** Days and hours of a shop's own time zone, which are what its stats are bucketed by. */

export const HOUR_MS = 60 * 60 * 1000;
/** A day of 24 hours, which a zone's days are but twice a year. */
export const DAY_MS = 24 * HOUR_MS;

/**
 * How far a zone's clock is ahead of UTC at an instant.
 * @param timeZone an IANA name
 * @throws RangeError if the platform does not know the zone
 */
export function offsetMs(timeZone: string, atMs: number): number {
  const parts: { [type: string]: number } = {};
  for (const { type, value } of clockOf(timeZone).formatToParts(atMs)) parts[type] = Number(value);
  const wallMs = Date.UTC(parts["year"]!, parts["month"]! - 1, parts["day"], parts["hour"], parts["minute"], parts["second"]);
  return wallMs - Math.floor(atMs / 1000) * 1000;
}

/** The first instant of the day that holds an instant. Where clocks jump over midnight, it is the instant after the jump. */
export function startOfDay(timeZone: string, atMs: number): number {
  return midnight(timeZone, Math.floor((atMs + offsetMs(timeZone, atMs)) / DAY_MS));
}

/** The first instant of the day `days` days later; days are 23 to 25 hours long. */
export function addDays(timeZone: string, dayStartMs: number, days: number): number {
  return midnight(timeZone, Math.floor((dayStartMs + offsetMs(timeZone, dayStartMs)) / DAY_MS) + days);
}

/** The day that holds an instant, as `2026-11-23`. */
export function dateOf(timeZone: string, atMs: number): string {
  return new Date(atMs + offsetMs(timeZone, atMs)).toISOString().slice(0, 10);
}

/** The first instant of a day given as `2026-11-23`; null if there is no such day. */
export function startOfDate(timeZone: string, date: string): number | null {
  const wallMs = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : NaN;
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString().slice(0, 10) !== date) return null;
  return midnight(timeZone, wallMs / DAY_MS);
}

/** @param day days since 1970-01-01, on the zone's own calendar */
function midnight(timeZone: string, day: number): number {
  const wallMs = day * DAY_MS;
  // Two candidates: by the offset of the evening before, and by that of the noon after. They differ only where clocks change.
  const before = wallMs - offsetMs(timeZone, wallMs - DAY_MS);
  const after = wallMs - offsetMs(timeZone, wallMs + DAY_MS / 2);
  const first = Math.min(before, after);
  return Math.floor((first + offsetMs(timeZone, first)) / DAY_MS) === day ? first : Math.max(before, after);
}

const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    });
    clocks.set(timeZone, clock);
  }
  return clock;
}
