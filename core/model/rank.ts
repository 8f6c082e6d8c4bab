/**
 * The k best items for one history, in whole numbers: the same order, to the last tie, on every backend.
 *
 * Floating point gives each backend its own rounding, and so its own order of items that are nearly equal. Here the
 * query and the factors are whole numbers and every score is a sum that both a double and two words of a GPU hold
 * exactly, so that the order depends on nothing but the query.
 */
import type { EncodedHistory } from "../history.ts";
import { createSelection, type Selection } from "../ranking/topk.ts";
import { QUERY_UNIT, TEMPERATURE, type Model } from "./config.ts";
import { encodeSession } from "./encoder.ts";
import { coVisits, dotRow, quantiseQuery, visitScore, type QuantisedQuery } from "./score.ts";

export interface RankOptions {
  /** How many items at the most. */
  k: number;
  /** A bit an item, the lowest of a word first, set for those that may not be chosen; [ceil(N / 32)]. */
  skip?: Uint32Array;
}

/** The best items, best first; fewer than k where fewer may be chosen. Of equal scores the lower index comes first. */
export interface Ranked {
  /** Item indices, [≤ k]. */
  items: Int32Array;
  /** Comparable within one model, [≤ k]. */
  scores: Float32Array;
}

/** What does not depend on the history: an item's key is `base[i] + factors[i] · product`, and its score that times `unit`. */
export interface RankTable {
  /** The popularity's part; whole numbers, [N]. */
  base: Float64Array;
  /** Whole numbers of at most 2^FACTOR_BITS, [N]. */
  factors: Int32Array;
  /** A power of two. */
  unit: number;
}

/** Products are below 2^31 and factors take this many bits: what they make stays below 2^52. */
const FACTOR_BITS = 21;
/** Popularity and co-visits together stay below 2^BASE_BITS; with the product's part a double still counts in ones. */
const BASE_BITS = 50;
/** Co-visits of the longest history that a model may read, all of full strength: log(1 + 10 · 100). */
const MAX_VISIT_SCORE = 7;

/** The finest unit in which all parts of the blend fit. */
export function rankTable(model: Model): RankTable {
  const [network, coVisitation, popularity] = model.blend;
  const factorOf = (network / TEMPERATURE) * QUERY_UNIT;
  const largestFactor = Math.abs(factorOf) * largest(model.scales);
  const largestBase = Math.abs(popularity) * largest(model.popularity) + Math.abs(coVisitation) * MAX_VISIT_SCORE;
  const room = Math.min(
    largestFactor > 0 ? FACTOR_BITS - 1 - Math.floor(Math.log2(largestFactor)) : Infinity,
    largestBase > 0 ? BASE_BITS - Math.ceil(Math.log2(largestBase)) : Infinity,
  );
  const perUnit = room === Infinity ? 1 : 2 ** room;
  const count = model.itemIds.length;
  const base = new Float64Array(count);
  const factors = new Int32Array(count);
  for (let item = 0; item < count; item += 1) {
    base[item] = Math.round(popularity * model.popularity[item]! * perUnit);
    factors[item] = Math.round(factorOf * model.scales[item]! * perUnit);
  }
  return { base, factors, unit: 1 / perUnit };
}

/** A ranking under way: what a backend needs of it, and what becomes of the backend's answer. */
export interface RankPass {
  /** Zero without a session vector. */
  query: QuantisedQuery;
  /** Items that a backend leaves out: those that may not be chosen, and the co-visited, which the pass scores itself. */
  mask: Uint32Array;
  selection: Selection;
  k: number;
  /** Once the selection has been offered the k best items outside the mask, at least. */
  finish(): Ranked;
}

export interface Ranker {
  table: RankTable;
  /** @param session of `input`, from any backend; null without history or where the network has no say */
  begin(session: Float32Array | null, input: EncodedHistory, options: RankOptions): RankPass;
}

function createRanker(model: Model): Ranker {
  const table = rankTable(model);
  const { base, factors, unit } = table;
  const coVisitation = model.blend[1];
  return {
    table,
    begin(session, input, { k: wanted, skip }) {
      const k = Math.min(wanted, model.itemIds.length);
      const query = quantiseQuery(session ?? new Float32Array(model.config.width));
      const visited = coVisitation === 0 ? new Map<number, number>() : coVisits(model, input);
      const mask = skip ? skip.slice() : new Uint32Array(Math.ceil(model.itemIds.length / 32));
      for (const item of visited.keys()) mask[item >>> 5]! |= 1 << (item & 31);
      const selection = createSelection(k);
      return {
        query, mask, selection, k,
        finish() {
          for (const [item, visits] of visited) {
            if (skip && (skip[item >>> 5]! >>> (item & 31)) & 1) continue;
            selection.offer(base[item]! + factors[item]! * dotRow(model, query, item) + Math.round((coVisitation * visitScore(visits)) / unit), item);
          }
          const { items, keys } = selection.take();
          return { items, scores: Float32Array.from(keys, (key) => key * unit) };
        },
      };
    },
  };
}

/** Offers the selection every item from `from` up to `to` that the mask leaves, in that order. */
export function selectRows(model: Model, { base, factors }: RankTable, { query, mask, selection }: RankPass, from = 0, to = model.itemIds.length): void {
  let { threshold } = selection;
  for (let item = from; item < to; item += 1) {
    if ((mask[item >>> 5]! >>> (item & 31)) & 1) continue;
    const key = base[item]! + factors[item]! * dotRow(model, query, item);
    if (key <= threshold) continue;
    selection.offer(key, item);
    threshold = selection.threshold;
  }
}

/** Of each model that is ranked; it takes a pass over the items to make. */
const rankers = new WeakMap<Model, Ranker>();

export function rankerOf(model: Model): Ranker {
  let ranker = rankers.get(model);
  if (!ranker) rankers.set(model, (ranker = createRanker(model)));
  return ranker;
}

/**
 * The whole ranking in plain loops: the oracle for every other backend.
 * @param session of `input`, where the caller has it already
 */
export function rankHistory(model: Model, input: EncodedHistory, options: RankOptions, session = input.count > 0 ? encodeSession(model, input) : null): Ranked {
  const ranker = rankerOf(model);
  const pass = ranker.begin(session, input, options);
  selectRows(model, ranker.table, pass);
  return pass.finish();
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
