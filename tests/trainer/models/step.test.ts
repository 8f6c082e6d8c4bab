import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { ENTRY_FEATURES, HISTORY_KINDS } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { encoderShapes, TEMPERATURE, type ModelConfig } from "../../../core/model/config.ts";
import { encodeSessions } from "../../../core/model/network.ts";
import { startBackend } from "../../../trainer/models/backend.ts";
import { createStep, type Batch, type StepGradients } from "../../../trainer/models/step.ts";
import { createTfjsStep } from "../../../trainer/models/tfjs-step.ts";

const CONFIG: ModelConfig = { width: 8, length: 4, blocks: 1, heads: 2, neighbours: 1 };
const WINDOWS = 3;
const CANDIDATES = 7;
const random = seededRandom(5);
const numbers = (length: number, scale = 1) => Float32Array.from({ length }, () => (random() * 2 - 1) * scale);

const shapes = encoderShapes(CONFIG);
const encoder = Object.fromEntries(shapes.map(([name, shape]) => [name, numbers(shape.reduce((a, b) => a * b, 1), 0.5)]));
// Windows of 3, 4 and 1 places; two entries are hidden.
const starts = Uint32Array.from([0, 3, 7, 8]);
const kinds = Uint8Array.from([0, 1, 0, 2, 3, 0, 0, 1]);
const gaps = Uint8Array.from([8, 0, 1, 8, 3, 2, 7, 8]);
const batch: Batch = {
  starts, kinds, gaps,
  entryRows: numbers(8 * CONFIG.width).map((value, i) => ([1, 4].includes(Math.floor(i / CONFIG.width)) ? 0 : value)),
  places: Int32Array.from([1, 2, 4, 7]),
  candidateRows: numbers(CANDIDATES * CONFIG.width, 0.3),
  logQ: numbers(CANDIDATES),
  offsets: Uint32Array.from([0, 1, 3, 4, 5]),
  targets: Int32Array.from([0, 2, 3, 6, 1]),
  excluded: Int32Array.from([4, -1, 0, 2]),
};
/** Where the places stand in windows padded on the left to L = 4. */
const PADDED = [1, 2, 3, 4, 5, 6, 7, 11];
const padded = (values: Float32Array, size: number) => {
  const out = new Float32Array(WINDOWS * CONFIG.length * size);
  PADDED.forEach((place, t) => out.set(values.subarray(t * size, (t + 1) * size), place * size));
  return out;
};
const used = padded(new Float32Array(8).fill(1), 1);
const features = padded(Float32Array.from({ length: 8 * ENTRY_FEATURES }, (_, i) => {
  const t = Math.floor(i / ENTRY_FEATURES);
  return [kinds[t], HISTORY_KINDS.length + gaps[t]!].includes(i % ENTRY_FEATURES) ? 1 : 0;
}), ENTRY_FEATURES);

/** The same loss in tfjs's own operations, differentiated by its tape on its plain cpu backend. */
async function reference() {
  await startBackend("cpu");
  const names = shapes.map(([name]) => name);
  const wanted = new Float32Array(batch.places.length * CANDIDATES);
  const mask = new Float32Array(batch.places.length * CANDIDATES);
  batch.places.forEach((_, m) => {
    const [from, to] = [batch.offsets[m]!, batch.offsets[m + 1]!];
    for (let t = from; t < to; t += 1) wanted[m * CANDIDATES + batch.targets[t]!] = 1 / (to - from);
    if (batch.excluded[m]! >= 0) mask[m * CANDIDATES + batch.excluded[m]!] = -1e9;
  });
  const pick = new Float32Array(batch.places.length * WINDOWS * CONFIG.length);
  batch.places.forEach((place, m) => (pick[m * WINDOWS * CONFIG.length + PADDED[place]!] = 1));
  const loss = (rows: tf.Tensor, candidates: tf.Tensor, ...weights: tf.Tensor[]) => {
    const sessions = encodeSessions(CONFIG, Object.fromEntries(names.map((name, i) => [name, weights[i]!])), rows as tf.Tensor3D,
      tf.tensor3d(features, [WINDOWS, CONFIG.length, ENTRY_FEATURES]), tf.tensor2d(used, [WINDOWS, CONFIG.length]));
    const chosen = tf.matMul(tf.tensor2d(pick, [batch.places.length, WINDOWS * CONFIG.length]), tf.reshape(sessions, [-1, CONFIG.width]));
    const cosines = tf.matMul(chosen, candidates as tf.Tensor2D, false, true);
    const logits = tf.add(tf.sub(tf.div(cosines, TEMPERATURE), tf.tensor1d(batch.logQ!)), tf.tensor2d(mask, [batch.places.length, CANDIDATES]));
    return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(logits), tf.tensor2d(wanted, [batch.places.length, CANDIDATES]))), batch.places.length)) as tf.Scalar;
  };
  const inputs = [tf.tensor3d(padded(batch.entryRows, CONFIG.width), [WINDOWS, CONFIG.length, CONFIG.width]), tf.tensor2d(batch.candidateRows, [CANDIDATES, CONFIG.width]), ...shapes.map(([name, shape]) => tf.tensor(encoder[name]!, shape))];
  const { value, grads } = tf.valueAndGrads(loss as (...x: tf.Tensor[]) => tf.Scalar)(inputs);
  const read = grads.map((gradient) => gradient.dataSync() as Float32Array);
  return { loss: value.dataSync()[0]!, entryRows: Float32Array.from(PADDED.flatMap((place) => [...read[0]!.subarray(place * CONFIG.width, (place + 1) * CONFIG.width)])), candidateRows: read[1]!, encoder: Object.fromEntries(names.map((name, i) => [name, read[i + 2]!])) };
}

describe("a training step", () => {
  let expected: Awaited<ReturnType<typeof reference>>;
  beforeAll(async () => {
    expected = await reference();
  });

  const expectSame = (actual: StepGradients) => {
    expect(actual.loss).toBeCloseTo(expected.loss, 4);
    expectClose("entry rows", actual.entryRows, expected.entryRows);
    expectClose("candidate rows", actual.candidateRows, expected.candidateRows);
    for (const name of Object.keys(encoder)) expectClose(name, actual.encoder[name]!, expected.encoder[name]!);
  };

  it("has the loss and the gradients that tfjs's tape finds on its plain cpu backend", () => {
    const step = createStep(CONFIG, 2 ** 20);
    expectSame(step(encoder, batch));
    // A second step on the same memory owes nothing to the first.
    expectSame(step(encoder, batch));
  });

  it.each(["wasm", "cpu"] as const)("is the same on tfjs's %s backend", async (backend) => {
    await startBackend(backend);
    expectSame(createTfjsStep(CONFIG)(encoder, batch));
  });

  it("has the gradients that finite differences show", () => {
    const step = createStep(CONFIG, 2 ** 20);
    const { encoder: gradients } = step(encoder, batch);
    const change = 1e-2;
    for (const [name] of shapes) {
      const direction = numbers(encoder[name]!.length);
      const moved = (by: number) => step({ ...encoder, [name]: encoder[name]!.map((value, i) => value + by * direction[i]!) }, batch).loss;
      const along = gradients[name]!.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      // Richardson's extrapolation of the central difference; the loss comes from f32 sums.
      const difference = (4 * (moved(change / 2) - moved(-change / 2)) - 0.5 * (moved(change) - moved(-change))) / (3 * change);
      expect(Math.abs(difference - along), `${name}: ${along} against ${difference}`).toBeLessThan(0.01 * Math.max(1, Math.abs(along)));
    }
  });

  it("says that a step does not fit the memory it was given", () => {
    expect(() => createStep(CONFIG, 100)(encoder, { ...batch, candidateRows: new Float32Array(65536 * CONFIG.width), logQ: null })).toThrow(/placesPerStep/);
  });

  it("leaves no tensor behind on tfjs", async () => {
    await startBackend("wasm");
    const step = createTfjsStep(CONFIG);
    step(encoder, batch);
    const before = tf.memory().numTensors;
    step(encoder, batch);
    expect(tf.memory().numTensors).toBe(before);
  });
});

function expectClose(what: string, actual: Float32Array, expected: Float32Array): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!) / scale, `${what}[${i}]: ${value} against ${expected[i]}`).toBeLessThan(1e-3));
}
