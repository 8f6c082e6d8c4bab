// For the CPU backend and the gradients, which the core alone does not bring.
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { ENTRY_FEATURES, type EncodedHistory } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { encoderShapes, type Model, type ModelConfig } from "../../../core/model/config.ts";
import { encodeSessions, entryFeatures, type EncoderTensors } from "../../../core/model/network.ts";
import { encodeSession } from "../../../core/model/score.ts";
import { randomInputs, randomModel } from "../random-model.ts";

await tf.setBackend("cpu");

/** Session vectors after every place, by the tfjs network; [B][L][D]. */
function sessions(model: Model, inputs: readonly EncodedHistory[], weights = tensorsOf(model)): number[][][] {
  const { config } = model;
  return tf.tidy(() => {
    const length = inputs[0]!.items.length;
    const rows = inputs.map((input) => Array.from(input.items, (item) => Array.from({ length: config.width }, (_, d) => (item < 0 ? 0 : model.rows[item * config.width + d]! * model.scales[item]!))));
    const features = inputs.map((input) => entryFeatures(input));
    return encodeSessions(
      config, weights,
      tf.tensor3d(rows),
      tf.tensor3d(features.flatMap((each) => [...each.features]), [inputs.length, length, ENTRY_FEATURES]),
      tf.tensor2d(features.flatMap((each) => [...each.used]), [inputs.length, length]),
    ).arraySync();
  });
}
function tensorsOf(model: Model): EncoderTensors {
  return Object.fromEntries(encoderShapes(model.config).map(([name, shape]) => [name, tf.tensor(model.encoder[name]!, shape)]));
}
const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);

const random = seededRandom(21);
const CONFIGS = Array.from({ length: 24 }, (_, i): ModelConfig => ({
  width: [16, 24, 32, 48, 64][Math.floor(random() * 5)]!,
  heads: [1, 2, 4][i % 3]!,
  blocks: Math.floor(i / 3) % 3,
  length: [1, 2, 7, 20, 50][Math.floor(random() * 5)]!,
  neighbours: 0,
}));

test.each(CONFIGS)("tfjs and plain loops give the same session vectors: width $width, $heads heads, $blocks blocks, length $length", (config) => {
  const model = randomModel(config, 60, config.width + config.blocks);
  const inputs = randomInputs(model, 6, 5);
  const vectors = sessions(model, inputs);
  inputs.forEach((input, i) => {
    const plain = encodeSession(model, input);
    expect(Math.hypot(...plain)).toBeCloseTo(1, 4);
    expect(largestDifference(vectors[i]!.at(-1)!, plain)).toBeLessThan(1e-5);
  });
});

const MODEL = randomModel({ width: 32, length: 12, blocks: 2, heads: 4, neighbours: 0 }, 60, 9);

test("a later entry never changes an earlier session vector", () => {
  const [input] = randomInputs(MODEL, 40, 6).filter(({ count }) => count === 12);
  const before = sessions(MODEL, [input!])[0]!;
  for (const place of [1, 6, 11]) {
    const changed: EncodedHistory = { ...input!, items: input!.items.slice(), kinds: input!.kinds.slice(), gaps: input!.gaps.slice() };
    changed.items[place] = (changed.items[place]! + 1) % 60;
    changed.kinds[place] = (changed.kinds[place]! + 1) % 4;
    const after = sessions(MODEL, [changed])[0]!;
    expect(after.slice(0, place)).toEqual(before.slice(0, place));
    expect(largestDifference(after[place]!, before[place]!)).toBeGreaterThan(1e-3);
  }
});

test("unused places change nothing, in either pass", () => {
  for (const input of randomInputs(MODEL, 10, 8)) {
    const from = input.items.length - input.count;
    const bare: EncodedHistory = { items: input.items.slice(from), kinds: input.kinds.slice(from), gaps: input.gaps.slice(from), count: input.count };
    expect(largestDifference(sessions(MODEL, [input])[0]!.at(-1)!, sessions(MODEL, [bare])[0]!.at(-1)!)).toBeLessThan(1e-6);
    expect(encodeSession(MODEL, bare)).toEqual(encodeSession(MODEL, input));
  }
});

test("a history's answer does not depend on what else is in the batch", () => {
  const inputs = randomInputs(MODEL, 5, 10);
  const together = sessions(MODEL, inputs);
  inputs.forEach((input, i) => expect(largestDifference(sessions(MODEL, [input])[0]!.at(-1)!, together[i]!.at(-1)!)).toBeLessThan(1e-6));
});

test("the order of the entries, their kinds and their gaps all count", () => {
  const [input] = randomInputs(MODEL, 40, 6).filter(({ count, items }) => count === 12 && items[10] !== items[11]);
  const vector = encodeSession(MODEL, input!);
  const swapped = { ...input!, items: input!.items.slice() };
  [swapped.items[10], swapped.items[11]] = [swapped.items[11]!, swapped.items[10]!];
  const kinds = { ...input!, kinds: input!.kinds.map((kind) => (kind + 1) % 4) };
  const gaps = { ...input!, gaps: input!.gaps.map((gap) => (gap + 1) % 9) };
  for (const other of [swapped, kinds, gaps]) expect(largestDifference(encodeSession(MODEL, other), vector)).toBeGreaterThan(1e-3);
});

test("every tensor of the encoder takes part in the answer", () => {
  const weights = Object.fromEntries(Object.entries(tensorsOf(MODEL)).map(([name, tensor]) => [name, tf.variable(tensor, true, name)]));
  const inputs = randomInputs(MODEL, 8, 12);
  const target = tf.randomNormal([32], 0, 1, "float32", 3);
  const { grads } = tf.variableGrads(() => {
    const length = inputs[0]!.items.length;
    const features = inputs.map((input) => entryFeatures(input));
    const rows = inputs.map((input) => Array.from(input.items, (item) => Array.from({ length: 32 }, (_, d) => (item < 0 ? 0 : MODEL.rows[item * 32 + d]! * MODEL.scales[item]!))));
    const vectors = encodeSessions(
      MODEL.config, weights,
      tf.tensor3d(rows), tf.tensor3d(features.flatMap((each) => [...each.features]), [inputs.length, length, ENTRY_FEATURES]),
      tf.tensor2d(features.flatMap((each) => [...each.used]), [inputs.length, length]),
    );
    return tf.sum(tf.mul(vectors, target)) as tf.Scalar;
  });
  for (const [name] of encoderShapes(MODEL.config)) {
    const values = grads[name]!.dataSync();
    expect(values.every(Number.isFinite), name).toBe(true);
    expect(values.some((value) => Math.abs(value) > 1e-6), name).toBe(true);
  }
  tf.disposeVariables();
});

test("encoding leaves no tensor behind", () => {
  const weights = tensorsOf(MODEL);
  const inputs = randomInputs(MODEL, 2, 1);
  const before = tf.memory().numTensors;
  sessions(MODEL, inputs, weights);
  expect(tf.memory().numTensors).toBe(before);
});
