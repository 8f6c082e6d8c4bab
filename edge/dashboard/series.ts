/** The chosen figure over time: one point per bucket of the period, with the bucket of the period before beside it. */
import type { StatsResponse } from "../../core/api.ts";
import { METRICS, type MetricKey } from "./metrics.ts";

export interface Point {
  startMs: number;
  /** null for buckets to come, and where the figure has no meaning. */
  value: number | null;
  /** null as long as it loads, and beyond the end of the comparison. */
  before: number | null;
  /** The bucket is not over yet. */
  running: boolean;
}

export function pointsOf({ metric, stats, before, nowMs }: { metric: MetricKey; stats: StatsResponse; before: StatsResponse | null; nowMs: number }): Point[] {
  const { of } = METRICS[metric];
  return stats.series.map((row, index) => {
    const past = before?.series[index];
    const endMs = stats.series[index + 1]?.startMs ?? stats.toMs;
    return {
      startMs: row.startMs,
      value: row.startMs > nowMs ? null : of(row),
      before: past ? of(past) : null,
      running: row.startMs <= nowMs && nowMs < endMs,
    };
  });
}
