/** How good rankings are on held-out cases, with intervals, and how they compare case by case. */
import { encodeHistory, type EncodedHistory } from "../core/history.ts";
import { bootstrapClusters, coverage, mrrAt, ndcgOfSet, recallOfSet, type Estimate } from "../core/metrics.ts";
import { NO_NEIGHBOUR, type Model } from "../core/model/config.ts";
import { blendScores, dotRows, encodeSession, quantiseQuery } from "../core/model/score.ts";
import { topK } from "../core/ranking/topk.ts";
import type { Figures } from "../core/weights/manifest.ts";
import type { Case } from "./prepare.ts";

/** Cut-off of all metrics. */
const K = 10;
/** Places of the lists that are kept, for figures at other cut-offs. */
export const LIST_LENGTH = 20;

/** What ranks a shop's items for one history. */
export interface Ranker {
  /** @returns scores of all items of the data set, [N]; higher is better */
  score(question: Case): Float32Array;
}

/** Popularity alone: what a shop shows with no model. */
export const POPULARITY_ALONE: Model["blend"] = [0, 0, 1];
/** Co-visitation alone; popularity orders what it has no answer for, as any shop would have it. */
export const ITEM_KNN: Model["blend"] = [0, 1, 1e-3];
export const NETWORK_ALONE: Model["blend"] = [1, 0, 0];

/**
 * What a device would show, by the shipped arithmetic on the quantised model, with different blends.
 * The network's part is the same for all of them, and computed once for a case that they are asked in turn.
 */
export function rankersOf<Name extends string>(model: Model, blends: { [N in Name]: Model["blend"] }): { [N in Name]: Ranker } {
  const products = new Int32Array(model.itemIds.length);
  let answered: EncodedHistory | null = null;
  let scale = 0;
  const dotsOf = (input: EncodedHistory) => {
    if (input.count === 0) return null;
    if (input !== answered) {
      const query = quantiseQuery(encodeSession(model, input));
      dotRows(model, query, products);
      [answered, scale] = [input, query.scale];
    }
    return { products, scale };
  };
  const rankers = Object.entries(blends).map(([name, blend]) => {
    const blended = { ...model, blend: blend as Model["blend"] };
    return [name, { score: ({ input }: Case) => blendScores(blended, blended.blend[0] === 0 ? null : dotsOf(input), input) }];
  });
  return Object.fromEntries(rankers) as { [N in Name]: Ranker };
}

/** Another model's answers in this data set's item indices; items it does not know come last. */
export function foreignRanker(model: Model, itemIds: readonly string[]): Ranker {
  const { own } = rankersOf(model, { own: model.blend });
  const mapped = itemIds.map((id) => model.indexOf.get(id) ?? NO_NEIGHBOUR);
  return {
    score(question) {
      const input: EncodedHistory = encodeHistory(question.history, (id) => model.indexOf.get(id), model.config.length);
      const scores = own.score({ ...question, input });
      return Float32Array.from(mapped, (index) => (index === NO_NEIGHBOUR ? -Infinity : scores[index]!));
    },
  };
}

/** One ranker's results, case by case, so that they can be paired. */
export interface Results {
  ndcg10: Float64Array;
  recall10: Float64Array;
  mrr10: Float64Array;
  /** Share of the items that appear in any case's first ten. */
  coverage10: number;
  /** Each case's first items, best first; empty where somebody else computed the ranks. */
  lists: number[][];
}

/** Full-catalogue ranking of every case. With several targets, recall counts those among the first ten, out of the ten that fit; MRR looks at the first. */
export function evaluateRankers<Name extends string>(rankers: { [N in Name]: Ranker }, cases: readonly Case[], itemCount: number, onCase?: () => void): { [N in Name]: Results } {
  const runs = Object.entries<Ranker>(rankers).map(([name, ranker]) => ({ name, ranker, results: emptyResults(cases.length), lists: [] as number[][] }));
  cases.forEach((question, i) => {
    for (const { ranker, results, lists } of runs) {
      const scores = ranker.score(question);
      if (question.excluded >= 0) scores[question.excluded] = -Infinity;
      const first = topK(scores, LIST_LENGTH);
      store(results, i, ranksWithin(first, question.targets));
      lists.push(first);
    }
    onCase?.();
  });
  return Object.fromEntries(runs.map(({ name, results, lists }) => [name, { ...results, lists, coverage10: coverage(lists.map((list) => list.slice(0, K)), itemCount) }])) as { [N in Name]: Results };
}

/** Results from ranks that somebody else computed, e.g. the oracle that simulated the shoppers. @param ranks of each case's target, from 1 */
export function resultsOfRanks(ranks: readonly number[]): Results {
  const results = emptyResults(ranks.length);
  ranks.forEach((rank, i) => store(results, i, [rank]));
  return { ...results, lists: [], coverage10: 0 };
}

type Metrics = Pick<Results, "ndcg10" | "recall10" | "mrr10">;

export function figuresOf(results: Results, cases: readonly Case[], seed: number): Figures {
  const clusters = clustersOf(cases);
  return {
    ndcg10: bootstrapClusters(results.ndcg10, clusters, seed),
    recall10: bootstrapClusters(results.recall10, clusters, seed),
    mrr10: bootstrapClusters(results.mrr10, clusters, seed),
    coverage10: results.coverage10,
  };
}

/** The difference in NDCG@10, case by case, ours less theirs. */
export function pairedDifference(ours: Results, theirs: Results, cases: readonly Case[], seed: number): Estimate {
  return bootstrapClusters(ours.ndcg10.map((value, i) => value - theirs.ndcg10[i]!), clustersOf(cases), seed);
}

/** Which client each case belongs to, as an index from 0. */
export function clustersOf(cases: readonly Pick<Case, "clientId">[]): Uint32Array {
  const indexOf = new Map<string, number>();
  return Uint32Array.from(cases, ({ clientId }) => {
    if (!indexOf.has(clientId)) indexOf.set(clientId, indexOf.size);
    return indexOf.get(clientId)!;
  });
}

/** Ranks of items in the first places, from 1; Infinity for those behind them, which no metric at that cut-off sees. */
export function ranksWithin(first: readonly number[], items: readonly number[]): number[] {
  return items.map((item) => first.indexOf(item) + 1 || Infinity);
}

function emptyResults(count: number): Metrics {
  return { ndcg10: new Float64Array(count), recall10: new Float64Array(count), mrr10: new Float64Array(count) };
}
function store(results: Metrics, i: number, ranks: readonly number[]): void {
  results.ndcg10[i] = ndcgOfSet(ranks, K);
  results.recall10[i] = recallOfSet(ranks, K);
  results.mrr10[i] = mrrAt(Math.min(...ranks), K);
}
