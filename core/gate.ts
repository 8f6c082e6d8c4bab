/** The gate: whether a model is good enough for a shop, judged alike by the trainer before it signs and the edge before it serves. */
import type { Evaluation, Figure } from "./weights/manifest.ts";

/** Fewer cases, or cases of fewer people, prove nothing about a shop. */
export const MIN_CASES = 200;
export const MIN_CLIENTS = 50;

export interface GateReason {
  code: "too-few-cases" | "too-few-clients" | "loses-to-popularity" | "loses-to-item-knn" | "loses-to-incumbent";
  /** A sentence that a shop owner understands, with neither capital nor full stop. */
  sentence: string;
}
export type Verdict = { ok: true } | { ok: false; reasons: GateReason[] };

/**
 * Judges by NDCG@10, full ranking. A model without an incumbent's figure is judged as a shop's first.
 * @returns all reasons against the model, not the first only
 */
export function judge({ cases, clients, differences }: Pick<Evaluation, "cases" | "clients" | "differences">): Verdict {
  const reasons: GateReason[] = [];
  const refuse = (code: GateReason["code"], sentence: string) => reasons.push({ code, sentence });
  if (cases < MIN_CASES) refuse("too-few-cases", `only ${cases} held-out cases, and it takes ${MIN_CASES} to tell models apart: come back when the shop has more history`);
  else if (clients < MIN_CLIENTS) refuse("too-few-clients", `the held-out cases come from only ${clients} shoppers, and it takes ${MIN_CLIENTS}: a few people's taste is not the shop's`);
  const { popularity, itemKnn, incumbent } = differences;
  if (!(popularity.low > 0)) refuse("loses-to-popularity", `not better than popularity: NDCG@10 differs by ${spell(popularity)}, and the interval must lie above 0`);
  if (!(itemKnn.low > 0)) refuse("loses-to-item-knn", `not better than item-kNN: NDCG@10 differs by ${spell(itemKnn)}, and the interval must lie above 0`);
  // Two good models of one shop differ by less than an interval can tell: here the better estimate decides.
  if (incumbent && !(incumbent.value > 0)) refuse("loses-to-incumbent", `not better than the model that the shop has: NDCG@10 differs by ${spell(incumbent)}`);
  return reasons.length === 0 ? { ok: true } : { ok: false, reasons };
}

function spell({ value, low, high }: Figure): string {
  const signed = (x: number) => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(4)}`;
  return `${signed(value)} (95 % interval ${signed(low)} to ${signed(high)})`;
}
