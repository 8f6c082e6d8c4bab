/** Manifests of models that the gate lets pass unless a test says otherwise. */
import { sha256Hex } from "../../../core/ids.ts";
import type { Evaluation, Manifest } from "../../../core/weights/manifest.ts";

const NDCG10 = 0.3;
const figures = (ndcg10: number): Evaluation["model"] => {
  const figure = { value: ndcg10, low: ndcg10 - 0.01, high: ndcg10 + 0.01 };
  return { ndcg10: figure, recall10: figure, mrr10: figure };
};

export const difference = (value: number) => ({ value, low: value - 0.005, high: value + 0.005 });

export type EvaluationChange = Partial<Omit<Evaluation, "differences">> & { differences?: Partial<Evaluation["differences"]> };
/** Held against what the shop has: better by `lead` in NDCG@10. */
export function against(lead: number, differences: Partial<Evaluation["differences"]> = {}): EvaluationChange {
  return { incumbent: figures(NDCG10 - lead), differences: { ...differences, incumbent: difference(lead) } };
}
/** Of a model that is clearly better than popularity and item-kNN, but for the change. */
function evaluationOf({ differences, ...change }: EvaluationChange = {}): Evaluation {
  return {
    protocol: "time split", cases: 200, clients: 50, model: figures(NDCG10), popularity: figures(0.1), itemKnn: figures(0.2), ...change,
    differences: { popularity: difference(0.2), itemKnn: difference(0.1), ...differences },
  };
}

export async function manifestOf(shop: string, weights: Uint8Array, { nowMs, ...change }: { nowMs: number; version?: number; shop?: string; expiresAtMs?: number; bytes?: number; items: number; heads?: Manifest["heads"]; evaluation?: EvaluationChange }): Promise<Manifest> {
  return {
    format: "endcap-manifest/1", shop: change.shop ?? shop, version: change.version ?? 1, createdAtMs: nowMs, expiresAtMs: change.expiresAtMs ?? nowMs + 864e5,
    weights: { sha256: await sha256Hex(weights), bytes: change.bytes ?? weights.byteLength },
    ...(change.heads && { heads: change.heads }),
    training: { dataHash: "0".repeat(64), seed: 1, steps: 10, backend: "loops", workers: 1, events: 100, items: change.items, config: "{}" },
    evaluation: evaluationOf(change.evaluation),
  };
}
