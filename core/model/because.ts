/** Why an item has its score: what each entry of the history adds to it, from the numbers of the ranking itself. */
import type { EncodedHistory } from "../history.ts";
import { CO_VISIT_LEVELS, NO_NEIGHBOUR, TEMPERATURE, type Model } from "./config.ts";
import { encodeSession, type SessionTrace } from "./encoder.ts";
import { CO_VISIT_DECAY, visitScore } from "./score.ts";

/** How much of what speaks for a product comes from one product of the history. */
export interface Because {
  item_id: string;
  /** Above 0; the shares of one product add up to 1. */
  share: number;
}

export interface Explainer {
  /** The session vector that is explained, [D]. */
  session: Float32Array;
  /**
   * What each entry of the history adds to an item's score; negative where it speaks against the item. Together with
   * popularity's part they are the score.
   *
   * The network's part is `r · s / τ` with s the session vector, which is a weighted sum of the entries' own rows and a
   * shift: each entry has its own addend of that sum, and the newest has the shift as well, which is computed from it.
   * The weights are those of this ranking: without an entry the others would weigh more, which is not told here.
   * Co-visitation is a logarithm of a sum; each entry has the part of the logarithm that is its part of the sum.
   *
   * @returns oldest first, [count]
   */
  contributions(item: number): Float64Array;
  /** The shares of the entries that speak for an item, by product, the largest first; empty where none does. */
  because(item: number): Because[];
  /** The share of an item's score that its history makes, rather than popularity; 0 to 1. */
  personal(item: number): number;
}

/** @param input with at least one entry */
export function explain(model: Model, input: EncodedHistory): Explainer {
  const { width: D, neighbours: K, visitDecay = CO_VISIT_DECAY } = model.config;
  const [network, coVisitation, popularity] = model.blend;
  const count = input.count;
  const first = input.items.length - count;
  const trace: SessionTrace = { weights: new Float32Array(count), norm: 1 };
  const session = encodeSession(model, input, trace);
  const places = [...input.items.subarray(first, first + count)];

  const contributions = (item: number) => {
    const parts = new Float64Array(count);
    const factor = (network / TEMPERATURE) * model.scales[item]!;
    let shift = 0;
    for (let d = 0; d < D; d += 1) shift += model.rows[item * D + d]! * session[d]!;
    for (let t = 0; t < count; t += 1) {
      let product = 0;
      for (let d = 0; d < D; d += 1) product += model.rows[item * D + d]! * model.rows[places[t]! * D + d]!;
      const own = (product * model.scales[places[t]!]! * trace.weights[t]!) / trace.norm;
      parts[t] = factor * own;
      shift -= own;
    }
    parts[count - 1]! += factor * shift;

    const visits = new Float64Array(count);
    let sum = 0;
    for (let t = 0; t < count; t += 1) {
      for (let at = places[t]! * K; at < (places[t]! + 1) * K && model.neighbours[at] !== NO_NEIGHBOUR; at += 1) {
        if (model.neighbours[at] === item) sum += visits[t] = visitDecay ** (count - 1 - t) * (model.neighbourWeights[at]! / CO_VISIT_LEVELS);
      }
    }
    if (sum > 0) for (let t = 0; t < count; t += 1) parts[t]! += coVisitation * visitScore(sum) * (visits[t]! / sum);
    return parts;
  };
  const inFavour = (item: number) => contributions(item).map((part) => Math.max(0, part));

  return {
    session,
    contributions,
    because(item) {
      const parts = inFavour(item);
      const total = parts.reduce((sum, part) => sum + part, 0);
      const shares = new Map<number, number>();
      parts.forEach((part, t) => part > 0 && shares.set(places[t]!, (shares.get(places[t]!) ?? 0) + part / total));
      return [...shares].sort((a, b) => b[1] - a[1]).map(([place, share]) => ({ item_id: model.itemIds[place]!, share }));
    },
    personal(item) {
      const own = inFavour(item).reduce((sum, part) => sum + part, 0);
      return own === 0 ? 0 : own / (own + Math.max(0, popularity * model.popularity[item]!));
    },
  };
}
