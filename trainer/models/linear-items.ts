/**
 * A linear item-to-item model in closed form, for catalogues of a few thousand products: what came next, regressed on the
 * decayed bag of what was there. SLIST's transition part (Choi et al., WWW 2021, arXiv:2103.16104), without its diagonal
 * constraint, since people come back to what they saw.
 */
import type { SessionIndex } from "./session-knn.ts";
import { keepStrongest, type CoVisitation } from "./strongest.ts";
import type { Scorer } from "./scorer.ts";
import { solvePositiveDefinite } from "./linear-solve.ts";

export interface LinearItemsConfig {
  /** Weight of an entry one place older, in the bag. */
  decay: number;
  /** Weight of an answer one place later: 0 for the next entry alone. */
  later: number;
  /** Added to the diagonal. */
  ridge: number;
  /** Age after which a session counts half, as a share of the log's span; Infinity for none. */
  halfLifeShare: number;
}

/** Above this many items the closed form costs more than it gives: its work grows with the third power. */
export const MAX_LINEAR_ITEMS = 5000;
/** Entries that weigh less than this are left out of the bag. */
const LEAST_WEIGHT = 0.02;

/** B of `bag · B = scores`; [N · N], row i is what item i speaks for. */
export function fitLinearItems(index: SessionIndex, config: LinearItemsConfig): Float32Array {
  const { itemCount: n, starts, items, endMs, spanMs } = index;
  const gram = new Float32Array(n * n);
  const next = new Float32Array(n * n);
  const reach = config.decay <= 0 ? 1 : Math.max(1, Math.ceil(Math.log(LEAST_WEIGHT) / Math.log(config.decay)));
  const ahead = config.later <= 0 ? 1 : Math.max(1, Math.ceil(Math.log(LEAST_WEIGHT) / Math.log(config.later)));
  const newestMs = endMs.at(-1) ?? 0;
  for (let s = 0; s < endMs.length; s += 1) {
    const age = 2 ** ((endMs[s]! - newestMs) / (config.halfLifeShare * spanMs));
    for (let at = starts[s]!; at + 1 < starts[s + 1]!; at += 1) {
      const from = Math.max(starts[s]!, at - reach + 1);
      const to = Math.min(starts[s + 1]!, at + 1 + ahead);
      for (let a = from; a <= at; a += 1) {
        const weight = age * config.decay ** (at - a);
        const row = items[a]! * n;
        for (let b = from; b <= at; b += 1) gram[row + items[b]!] = gram[row + items[b]!]! + weight * config.decay ** (at - b);
        for (let b = at + 1; b < to; b += 1) next[row + items[b]!] = next[row + items[b]!]! + weight * config.later ** (b - at - 1);
      }
    }
  }
  for (let item = 0; item < n; item += 1) gram[item * n + item] = gram[item * n + item]! + config.ridge;
  return solvePositiveDefinite(gram, next, n);
}

/** The K strongest of each row, as devices hold them; what speaks against an item is left out. */
export function strongestOf(rows: Float32Array, itemCount: number, neighbours: number): CoVisitation {
  return keepStrongest(itemCount, neighbours, (item, add) => {
    for (let other = 0; other < itemCount; other += 1) if (rows[item * itemCount + other]! > 0) add(other, rows[item * itemCount + other]!);
  });
}

/** All of B, for comparison: devices get the strongest of it. */
export function linearScorer(rows: Float32Array, itemCount: number, decay: number): Scorer {
  return {
    name: "linear items", bytes: undefined,
    score(queries, out) {
      out.fill(0, 0, queries.length * itemCount);
      queries.forEach(({ input: { items, count } }, q) => {
        const scores = out.subarray(q * itemCount, (q + 1) * itemCount);
        for (let place = items.length - 1, weight = 1; place >= items.length - count && weight >= LEAST_WEIGHT; place -= 1, weight *= decay) {
          const row = items[place]! * itemCount;
          for (let item = 0; item < itemCount; item += 1) scores[item] = scores[item]! + weight * rows[row + item]!;
        }
      });
    },
  };
}
