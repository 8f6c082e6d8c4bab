/** The gate: a model that beats neither popularity, nor item-kNN, nor what the shop has, is not served. */
import type { Evaluation } from "../core/weights/manifest.ts";

/**
 * Judges by NDCG@10, full ranking, as the signed manifest states it.
 * @param hasIncumbent whether the shop serves a model already, which must then have been measured too
 * @returns why the model is refused, or null
 */
export function gateRefusal(evaluation: Evaluation, hasIncumbent: boolean): { code: string; message: string } | null {
  const model = evaluation.model.ndcg10.value;
  const rivals = [
    { code: "loses-to-popularity", name: "popularity", ndcg10: evaluation.popularity.ndcg10.value },
    { code: "loses-to-item-knn", name: "item-kNN", ndcg10: evaluation.itemKnn.ndcg10.value },
    ...(evaluation.incumbent ? [{ code: "loses-to-incumbent", name: "the model that the shop has", ndcg10: evaluation.incumbent.ndcg10.value }] : []),
  ];
  for (const { code, name, ndcg10 } of rivals) {
    if (!(model > ndcg10)) return { code, message: `The model's NDCG@10 is ${model.toFixed(4)}, not above ${name} with ${ndcg10.toFixed(4)}.` };
  }
  if (hasIncumbent && !evaluation.incumbent) return { code: "incumbent-not-measured", message: "The shop has a model already, and the manifest does not say how it did on the same cases." };
  return null;
}
