/** Co-visitation: which items are met around each other, counted and normalised; also the item-kNN that models are held against. */
import { CO_VISIT_LEVELS, NO_NEIGHBOUR } from "../../core/model/config.ts";
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

/**
 * Counts pairs (item in the history, item that came next) of all moments before a time, in both directions.
 * Item a's strength for b is `n(a, b) / (n(a)^½ · n(b)^damping)`; an item can be its own neighbour where people buy again.
 */
export function fitCoVisitation(dataset: Dataset, config: CoVisitationConfig, untilMs: number): CoVisitation {
  const count = dataset.itemIds.length;
  const pairs: Map<number, number>[] = Array.from({ length: count }, () => new Map<number, number>());
  const add = (a: number, b: number, weight: number) => pairs[a]!.set(b, (pairs[a]!.get(b) ?? 0) + weight);
  const newestMs = Math.min(untilMs, lastMoment(dataset.shoppers));
  for (const shopper of dataset.shoppers) {
    const items = shopper.history.map((entry) => dataset.indexOf.get(entry.item_id) ?? -1);
    // Places count one by one; in logs of orders, all products of one order stand in one place.
    const visit = visitsOf(shopper, dataset);
    for (const { after, targets, atMs } of shopper.moments) {
      if (atMs >= untilMs) break;
      const age = 2 ** ((atMs - newestMs) / config.halfLifeMs);
      const present = visit[after - 1]!;
      for (let place = after - 1; place >= 0 && present - visit[place]! < config.window; place -= 1) {
        const a = items[place]!;
        if (a < 0) continue;
        const weight = age * config.decay ** (present - visit[place]!);
        for (const b of targets) {
          add(a, b, weight);
          if (config.backward > 0 && a !== b) add(b, a, config.backward * weight);
        }
      }
      if (dataset.objective === "next-order" && config.together > 0) {
        for (const a of targets) for (const b of targets) if (a !== b) add(a, b, config.together * age);
      }
    }
  }
  return keepStrongest(pairs, config);
}

function keepStrongest(pairs: readonly Map<number, number>[], { neighbours: K, damping }: CoVisitationConfig): CoVisitation {
  const count = pairs.length;
  const totals = new Float64Array(count);
  pairs.forEach((row) => row.forEach((weight, b) => (totals[b] = totals[b]! + weight)));
  const neighbours = new Uint32Array(count * K).fill(NO_NEIGHBOUR);
  const strengths = new Float64Array(count * K);
  const best: number[] = [];
  pairs.forEach((row, a) => {
    let own = 0;
    for (const weight of row.values()) own += weight;
    const ranked = [...row].map(([b, weight]) => ({ b, strength: weight / (Math.sqrt(own) * totals[b]! ** damping) }));
    ranked.sort((x, y) => y.strength - x.strength || x.b - y.b);
    ranked.slice(0, K).forEach(({ b, strength }, k) => {
      neighbours[a * K + k] = b;
      strengths[a * K + k] = strength;
    });
    if (ranked.length > 0) best.push(ranked[0]!.strength);
  });
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

function lastMoment(shoppers: readonly Shopper[]): number {
  let lastMs = -Infinity;
  for (const { moments } of shoppers) for (const { atMs } of moments) lastMs = Math.max(lastMs, atMs);
  return lastMs;
}
