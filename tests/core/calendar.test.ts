/** A shop's days, also where clocks change and where offsets are no whole hours. */
import { describe, expect, test } from "vitest";
import { addDays, dateOf, HOUR_MS, offsetMs, startOfDate, startOfDay } from "../../core/calendar.ts";

const at = (iso: string) => Date.parse(iso);

describe("a shop's day", () => {
  test.each([
    ["Europe/Berlin", "2026-11-23", "2026-11-22T23:00:00Z", 24],
    ["Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23],
    ["Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25],
    ["Asia/Kolkata", "2026-11-23", "2026-11-22T18:30:00Z", 24],
    ["Pacific/Auckland", "2026-09-27", "2026-09-26T12:00:00Z", 23],
    // Clocks jump from 00:00 to 01:00: the day begins at one o'clock.
    ["America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", 23],
    // Clocks go back from 01:00 to 00:00: the day begins at the first of two midnights.
    ["America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25],
  ])("%s, %s begins at %s and has %i hours", (zone, date, iso, hours) => {
    const startMs = startOfDate(zone, date)!;
    expect(startMs).toBe(at(iso));
    expect(dateOf(zone, startMs)).toBe(date);
    expect(dateOf(zone, startMs - 1)).not.toBe(date);
    expect(addDays(zone, startMs, 1) - startMs).toBe(hours * HOUR_MS);
    expect(addDays(zone, addDays(zone, startMs, -7), 7)).toBe(startMs);
    for (const hour of [0, 1, 2, 12, hours - 1]) expect(startOfDay(zone, startMs + hour * HOUR_MS)).toBe(startMs);
  });

  test("the offset is the zone's at that instant", () => {
    expect(offsetMs("Europe/Berlin", at("2026-03-29T00:59:59.999Z"))).toBe(HOUR_MS);
    expect(offsetMs("Europe/Berlin", at("2026-03-29T01:00:00Z"))).toBe(2 * HOUR_MS);
    expect(offsetMs("America/Los_Angeles", at("2026-01-01T00:00:00.500Z"))).toBe(-8 * HOUR_MS);
  });

  test("what is no date has no beginning", () => {
    for (const date of ["", "2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "today"]) expect(startOfDate("UTC", date)).toBeNull();
  });
});
