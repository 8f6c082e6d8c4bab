/** The gate: whether a model is good enough to be published, and if not, why. */
import type { Estimate } from "../core/metrics.ts";

/** Fewer cases, or cases of fewer people, prove nothing about a shop. */
export const MIN_CASES = 200;
export const MIN_CLIENTS = 50;

export interface GateQuestion {
  cases: number;
  /** Different clients behind the cases. */
  clients: number;
  /** Paired differences in NDCG@10 on the same cases: the model's less the other's. */
  againstPopularity: Estimate;
  againstItemKnn: Estimate;
  /** Absent for a shop's first model. */
  againstIncumbent?: { difference: Estimate; incumbentNdcg10: number };
}

/** @returns reasons as sentences a shop owner understands, all of them, not the first only */
export function judge(question: GateQuestion): { ok: true } | { ok: false; reasons: string[] } {
  const { cases, clients, againstPopularity, againstItemKnn, againstIncumbent } = question;
  const reasons: string[] = [];
  if (cases < MIN_CASES) reasons.push(`only ${cases} held-out cases, and it takes ${MIN_CASES} to tell models apart: come back when the shop has more history`);
  else if (clients < MIN_CLIENTS) reasons.push(`the held-out cases come from only ${clients} shoppers, and it takes ${MIN_CLIENTS}: a few people's taste is not the shop's`);
  if (!(againstPopularity.low > 0)) reasons.push(`not better than popularity: NDCG@10 differs by ${spell(againstPopularity)}, and the interval must lie above 0`);
  if (!(againstItemKnn.low > 0)) reasons.push(`not better than item-kNN: NDCG@10 differs by ${spell(againstItemKnn)}, and the interval must lie above 0`);
  // Two good models of one shop differ by less than an interval can tell: here the better estimate decides, as at the edge.
  if (againstIncumbent && !(againstIncumbent.difference.value > 0)) {
    const { difference, incumbentNdcg10 } = againstIncumbent;
    reasons.push(`not better than the model that the shop has: NDCG@10 differs by ${spell(difference)} from its ${incumbentNdcg10.toFixed(4)}`);
  }
  return reasons.length === 0 ? { ok: true } : { ok: false, reasons };
}

function spell({ value, low, high }: Estimate): string {
  const signed = (x: number) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(4)}`;
  return `${signed(value)} (95 % interval ${signed(low)} to ${signed(high)})`;
}
