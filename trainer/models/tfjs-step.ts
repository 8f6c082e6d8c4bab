/** One training step's loss and gradients: the encoder by tfjs's tape, the softmax over items by hand. */
import * as tf from "@tensorflow/tfjs-core";
import { ENTRY_FEATURES, HISTORY_KINDS } from "../../core/history.ts";
import { encoderShapes, TEMPERATURE, type ModelConfig } from "../../core/model/config.ts";
import { MASKED } from "../../core/model/constants.ts";
import { encodeSessions, type EncoderTensors } from "../../core/model/network.ts";
import type { Batch, Step, StepGradients } from "./step.ts";

/**
 * The same step as `createStep`'s on tfjs's current backend: what ours is held against, and the way onto a GPU.
 * Windows are padded on the left to the longest of them.
 */
export function createTfjsStep(config: ModelConfig): Step {
  const shapes = encoderShapes(config);
  const names = shapes.map(([name]) => name);
  return (encoder, batch) => {
    const { width } = config;
    const { starts } = batch;
    const windows = starts.length - 1;
    const length = starts.reduce((most, start, b) => Math.max(most, b > 0 ? start - starts[b - 1]! : 0), 0);
    const padded = padWindows(batch, width, length);
    let gradients: StepGradients | undefined;
    // Nothing is returned from the scope: tfjs would search it for tensors, number by number.
    tf.tidy(() => {
      const weights = shapes.map(([name, shape]) => tf.tensor(encoder[name]!, shape));
      const rows = tf.tensor3d(padded.entryRows, [windows, length, width]);
      const features = tf.tensor3d(padded.features, [windows, length, ENTRY_FEATURES]);
      const used = tf.tensor2d(padded.used, [windows, length]);
      const candidates = tf.tensor2d(batch.candidateRows, [batch.candidateRows.length / width, width]);

      const loss = (...inputs: tf.Tensor[]): tf.Scalar => {
        const tensors: EncoderTensors = Object.fromEntries(names.map((name, i) => [name, inputs[i + 2]!]));
        const sessions = tf.reshape(encodeSessions(config, tensors, inputs[0] as tf.Tensor3D, features, used), [windows * length, width]) as tf.Tensor2D;
        return softmaxLoss(selectRows(sessions, padded.places), inputs[1] as tf.Tensor2D, batch);
      };
      const { value, grads } = tf.valueAndGrads(loss)([rows, candidates, ...weights]);
      const toRows = grads[0]!.dataSync() as Float32Array;
      const entryRows = new Float32Array(batch.entryRows.length);
      padded.placeOf.forEach((place, t) => entryRows.set(toRows.subarray(place * width, (place + 1) * width), t * width));
      gradients = {
        loss: value.dataSync()[0]!,
        entryRows,
        candidateRows: grads[1]!.dataSync() as Float32Array,
        encoder: Object.fromEntries(names.map((name, i) => [name, grads[i + 2]!.dataSync() as Float32Array])),
      };
    });
    return gradients!;
  };
}

function padWindows({ starts, entryRows, kinds, gaps, places }: Batch, width: number, length: number) {
  const windows = starts.length - 1;
  const rows = new Float32Array(windows * length * width);
  const features = new Float32Array(windows * length * ENTRY_FEATURES);
  const used = new Float32Array(windows * length);
  const placeOf = new Int32Array(kinds.length);
  for (let b = 0; b < windows; b += 1) {
    for (let t = starts[b]!; t < starts[b + 1]!; t += 1) {
      const place = (placeOf[t] = (b + 1) * length - (starts[b + 1]! - t));
      rows.set(entryRows.subarray(t * width, (t + 1) * width), place * width);
      features[place * ENTRY_FEATURES + kinds[t]!] = 1;
      features[place * ENTRY_FEATURES + HISTORY_KINDS.length + gaps[t]!] = 1;
      used[place] = 1;
    }
  }
  return { entryRows: rows, features, used, placeOf, places: places.map((t) => placeOf[t]!) };
}

/** Rows by index. Gather's own gradient needs a kernel that the WASM backend lacks; with no row taken twice, it is a copy. */
function selectRows(x: tf.Tensor2D, indices: Int32Array): tf.Tensor2D {
  const [rows, width] = x.shape;
  return tf.customGrad((input, _save) => ({
    value: tf.gather(input as tf.Tensor2D, tf.tensor1d(indices, "int32")),
    gradFunc: (dy: tf.Tensor) => {
      const from = dy.dataSync() as Float32Array;
      const to = new Float32Array(rows * width);
      for (let i = 0; i < indices.length; i += 1) to.set(from.subarray(i * width, (i + 1) * width), indices[i]! * width);
      return tf.tensor2d(to, [rows, width]);
    },
  }))(x) as tf.Tensor2D;
}

/** Masks one column of each row. @param excluded [P]; -1 leaves a row whole */
function withoutExcluded(logits: tf.Tensor2D, excluded: Int32Array): tf.Tensor2D {
  const columns = logits.shape[1];
  const at: number[] = [];
  excluded.forEach((column, m) => column >= 0 && at.push(m * columns + column));
  if (at.length === 0) return logits;
  const flat = tf.tensorScatterUpdate(tf.reshape(logits, [-1]), tf.tensor2d(at, [at.length, 1], "int32"), tf.fill([at.length], MASKED));
  return tf.reshape(flat, logits.shape);
}

/**
 * Mean cross-entropy of `softmax(S · Cᵀ / τ − logQ)` against the targets, with its gradient written out: the [P, M]
 * probabilities are then made once, and never transposed, which the tape's own would do twice.
 *
 * @param sessions [P, D]
 * @param candidates [M, D]
 */
function softmaxLoss(sessions: tf.Tensor2D, candidates: tf.Tensor2D, batch: Batch): tf.Scalar {
  const [moments, width] = sessions.shape;
  const { offsets, targets, logQ } = batch;
  return tf.customGrad((sessionInput, candidateInput, save) => {
    const s = sessionInput as tf.Tensor2D;
    const c = candidateInput as tf.Tensor2D;
    const columns = c.shape[0];
    const scaled = tf.matMul(tf.mul(s, 1 / TEMPERATURE) as tf.Tensor2D, c, false, true) as tf.Tensor2D;
    const logits = withoutExcluded(logQ ? (tf.sub(scaled, tf.tensor1d(logQ)) as tf.Tensor2D) : scaled, batch.excluded);
    const probabilities = tf.softmax(logits) as tf.Tensor2D;

    // Only the targets' probabilities leave the backend's memory.
    const wanted = new Int32Array(targets.length);
    for (let m = 0; m < moments; m += 1) for (let t = offsets[m]!; t < offsets[m + 1]!; t += 1) wanted[t] = m * columns + targets[t]!;
    const chosen = tf.gather(tf.reshape(probabilities, [-1]), tf.tensor1d(wanted, "int32")).dataSync();
    let loss = 0;
    for (let m = 0; m < moments; m += 1) {
      const share = 1 / (offsets[m + 1]! - offsets[m]!);
      for (let t = offsets[m]!; t < offsets[m + 1]!; t += 1) loss -= share * Math.log(Math.max(chosen[t]!, 1e-30));
    }
    (save as tf.GradSaveFunc)([probabilities, s, c]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [p, s, c] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const scale = dy.dataSync()[0]! / (moments * TEMPERATURE);
      const sessionValues = s.dataSync() as Float32Array;
      const candidateValues = c.dataSync() as Float32Array;
      // What the targets take off the probabilities' part, with respect to either factor.
      const wantedRows = new Float32Array(moments * width);
      const wantedSessions = new Float32Array(columns * width);
      for (let m = 0; m < moments; m += 1) {
        const share = 1 / (offsets[m + 1]! - offsets[m]!);
        for (let t = offsets[m]!; t < offsets[m + 1]!; t += 1) {
          const column = targets[t]! * width;
          for (let d = 0; d < width; d += 1) {
            wantedRows[m * width + d] = wantedRows[m * width + d]! + share * candidateValues[column + d]!;
            wantedSessions[column + d] = wantedSessions[column + d]! + share * sessionValues[m * width + d]!;
          }
        }
      }
      const toSessions = tf.sub(tf.matMul(p, c), tf.tensor2d(wantedRows, [moments, width]));
      const toCandidates = tf.sub(tf.transpose(tf.matMul(tf.transpose(s), p)), tf.tensor2d(wantedSessions, [columns, width]));
      return [tf.mul(toSessions, scale), tf.mul(toCandidates, scale)];
    };
    return { value: tf.scalar(loss / moments), gradFunc };
  })(sessions, candidates) as tf.Scalar;
}
