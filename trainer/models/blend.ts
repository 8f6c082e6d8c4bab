/** Fits how network, co-visitation and popularity are added, so that no shop gets less than its best single part. */
import { ndcgOfSet } from "../../core/metrics.ts";
import type { Model } from "../../core/model/config.ts";
import { blendScores, coVisitationScores, dotRows, encodeSession, quantiseQuery, type QuantisedQuery } from "../../core/model/score.ts";
import { topK } from "../../core/ranking/topk.ts";
import { ranksWithin } from "../evaluate.ts";
import type { Case } from "../prepare.ts";

const K = 10;
/** Weights of co-visitation and of popularity, against 1 for the network. */
const CO_VISITATION_GRID = [0, 0.5, 1, 2, 4, 8];
const POPULARITY_GRID = [0, 1, 2, 4, 8];
/** The parts alone, and co-visitation with popularity but without the network. */
const CORNERS: Model["blend"][] = [[0, 0, 1], [0, 1, 0], [0, 1, 0.1], [0, 1, 0.5], [0, 1, 2]];
/** The finer search tries these multiples of each weight of the best so far. */
const REFINEMENT = [0.5, 0.7, 1.4, 2];
const VISIT_DECAYS = [0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.99];

export interface FittedBlend {
  blend: Model["blend"];
  /** NDCG@10 on the cases it was fitted on. */
  ndcg10: number;
  /** NDCG@10 there of network, co-visitation and popularity alone. */
  parts: [network: number, coVisitation: number, popularity: number];
}

/** Chooses how fast older entries lose weight, by co-visitation's own NDCG@10. */
export function fitVisitDecay(model: Model, cases: readonly Case[]): number {
  let best = { decay: VISIT_DECAYS[0]!, ndcg: -1 };
  for (const decay of VISIT_DECAYS) {
    const decayed = { ...model, config: { ...model.config, visitDecay: decay } };
    let sum = 0;
    for (const question of cases) sum += ndcgOfScores(coVisitationScores(decayed, question.input), question);
    if (sum > best.ndcg) best = { decay, ndcg: sum };
  }
  return best.decay;
}

/**
 * Maximises NDCG@10 over the weights, by a grid that holds every part alone, then around its best point.
 * Scores are those of the shipped arithmetic on the quantised model. Of equally good weights the first wins, which is the simpler.
 */
export function fitBlend(model: Model, cases: readonly Case[]): FittedBlend {
  const candidates: Model["blend"][] = [[1, 0, 0], ...CORNERS];
  for (const visits of CO_VISITATION_GRID) for (const popular of POPULARITY_GRID) if (visits > 0 || popular > 0) candidates.push([1, visits, popular]);
  const queries = cases.map(({ input }) => quantiseQuery(encodeSession(model, input)));
  const coarse = evaluateBlends(model, cases, queries, candidates);
  const start = bestOf(coarse);
  const finer: Model["blend"][] = [];
  for (const factor of REFINEMENT) {
    finer.push([start.blend[0], start.blend[1] * factor, start.blend[2]], [start.blend[0], start.blend[1], start.blend[2] * factor]);
    for (const other of REFINEMENT) finer.push([start.blend[0], start.blend[1] * factor, start.blend[2] * other]);
  }
  const best = bestOf([start, ...evaluateBlends(model, cases, queries, finer)]);
  const alone = (part: number) => coarse.find(({ blend }) => blend.every((weight, i) => (i === part ? weight === 1 : weight === 0)))!.ndcg10;
  return { ...best, parts: [alone(0), alone(1), alone(2)] };
}

/** NDCG@10 of many blends in one pass over the cases: each case's three parts are computed once. */
function evaluateBlends(model: Model, cases: readonly Case[], queries: readonly QuantisedQuery[], blends: readonly Model["blend"][]): { blend: Model["blend"]; ndcg10: number }[] {
  const count = model.itemIds.length;
  const sums = new Float64Array(blends.length);
  const products = new Int32Array(count);
  const mixed = new Float32Array(count);
  const alone = { ...model, blend: [1, 0, 0] as Model["blend"] };
  cases.forEach((question, at) => {
    const { input } = question;
    const query = queries[at]!;
    dotRows(model, query, products);
    const network = blendScores(alone, { products, scale: query.scale }, input);
    const visits = coVisitationScores(model, input);
    blends.forEach(([a, b, c], i) => {
      for (let item = 0; item < count; item += 1) mixed[item] = c * model.popularity[item]! + b * visits[item]! + a * network[item]!;
      sums[i] = sums[i]! + ndcgOfScores(mixed, question);
    });
  });
  return blends.map((blend, i) => ({ blend, ndcg10: cases.length === 0 ? 0 : sums[i]! / cases.length }));
}

function ndcgOfScores(scores: Float32Array, { targets, excluded }: Case): number {
  return ndcgOfSet(ranksWithin(topK(scores, K, (item) => item !== excluded), targets), K);
}

function bestOf(tried: readonly { blend: Model["blend"]; ndcg10: number }[]): { blend: Model["blend"]; ndcg10: number } {
  return tried.reduce((best, next) => (next.ndcg10 > best.ndcg10 ? next : best));
}
