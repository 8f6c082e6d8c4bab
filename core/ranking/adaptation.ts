/**
 * A shopper's own small layer on top of the shop's model: a shift of the query, learned on the device from the products
 * that she went on to, beside those that she was shown, and from what she did not want.
 *
 * Each choice is one step along the gradient of "this one rather than the others": from the mean of those shown towards
 * the chosen product, or away from a dismissed one. Part of a step counts always, a bias of the query; the rest counts by
 * how much the session is like the slate that was chosen from, a shift of a rank of at most `MAX_CHOICES`.
 */
import type { EncodedHistory } from "../history.ts";
import { TEMPERATURE, type Model } from "../model/config.ts";

/** One product that a shopper went on to, or did not want, and what she was shown. */
export interface Choice {
  item_id: string;
  dismissed?: boolean;
  /** All products of the slate. */
  shown: string[];
}

/** Choices that a layer is made of; the newest. */
export const MAX_CHOICES = 16;
/** Length of a step, for rows of length 1: of .02, .05, .1 and .2 the best on a part of the demo shop's shoppers. */
const STEP = 0.1;
const DISMISSAL_STEP = 0.2;
/** What a choice counts after one more. */
const CHOICE_DECAY = 0.9;
/** Share of a step that counts in any session. */
const BIAS_SHARE = 0.5;
/** No layer is longer: with a session vector of length 1, no product's cosine changes by more than this. */
export const MAX_SHIFT = 0.4;
/** What an entry of the history counts for the session's direction after one more. */
const RECENCY = 0.8;

/**
 * The layer for one session.
 *
 * @param choices oldest first
 * @returns what is added to the session vector, [D], no longer than `MAX_SHIFT`; null where there is nothing to learn from
 */
export function shiftOf(model: Model, choices: readonly Choice[], input: EncodedHistory): Float32Array | null {
  const { width: D } = model.config;
  const addRow = (into: Float32Array, item: number, weight: number) => {
    for (let d = 0; d < D; d += 1) into[d]! += weight * model.scales[item]! * model.rows[item * D + d]!;
  };
  const session = new Float32Array(D);
  for (let age = 0; age < input.count; age += 1) addRow(session, input.items[input.items.length - 1 - age]!, RECENCY ** age);
  toLength(session, 1);
  const shift = new Float32Array(D);
  let weight = 1;
  for (const { item_id, dismissed, shown } of choices.slice(-MAX_CHOICES).reverse()) {
    const chosen = model.indexOf.get(item_id);
    const others = shown.filter((id) => id !== item_id).flatMap((id) => model.indexOf.get(id) ?? []);
    if (chosen === undefined || others.length === 0) continue;
    const mean = new Float32Array(D);
    for (const item of others) addRow(mean, item, 1 / others.length);
    const step = mean.map((value) => -value);
    addRow(step, chosen, 1);
    toLength(mean, 1);
    const alike = Math.max(0, dot(mean, session));
    const size = weight * (dismissed ? -DISMISSAL_STEP : STEP) * (BIAS_SHARE + (1 - BIAS_SHARE) * alike);
    for (let d = 0; d < D; d += 1) shift[d]! += size * step[d]!;
    weight *= CHOICE_DECAY;
  }
  const length = Math.sqrt(dot(shift, shift));
  if (length === 0) return null;
  if (length > MAX_SHIFT) toLength(shift, MAX_SHIFT);
  return shift;
}

/** What a layer adds to an item's score. */
export function shiftScore(model: Model, shift: Float32Array, item: number): number {
  const { width: D } = model.config;
  let product = 0;
  for (let d = 0; d < D; d += 1) product += model.rows[item * D + d]! * shift[d]!;
  return (model.blend[0] / TEMPERATURE) * model.scales[item]! * product;
}

function toLength(vector: Float32Array, length: number): void {
  const own = Math.sqrt(dot(vector, vector));
  if (own > 0) for (let d = 0; d < vector.length; d += 1) vector[d]! *= length / own;
}
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d += 1) sum += a[d]! * b[d]!;
  return sum;
}
