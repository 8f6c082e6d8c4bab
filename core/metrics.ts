/** Ranking metrics over full rankings, and the intervals they are quoted with. */
import { seededRandom } from "./ids.ts";

/** With one relevant item per case, all of these follow from its rank (from 1). */
export function recallAt(rank: number, k: number): number {
  return rank <= k ? 1 : 0;
}
/** Ideal DCG is 1 with one relevant item, so this is 1 / log2(rank + 1) within k. */
export function ndcgAt(rank: number, k: number): number {
  return rank <= k ? 1 / Math.log2(rank + 1) : 0;
}
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
 * The mean with a 95 % percentile bootstrap interval over cases.
 * For a paired comparison pass the differences, case by case.
 */
export function bootstrapMean(values: ArrayLike<number>, seed: number, resamples = 1000): Estimate {
  const random = seededRandom(seed);
  const count = values.length;
  const means = new Float64Array(resamples);
  for (let r = 0; r < resamples; r += 1) {
    let sum = 0;
    for (let i = 0; i < count; i += 1) sum += values[Math.floor(random() * count)]!;
    means[r] = count === 0 ? 0 : sum / count;
  }
  means.sort();
  return { value: mean(values), low: means[Math.floor(resamples * 0.025)]!, high: means[Math.ceil(resamples * 0.975) - 1]! };
}

/** The p-quantile of values, by linear interpolation. @param p in [0, 1] */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}
