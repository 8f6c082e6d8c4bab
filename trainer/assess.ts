/** Holds a model against everything it must beat, on the test part. */
import type { Estimate } from "../core/metrics.ts";
import type { Model } from "../core/model/config.ts";
import type { Evaluation, Figures } from "../core/weights/manifest.ts";
import {
  clustersOf, evaluateRanker, figuresOf, foreignRanker, itemKnnRanker, pairedDifference, popularityRanker, rankerOf, resultsOfRanks, type Results,
} from "./evaluate.ts";
import { judge, type GateQuestion } from "./gate.ts";
import { casesBetween, TRAIN_SHARE, VALIDATION_SHARE, type Dataset } from "./prepare.ts";

/** More cases than this make intervals no shopkeeper could tell apart, and evaluation slow. */
const MAX_CASES = 5000;

/** The rank that the truth itself gave the event that a client's event number `seq` answered; see `--oracle`. */
export type OracleRanks = ReadonlyMap<string, number>;
export function oracleKey(clientId: string, seq: number): string {
  return `${clientId}\n${seq}`;
}

export interface Assessment {
  evaluation: Evaluation;
  /** The network alone, for the report. */
  network: Figures;
  gate: GateQuestion;
  verdict: ReturnType<typeof judge>;
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
  const run = (ranker: Parameters<typeof evaluateRanker>[0]) => evaluateRanker(ranker, cases, count, onCase);
  const results = {
    model: run(rankerOf(model)),
    network: run(rankerOf(model, [1, 0, 0])),
    popularity: run(popularityRanker(model)),
    itemKnn: run(itemKnnRanker(model)),
    ...(incumbent && { incumbent: run(foreignRanker(incumbent, dataset.itemIds)) }),
  };
  const figures = (of: Results) => figuresOf(of, cases, seed);
  const against = (other: Results): Estimate => pairedDifference(results.model, other, cases, seed);
  const evaluation: Evaluation = {
    protocol: protocolOf(dataset),
    cases: cases.length,
    model: figures(results.model),
    popularity: figures(results.popularity),
    itemKnn: figures(results.itemKnn),
  };
  const gate: GateQuestion = {
    cases: cases.length,
    clients: new Set(clustersOf(cases)).size,
    againstPopularity: against(results.popularity),
    againstItemKnn: against(results.itemKnn),
  };
  if (results.incumbent) {
    evaluation.incumbent = figures(results.incumbent);
    gate.againstIncumbent = { difference: against(results.incumbent), incumbentNdcg10: evaluation.incumbent.ndcg10.value };
  }
  let oracleMissing = 0;
  if (oracle) {
    const ranks = cases.map(({ clientId, seq }) => oracle.get(oracleKey(clientId, seq)));
    oracleMissing = ranks.filter((rank) => rank === undefined).length;
    // Over other cases than the models' the figure would mean nothing.
    if (oracleMissing === 0 && cases.length > 0) evaluation.oracle = { ndcg10: figures(resultsOfRanks(ranks as number[])).ndcg10 };
  }
  return { evaluation, network: figures(results.network), gate, verdict: judge(gate), oracleMissing };
}

/** Passes over the cases that `assess` makes. */
export function assessmentPasses(hasIncumbent: boolean): number {
  return hasIncumbent ? 5 : 4;
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
