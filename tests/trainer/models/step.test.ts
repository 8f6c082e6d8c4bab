import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { ENTRY_FEATURES } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { encoderShapes, TEMPERATURE, type ModelConfig } from "../../../core/model/config.ts";
import { encodeSessions } from "../../../core/model/network.ts";
import { startBackend } from "../../../trainer/models/backend.ts";
import { stepGradients, type Batch } from "../../../trainer/models/step.ts";

const CONFIG: ModelConfig = { width: 8, length: 4, blocks: 1, heads: 2, neighbours: 1 };
const WINDOWS = 3;
const CANDIDATES = 7;
const random = seededRandom(5);
const numbers = (length: number, scale = 1) => Float32Array.from({ length }, () => (random() * 2 - 1) * scale);

const encoder = Object.fromEntries(encoderShapes(CONFIG).map(([name, shape]) => [name, { shape, values: numbers(shape.reduce((a, b) => a * b, 1), 0.5) }]));
const used = Float32Array.from([0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1]);
const features = Float32Array.from({ length: WINDOWS * CONFIG.length * ENTRY_FEATURES }, (_, i) => (i % ENTRY_FEATURES === 0 ? used[Math.floor(i / ENTRY_FEATURES)]! : 0));
const batch: Batch = {
  windows: WINDOWS, length: CONFIG.length, features, used,
  entryRows: numbers(WINDOWS * CONFIG.length * CONFIG.width).map((value, i) => value * used[Math.floor(i / CONFIG.width)]!),
  places: Int32Array.from([3, 5, 7, 11]),
  candidateRows: numbers(CANDIDATES * CONFIG.width, 0.3),
  logQ: numbers(CANDIDATES),
  offsets: Uint32Array.from([0, 1, 3, 4, 5]),
  targets: Int32Array.from([0, 2, 3, 6, 1]),
  excluded: Int32Array.from([4, -1, 0, 2]),
};

/** The same loss in tfjs's own operations, differentiated by its tape on its plain cpu backend. */
async function reference() {
  await startBackend("cpu");
  const names = Object.keys(encoder);
  const wanted = new Float32Array(batch.places.length * CANDIDATES);
  const mask = new Float32Array(batch.places.length * CANDIDATES);
  batch.places.forEach((_, m) => {
    const [from, to] = [batch.offsets[m]!, batch.offsets[m + 1]!];
    for (let t = from; t < to; t += 1) wanted[m * CANDIDATES + batch.targets[t]!] = 1 / (to - from);
    if (batch.excluded[m]! >= 0) mask[m * CANDIDATES + batch.excluded[m]!] = -1e9;
  });
  const pick = new Float32Array(batch.places.length * WINDOWS * CONFIG.length);
  batch.places.forEach((place, m) => (pick[m * WINDOWS * CONFIG.length + place] = 1));
  const loss = (rows: tf.Tensor, candidates: tf.Tensor, ...weights: tf.Tensor[]) => {
    const sessions = encodeSessions(CONFIG, Object.fromEntries(names.map((name, i) => [name, weights[i]!])), rows as tf.Tensor3D,
      tf.tensor3d(features, [WINDOWS, CONFIG.length, ENTRY_FEATURES]), tf.tensor2d(used, [WINDOWS, CONFIG.length]));
    const chosen = tf.matMul(tf.tensor2d(pick, [batch.places.length, WINDOWS * CONFIG.length]), tf.reshape(sessions, [-1, CONFIG.width]));
    const cosines = tf.matMul(chosen, candidates as tf.Tensor2D, false, true);
    const logits = tf.add(tf.sub(tf.div(cosines, TEMPERATURE), tf.tensor1d(batch.logQ!)), tf.tensor2d(mask, [batch.places.length, CANDIDATES]));
    return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(logits), tf.tensor2d(wanted, [batch.places.length, CANDIDATES]))), batch.places.length)) as tf.Scalar;
  };
  const inputs = [tf.tensor3d(batch.entryRows, [WINDOWS, CONFIG.length, CONFIG.width]), tf.tensor2d(batch.candidateRows, [CANDIDATES, CONFIG.width]), ...names.map((name) => tf.tensor(encoder[name]!.values, encoder[name]!.shape))];
  const { value, grads } = tf.valueAndGrads(loss as (...x: tf.Tensor[]) => tf.Scalar)(inputs);
  const read = grads.map((gradient) => gradient.dataSync() as Float32Array);
  return { loss: value.dataSync()[0]!, entryRows: read[0]!, candidateRows: read[1]!, encoder: Object.fromEntries(names.map((name, i) => [name, read[i + 2]!])) };
}

describe("a training step", () => {
  let expected: Awaited<ReturnType<typeof reference>>;
  beforeAll(async () => {
    expected = await reference();
  });

  it.each(["wasm", "cpu"] as const)("has the loss and the gradients of tfjs's plain operations, on %s", async (backend) => {
    await startBackend(backend);
    const actual = stepGradients(CONFIG, encoder, batch);
    expect(actual.loss).toBeCloseTo(expected.loss, 4);
    expectClose("entry rows", actual.entryRows, expected.entryRows);
    expectClose("candidate rows", actual.candidateRows, expected.candidateRows);
    for (const name of Object.keys(encoder)) expectClose(name, actual.encoder[name]!, expected.encoder[name]!);
  });

  it("leaves no tensor behind", async () => {
    await startBackend("wasm");
    stepGradients(CONFIG, encoder, batch);
    const before = tf.memory().numTensors;
    stepGradients(CONFIG, encoder, batch);
    expect(tf.memory().numTensors).toBe(before);
  });
});

function expectClose(what: string, actual: Float32Array, expected: Float32Array): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!) / scale, `${what}[${i}]: ${value} against ${expected[i]}`).toBeLessThan(1e-3));
}
