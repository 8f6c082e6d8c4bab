/** Puts the shards' parts of a shop's statistics together, exactly: sums are added as whole numbers, and every client is one shard's. */
import { STAT_SUMS, type StatSums } from "../../core/api.ts";
import { POPULARITY_HALF_LIFE_MS } from "../../core/ranking/popularity.ts";
import type { ItemScores, LedgerStats, ShardStats } from "./contract.ts";
import { DAY_MS } from "./clock.ts";
import { BUCKETS } from "./layout.ts";
import { minorDigits } from "./money.ts";

/**
 * Whether these parts, read one after another, count every client once: while buckets move, one may be seen at both of its
 * shards, or at neither.
 */
export function isWhole(parts: readonly Pick<ShardStats, "held">[]): boolean {
  if (parts.length === 1 && parts[0]!.held === null) return true;
  const held = parts.flatMap((part) => part.held ?? Array.from({ length: BUCKETS }, (_, bucket) => bucket));
  return held.length === BUCKETS && new Set(held).size === BUCKETS;
}

/** @param parts of the same request, that are whole together */
export function mergeStats(parts: readonly ShardStats[], currency: string): LedgerStats {
  const unit = 10 ** minorDigits(currency);
  const inMajorUnits = <S extends Partial<StatSums>>(sums: S): S => {
    for (const sum of ["revenue", "attributed_revenue"] as const) if (sums[sum] !== undefined) sums[sum] /= unit;
    return sums;
  };
  const [first] = parts;
  const sum = (pick: (part: ShardStats) => number) => parts.reduce((total, part) => total + pick(part), 0);
  const newest = parts.flatMap(({ newestEventAtMs }) => newestEventAtMs ?? []);
  return {
    totals: inMajorUnits(addUp(parts.map(({ totals }) => totals), [...STAT_SUMS, "shoppers", "buyers"])),
    series: first!.series.map(({ startMs }, index) => inMajorUnits({ startMs, ...addUp(parts.map(({ series }) => series[index]!), [...STAT_SUMS, "shoppers"]) })),
    placements: groupBy(parts.flatMap(({ placements }) => placements), "placement").map(inMajorUnits).sort((a, b) => (a.placement < b.placement ? -1 : 1)),
    funnel: addUp(parts.map(({ funnel }) => funnel), ["viewed", "carted", "checkout", "purchased"]),
    liveShoppers: sum(({ liveShoppers }) => liveShoppers),
    newestEventAtMs: newest.length > 0 ? Math.max(...newest) : null,
    dropped: groupBy(parts.flatMap(({ dropped }) => dropped), "reason").sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1)),
    sources: first!.sources.map(({ source }, index) => ({ source, events: sum((part) => part.sources[index]!.events) })).filter(({ events }) => events > 0),
    confirmed: inMajorUnits(addUp(parts.map(({ confirmed }) => confirmed), ["orders", "revenue"])),
    conflicts: sum(({ conflicts }) => conflicts),
    emptySearches: sum(({ emptySearches }) => emptySearches),
    erasures: sum(({ erasures }) => erasures),
  };
}

/** Item ids, most popular first. */
export function mergePopularity(parts: readonly ItemScores[]): string[] {
  const [first] = parts;
  if (parts.length === 1) return first!.scores.map(({ itemId }) => itemId);
  const newestDay = Math.max(...parts.map((part) => part.newestDay));
  const sums = new Map<string, number>();
  for (const part of parts) {
    const factor = 2 ** (((part.newestDay - newestDay) * DAY_MS) / POPULARITY_HALF_LIFE_MS);
    for (const { itemId, score } of part.scores) sums.set(itemId, (sums.get(itemId) ?? 0) + score * factor);
  }
  return [...sums].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1)).map(([itemId]) => itemId);
}

function addUp<const S extends string>(rows: readonly { readonly [N in S]: number }[], names: readonly S[]): { [N in S]: number } {
  return Object.fromEntries(names.map((name) => [name, rows.reduce((total, row) => total + row[name], 0)])) as { [N in S]: number };
}

/** Adds up the rows that agree in `key`; everything else of them is a number. */
function groupBy<K extends string, R extends { [name in K]: string }>(rows: readonly R[], key: K): R[] {
  const groups = new Map<string, R>();
  for (const row of rows) {
    const group = groups.get(row[key]) as { [name: string]: number } | undefined;
    if (!group) {
      groups.set(row[key], { ...row });
      continue;
    }
    for (const [name, value] of Object.entries(row)) if (name !== key) group[name]! += value as number;
  }
  return [...groups.values()];
}
