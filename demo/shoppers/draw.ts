/** Draws from one seeded generator: the distributions that simulated shoppers are made of. */
import { seededRandom } from "../../core/ids.ts";

const ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export interface Draw {
  /** Uniform in [0, 1). */
  uniform(): number;
  chance(probability: number): boolean;
  between(low: number, high: number): number;
  /** A whole number from 0 to n − 1. */
  below(n: number): number;
  normal(): number;
  /** exp(normal · sigma): median 1. */
  logNormal(sigma: number): number;
  exponential(mean: number): number;
  /** How many trials it takes until one fails, from 1; mean 1 / (1 − again). */
  count(again: number, most: number): number;
  /** An index, as likely as its weight; -1 if all weights are 0. */
  weighted(weights: ArrayLike<number>): number;
  /** Looks like the ids that browsers draw: 22 characters of base64url. */
  id(): string;
}

export function createDraw(seed: number): Draw {
  const uniform = seededRandom(seed);
  // Box and Muller.
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform,
    chance: (probability) => uniform() < probability,
    between: (low, high) => low + (high - low) * uniform(),
    below: (n) => Math.floor(uniform() * n),
    normal,
    logNormal: (sigma) => Math.exp(normal() * sigma),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    count(again, most) {
      let n = 1;
      while (n < most && uniform() < again) n += 1;
      return n;
    },
    weighted(weights) {
      let total = 0;
      for (let i = 0; i < weights.length; i += 1) total += weights[i]!;
      if (!(total > 0)) return -1;
      let left = uniform() * total;
      let last = -1;
      for (let i = 0; i < weights.length; i += 1) {
        if (weights[i]! <= 0) continue;
        last = i;
        left -= weights[i]!;
        if (left < 0) break;
      }
      return last;
    },
    id() {
      let id = "";
      for (let i = 0; i < 22; i += 1) id += ID_ALPHABET[Math.floor(uniform() * 64)];
      return id;
    },
  };
}
