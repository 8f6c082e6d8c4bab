/** Which stretch of time the dashboard shows: its name in the address, its bounds in the shop's own days, and what it is compared with. */
import type { StatBucket } from "../../core/api.ts";
import { addDays, dateOf, startOfDate, startOfDay, HOUR_MS } from "../../core/calendar.ts";
import { METRIC_KEYS, type MetricKey } from "./metrics.ts";

export const PRESETS = { today: 1, "7d": 7, "30d": 30, "90d": 90 } as const;
export type Preset = keyof typeof PRESETS;
/** Calendar dates of the shop, both included. */
export interface CustomRange { from: string; to: string }

/** Everything a link carries, so that whoever opens it sees the same. */
export interface View {
  range: Preset | CustomRange;
  /** As chosen; null leaves it to the length of the range. */
  bucket: StatBucket | null;
  metric: MetricKey;
}
export const FIRST_VIEW: View = { range: "7d", bucket: null, metric: "attributedRevenue" };

/** Hours are offered up to this many days: people are counted anew for every bucket, and more points than pixels say nothing. */
export const MAX_HOURLY_DAYS = 7;
export const MAX_CUSTOM_DAYS = 366;
/** The ledger's counters are this wide, so a comparison ends on their edges. */
const COUNTER_MS = 15 * 60 * 1000;

/** A view worked out for one zone and moment; half-open, as the stats route takes it. */
export interface Period {
  fromMs: number;
  toMs: number;
  days: number;
  bucket: StatBucket;
  /** The stretch before, of as many days, up to the same time of day. */
  before: { fromMs: number; toMs: number };
}

/**
 * The bounds of a view.
 *
 * The comparison is with the same number of calendar days before, and while a period is still running only up to the
 * same time of its last day: a morning compared with a whole day would always look like a loss.
 */
export function periodOf(view: View, timeZone: string, nowMs: number): Period {
  const today = startOfDay(timeZone, nowMs);
  let fromMs: number;
  let toMs: number;
  if (typeof view.range === "string") {
    fromMs = addDays(timeZone, today, 1 - PRESETS[view.range]);
    toMs = addDays(timeZone, today, 1);
  } else {
    fromMs = startOfDate(timeZone, view.range.from)!;
    toMs = addDays(timeZone, startOfDate(timeZone, view.range.to)!, 1);
  }
  // Days are 23 to 25 hours long; their number is what counts.
  const days = Math.round((toMs - fromMs) / (24 * HOUR_MS));
  const wanted = view.bucket ?? (days <= 2 ? "hour" : "day");
  const bucket = wanted === "hour" && days > MAX_HOURLY_DAYS ? "day" : wanted;
  const running = nowMs >= fromMs && nowMs < toMs;
  const elapsedTodayMs = Math.floor((nowMs - today) / COUNTER_MS) * COUNTER_MS;
  return {
    fromMs, toMs, days, bucket,
    before: { fromMs: addDays(timeZone, fromMs, -days), toMs: running ? addDays(timeZone, today, -days) + elapsedTodayMs : fromMs },
  };
}

export type RangeFault = "incomplete" | "reversed" | "future" | "too-long";
/** Why two dates are no range to show; null when they are. */
export function faultOf(range: CustomRange, timeZone: string, nowMs: number): RangeFault | null {
  const from = startOfDate(timeZone, range.from);
  const to = startOfDate(timeZone, range.to);
  if (from === null || to === null) return "incomplete";
  if (to < from) return "reversed";
  if (from > nowMs) return "future";
  return to - from > MAX_CUSTOM_DAYS * 24 * HOUR_MS ? "too-long" : null;
}

/** The dates that a period covers, both included. */
export function datesOf(period: Period, timeZone: string): CustomRange {
  return { from: dateOf(timeZone, period.fromMs), to: dateOf(timeZone, period.toMs - 1) };
}

/** Reads a view from an address; what is missing or unknown falls back to the first view. */
export function viewOfSearch(search: string, timeZone: string, nowMs: number): View {
  const query = new URLSearchParams(search);
  const range = query.get("range");
  const custom = { from: query.get("from") ?? "", to: query.get("to") ?? "" };
  const metric = METRIC_KEYS.find((key) => key === query.get("metric"));
  const bucket = query.get("bucket");
  return {
    range: range !== null && Object.hasOwn(PRESETS, range) ? (range as Preset)
      : range === "custom" && faultOf(custom, timeZone, nowMs) === null ? custom
      : FIRST_VIEW.range,
    bucket: bucket === "hour" || bucket === "day" ? bucket : null,
    metric: metric ?? FIRST_VIEW.metric,
  };
}

export function searchOfView(view: View, shop: string): string {
  const query = new URLSearchParams({ shop });
  if (typeof view.range === "string") query.set("range", view.range);
  else for (const [name, value] of Object.entries({ range: "custom", from: view.range.from, to: view.range.to })) query.set(name, value);
  if (view.bucket) query.set("bucket", view.bucket);
  query.set("metric", view.metric);
  return `?${query}`;
}
