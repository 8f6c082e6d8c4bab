/** What the re-rank benchmark runs inside the page: the engine's backends, and tfjs as its packages bring it. */
/// <reference path="../../widget/engine/assets.d.ts" />
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import wasmUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { ENTRY_FEATURES, type EncodedHistory } from "../../core/history.ts";
import { encoderShapes, readModel, TEMPERATURE, writeModel, type Model } from "../../core/model/config.ts";
import { encodeSessions, entryFeatures } from "../../core/model/network.ts";
import { blendScores, dotRows, encodeSession, quantiseQuery } from "../../core/model/score.ts";
import { topK } from "../../core/ranking/topk.ts";
import { startEngine } from "../../widget/engine/client.ts";
import { BACKEND_NAMES } from "../../widget/engine/protocol.ts";
import { randomInputs, randomModel } from "../core/random-model.ts";

const TOP = 20;
const WARM_UPS = 5;

/** A contender answers one history with its best items. */
type Rank = (input: EncodedHistory) => Promise<number[]>;
export type Times = { [contender: string]: number[] };

const bench = {
  /** Runs every contender in turn on the same histories; milliseconds of every run. */
  async rerank(engineUrl: string, itemCount: number, runs: number): Promise<Times> {
    const bytes = writeModel(shopModel(itemCount)).buffer;
    // A view of the bytes, as on a shop's page: any other model would be scored on the page, not by the worker.
    const model = readModel(new Uint8Array(bytes));
    const contenders: { [name: string]: Rank } = {};
    for (const backend of BACKEND_NAMES) {
      const engine = await startEngine({ engineUrl, bytes, backend });
      if (engine.backend !== backend) throw new Error(`${backend} fell back: ${JSON.stringify(engine.diagnostics())}`);
      contenders[backend] = async (input) => topK(await engine.score(model, input), TOP);
    }
    for (const backend of ["webgpu", "wasm"] as const) contenders[`stock ${backend}`] = await stock(backend, model);
    const inputs = randomInputs(model, runs + WARM_UPS, 17);
    const times: Times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
    for (let run = 0; run < inputs.length; run += 1) {
      for (const [name, rank] of Object.entries(contenders)) {
        const start = performance.now();
        await rank(inputs[run]!);
        if (run >= WARM_UPS) times[name]!.push(performance.now() - start);
      }
    }
    return times;
  },

  /** The products alone: int8 rows in plain loops, and tfjs's f32 product on WASM. */
  async products(itemCount: number, runs: number): Promise<Times> {
    const model = shopModel(itemCount);
    await useStock("wasm");
    const { width } = model.config;
    const rows = tf.tensor2d(Float32Array.from(model.rows), [itemCount, width]);
    const out = new Int32Array(itemCount);
    const times: Times = { loops: [], "stock wasm": [] };
    randomInputs(model, runs + WARM_UPS, 19).forEach((input, run) => {
      const query = quantiseQuery(encodeSession(model, input));
      let start = performance.now();
      dotRows(model, query, out);
      if (run >= WARM_UPS) times["loops"]!.push(performance.now() - start);
      start = performance.now();
      tf.tidy(() => tf.matMul(rows, tf.tensor2d(Float32Array.from(query.values), [width, 1])).dataSync());
      if (run >= WARM_UPS) times["stock wasm"]!.push(performance.now() - start);
    });
    rows.dispose();
    return times;
  },
};
export type Bench = typeof bench;
Object.assign(globalThis, { bench });

const shopModel = (itemCount: number) => randomModel({ width: 48, length: 20, blocks: 1, heads: 2, neighbours: 20 }, itemCount, 7);

let wasmSet = false;
async function useStock(backend: "webgpu" | "wasm"): Promise<void> {
  if (!wasmSet) setWasmPaths({ "tfjs-backend-wasm.wasm": wasmUrl, "tfjs-backend-wasm-simd.wasm": wasmUrl, "tfjs-backend-wasm-threaded-simd.wasm": wasmUrl });
  wasmSet = true;
  await tf.setBackend(backend);
}

/** The same network and blend as one would write them with tfjs alone: rows in f32, matMul, topk, on the page's thread. */
async function stock(backend: "webgpu" | "wasm", model: Model): Promise<Rank> {
  await useStock(backend);
  const { config } = model;
  const { width: D, length } = config;
  const dequantised = Float32Array.from(model.rows, (value, i) => value * model.scales[Math.floor(i / D)]!);
  const rows = tf.tensor2d(dequantised, [model.itemIds.length, D]);
  const weights = Object.fromEntries(encoderShapes(config).map(([name, shape]) => [name, tf.tensor(model.encoder[name]!, shape)]));
  return async (input) => {
    await tf.setBackend(backend);
    const best = tf.tidy(() => {
      const { features, used } = entryFeatures(input);
      const entries = Float32Array.from({ length: length * D }, (_, i) => (input.items[Math.floor(i / D)]! < 0 ? 0 : dequantised[input.items[Math.floor(i / D)]! * D + (i % D)]!));
      const sessions = encodeSessions(config, weights, tf.tensor3d(entries, [1, length, D]), tf.tensor3d(features, [1, length, ENTRY_FEATURES]), tf.tensor2d(used, [1, length]));
      const session = tf.reshape(tf.slice(sessions, [0, length - 1, 0], [1, 1, D]), [D, 1]);
      const cosines = tf.reshape(tf.matMul(rows, session as tf.Tensor2D), [model.itemIds.length]);
      const scores = tf.add(tf.mul(cosines, model.blend[0] / TEMPERATURE), tf.tensor1d(blendScores(model, null, input)));
      return tf.topk(scores, TOP).indices;
    });
    const indices = await best.data();
    best.dispose();
    return [...indices];
  };
}
