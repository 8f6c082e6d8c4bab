/** The headline figures: how each is made from the edge's sums, and in which unit it is read. */
import type { StatSums } from "../../core/api.ts";

/** What a bucket, a period or the period before offers to make a figure from. */
export type Counted = StatSums & { shoppers: number };
export type MetricUnit = "count" | "share" | "money";
export interface Metric {
  key: MetricKey;
  unit: MetricUnit;
  /** null where the figure has no meaning, such as a rate over nothing. */
  of(counted: Counted): number | null;
}

export const METRIC_KEYS = ["shoppers", "views", "carts", "purchases", "revenue", "impressions", "clicks", "ctr", "attributedRevenue"] as const;
export type MetricKey = (typeof METRIC_KEYS)[number];

export const METRICS: { readonly [K in MetricKey]: Metric } = {
  shoppers: { key: "shoppers", unit: "count", of: (c) => c.shoppers },
  views: { key: "views", unit: "count", of: (c) => c.view_item },
  carts: { key: "carts", unit: "count", of: (c) => c.add_to_cart },
  purchases: { key: "purchases", unit: "count", of: (c) => c.purchase },
  revenue: { key: "revenue", unit: "money", of: (c) => c.revenue },
  impressions: { key: "impressions", unit: "count", of: (c) => c.rec_view },
  clicks: { key: "clicks", unit: "count", of: (c) => c.rec_click },
  ctr: { key: "ctr", unit: "share", of: clickRate },
  attributedRevenue: { key: "attributedRevenue", unit: "money", of: (c) => c.attributed_revenue },
};

/** Tiles in the order they stand: the shop as a whole, then what the carousels did in it. */
export const SHOP_METRICS: readonly MetricKey[] = ["shoppers", "views", "carts", "purchases", "revenue"];
export const CAROUSEL_METRICS: readonly MetricKey[] = ["impressions", "clicks", "ctr", "attributedRevenue"];

/** Clicks per viewable impression; null without impressions. */
export function clickRate(sums: Pick<StatSums, "rec_view" | "rec_click">): number | null {
  return sums.rec_view === 0 ? null : sums.rec_click / sums.rec_view;
}

/** How a figure moved against the period before. Rates move by points, everything else by its own share. */
export type Change = { kind: "relative" | "points"; by: number } | { kind: "from-nothing" } | { kind: "none" };

export function changeOf(metric: Metric, now: number | null, before: number | null): Change {
  if (now === null || before === null) return { kind: "none" };
  if (metric.unit === "share") return { kind: "points", by: now - before };
  if (before === 0) return now === 0 ? { kind: "none" } : { kind: "from-nothing" };
  return { kind: "relative", by: (now - before) / before };
}
