/** The chosen figure over time: one point per bucket of the period, with the bucket of the period before beside it. */
import type { StatsResponse } from "../../core/api.ts";
import { METRICS, type MetricKey } from "./metrics.ts";
import { bucketStarts, type Period } from "./range.ts";

export interface Point {
  startMs: number;
  /** null before it began, and where the figure has no meaning. */
  value: number | null;
  before: number | null;
  /** The bucket is not over yet. */
  running: boolean;
}

export function pointsOf({ metric, stats, before, period, nowMs }: {
  metric: MetricKey; stats: StatsResponse; before: StatsResponse | null; period: Period; nowMs: number;
}): Point[] {
  const { of, unit } = METRICS[metric];
  // Buckets in which nothing happened may be left out of the answer: counts are 0 there, rates have no meaning.
  const nothing = unit === "share" ? null : 0;
  const now = new Map(stats.series.map((row) => [row.startMs, of(row)]));
  const then = new Map(before?.series.map((row) => [row.startMs, of(row)]));
  const starts = bucketStarts(stats.timeZone, period.fromMs, period.toMs, period.bucket);
  const earlier = bucketStarts(stats.timeZone, period.before.fromMs, period.before.toMs, period.bucket);
  return starts.map((startMs, index) => {
    const past = earlier[index];
    const endMs = starts[index + 1] ?? period.toMs;
    return {
      startMs,
      value: startMs > nowMs ? null : now.has(startMs) ? now.get(startMs)! : nothing,
      before: !before || past === undefined ? null : then.has(past) ? then.get(past)! : nothing,
      running: startMs <= nowMs && nowMs < endMs,
    };
  });
}
