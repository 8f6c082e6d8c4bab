/** Co-visitation: which items are met around each other, counted and normalised; also the item-kNN that models are held against. */
import type { Dataset, Shopper } from "../prepare.ts";
import { keepStrongest, type CoVisitation } from "./strongest.ts";

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
    neighbours: () => normalise(pairs, count, config),
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

function normalise(pairs: PairCounts, count: number, { neighbours: K, damping }: CoVisitationConfig): CoVisitation {
  const own = new Float64Array(count);
  const totals = new Float64Array(count);
  for (let a = 0; a < count; a += 1) {
    pairs.eachOf(a, (b, weight) => {
      own[a] = own[a]! + weight;
      totals[b] = totals[b]! + weight;
    });
  }
  const divisors = totals.map((total) => total ** damping);
  return keepStrongest(count, K, (a, add) => pairs.eachOf(a, (b, weight) => add(b, weight / (Math.sqrt(own[a]!) * divisors[b]!))));
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
