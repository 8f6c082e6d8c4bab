/** Fits how network, sparse rows and popularity are added, so that no shop gets less than its best single part. */
import type { Model } from "../../core/model/config.ts";
import type { Case } from "../prepare.ts";
import { coVisitationScorer, networkScorer, popularityScorer } from "./parts.ts";
import { fitWeights, ndcgAlone, tabulate, type Question } from "./weights.ts";

const VISIT_DECAYS = [0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.99];

export interface FittedBlend {
  blend: Model["blend"];
  /** NDCG@10 on the cases it was fitted on. */
  ndcg10: number;
  /** NDCG@10 there of network, co-visitation and popularity alone. */
  parts: [network: number, coVisitation: number, popularity: number];
}

/** Chooses how fast older entries lose weight, by the sparse rows' own NDCG@10, which it also tells. */
export function fitVisitDecay(model: Model, cases: readonly Case[]): { decay: number; ndcg10: number } {
  const scorers = VISIT_DECAYS.map((visitDecay) => coVisitationScorer({ ...model, config: { ...model.config, visitDecay } }));
  const reached = scorers.map((scorer) => ndcgAlone(scorer, questionsOf(cases), model.itemIds.length));
  const best = reached.indexOf(Math.max(...reached));
  return { decay: VISIT_DECAYS[best]!, ndcg10: reached[best]! };
}

/** Maximises NDCG@10 over the weights, from each part alone. Scores are those of the shipped arithmetic on the quantised model. */
export function fitBlend(model: Model, cases: readonly Case[]): FittedBlend {
  const parts = [networkScorer(model), coVisitationScorer(model), popularityScorer(model.popularity)];
  const { weights, ndcg, alone } = fitWeights(tabulate(parts, questionsOf(cases), model.itemIds.length));
  return { blend: weights as Model["blend"], ndcg10: ndcg, parts: alone as FittedBlend["parts"] };
}

function questionsOf(cases: readonly Case[]): Question[] {
  return cases.map(({ input, targets, excluded }) => ({ input, nowMs: 0, targets, excluded: excluded < 0 ? [] : [excluded] }));
}
