/** What the session vector, co-visitation and popularity make of every item: in plain loops, as evaluation reads it. */
import type { EncodedHistory } from "../history.ts";
import { CO_VISIT_LEVELS, NO_NEIGHBOUR, QUERY_UNIT, TEMPERATURE, type Model } from "./config.ts";
import { encodeSession } from "./encoder.ts";

export { encodeSession };

/** How fast older entries lose weight in the co-visitation score, per place, where the model does not say. */
export const CO_VISIT_DECAY = 0.8;

/** A query in whole numbers: what every backend multiplies with the int8 rows, exactly. */
export interface QuantisedQuery {
  /** In units of `scale`, [D]. */
  values: Int32Array;
  scale: number;
}

/** @param query [D], of length 1 or 0; what is longer than 1 is brought to it */
export function quantiseQuery(query: Float32Array): QuantisedQuery {
  let square = 0;
  for (const value of query) square += value * value;
  const length = Math.max(1, Math.sqrt(square));
  return { values: Int32Array.from(query, (value) => Math.round(value / (length * QUERY_UNIT))), scale: QUERY_UNIT };
}

/** The whole-number product of a query with one item's row: exact, so equal on every backend. */
export function dotRow(model: Model, { values }: QuantisedQuery, item: number): number {
  const D = model.config.width;
  const { rows } = model;
  const whole = D - (D % 4);
  let sum = 0;
  let d = 0;
  let at = item * D;
  // In 32 bits throughout, which compilers see by imul and | 0; four at a time saves a third.
  for (; d < whole; d += 4, at += 4) {
    sum = (sum + Math.imul(rows[at]!, values[d]!) + Math.imul(rows[at + 1]!, values[d + 1]!) + Math.imul(rows[at + 2]!, values[d + 2]!) + Math.imul(rows[at + 3]!, values[d + 3]!)) | 0;
  }
  for (; d < D; d += 1, at += 1) sum = (sum + Math.imul(rows[at]!, values[d]!)) | 0;
  return sum;
}

/** The products with every item row. @param out [N] */
export function dotRows(model: Model, query: QuantisedQuery, out: Int32Array): void {
  for (let item = 0; item < out.length; item += 1) out[item] = dotRow(model, query, item);
}

/**
 * The blend that ships: `w₁ · cosine/τ + w₂ · co-visitation + w₃ · popularity`, in f32, in this order.
 *
 * @param dots products of the session vector with every row, from any backend; null without a session vector
 * @param input what the shopper did; the co-visitation part reads it
 * @returns scores, [N]; comparable within this call only
 */
export function blendScores(model: Model, dots: { products: ArrayLike<number>; scale: number } | null, input: EncodedHistory): Float32Array {
  const count = model.itemIds.length;
  const [network, coVisitation, popularity] = model.blend;
  const scores = new Float32Array(count);
  for (let item = 0; item < count; item += 1) scores[item] = popularity * model.popularity[item]!;
  if (coVisitation !== 0) {
    const visits = coVisitationScores(model, input);
    for (let item = 0; item < count; item += 1) scores[item] = scores[item]! + coVisitation * visits[item]!;
  }
  if (dots && network !== 0) {
    const factor = (network / TEMPERATURE) * dots.scale;
    for (let item = 0; item < count; item += 1) scores[item] = scores[item]! + factor * model.scales[item]! * dots.products[item]!;
  }
  return scores;
}

/** How often each item was met together with what the history holds, newer entries counting more, [N]; 0 for most. */
export function coVisitationScores(model: Model, input: EncodedHistory): Float32Array {
  const scores = new Float32Array(model.itemIds.length);
  for (const [item, visits] of coVisits(model, input)) scores[item] = visitScore(visits);
  return scores;
}

/** The items that were met with what the history holds, and how strongly, newer entries counting more. */
export function coVisits(model: Model, input: EncodedHistory): Map<number, number> {
  const { neighbours: K, visitDecay = CO_VISIT_DECAY } = model.config;
  const visits = new Map<number, number>();
  const length = input.items.length;
  let weight = 1;
  for (let place = length - 1; place >= length - input.count; place -= 1, weight *= visitDecay) {
    const at = input.items[place]! * K;
    for (let k = 0; k < K; k += 1) {
      const neighbour = model.neighbours[at + k]!;
      if (neighbour === NO_NEIGHBOUR) break;
      visits.set(neighbour, (visits.get(neighbour) ?? 0) + weight * (model.neighbourWeights[at + k]! / CO_VISIT_LEVELS));
    }
  }
  return visits;
}

/** What co-visits are worth: many count for more than few, each for less. */
export function visitScore(visits: number): number {
  return Math.log1p(10 * visits);
}

/** Every item's score, [N]; devices rank by `rank.ts`, which is this formula in whole numbers. */
export function scoreHistory(model: Model, input: EncodedHistory): Float32Array {
  if (input.count === 0) return blendScores(model, null, input);
  const query = quantiseQuery(encodeSession(model, input));
  const products = new Int32Array(model.itemIds.length);
  dotRows(model, query, products);
  return blendScores(model, { products, scale: query.scale }, input);
}
