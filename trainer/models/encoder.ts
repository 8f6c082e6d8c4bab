/**
 * The session encoder of `core/model/network.ts`, forward and backward, over histories laid end to end: no place is
 * padded, and nothing is recorded but what its gradient needs.
 */
import { HISTORY_KINDS } from "../../core/history.ts";
import { encoderShapes, type ModelConfig } from "../../core/model/config.ts";
import { headSlope, NORM_EPSILON } from "../../core/model/constants.ts";
import { part, transposed, type Kernels, type Matrix } from "./wasm/kernels.ts";

/** B windows of histories, T places in all. */
export interface EncoderInput {
  /** Window b holds the places from `starts[b]` up to `starts[b + 1]`; [B + 1]. */
  starts: Uint32Array;
  /** Item rows of the entries, zero where one is hidden; [T · D]. */
  entryRows: Float32Array;
  /** Index into HISTORY_KINDS, and gap bucket, of each entry; [T]. */
  kinds: Uint8Array;
  gaps: Uint8Array;
  /** The places whose session vectors are asked for, ascending; [P]. */
  places: Int32Array;
}

export type EncoderValues = { [name: string]: Float32Array };

export interface EncodedSessions {
  /** Unit vectors, [P, D]. */
  sessions: Matrix;
  /** @param toSessions gradient with respect to `sessions`, [P, D] @returns gradients of all weights, and of the entries' rows, [T · D] */
  backward(toSessions: Matrix): { encoder: EncoderValues; entryRows: Float32Array };
}

/** Encodes, on the kernels' memory, which stays taken until their `reset`. */
export function encode(kernels: Kernels, config: ModelConfig, weights: EncoderValues, input: EncoderInput): EncodedSessions {
  const { width: D, blocks } = config;
  const { starts, places, kinds, gaps } = input;
  const T = kinds.length;
  const encoder = Object.fromEntries(encoderShapes(config).map(([name, shape]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]));
  const matrices = new Map<string, Matrix>();
  for (const [name, shape] of encoderShapes(config)) {
    if (shape.length !== 2) continue;
    const matrix = kernels.matrix(shape[0]!, shape[1]!);
    matrix.values.set(weights[name]!);
    matrices.set(name, matrix);
  }
  const project = (x: Matrix, name: string): Matrix => {
    const out = kernels.matrix(x.rows, matrices.get(name)!.columns);
    kernels.product(x, matrices.get(name)!, out);
    return out;
  };
  /** Adds the gradient of `project` with respect to x, and stores that of the weights. */
  const projectBack = (x: Matrix, name: string, toOut: Matrix, toX: Matrix): void => {
    kernels.product(toOut, transposed(matrices.get(name)!), toX, "add");
    const toWeights = kernels.matrix(x.columns, toOut.columns);
    kernels.product(transposed(x), toOut, toWeights);
    encoder[name]!.set(toWeights.values);
  };

  const rows = kernels.matrix(T, D);
  rows.values.set(input.entryRows);
  let hidden = kernels.matrix(T, D);
  hidden.values.set(input.entryRows);
  const features = weights["features"]!;
  for (let t = 0; t < T; t += 1) {
    const kind = kinds[t]! * D;
    const gap = (HISTORY_KINDS.length + gaps[t]!) * D;
    for (let d = 0; d < D; d += 1) hidden.values[t * D + d] = hidden.values[t * D + d]! + features[kind + d]! + features[gap + d]!;
  }

  const undo: ((toHidden: Matrix) => void)[] = [];
  for (let block = 0; block < blocks; block += 1) {
    const name = (part: string) => `blocks.${block}.${part}`;
    {
      const before = hidden;
      const normed = kernels.matrix(T, D);
      rmsNorm(before, weights[name("attentionNorm")]!, normed);
      const [query, key, value] = [project(normed, name("query")), project(normed, name("key")), project(normed, name("value"))];
      const attention = attend(kernels, config, starts, query, key, value);
      hidden = project(attention.out, name("output"));
      addTo(hidden, before);
      undo.push((toHidden) => {
        const toAttended = kernels.matrix(T, D);
        projectBack(attention.out, name("output"), toHidden, toAttended);
        const [toQuery, toKey, toValue] = attention.backward(toAttended);
        const toNormed = kernels.matrix(T, D);
        projectBack(normed, name("query"), toQuery, toNormed);
        projectBack(normed, name("key"), toKey, toNormed);
        projectBack(normed, name("value"), toValue, toNormed);
        rmsNormBack(before, weights[name("attentionNorm")]!, toNormed, toHidden, encoder[name("attentionNorm")]!);
      });
    }
    {
      const before = hidden;
      const normed = kernels.matrix(T, D);
      rmsNorm(before, weights[name("feedForwardNorm")]!, normed);
      const expanded = project(normed, name("expand"));
      rectify(expanded, weights[name("expandBias")]!);
      hidden = project(expanded, name("contract"));
      addTo(hidden, before);
      addBias(hidden, weights[name("contractBias")]!);
      undo.push((toHidden) => {
        sumRows(toHidden, encoder[name("contractBias")]!);
        const toExpanded = kernels.matrix(T, 2 * D);
        projectBack(expanded, name("contract"), toHidden, toExpanded);
        for (let i = 0; i < toExpanded.values.length; i += 1) if (expanded.values[i] === 0) toExpanded.values[i] = 0;
        sumRows(toExpanded, encoder[name("expandBias")]!);
        const toNormed = kernels.matrix(T, D);
        projectBack(normed, name("expand"), toExpanded, toNormed);
        rmsNormBack(before, weights[name("feedForwardNorm")]!, toNormed, toHidden, encoder[name("feedForwardNorm")]!);
      });
    }
  }
  const last = hidden;
  const final = kernels.matrix(T, D);
  rmsNorm(last, weights["finalNorm"]!, final);
  const pool = poolEntries(weights, input, final, rows);

  const asked = kernels.matrix(places.length, D);
  places.forEach((place, p) => asked.values.set(final.values.subarray(place * D, (place + 1) * D), p * D));
  const sessions = project(asked, "shift");
  const norms = new Float64Array(places.length);
  places.forEach((place, p) => {
    let square = NORM_EPSILON;
    for (let d = p * D, from = place * D; d < (p + 1) * D; d += 1, from += 1) {
      const value = (sessions.values[d] = sessions.values[d]! + pool.pooled[from]!);
      square += value * value;
    }
    norms[p] = Math.sqrt(square);
    for (let d = p * D; d < (p + 1) * D; d += 1) sessions.values[d] = sessions.values[d]! / norms[p]!;
  });

  return {
    sessions,
    backward(toSessions) {
      // Through x / |x|: the part along the session vector falls away.
      const toRaw = kernels.matrix(places.length, D);
      const toPooled = new Float32Array(T * D);
      places.forEach((place, p) => {
        let along = 0;
        for (let d = p * D; d < (p + 1) * D; d += 1) along += toSessions.values[d]! * sessions.values[d]!;
        for (let d = p * D, to = place * D; d < (p + 1) * D; d += 1, to += 1) {
          toPooled[to] = toRaw.values[d] = (toSessions.values[d]! - along * sessions.values[d]!) / norms[p]!;
        }
      });
      const toAsked = kernels.matrix(places.length, D);
      projectBack(asked, "shift", toRaw, toAsked);
      const toFinal = kernels.matrix(T, D);
      places.forEach((place, p) => toFinal.values.set(toAsked.values.subarray(p * D, (p + 1) * D), place * D));
      const entryRows = new Float32Array(T * D);
      pool.backward(toPooled, toFinal, entryRows, encoder);
      const toHidden = kernels.matrix(T, D);
      rmsNormBack(last, weights["finalNorm"]!, toFinal, toHidden, encoder["finalNorm"]!);
      for (let i = undo.length - 1; i >= 0; i -= 1) undo[i]!(toHidden);
      const toFeatures = encoder["features"]!;
      for (let t = 0; t < T; t += 1) {
        const kind = kinds[t]! * D;
        const gap = (HISTORY_KINDS.length + gaps[t]!) * D;
        for (let d = 0; d < D; d += 1) {
          const gradient = toHidden.values[t * D + d]!;
          entryRows[t * D + d] = entryRows[t * D + d]! + gradient;
          toFeatures[kind + d] = toFeatures[kind + d]! + gradient;
          toFeatures[gap + d] = toFeatures[gap + d]! + gradient;
        }
      }
      return { encoder, entryRows };
    },
  };
}

/** Causal attention inside each window. @returns the heads' outputs side by side, [T, D] */
function attend(kernels: Kernels, { width: D, heads }: ModelConfig, starts: Uint32Array, query: Matrix, key: Matrix, value: Matrix) {
  const width = D / heads;
  const scale = 1 / Math.sqrt(width);
  const out = kernels.matrix(query.rows, D);
  const longest = starts.reduce((most, start, b) => Math.max(most, b > 0 ? start - starts[b - 1]! : 0), 0);
  // Probabilities of all windows and heads, one after the other; row t of a window has t + 1 that are not 0.
  const shares: Matrix[] = [];
  for (let b = 0; b + 1 < starts.length; b += 1) {
    const from = starts[b]!;
    const n = starts[b + 1]! - from;
    for (let head = 0; head < heads; head += 1) {
      const at = head * width;
      const slope = headSlope(head, heads);
      const share = kernels.matrix(n, n);
      kernels.product(part(query, from, n, at, width), transposed(part(key, from, n, at, width)), share);
      for (let t = 0; t < n; t += 1) {
        const row = t * n;
        let most = -Infinity;
        for (let j = 0; j <= t; j += 1) {
          const logit = (share.values[row + j] = share.values[row + j]! * scale - slope * (t - j));
          if (logit > most) most = logit;
        }
        let total = 0;
        for (let j = 0; j <= t; j += 1) total += share.values[row + j] = Math.exp(share.values[row + j]! - most);
        for (let j = 0; j <= t; j += 1) share.values[row + j] = share.values[row + j]! / total;
        share.values.fill(0, row + t + 1, row + n);
      }
      kernels.product(share, part(value, from, n, at, width), part(out, from, n, at, width));
      shares.push(share);
    }
  }
  return {
    out,
    backward(toOut: Matrix): [toQuery: Matrix, toKey: Matrix, toValue: Matrix] {
      const [toQuery, toKey, toValue] = [kernels.matrix(query.rows, D), kernels.matrix(query.rows, D), kernels.matrix(query.rows, D)];
      const room = kernels.matrix(longest, longest);
      for (let b = 0, s = 0; b + 1 < starts.length; b += 1) {
        const from = starts[b]!;
        const n = starts[b + 1]! - from;
        for (let head = 0; head < heads; head += 1, s += 1) {
          const at = head * width;
          const share = shares[s]!;
          const toShare: Matrix = { ...room, rows: n, columns: n, rowStride: n };
          kernels.product(part(toOut, from, n, at, width), transposed(part(value, from, n, at, width)), toShare);
          kernels.product(transposed(share), part(toOut, from, n, at, width), part(toValue, from, n, at, width));
          for (let t = 0; t < n; t += 1) {
            const row = t * n;
            let mean = 0;
            for (let j = 0; j <= t; j += 1) mean += share.values[row + j]! * toShare.values[row + j]!;
            for (let j = 0; j <= t; j += 1) toShare.values[row + j] = scale * share.values[row + j]! * (toShare.values[row + j]! - mean);
            toShare.values.fill(0, row + t + 1, row + n);
          }
          kernels.product(toShare, part(key, from, n, at, width), part(toQuery, from, n, at, width));
          kernels.product(transposed(toShare), part(query, from, n, at, width), part(toKey, from, n, at, width));
        }
      }
      return [toQuery, toKey, toValue];
    },
  };
}

/**
 * The entries' own rows, weighed: at place t, softmax over j ≤ t of `pool(h_j) − recency · (t − j)`. Its numerator and its
 * denominator both fall by exp(−recency) from place to place, so one pass over a window gives all of its places.
 *
 * @returns pooled rows, [T · D]
 */
function poolEntries(weights: EncoderValues, { starts }: EncoderInput, final: Matrix, rows: Matrix) {
  const { rows: T, columns: D } = rows;
  const pool = weights["pool"]!;
  const recency = weights["recency"]![0]!;
  const fall = Math.exp(-softplus(recency));
  const strength = new Float64Array(T);
  const total = new Float64Array(T);
  const sums = new Float64Array(T * D);
  const pooled = new Float32Array(T * D);
  for (let b = 0; b + 1 < starts.length; b += 1) {
    const [from, to] = [starts[b]!, starts[b + 1]!];
    let most = -Infinity;
    for (let t = from; t < to; t += 1) {
      let logit = 0;
      for (let d = 0; d < D; d += 1) logit += final.values[t * D + d]! * pool[d]!;
      strength[t] = logit;
      most = Math.max(most, logit);
    }
    for (let t = from; t < to; t += 1) {
      const e = (strength[t] = Math.exp(strength[t]! - most));
      total[t] = e + (t > from ? fall * total[t - 1]! : 0);
      for (let d = t * D; d < (t + 1) * D; d += 1) {
        sums[d] = e * rows.values[d]! + (t > from ? fall * sums[d - D]! : 0);
        pooled[d] = sums[d]! / total[t]!;
      }
    }
  }
  return {
    pooled,
    /** Adds to `toFinal` and `toRows`; stores the gradients of `pool` and `recency`. */
    backward(toPooled: Float32Array, toFinal: Matrix, toRows: Float32Array, encoder: EncoderValues): void {
      const toPool = encoder["pool"]!;
      let toFall = 0;
      const toSum = new Float64Array(D);
      for (let b = 0; b + 1 < starts.length; b += 1) {
        const [from, to] = [starts[b]!, starts[b + 1]!];
        toSum.fill(0);
        let toTotal = 0;
        for (let t = to - 1; t >= from; t -= 1) {
          let strengthGradient = 0;
          toTotal *= fall;
          for (let d = 0; d < D; d += 1) {
            const gradient = toPooled[t * D + d]! / total[t]!;
            toSum[d] = fall * toSum[d]! + gradient;
            toTotal -= gradient * pooled[t * D + d]!;
            strengthGradient += toSum[d]! * rows.values[t * D + d]!;
            toRows[t * D + d] = toRows[t * D + d]! + strength[t]! * toSum[d]!;
            if (t > from) toFall += toSum[d]! * sums[(t - 1) * D + d]!;
          }
          if (t > from) toFall += toTotal * total[t - 1]!;
          const toLogit = strength[t]! * (strengthGradient + toTotal);
          for (let d = 0; d < D; d += 1) {
            toPool[d] = toPool[d]! + toLogit * final.values[t * D + d]!;
            toFinal.values[t * D + d] = toFinal.values[t * D + d]! + toLogit * pool[d]!;
          }
        }
      }
      // d exp(−softplus(x)) / dx = −exp(−softplus(x)) · sigmoid(x).
      encoder["recency"]![0] = (-fall * toFall) / (1 + Math.exp(-recency));
    },
  };
}

function rmsNorm(x: Matrix, gain: Float32Array, out: Matrix): void {
  const D = x.columns;
  for (let row = 0; row < x.rows; row += 1) {
    const factor = 1 / rootMeanSquare(x.values, row * D, D);
    for (let d = 0; d < D; d += 1) out.values[row * D + d] = x.values[row * D + d]! * factor * gain[d]!;
  }
}

/** Adds to `toX`, and to the gradient of the gain. */
function rmsNormBack(x: Matrix, gain: Float32Array, toOut: Matrix, toX: Matrix, toGain: Float32Array): void {
  const D = x.columns;
  for (let row = 0; row < x.rows; row += 1) {
    const at = row * D;
    const factor = 1 / rootMeanSquare(x.values, at, D);
    let along = 0;
    for (let d = 0; d < D; d += 1) {
      const normed = x.values[at + d]! * factor;
      toGain[d] = toGain[d]! + toOut.values[at + d]! * normed;
      along += toOut.values[at + d]! * gain[d]! * normed;
    }
    along /= D;
    for (let d = 0; d < D; d += 1) toX.values[at + d] = toX.values[at + d]! + factor * (toOut.values[at + d]! * gain[d]! - along * x.values[at + d]! * factor);
  }
}

function rootMeanSquare(values: Float32Array, from: number, D: number): number {
  let square = 0;
  for (let d = from; d < from + D; d += 1) square += values[d]! * values[d]!;
  return Math.sqrt(square / D + NORM_EPSILON);
}
function rectify(x: Matrix, bias: Float32Array): void {
  for (let i = 0, d = 0; i < x.values.length; i += 1, d = d + 1 === x.columns ? 0 : d + 1) x.values[i] = Math.max(0, x.values[i]! + bias[d]!);
}
function addBias(x: Matrix, bias: Float32Array): void {
  for (let i = 0, d = 0; i < x.values.length; i += 1, d = d + 1 === x.columns ? 0 : d + 1) x.values[i] = x.values[i]! + bias[d]!;
}
function sumRows(x: Matrix, sums: Float32Array): void {
  for (let i = 0, d = 0; i < x.values.length; i += 1, d = d + 1 === x.columns ? 0 : d + 1) sums[d] = sums[d]! + x.values[i]!;
}
function addTo(target: Matrix, addend: Matrix): void {
  for (let i = 0; i < target.values.length; i += 1) target.values[i] = target.values[i]! + addend.values[i]!;
}
function softplus(x: number): number {
  return x > 20 ? x : Math.log1p(Math.exp(x));
}
