/** Co-visitation: which items are met around each other, counted and normalised; also the item-kNN that models are held against. */
import { CO_VISIT_LEVELS, NO_NEIGHBOUR } from "../../core/model/config.ts";
import { topK } from "../../core/ranking/topk.ts";
import type { Dataset, Shopper } from "../prepare.ts";

export interface CoVisitationConfig {
  /** K: neighbours kept of each item. */
  neighbours: number;
  /** Entries (or, for orders, earlier orders) before a moment that are paired with what came next. */
  window: number;
  /** Weight of one place (one order) further back. */
  decay: number;
  /** Weight of a pair against its direction: what was seen after, for what was seen before. */
  backward: number;
  /** Weight of products in one order with each other. */
  together: number;
  /** Counts of an item are divided by its total to this power: 0.5 is the cosine, 0 leaves popular items their lead. */
  damping: number;
  /** A pair counts half after this time. */
  halfLifeMs: number;
}

export interface CoVisitation {
  /** [N, K], strongest first; `NO_NEIGHBOUR` where there are fewer. */
  neighbours: Uint32Array;
  /** In 0..CO_VISIT_LEVELS, [N, K]. */
  weights: Uint8Array;
}

/** Strengths above this quantile of all items' best neighbours are cut off there, so that a few extreme ones do not cost the rest their resolution. */
const FULL_SCALE_QUANTILE = 0.95;

/** Above this many cells, counts are kept in hash maps: large catalogues are met sparsely. */
const MAX_DENSE_CELLS = 16 * 2 ** 20;

export interface CoVisitationCounter {
  /** Goes on counting, up to moments before a time. */
  countUntil(untilMs: number): void;
  /** What the counts so far say. */
  neighbours(): CoVisitation;
}

/**
 * Counts pairs (item in the history, item that came next) of all moments before a time, in both directions.
 * Item a's strength for b is `n(a, b) / (n(a)^½ · n(b)^damping)`; an item can be its own neighbour where people buy again.
 */
export function createCoVisitationCounter(dataset: Dataset, config: CoVisitationConfig): CoVisitationCounter {
  const count = dataset.itemIds.length;
  const pairs = createPairCounts(count);
  let countedMs = -Infinity;
  return {
    countUntil(untilMs) {
      for (const shopper of dataset.shoppers) countShopper(shopper, dataset, config, countedMs, untilMs, pairs);
      countedMs = Math.max(countedMs, untilMs);
    },
    neighbours: () => keepStrongest(pairs, count, config),
  };
}

function countShopper(shopper: Shopper, dataset: Dataset, config: CoVisitationConfig, fromMs: number, untilMs: number, pairs: PairCounts): void {
  const moments = shopper.moments.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
  if (moments.length === 0) return;
  const items = Int32Array.from(shopper.history, (entry) => dataset.indexOf.get(entry.item_id) ?? -1);
  // Places count one by one; in logs of orders, all products of one order stand in one place.
  const visit = visitsOf(shopper, dataset);
  for (const { after, targets, atMs } of moments) {
    const age = 2 ** ((atMs - dataset.split.validateUntilMs) / config.halfLifeMs);
    const present = visit[after - 1]!;
    for (let place = after - 1; place >= 0 && present - visit[place]! < config.window; place -= 1) {
      const a = items[place]!;
      if (a < 0) continue;
      const weight = age * config.decay ** (present - visit[place]!);
      for (const b of targets) {
        pairs.add(a, b, weight);
        if (config.backward > 0 && a !== b) pairs.add(b, a, config.backward * weight);
      }
    }
    if (dataset.objective === "next-order" && config.together > 0) {
      for (const a of targets) for (const b of targets) if (a !== b) pairs.add(a, b, config.together * age);
    }
  }
}

interface PairCounts {
  add(a: number, b: number, weight: number): void;
  eachOf(a: number, visit: (b: number, weight: number) => void): void;
}

function createPairCounts(count: number): PairCounts {
  if (count * count <= MAX_DENSE_CELLS) {
    const cells = new Float32Array(count * count);
    return {
      add(a, b, weight) {
        cells[a * count + b] = cells[a * count + b]! + weight;
      },
      eachOf(a, visit) {
        for (let b = 0; b < count; b += 1) if (cells[a * count + b]! > 0) visit(b, cells[a * count + b]!);
      },
    };
  }
  const rows: Map<number, number>[] = Array.from({ length: count }, () => new Map<number, number>());
  return {
    add: (a, b, weight) => void rows[a]!.set(b, (rows[a]!.get(b) ?? 0) + weight),
    eachOf: (a, visit) => rows[a]!.forEach((weight, b) => visit(b, weight)),
  };
}

function keepStrongest(pairs: PairCounts, count: number, { neighbours: K, damping }: CoVisitationConfig): CoVisitation {
  const own = new Float64Array(count);
  const totals = new Float64Array(count);
  for (let a = 0; a < count; a += 1) {
    pairs.eachOf(a, (b, weight) => {
      own[a] = own[a]! + weight;
      totals[b] = totals[b]! + weight;
    });
  }
  const divisors = totals.map((total) => total ** damping);
  const neighbours = new Uint32Array(count * K).fill(NO_NEIGHBOUR);
  const strengths = new Float64Array(count * K);
  const best: number[] = [];
  const row = new Float64Array(count);
  for (let a = 0; a < count; a += 1) {
    row.fill(-Infinity);
    pairs.eachOf(a, (b, weight) => (row[b] = weight / (Math.sqrt(own[a]!) * divisors[b]!)));
    const ranked = topK(row, K);
    ranked.forEach((b, k) => {
      neighbours[a * K + k] = b;
      strengths[a * K + k] = row[b]!;
    });
    if (ranked.length > 0) best.push(row[ranked[0]!]!);
  }
  best.sort((x, y) => x - y);
  const full = best[Math.floor((best.length - 1) * FULL_SCALE_QUANTILE)] ?? 1;
  return { neighbours, weights: Uint8Array.from(strengths, (strength) => Math.min(CO_VISIT_LEVELS, Math.round((strength / full) * CO_VISIT_LEVELS))) };
}

function visitsOf({ history, moments }: Shopper, dataset: Dataset): Uint32Array {
  const visits = Uint32Array.from(history.keys());
  if (dataset.objective === "next-view") return visits;
  let order = 0;
  for (let place = 0; place < visits.length; place += 1) {
    while (order < moments.length && moments[order]!.after <= place) order += 1;
    visits[place] = order;
  }
  return visits;
}
