/** Sparse item-to-item rows: of each item's strengths the largest, in 8 bits, as devices hold them. */
import { CO_VISIT_LEVELS, NO_NEIGHBOUR } from "../../core/model/config.ts";

export interface CoVisitation {
  /** [N, K], strongest first; `NO_NEIGHBOUR` where there are fewer. */
  neighbours: Uint32Array;
  /** In 0..CO_VISIT_LEVELS, [N, K]. */
  weights: Uint8Array;
}

/** Strengths above this quantile of all items' best neighbours are cut off there, so that a few extreme ones do not cost the rest their resolution. */
const FULL_SCALE_QUANTILE = 0.95;

/** @param tell calls `add` once for each neighbour of an item; equally strong ones rank by their index */
export function keepStrongest(count: number, K: number, tell: (item: number, add: (neighbour: number, strength: number) => void) => void): CoVisitation {
  const neighbours = new Uint32Array(count * K).fill(NO_NEIGHBOUR);
  const strengths = new Float64Array(count * K);
  const best: number[] = [];
  for (let item = 0; item < count; item += 1) {
    const found: { neighbour: number; strength: number }[] = [];
    tell(item, (neighbour, strength) => void found.push({ neighbour, strength }));
    found.sort((a, b) => b.strength - a.strength || a.neighbour - b.neighbour);
    found.slice(0, K).forEach(({ neighbour, strength }, k) => {
      neighbours[item * K + k] = neighbour;
      strengths[item * K + k] = strength;
    });
    if (found.length > 0) best.push(found[0]!.strength);
  }
  best.sort((x, y) => x - y);
  const full = best[Math.floor((best.length - 1) * FULL_SCALE_QUANTILE)] ?? 1;
  return { neighbours, weights: Uint8Array.from(strengths, (strength) => Math.min(CO_VISIT_LEVELS, Math.round((strength / full) * CO_VISIT_LEVELS))) };
}
