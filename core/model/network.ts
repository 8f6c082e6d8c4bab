/**
 * The session encoder in tfjs operations: the trainer differentiates it, devices run it on WebGPU or WASM.
 *
 * CORE-like (Hou et al., SIGIR 2022, arXiv:2204.11067): attention decides how much each entry of the history
 * counts, the session vector is the weighted sum of the entries' own item rows, so it stays in the space of the
 * items. Everything at place t depends on places ≤ t only, and on distances, never on absolute places: one more
 * click is one more step, and all prefixes of a history train in one pass.
 */
import * as tf from "@tensorflow/tfjs-core";
import { ENTRY_FEATURES, HISTORY_KINDS, type EncodedHistory } from "../history.ts";
import type { ModelConfig } from "./config.ts";
import { headSlope, MASKED, NORM_EPSILON } from "./constants.ts";

export type EncoderTensors = { [name: string]: tf.Tensor };

/**
 * Session vectors after every entry.
 *
 * @param rows the entries' item rows, zero where unused; [B, L, D]
 * @param features one-hot kind and gap of each entry, see `entryFeatures`; [B, L, F]
 * @param used 1 where a place is used, else 0; [B, L]
 * @returns unit vectors, [B, L, D]; place t is the session after entries ≤ t
 */
export function encodeSessions(config: ModelConfig, weights: EncoderTensors, rows: tf.Tensor3D, features: tf.Tensor3D, used: tf.Tensor2D): tf.Tensor3D {
  return tf.tidy(() => {
    const [batch, length] = rows.shape;
    const distance = distances(length);
    // (B, L, L): from place t (row) to place j (column), 0 where j may count, MASKED where it may not.
    const mask = tf.add(causalMask(length), tf.mul(tf.sub(1, tf.reshape(used, [batch, 1, length])), MASKED));

    let hidden = tf.add(rows, project(features, weights["features"]!)) as tf.Tensor3D;
    for (let block = 0; block < config.blocks; block += 1) {
      const w = (name: string) => weights[`blocks.${block}.${name}`]!;
      const normed = rmsNorm(hidden, w("attentionNorm"));
      const attended = attention(config, normed, w, distance, mask);
      hidden = tf.add(hidden, project(attended, w("output")));
      const expanded = tf.relu(tf.add(project(rmsNorm(hidden, w("feedForwardNorm")), w("expand")), w("expandBias"))) as tf.Tensor3D;
      hidden = tf.add(hidden, tf.add(project(expanded, w("contract")), w("contractBias")));
    }
    hidden = rmsNorm(hidden, weights["finalNorm"]!);

    // (B, 1, L) logits of the entries, (L, L) distances: softmax over j ≤ t of pool(h_j) − recency · (t − j).
    const pool = tf.reshape(project(hidden, tf.reshape(weights["pool"]!, [config.width, 1])), [batch, 1, length]);
    const logits = tf.add(tf.sub(pool, tf.mul(distance, tf.softplus(weights["recency"]!))), mask);
    const pooled = tf.matMul(tf.softmax(logits) as tf.Tensor3D, rows);
    return unit(tf.add(pooled, project(hidden, weights["shift"]!)));
  });
}

/** Causal multi-head attention with a fixed linear penalty on distance per head (ALiBi, Press et al., arXiv:2108.12409). */
function attention(config: ModelConfig, input: tf.Tensor3D, w: (name: string) => tf.Tensor, distance: tf.Tensor, mask: tf.Tensor): tf.Tensor3D {
  const width = config.width / config.heads;
  const [query, key, value] = [project(input, w("query")), project(input, w("key")), project(input, w("value"))];
  const heads: tf.Tensor3D[] = [];
  for (let head = 0; head < config.heads; head += 1) {
    const part = (x: tf.Tensor3D) => (config.heads === 1 ? x : (tf.slice(x, [0, 0, head * width], [-1, -1, width]) as tf.Tensor3D));
    const logits = tf.mul(tf.matMul(part(query), part(key), false, true), 1 / Math.sqrt(width));
    const penalised = tf.add(tf.sub(logits, tf.mul(distance, headSlope(head, config.heads))), mask);
    heads.push(tf.matMul(tf.softmax(penalised) as tf.Tensor3D, part(value)));
  }
  return heads.length === 1 ? heads[0]! : (tf.concat(heads, 2) as tf.Tensor3D);
}

/**
 * The numbers that `encodeSessions` reads besides the rows, for one history.
 * @returns features [L · F] and used [L]
 */
export function entryFeatures(input: EncodedHistory): { features: Float32Array; used: Float32Array } {
  const length = input.items.length;
  const features = new Float32Array(length * ENTRY_FEATURES);
  const used = new Float32Array(length);
  for (let place = length - input.count; place < length; place += 1) {
    used[place] = 1;
    features[place * ENTRY_FEATURES + input.kinds[place]!] = 1;
    features[place * ENTRY_FEATURES + HISTORY_KINDS.length + input.gaps[place]!] = 1;
  }
  return { features, used };
}

/** (B, L, I) × (I, O) → (B, L, O), as one flat product, which every backend does fastest. */
function project(x: tf.Tensor3D, matrix: tf.Tensor): tf.Tensor3D {
  const [batch, length, width] = x.shape;
  return tf.reshape(tf.matMul(tf.reshape(x, [batch * length, width]) as tf.Tensor2D, matrix as tf.Tensor2D), [batch, length, matrix.shape[1]!]) as tf.Tensor3D;
}

/** Root-mean-square norm (Zhang & Sennrich, 2019): no mean, no bias. */
function rmsNorm(x: tf.Tensor3D, gain: tf.Tensor): tf.Tensor3D {
  const meanSquare = tf.div(tf.sum(tf.mul(x, x), 2, true), x.shape[2]);
  return tf.mul(tf.div(x, tf.sqrt(tf.add(meanSquare, NORM_EPSILON))), gain) as tf.Tensor3D;
}

function unit(x: tf.Tensor3D): tf.Tensor3D {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.mul(x, x), 2, true), NORM_EPSILON))) as tf.Tensor3D;
}

/** max(t − j, 0), [L, L]. */
function distances(length: number): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from({ length: length * length }, (_, i) => Math.max(0, Math.floor(i / length) - (i % length))), [length, length]);
}
function causalMask(length: number): tf.Tensor2D {
  return tf.tensor2d(Float32Array.from({ length: length * length }, (_, i) => (i % length <= Math.floor(i / length) ? 0 : MASKED)), [length, length]);
}
