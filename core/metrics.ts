/** Ranking metrics over full rankings, and the intervals they are quoted with. */
import { seededRandom } from "./ids.ts";

const RESAMPLES = 1000;

/** With one relevant item, at a rank from 1: the ideal DCG is 1, so this is 1 / log2(rank + 1) within k. */
export function ndcgAt(rank: number, k: number): number {
  return rank <= k ? 1 / Math.log2(rank + 1) : 0;
}
/** The reciprocal of the first relevant item's rank (from 1) within k. */
export function mrrAt(rank: number, k: number): number {
  return rank <= k ? 1 / rank : 0;
}

/** NDCG@k of a ranking against several equally relevant items. @param relevantRanks the relevant items' ranks, from 1 */
export function ndcgOfSet(relevantRanks: readonly number[], k: number): number {
  if (relevantRanks.length === 0) return 0;
  let dcg = 0;
  let ideal = 0;
  for (const rank of relevantRanks) dcg += ndcgAt(rank, k);
  for (let place = 1; place <= Math.min(k, relevantRanks.length); place += 1) ideal += 1 / Math.log2(place + 1);
  return dcg / ideal;
}

/** Recall@k against several relevant items, out of those that fit in k places. @param relevantRanks the relevant items' ranks, from 1 */
export function recallOfSet(relevantRanks: readonly number[], k: number): number {
  return relevantRanks.length === 0 ? 0 : relevantRanks.filter((rank) => rank <= k).length / Math.min(k, relevantRanks.length);
}

/** Share of the catalogue that appears in any of the top-k lists. */
export function coverage(lists: Iterable<readonly number[]>, itemCount: number): number {
  const seen = new Set<number>();
  for (const list of lists) for (const item of list) seen.add(item);
  return itemCount === 0 ? 0 : seen.size / itemCount;
}

export interface Estimate {
  value: number;
  /** 2.5 % and 97.5 % of the bootstrap distribution. */
  low: number;
  high: number;
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) sum += values[i]!;
  return values.length === 0 ? 0 : sum / values.length;
}

/**
 * The mean with a 95 % percentile bootstrap interval that draws whole clients: cases of one client are
 * alike, and drawing them one by one would make intervals too narrow.
 *
 * For a paired comparison pass the differences, case by case.
 *
 * @param clusters the client of each value, from 0
 */
export function bootstrapClusters(values: ArrayLike<number>, clusters: Uint32Array, seed: number): Estimate {
  const count = clusters.reduce((max, cluster) => Math.max(max, cluster + 1), 0);
  const sums = new Float64Array(count);
  const sizes = new Float64Array(count);
  for (let i = 0; i < values.length; i += 1) {
    sums[clusters[i]!] = sums[clusters[i]!]! + values[i]!;
    sizes[clusters[i]!] = sizes[clusters[i]!]! + 1;
  }
  const ratio = (sum: number, size: number) => (size === 0 ? 0 : sum / size);
  const random = seededRandom(seed);
  const means = new Float64Array(RESAMPLES);
  for (let r = 0; r < RESAMPLES; r += 1) {
    let sum = 0;
    let size = 0;
    for (let i = 0; i < count; i += 1) {
      const cluster = Math.floor(random() * count);
      sum += sums[cluster]!;
      size += sizes[cluster]!;
    }
    means[r] = ratio(sum, size);
  }
  means.sort();
  const total = sums.reduce((a, b) => a + b, 0);
  return { value: ratio(total, values.length), low: means[Math.floor(RESAMPLES * 0.025)]!, high: means[Math.ceil(RESAMPLES * 0.975) - 1]! };
}

/** The p-quantile of values, by linear interpolation. @param p in [0, 1] */
export function quantile(values: readonly number[], p: number): number {
  return quantileOfSorted([...values].sort((a, b) => a - b), p);
}

/** The same of values that are in ascending order already. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  const at = (sorted.length - 1) * p;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
