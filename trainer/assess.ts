/** Holds a model against everything it must beat, on the test part. */
import { judge, type Verdict } from "../core/gate.ts";
import type { Estimate } from "../core/metrics.ts";
import type { Model } from "../core/model/config.ts";
import type { Evaluation, Figures } from "../core/weights/manifest.ts";
import { detailsOf, type Details } from "./details.ts";
import {
  clustersOf, evaluateRankers, figuresOf, foreignRanker, ITEM_KNN, NETWORK_ALONE, pairedDifference, POPULARITY_ALONE, rankersOf, resultsOfRanks,
  type Ranker, type Results,
} from "./evaluate.ts";
import { casesBetween, TRAIN_SHARE, VALIDATION_SHARE, type Dataset } from "./prepare.ts";

/** More cases than this make intervals no shopkeeper could tell apart, and evaluation slow. */
const MAX_CASES = 4000;

/** The rank that the truth itself gave the event that a client's event number `seq` answered; see `--oracle`. */
export type OracleRanks = ReadonlyMap<string, number>;
export function oracleKey(clientId: string, seq: number): string {
  return `${clientId}\n${seq}`;
}

export interface Assessment {
  evaluation: Evaluation;
  /** The network alone, for the report. */
  network: Figures;
  verdict: Verdict;
  /** For the report. */
  details: Details;
  /** Test cases that the oracle's file has no rank for. */
  oracleMissing: number;
}

/**
 * @param incumbent the model that the shop has, if any
 * @param seed of the bootstrap
 */
export function assess(dataset: Dataset, model: Model, { incumbent, oracle, seed, onCase }: { incumbent?: Model; oracle?: OracleRanks; seed: number; onCase?: () => void }): Assessment {
  const { validateUntilMs, untilMs } = dataset.split;
  const cases = casesBetween(dataset, validateUntilMs, untilMs, model.config.length, MAX_CASES);
  const count = dataset.itemIds.length;
  const rankers = rankersOf(model, { model: model.blend, network: NETWORK_ALONE, popularity: POPULARITY_ALONE, itemKnn: ITEM_KNN });
  const all: typeof rankers & { incumbent?: Ranker } = incumbent ? { ...rankers, incumbent: foreignRanker(incumbent, dataset.itemIds) } : rankers;
  const results = evaluateRankers(all as typeof rankers, cases, count, onCase) as { [N in keyof typeof rankers]: Results } & { incumbent?: Results };
  const figures = (of: Results) => figuresOf(of, cases, seed);
  const against = (other: Results): Estimate => pairedDifference(results.model, other, cases, seed);
  const evaluation: Evaluation = {
    protocol: protocolOf(dataset),
    cases: cases.length,
    clients: new Set(clustersOf(cases)).size,
    model: figures(results.model),
    popularity: figures(results.popularity),
    itemKnn: figures(results.itemKnn),
    differences: { popularity: against(results.popularity), itemKnn: against(results.itemKnn) },
  };
  if (results.incumbent) {
    evaluation.incumbent = figures(results.incumbent);
    evaluation.differences.incumbent = against(results.incumbent);
  }
  let oracleMissing = 0;
  if (oracle) {
    const ranks = cases.map(({ clientId, seq }) => oracle.get(oracleKey(clientId, seq)));
    oracleMissing = ranks.filter((rank) => rank === undefined).length;
    // Over other cases than the models' the figure would mean nothing.
    if (oracleMissing === 0 && cases.length > 0) evaluation.oracle = { ndcg10: figures(resultsOfRanks(ranks as number[])).ndcg10 };
  }
  const { model: ours, network, itemKnn, popularity } = results;
  const details = detailsOf(dataset, cases, { model: ours, network, "item-kNN": itemKnn, popularity, incumbent: results.incumbent }, seed);
  return { evaluation, network: figures(results.network), verdict: judge(evaluation), details, oracleMissing };
}

/** Cases that `assess` will look at. */
export function assessmentCases(dataset: Dataset, length: number): number {
  return casesBetween(dataset, dataset.split.validateUntilMs, dataset.split.untilMs, length, MAX_CASES).length;
}

function protocolOf({ objective, itemIds, split }: Dataset): string {
  const asked = objective === "next-view"
    ? "the next product viewed, other than the last one acted on, which is no candidate"
    : "the products of the client's next order, those bought before included";
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return `Time split: first ${percent(TRAIN_SHARE)} of the log's time to train, next ${percent(VALIDATION_SHARE)} to validate, tested from ${new Date(split.validateUntilMs).toISOString().slice(0, 10)} on. `
    + `Asked: ${asked}. Ranking over all ${itemIds.length} products, none sampled. 95 % bootstrap intervals over clients.`;
}
