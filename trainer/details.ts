/** What else there is to say of rankings than one figure: at several cut-offs, for whom, and what the lists are like. */
import { categoryPath } from "../core/catalogue.ts";
import { seededRandom } from "../core/ids.ts";
import { coverage, mean, mrrAt, ndcgOfSet, recallOfSet, type Estimate } from "../core/metrics.ts";
import { clustersOf, LIST_LENGTH, ranksWithin, type Results } from "./evaluate.ts";
import type { Case, Dataset } from "./prepare.ts";

/** Cut-offs of the table. */
export const CUT_OFFS = [5, 10, 20] as const;
const K = 10;
const RESAMPLES = 1000;
/** So many groups of products, by how much was done with them. */
export const POPULARITY_GROUPS = 10;
/** Weight of the history's own shares in the list's, so that a category that a list lacks does not count for infinity (Steck, RecSys 2018). */
const CALIBRATION_SMOOTHING = 0.01;

/** HR: whether any target is in the first k; recall: the share of them, out of those that fit. */
export interface RankingFigures {
  hitRate: Estimate;
  recall: Estimate;
  ndcg: Estimate;
  mrr: Estimate;
}

/** What a ranker's lists of ten are like, whatever is in them. */
export interface ListFigures {
  /** Share of the products that are in anybody's list. */
  coverage: number;
  /** Mean information of a listed product, in bits: −log2 of the share of shoppers who had done anything with it before. */
  novelty: number;
  /** Share of a list's pairs that are of different categories; undefined where there are no categories. */
  diversity: number | undefined;
  /** Kullback–Leibler divergence of a list's categories from those of the shopper's history, in bits; 0 is the same mix. */
  miscalibration: number | undefined;
  /** Share of all places by the products' popularity group, the most popular tenth first. */
  popularity: number[];
}

export const SEGMENTS = ["all", "new shoppers", "known shoppers", "new products"] as const;
export type Segment = (typeof SEGMENTS)[number];

export interface Details {
  cutOffs: readonly number[];
  rankers: {
    name: string;
    /** By cut-off, in their order. */
    figures: RankingFigures[];
    /** Share of cases with a target in the first 1, 2 … 20. */
    hitRateByLength: number[];
    segments: { segment: Segment; cases: number; ndcg10: Estimate }[];
    lists: ListFigures;
  }[];
  /** Share of what shoppers took by the products' popularity group: what a list without any bias would hold. */
  takenByPopularity: number[];
}

/**
 * @param results of every ranker on these cases; those without lists are left out
 * @param seed of the bootstrap
 */
export function detailsOf(dataset: Dataset, cases: readonly Case[], results: { readonly [name: string]: Results | undefined }, seed: number): Details {
  const { validateUntilMs } = dataset.split;
  const before = countBefore(dataset, validateUntilMs);
  const groups = popularityGroups(before.entries);
  const categories = dataset.products.map(({ product_type, google_product_category }) => categoryPath(product_type ?? google_product_category).at(-1));
  const inSegment: { [S in Segment]: (question: Case) => boolean } = {
    all: () => true,
    "new shoppers": ({ clientId }) => !before.shoppers.has(clientId),
    "known shoppers": ({ clientId }) => before.shoppers.has(clientId),
    "new products": ({ targets }) => targets.some((item) => before.people[item] === 0),
  };
  const clusters = clustersOf(cases);
  const taken = new Float64Array(POPULARITY_GROUPS);
  for (const { targets } of cases) for (const item of targets) taken[groups[item]!]! += 1;

  return {
    cutOffs: CUT_OFFS,
    takenByPopularity: shares(taken),
    rankers: Object.entries(results).flatMap(([name, one]) => {
      if (!one || one.lists.length === 0) return [];
      const ranks = cases.map(({ targets }, i) => ranksWithin(one.lists[i]!, targets));
      const columns = CUT_OFFS.flatMap((k) => [
        ranks.map((of) => (Math.min(...of) <= k ? 1 : 0)), ranks.map((of) => recallOfSet(of, k)), ranks.map((of) => ndcgOfSet(of, k)), ranks.map((of) => mrrAt(Math.min(...of), k)),
      ]);
      const estimates = bootstrapColumns(columns, clusters, seed);
      return [{
        name,
        figures: CUT_OFFS.map((_, i) => ({ hitRate: estimates[i * 4]!, recall: estimates[i * 4 + 1]!, ndcg: estimates[i * 4 + 2]!, mrr: estimates[i * 4 + 3]! })),
        hitRateByLength: Array.from({ length: LIST_LENGTH }, (_, i) => mean(ranks.map((of) => (Math.min(...of) <= i + 1 ? 1 : 0)))),
        segments: SEGMENTS.map((segment) => {
          const chosen = cases.flatMap((question, i) => (inSegment[segment](question) ? [i] : []));
          const [ndcg10] = bootstrapColumns([chosen.map((i) => ndcgOfSet(ranks[i]!, K))], clustersOf(chosen.map((i) => cases[i]!)), seed);
          return { segment, cases: chosen.length, ndcg10: ndcg10! };
        }),
        lists: listFigures(one.lists.map((list) => list.slice(0, K)), cases, dataset, before.people, before.shoppers.size, groups, categories),
      }];
    }),
  };
}

/** What the models could know when the test part began. */
function countBefore(dataset: Dataset, untilMs: number): { people: Float64Array; entries: Float64Array; shoppers: Set<string> } {
  const people = new Float64Array(dataset.itemIds.length);
  const entries = new Float64Array(dataset.itemIds.length);
  const shoppers = new Set<string>();
  for (const { clientId, history } of dataset.shoppers) {
    const own = new Set<number>();
    for (const { item_id, atMs } of history) {
      if (atMs >= untilMs) break;
      shoppers.add(clientId);
      const item = dataset.indexOf.get(item_id);
      if (item === undefined) continue;
      entries[item]! += 1;
      own.add(item);
    }
    for (const item of own) people[item]! += 1;
  }
  return { people, entries, shoppers };
}

/** Every product's group, 0 for the tenth that most was done with. */
function popularityGroups(entries: Float64Array): Uint8Array {
  const order = Array.from(entries.keys()).sort((a, b) => entries[b]! - entries[a]! || a - b);
  const groups = new Uint8Array(entries.length);
  order.forEach((item, place) => (groups[item] = Math.floor((place * POPULARITY_GROUPS) / order.length)));
  return groups;
}

function listFigures(lists: readonly (readonly number[])[], cases: readonly Case[], dataset: Dataset, people: Float64Array, shoppers: number, groups: Uint8Array, categories: readonly (string | undefined)[]): ListFigures {
  const popularity = new Float64Array(POPULARITY_GROUPS);
  const novelties: number[] = [];
  const diversities: number[] = [];
  const divergences: number[] = [];
  lists.forEach((list, i) => {
    for (const item of list) {
      popularity[groups[item]!]! += 1;
      // As if one more shopper had been there: nobody yet is not infinitely surprising.
      novelties.push(-Math.log2((people[item]! + 1) / (shoppers + 1)));
    }
    const named = list.map((item) => categories[item]).filter((category) => category !== undefined);
    if (named.length >= 2) diversities.push(1 - samePairs(named));
    const wished = cases[i]!.history.map(({ item_id }) => categories[dataset.indexOf.get(item_id) ?? -1]).filter((category) => category !== undefined);
    if (named.length > 0 && wished.length > 0) divergences.push(divergence(wished, named));
  });
  return {
    coverage: coverage(lists, dataset.itemIds.length), novelty: mean(novelties), popularity: shares(popularity),
    diversity: diversities.length === 0 ? undefined : mean(diversities), miscalibration: divergences.length === 0 ? undefined : mean(divergences),
  };
}

/** Share of the pairs that are of one category. */
function samePairs(categories: readonly string[]): number {
  let same = 0;
  for (const count of countsOf(categories).values()) same += (count * (count - 1)) / 2;
  return same / ((categories.length * (categories.length - 1)) / 2);
}

/** Of the list's categories from the history's. */
function divergence(history: readonly string[], list: readonly string[]): number {
  const shown = countsOf(list);
  let sum = 0;
  for (const [category, count] of countsOf(history)) {
    const wished = count / history.length;
    const smoothed = (1 - CALIBRATION_SMOOTHING) * ((shown.get(category) ?? 0) / list.length) + CALIBRATION_SMOOTHING * wished;
    sum += wished * Math.log2(wished / smoothed);
  }
  return sum;
}

function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function shares(counts: Float64Array): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return Array.from(counts, (count) => (total === 0 ? 0 : count / total));
}

/** Means with 95 % intervals over clients, as `bootstrapClusters` has them; the same draws for all columns. */
function bootstrapColumns(columns: readonly (readonly number[])[], clusters: Uint32Array, seed: number): Estimate[] {
  const count = clusters.reduce((max, cluster) => Math.max(max, cluster + 1), 0);
  const sizes = new Float64Array(count);
  for (const cluster of clusters) sizes[cluster]! += 1;
  const sums = columns.map((values) => {
    const own = new Float64Array(count);
    values.forEach((value, i) => (own[clusters[i]!]! += value));
    return own;
  });
  const random = seededRandom(seed);
  const drawn = columns.map(() => new Float64Array(RESAMPLES));
  const times = new Uint16Array(count);
  for (let r = 0; r < RESAMPLES; r += 1) {
    times.fill(0);
    for (let i = 0; i < count; i += 1) times[Math.floor(random() * count)]! += 1;
    let size = 0;
    for (let i = 0; i < count; i += 1) size += times[i]! * sizes[i]!;
    sums.forEach((own, c) => {
      let sum = 0;
      for (let i = 0; i < count; i += 1) sum += times[i]! * own[i]!;
      drawn[c]![r] = size === 0 ? 0 : sum / size;
    });
  }
  return columns.map((values, c) => {
    const sorted = drawn[c]!.sort();
    return { value: mean(values), low: sorted[Math.floor(RESAMPLES * 0.025)]!, high: sorted[Math.ceil(RESAMPLES * 0.975) - 1]! };
  });
}
