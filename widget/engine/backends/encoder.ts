/** Runs the session encoder of `core/model/network.ts` for one history, on whichever tfjs backend is current. */
import type { Tensor3D } from "@tensorflow/tfjs-core";
import { ENTRY_FEATURES, type EncodedHistory } from "../../../core/history.ts";
import { encoderShapes, type Model } from "../../../core/model/config.ts";
import { encodeSessions, entryFeatures, type EncoderTensors } from "../../../core/model/network.ts";
import { tf } from "./tfjs.ts";

export interface Encoder {
  /** Session vectors after every place of the history; [1, L, D]. The caller disposes of them. */
  encode(input: EncodedHistory): Tensor3D;
  dispose(): void;
}

/** Uploads the encoder's weights once. */
export function createEncoder(model: Model): Encoder {
  const { config } = model;
  const weights: EncoderTensors = {};
  for (const [name, shape] of encoderShapes(config)) weights[name] = tf.tensor(model.encoder[name]!, shape);
  return {
    encode(input) {
      return tf.tidy(() => {
        const length = input.items.length;
        const { features, used } = entryFeatures(input);
        return encodeSessions(
          config, weights,
          tf.tensor3d(entryRows(model, input), [1, length, config.width]),
          tf.tensor3d(features, [1, length, ENTRY_FEATURES]),
          tf.tensor2d(used, [1, length]),
        );
      });
    },
    dispose: () => tf.dispose(weights),
  };
}

/** The entries' own item rows in f32, zero where a place is unused; [L · D]. */
function entryRows(model: Model, input: EncodedHistory): Float32Array {
  const { width: D } = model.config;
  const rows = new Float32Array(input.items.length * D);
  for (let place = input.items.length - input.count; place < input.items.length; place += 1) {
    const item = input.items[place]!;
    for (let d = 0; d < D; d += 1) rows[place * D + d] = model.rows[item * D + d]! * model.scales[item]!;
  }
  return rows;
}
