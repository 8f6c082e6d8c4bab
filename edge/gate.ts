/** The gate at the edge: the trainer's own rule on the signed figures, and no way around the model that a shop has. */
import { judge } from "../core/gate.ts";
import type { Evaluation } from "../core/weights/manifest.ts";

/**
 * @param hasIncumbent whether the shop serves a model already, which must then have been measured too
 * @returns why the model is refused, or null
 */
export function gateRefusal(evaluation: Evaluation, hasIncumbent: boolean): { code: string; message: string } | null {
  const verdict = judge(evaluation);
  if (!verdict.ok) return { code: verdict.reasons[0]!.code, message: `Reasons: ${verdict.reasons.map(({ sentence }) => sentence).join("; ")}.` };
  if (hasIncumbent && !evaluation.differences.incumbent) return { code: "incumbent-not-measured", message: "The shop has a model already, and the manifest does not say how it did on the same cases." };
  return null;
}
