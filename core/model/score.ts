/**
 * The same forward pass in plain loops, and the scoring around it: the edge runs it, devices without a GPU
 * run it, and every other backend is held against it.
 */
import { HISTORY_KINDS, type EncodedHistory } from "../history.ts";
import { CO_VISIT_LEVELS, NO_NEIGHBOUR, QUERY_LEVELS, TEMPERATURE, type Model } from "./config.ts";
import { headSlope, MASKED, NORM_EPSILON } from "./constants.ts";

/** How fast older entries lose weight in the co-visitation score, per place, where the model does not say. */
const CO_VISIT_DECAY = 0.8;

/**
 * The session vector of one history; `network.ts` in plain loops, for the last place only where that is enough.
 * @returns a unit vector, [D]; all zero for an empty history
 */
export function encodeSession(model: Model, input: EncodedHistory): Float32Array {
  const { width: D, blocks, heads } = model.config;
  const { encoder } = model;
  const n = input.count;
  const session = new Float32Array(D);
  if (n === 0) return session;
  const first = input.items.length - n;

  const rows = new Float32Array(n * D);
  const hidden = new Float32Array(n * D);
  for (let t = 0; t < n; t += 1) {
    const place = first + t;
    const item = input.items[place]!;
    const kind = input.kinds[place]! * D;
    const gap = (HISTORY_KINDS.length + input.gaps[place]!) * D;
    for (let d = 0; d < D; d += 1) {
      rows[t * D + d] = model.rows[item * D + d]! * model.scales[item]!;
      hidden[t * D + d] = rows[t * D + d]! + encoder["features"]![kind + d]! + encoder["features"]![gap + d]!;
    }
  }

  for (let block = 0; block < blocks; block += 1) {
    const w = (name: string) => encoder[`blocks.${block}.${name}`]!;
    const normed = rmsNorm(hidden, n, D, w("attentionNorm"));
    const attended = attention(normed, n, D, heads, w);
    addTo(hidden, project(attended, n, D, w("output"), D));
    const expanded = project(rmsNorm(hidden, n, D, w("feedForwardNorm")), n, D, w("expand"), 2 * D);
    const bias = w("expandBias");
    for (let i = 0; i < expanded.length; i += 1) expanded[i] = Math.max(0, expanded[i]! + bias[i % (2 * D)]!);
    const contracted = project(expanded, n, 2 * D, w("contract"), D);
    const contractBias = w("contractBias");
    for (let i = 0; i < contracted.length; i += 1) contracted[i] = contracted[i]! + contractBias[i % D]!;
    addTo(hidden, contracted);
  }
  const final = rmsNorm(hidden, n, D, encoder["finalNorm"]!);

  const recency = softplus(encoder["recency"]![0]!);
  const logits = new Float32Array(n);
  for (let t = 0; t < n; t += 1) {
    let logit = 0;
    for (let d = 0; d < D; d += 1) logit += final[t * D + d]! * encoder["pool"]![d]!;
    logits[t] = logit - recency * (n - 1 - t);
  }
  softmax(logits, n);
  for (let t = 0; t < n; t += 1) for (let d = 0; d < D; d += 1) session[d]! += logits[t]! * rows[t * D + d]!;
  const newest = final.subarray((n - 1) * D);
  for (let i = 0; i < D; i += 1) for (let d = 0; d < D; d += 1) session[d]! += newest[i]! * encoder["shift"]![i * D + d]!;
  let square = 0;
  for (let d = 0; d < D; d += 1) square += session[d]! * session[d]!;
  const norm = Math.sqrt(square + NORM_EPSILON);
  for (let d = 0; d < D; d += 1) session[d] = session[d]! / norm;
  return session;
}

/** A query rounded to 16 bits: what every backend multiplies with the int8 rows, exactly. */
export interface QuantisedQuery {
  /** Whole numbers in -QUERY_LEVELS..QUERY_LEVELS, [D]. */
  values: Int16Array;
  scale: number;
}

export function quantiseQuery(query: Float32Array): QuantisedQuery {
  let max = 0;
  for (const value of query) max = Math.max(max, Math.abs(value));
  const values = new Int16Array(query.length);
  if (max > 0) for (let d = 0; d < query.length; d += 1) values[d] = Math.round((query[d]! / max) * QUERY_LEVELS);
  return { values, scale: max / QUERY_LEVELS };
}

/**
 * Whole-number products of a query with every item row: exact, so equal on every backend.
 * @param out [N]; written from `from` up to `to`, which are all of it unless given
 */
export function dotRows(model: Model, query: QuantisedQuery, out: Int32Array, from = 0, to = out.length): void {
  const D = model.config.width;
  const { rows } = model;
  const { values } = query;
  for (let item = from, at = from * D; item < to; item += 1, at += D) {
    let sum = 0;
    for (let d = 0; d < D; d += 1) sum += rows[at + d]! * values[d]!;
    out[item] = sum;
  }
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

/** How often each item was met together with what the history holds, newer entries counting more: log(1 + x), [N]. */
export function coVisitationScores(model: Model, input: EncodedHistory): Float32Array {
  const { neighbours: K, visitDecay = CO_VISIT_DECAY } = model.config;
  const scores = new Float32Array(model.itemIds.length);
  const length = input.items.length;
  let weight = 1;
  for (let place = length - 1; place >= length - input.count; place -= 1, weight *= visitDecay) {
    const at = input.items[place]! * K;
    for (let k = 0; k < K; k += 1) {
      const neighbour = model.neighbours[at + k]!;
      if (neighbour === NO_NEIGHBOUR) break;
      scores[neighbour] = scores[neighbour]! + weight * (model.neighbourWeights[at + k]! / CO_VISIT_LEVELS);
    }
  }
  for (let item = 0; item < scores.length; item += 1) if (scores[item] !== 0) scores[item] = Math.log1p(10 * scores[item]!);
  return scores;
}

/** The whole ranking in plain loops: the oracle for every other backend. @returns scores, [N] */
export function scoreHistory(model: Model, input: EncodedHistory): Float32Array {
  if (input.count === 0) return blendScores(model, null, input);
  const query = quantiseQuery(encodeSession(model, input));
  const products = new Int32Array(model.itemIds.length);
  dotRows(model, query, products);
  return blendScores(model, { products, scale: query.scale }, input);
}

function attention(input: Float32Array, n: number, D: number, heads: number, w: (name: string) => Float32Array): Float32Array {
  const width = D / heads;
  const query = project(input, n, D, w("query"), D);
  const key = project(input, n, D, w("key"), D);
  const value = project(input, n, D, w("value"), D);
  const out = new Float32Array(n * D);
  const logits = new Float32Array(n);
  for (let head = 0; head < heads; head += 1) {
    const slope = headSlope(head, heads);
    const from = head * width;
    for (let t = 0; t < n; t += 1) {
      for (let j = 0; j <= t; j += 1) {
        let logit = 0;
        for (let d = from; d < from + width; d += 1) logit += query[t * D + d]! * key[j * D + d]!;
        logits[j] = logit / Math.sqrt(width) - slope * (t - j);
      }
      softmax(logits, t + 1);
      for (let j = 0; j <= t; j += 1) for (let d = from; d < from + width; d += 1) out[t * D + d]! += logits[j]! * value[j * D + d]!;
    }
  }
  return out;
}

/** (n, I) × (I, O) → (n, O). */
function project(x: Float32Array, n: number, inner: number, matrix: Float32Array, outer: number): Float32Array {
  const out = new Float32Array(n * outer);
  for (let t = 0; t < n; t += 1) {
    for (let i = 0; i < inner; i += 1) {
      const value = x[t * inner + i]!;
      if (value === 0) continue;
      for (let o = 0; o < outer; o += 1) out[t * outer + o]! += value * matrix[i * outer + o]!;
    }
  }
  return out;
}

function rmsNorm(x: Float32Array, n: number, D: number, gain: Float32Array): Float32Array {
  const out = new Float32Array(n * D);
  for (let t = 0; t < n; t += 1) {
    let square = 0;
    for (let d = 0; d < D; d += 1) square += x[t * D + d]! * x[t * D + d]!;
    const norm = Math.sqrt(square / D + NORM_EPSILON);
    for (let d = 0; d < D; d += 1) out[t * D + d] = (x[t * D + d]! / norm) * gain[d]!;
  }
  return out;
}

/** In place, over the first `n` values. */
function softmax(logits: Float32Array, n: number): void {
  let max = MASKED;
  for (let j = 0; j < n; j += 1) max = Math.max(max, logits[j]!);
  let sum = 0;
  for (let j = 0; j < n; j += 1) sum += logits[j] = Math.exp(logits[j]! - max);
  for (let j = 0; j < n; j += 1) logits[j] = logits[j]! / sum;
}
function addTo(target: Float32Array, addend: Float32Array): void {
  for (let i = 0; i < target.length; i += 1) target[i] = target[i]! + addend[i]!;
}
function softplus(x: number): number {
  return x > 20 ? x : Math.log1p(Math.exp(x));
}
