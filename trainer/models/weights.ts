/** Fits how the scores of several models are added, on questions that none of them has learnt from. */
import { ndcgOfSet } from "../../core/metrics.ts";
import { topK } from "../../core/ranking/topk.ts";
import type { Query, Scorer } from "./scorer.ts";

export interface Question extends Query {
  targets: readonly number[];
  /** Items that are no candidates. */
  excluded: ArrayLike<number>;
}

/** Of each model, so many of its best items are weighed against each other; what all of them rank lower stays out. */
const CANDIDATES_PER_PART = 40;
const QUESTIONS_AT_ONCE = 16;
/** Weights that are tried for one part while the others stay. */
const LADDER = [0, 0.05, 0.1, 0.2, 0.4, 0.7, 1, 1.5, 2.5, 4, 7, 12, 20, 35];
const MAX_ROUNDS = 3;

/** The parts' scores of each question's candidates. */
export interface CandidateTable {
  parts: number;
  /** Question q has the candidates from `starts[q]` up to `starts[q + 1]`; [Q + 1]. */
  starts: Uint32Array;
  /** Of candidate c: `scores[c · parts]` and on. */
  scores: Float32Array;
  /** 1 where a candidate is a target. */
  wanted: Uint8Array;
}

export function tabulate(parts: readonly Scorer[], questions: readonly Question[], itemCount: number): CandidateTable {
  const starts = [0];
  const scores: number[] = [];
  const wanted: number[] = [];
  const outs = parts.map(() => new Float32Array(QUESTIONS_AT_ONCE * itemCount));
  for (let from = 0; from < questions.length; from += QUESTIONS_AT_ONCE) {
    const some = questions.slice(from, from + QUESTIONS_AT_ONCE);
    parts.forEach((part, p) => part.score(some, outs[p]!));
    some.forEach(({ targets, excluded }, q) => {
      const rows = outs.map((out) => out.subarray(q * itemCount, (q + 1) * itemCount));
      const candidates = new Set(targets);
      const without = new Set(Array.from(excluded));
      for (const row of rows) for (const item of topK(row, CANDIDATES_PER_PART, (item) => !without.has(item))) candidates.add(item);
      // In the order of their indices, by which ties are broken.
      for (const item of [...candidates].sort((a, b) => a - b)) {
        for (const row of rows) scores.push(row[item]!);
        wanted.push(targets.includes(item) ? 1 : 0);
      }
      starts.push(wanted.length);
    });
  }
  return { parts: parts.length, starts: Uint32Array.from(starts), scores: Float32Array.from(scores), wanted: Uint8Array.from(wanted) };
}

/** Mean NDCG@k of one model alone, over all items. */
export function ndcgAlone(scorer: Scorer, questions: readonly Question[], itemCount: number, k = 10): number {
  const out = new Float32Array(QUESTIONS_AT_ONCE * itemCount);
  let total = 0;
  for (let from = 0; from < questions.length; from += QUESTIONS_AT_ONCE) {
    const some = questions.slice(from, from + QUESTIONS_AT_ONCE);
    scorer.score(some, out);
    some.forEach(({ targets, excluded }, q) => {
      const row = out.subarray(q * itemCount, (q + 1) * itemCount);
      for (let i = 0; i < excluded.length; i += 1) row[excluded[i]!] = -Infinity;
      total += ndcgOfSet(targets.map((target) => rankOf(row, target)), k);
    });
  }
  return questions.length === 0 ? 0 : total / questions.length;
}

/** From 1; equal scores rank in the order of the items. */
export function rankOf(scores: Float32Array, item: number): number {
  const own = scores[item]!;
  let rank = 1;
  for (let other = 0; other < scores.length; other += 1) if (scores[other]! > own || (scores[other] === own && other < item)) rank += 1;
  return rank;
}

export interface FittedWeights {
  weights: number[];
  /** Mean NDCG@k on the questions. */
  ndcg: number;
  /** The same of each part alone. */
  alone: number[];
}

/**
 * Climbs from every part alone, one weight at a time, to the highest NDCG@k; the best of these climbs wins, and of equally
 * good ones the first, which began with the earlier part. So what is returned is at least as good on the questions as any part alone.
 */
export function fitWeights(table: CandidateTable, k = 10): FittedWeights {
  const corners: number[][] = Array.from({ length: table.parts }, (_, part) => Array.from({ length: table.parts }, (_, p) => (p === part ? 1 : 0)));
  const alone = corners.map((weights) => ndcgOf(table, weights, k));
  let best = { weights: corners[0]!, ndcg: -1 };
  corners.forEach((corner, part) => {
    const climbed = climb(table, corner, alone[part]!, k);
    if (climbed.ndcg > best.ndcg) best = climbed;
  });
  return { ...best, alone };
}

function climb(table: CandidateTable, start: readonly number[], ndcg: number, k: number): { weights: number[]; ndcg: number } {
  const best = { weights: [...start], ndcg };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = best.ndcg;
    for (let part = 0; part < table.parts; part += 1) {
      for (const weight of LADDER) {
        const tried = best.weights.with(part, weight);
        if (tried.every((value) => value === 0)) continue;
        const reached = ndcgOf(table, tried, k);
        if (reached > best.ndcg) Object.assign(best, { weights: tried, ndcg: reached });
      }
    }
    if (best.ndcg === before) break;
  }
  return best;
}

function ndcgOf({ parts, starts, scores, wanted }: CandidateTable, weights: readonly number[], k: number): number {
  let total = 0;
  const sums = new Float64Array(starts.reduce((most, start, q) => Math.max(most, q > 0 ? start - starts[q - 1]! : 0), 0));
  for (let q = 0; q + 1 < starts.length; q += 1) {
    const [from, to] = [starts[q]!, starts[q + 1]!];
    for (let c = from; c < to; c += 1) {
      let sum = 0;
      for (let part = 0; part < parts; part += 1) sum += weights[part]! * scores[c * parts + part]!;
      sums[c - from] = sum;
    }
    const ranks: number[] = [];
    for (let c = from; c < to; c += 1) {
      if (wanted[c] === 0) continue;
      let rank = 1;
      for (let other = from; other < to; other += 1) if (sums[other - from]! > sums[c - from]! || (sums[other - from] === sums[c - from] && other < c)) rank += 1;
      ranks.push(rank);
    }
    total += ndcgOfSet(ranks, k);
  }
  return starts.length > 1 ? total / (starts.length - 1) : 0;
}
