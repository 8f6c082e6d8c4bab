/**
 * Three statistics of a shop's orders by which simulated shoppers are held against a real shop:
 * popularity skew, repeat rate, and how much item-kNN gains over popularity. The same code measures both.
 *
 * All are taken over a log's last WINDOW_DAYS, since repeat rates grow with the time looked at.
 */
import { DAY_MS } from "../../core/calendar.ts";
import { mean, ndcgOfSet } from "../../core/metrics.ts";

export const WINDOW_DAYS = 120;
/** Orders from the window's last fifth of time are predicted from what was before it. */
const TEST_SHARE = 0.2;
const NDCG_AT = 10;
/** Added below the cosine's fraction: what two products bought together once are worth against many times. */
const SHRINKAGE = 2;

export interface Order {
  clientId: string;
  atMs: number;
  /** Distinct products. */
  items: readonly string[];
}

export interface ShopStatistics {
  orders: number;
  customers: number;
  /** Products bought at least once. */
  items: number;
  /** Share of purchase lines (order × product) that fall on the most bought tenth of those products; 0.1 is no skew. */
  topTenthShare: number;
  /** Gini coefficient of purchase lines over those products; 0 is no skew. */
  gini: number;
  /** Share of customers with more than one order. */
  repeatCustomerShare: number;
  /** Share of the lines of second and later orders whose product that customer had bought before. */
  repeatItemShare: number;
  /** Orders in the test part by customers with an order before it. */
  cases: number;
  popularityNdcg: number;
  itemKnnNdcg: number;
  /** itemKnnNdcg / popularityNdcg. */
  knnGain: number;
}

/** The statistics that simulated shoppers are held to. */
export const COMPARED = ["topTenthShare", "gini", "repeatCustomerShare", "repeatItemShare", "knnGain"] as const;
export type Compared = (typeof COMPARED)[number];

/**
 * The real gift shop: UCI Online Retail, its last 120 days, products only. Measured by
 * `npm run bench:simulator -- --data <folder with online_retail.csv.gz>`.
 */
export const REAL_SHOP: { readonly [S in Compared]: number } = { topTenthShare: 0.4403, gini: 0.6208, repeatCustomerShare: 0.5135, repeatItemShare: 0.3837, knnGain: 1.654 };

/**
 * How far from the real shop simulated shoppers may be. Repeated items may be rarer: the real
 * customers are mostly small traders with fifteen lines an order, ours are households with two.
 */
export const BOUNDS: { readonly [S in Compared]: number } = { topTenthShare: 0.06, gini: 0.06, repeatCustomerShare: 0.06, repeatItemShare: 0.16, knnGain: 0.5 };

/** @param all orders in any order of time; those before the window are left out */
export function measureOrders(all: Iterable<Order>): ShopStatistics {
  const sorted = [...all].sort((a, b) => a.atMs - b.atMs);
  const endMs = sorted.at(-1)?.atMs ?? 0;
  const startMs = endMs - WINDOW_DAYS * DAY_MS;
  const orders = sorted.filter(({ atMs }) => atMs > startMs);

  const lines = new Map<string, number>();
  const bought = new Map<string, Set<string>>();
  const orderCounts = new Map<string, number>();
  let laterLines = 0;
  let repeatedLines = 0;
  for (const order of orders) {
    const before = bought.get(order.clientId);
    for (const item of order.items) {
      lines.set(item, (lines.get(item) ?? 0) + 1);
      if (!before) continue;
      laterLines += 1;
      if (before.has(item)) repeatedLines += 1;
    }
    const own = before ?? new Set();
    for (const item of order.items) own.add(item);
    bought.set(order.clientId, own);
    orderCounts.set(order.clientId, (orderCounts.get(order.clientId) ?? 0) + 1);
  }
  const counts = [...lines.values()].sort((a, b) => b - a);
  const { cases, popularityNdcg, itemKnnNdcg } = measureGain(orders, endMs - TEST_SHARE * WINDOW_DAYS * DAY_MS);
  return {
    orders: orders.length,
    customers: orderCounts.size,
    items: counts.length,
    topTenthShare: share(counts.slice(0, Math.ceil(counts.length / 10)), counts),
    gini: gini(counts),
    repeatCustomerShare: [...orderCounts.values()].filter((count) => count > 1).length / Math.max(1, orderCounts.size),
    repeatItemShare: repeatedLines / Math.max(1, laterLines),
    cases,
    popularityNdcg,
    itemKnnNdcg,
    knnGain: itemKnnNdcg / popularityNdcg,
  };
}

/**
 * Ranks the whole catalogue for every test order, from what its customer had bought before the split.
 * Products bought before may come again and stay in the ranking; orders of customers unknown at the split are left out.
 */
function measureGain(orders: readonly Order[], splitMs: number): { cases: number; popularityNdcg: number; itemKnnNdcg: number } {
  const indexOf = new Map<string, number>();
  const index = (item: string) => {
    let at = indexOf.get(item);
    if (at === undefined) indexOf.set(item, (at = indexOf.size));
    return at;
  };
  const histories = new Map<string, Set<number>>();
  for (const order of orders) {
    if (order.atMs > splitMs) continue;
    const history = histories.get(order.clientId) ?? new Set();
    for (const item of order.items) history.add(index(item));
    histories.set(order.clientId, history);
  }
  const n = indexOf.size;
  // Popularity is the number of customers; similarity is the shrunk cosine of two products' customer sets.
  const popularity = new Float64Array(n);
  const together = new Float32Array(n * n);
  for (const history of histories.values()) {
    const items = [...history];
    for (const a of items) {
      popularity[a]! += 1;
      for (const b of items) if (a !== b) together[a * n + b]! += 1;
    }
  }
  const popularityOrder = ranksOf(popularity);
  const popularityCases: number[] = [];
  const knnCases: number[] = [];
  const scores = new Float64Array(n);
  for (const order of orders) {
    const history = order.atMs > splitMs ? histories.get(order.clientId) : undefined;
    if (!history) continue;
    const relevant = order.items.map((item) => indexOf.get(item)).filter((item) => item !== undefined);
    if (relevant.length === 0) continue;
    scores.fill(0);
    for (const a of history) {
      for (let b = 0; b < n; b += 1) {
        const both = together[a * n + b]!;
        if (both > 0) scores[b]! += both / (Math.sqrt(popularity[a]! * popularity[b]!) + SHRINKAGE);
      }
    }
    const knnOrder = ranksOf(scores);
    popularityCases.push(ndcgOfSet(relevant.map((item) => popularityOrder[item]!), NDCG_AT));
    knnCases.push(ndcgOfSet(relevant.map((item) => knnOrder[item]!), NDCG_AT));
  }
  return { cases: knnCases.length, popularityNdcg: mean(popularityCases), itemKnnNdcg: mean(knnCases) };
}

/** Every entry's rank from 1, highest score first, equal ones by index. */
function ranksOf(scores: Float64Array): Int32Array {
  const order = Int32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const ranks = new Int32Array(scores.length);
  order.forEach((item, place) => { ranks[item] = place + 1; });
  return ranks;
}

function share(part: readonly number[], whole: readonly number[]): number {
  return sum(part) / Math.max(1, sum(whole));
}

/** @param counts largest first */
function gini(counts: readonly number[]): number {
  const total = sum(counts);
  if (total === 0) return 0;
  let weighted = 0;
  counts.forEach((count, place) => { weighted += (place + 1) * count; });
  return (counts.length + 1 - (2 * weighted) / total) / counts.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
