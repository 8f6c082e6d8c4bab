/** What `npm run bench:engine` runs inside the page: the engine as a shop's page uses it, and other runtimes beside it. */
/// <reference path="../../widget/engine/assets.d.ts" />
import "@tensorflow/tfjs-backend-wasm";
import "@tensorflow/tfjs-backend-webgpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import wasmUrl from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import type { Card } from "../../core/catalogue.ts";
import { ENTRY_FEATURES, type EncodedHistory, type HistoryEntry } from "../../core/history.ts";
import { seededRandom } from "../../core/ids.ts";
import { encoderShapes, readModel, TEMPERATURE, writeModel, type Model } from "../../core/model/config.ts";
import { encodeSessions, entryFeatures } from "../../core/model/network.ts";
import { rankHistory } from "../../core/model/rank.ts";
import { blendScores } from "../../core/model/score.ts";
import { chooseCandidates, joinShelf, packCandidates, readCandidates } from "../../core/ranking/candidates.ts";
import { createShelf, recommend, type RankInput, type Shelf } from "../../core/ranking/recommend.ts";
import type { Placement } from "../../core/slate.ts";
import { headFile, planHeads } from "../../core/weights/head.ts";
import type { SignedManifest } from "../../core/weights/manifest.ts";
import { startEngine, type Engine, type EngineDiagnostics } from "../../widget/engine/client.ts";
import { loadModel, type CachedWeights, type WeightsCache } from "../../widget/engine/model.ts";
import type { BackendName, BackendPerTask, Calibration } from "../../widget/engine/protocol.ts";
import { createRankInSlices } from "../../widget/engine/slices.ts";
import { randomHistory, randomInputs, randomModel } from "../core/random-model.ts";
import { onnxInputs, onnxModel } from "./onnx-model.ts";

const TOP = 20;
const WARM_UPS = 5;
const PLACEMENT: Pick<Placement, "id" | "strategy" | "k"> = { id: "bench", strategy: "for_you", k: 12 };
const NOW = Date.UTC(2026, 0, 1);
const ON_LOOPS: Calibration = { chosen: { encode: "loops", score: "loops" }, measurements: [], adapter: "" };

/** Milliseconds of every run, by contender. */
export type Times = { [contender: string]: number[] };
export interface Swaps {
  histories: number;
  swaps: number;
  /** Of items whose oracle scores differ by more than 1e-4. */
  faults: number;
  largestGap: number;
}

const shopModel = (itemCount: number) => randomModel({ width: 48, length: 20, blocks: 1, heads: 2, neighbours: 20 }, itemCount, 7);
const cardOf = (id: string): Card => ({ id, title: `A product of the shop that is called ${id}`, link: `https://shop.example/products/${id}`, image_link: `https://shop.example/pictures/${id}.webp`, price: 19.9, availability: "in_stock", brand: "Brand", product_type: "Home > Kitchen > Coffee" });
const rankHere = createRankInSlices(() => performance.now());

async function engineFor(engineUrl: string, bytes: ArrayBuffer, given: { forced?: BackendName; remembered?: Calibration }): Promise<Engine> {
  return startEngine({ engineUrl, bytes, rankHere, ...given });
}
/** A model that is a view of its file's bytes, as on a shop's page: any other is ranked on the page, not by the worker. */
function filed(model: Model): { bytes: ArrayBuffer; model: Model } {
  const bytes = writeModel(model).buffer;
  return { bytes, model: readModel(new Uint8Array(bytes)) };
}

const bench = {
  /**
   * From a shopper's click to the carousel's new order, laid out: history, ranking, policy, elements. The order of the
   * contenders turns from click to click.
   */
  async clicks(engineUrl: string, itemCount: number, clicks: number): Promise<{ times: Times; headItems: number; chosen: BackendPerTask }> {
    const whole = shopModel(itemCount);
    const all = filed(whole);
    const shelves: { [name: string]: { shelf: Shelf; rank: RankInput } } = {};
    const wholeShelf = createShelf(all.model.itemIds.map(cardOf), { model: all.model, version: 1 }) as Shelf & { model: NonNullable<Shelf["model"]> };
    const calibrated = await engineFor(engineUrl, all.bytes, {});
    shelves["all rows, in the worker"] = { shelf: wholeShelf, rank: calibrated.rank.bind(calibrated) };
    shelves["all rows, on the page"] = { shelf: wholeShelf, rank: rankHere };
    const headItems = planHeads(whole, cardOf).find(({ name }) => name === "standard")?.items ?? itemCount;
    const random = seededRandom(5);
    let history: HistoryEntry[] = randomHistory(all.model, 6, random);
    let head: (Shelf & { model: NonNullable<Shelf["model"]> }) | undefined;
    if (headItems < itemCount) {
      const bytes = headFile(whole, headItems).buffer;
      const model = readModel(new Uint8Array(bytes));
      head = createShelf(model.itemIds.map(cardOf), { model, version: 1 }) as typeof wholeShelf;
    }
    const items = all.model.itemIds;
    const list = document.body.appendChild(document.createElement("ul"));
    const times: Times = {};
    for (let click = -WARM_UPS; click < clicks; click += 1) {
      history = [...history.slice(-30), { item_id: items[Math.floor(random() ** 2 * items.length)]!, kind: "view", atMs: NOW + (click + WARM_UPS) * 30_000 }];
      if (head && (click + WARM_UPS) % 10 === 0) {
        // What the edge sent for the history a while ago; the clicks after it rank head and tail together.
        const held = new Set(head.model.model.itemIds);
        const packed = packCandidates(wholeShelf, chooseCandidates(wholeShelf, [history], (index) => held.has(items[index]!)), history.map(({ item_id }) => item_id));
        const read = readCandidates(JSON.parse(JSON.stringify(packed)), head.model);
        if (!read.ok) throw new Error(`${read.path} ${read.message}`);
        shelves["default budget and the tail's candidates"] = { shelf: joinShelf(head, [read.value]), rank: rankHere };
      }
      const names = Object.keys(shelves);
      for (let n = 0; n < names.length; n += 1) {
        const name = names[(n + click + WARM_UPS) % names.length]!;
        const { shelf, rank } = shelves[name]!;
        const start = performance.now();
        const { cards } = await recommend(shelf, PLACEMENT, { cart: [], history, dismissed: [], shown: [], nowMs: NOW + 1e9 }, "treatment", rank);
        list.replaceChildren(...cards.map(({ title }) => Object.assign(document.createElement("li"), { textContent: title })));
        void list.offsetHeight;
        if (click >= 0) (times[name] ??= []).push(performance.now() - start);
        await new Promise((resolve) => setTimeout(resolve));
      }
    }
    list.remove();
    const { backend } = calibrated.diagnostics();
    calibrated.stop();
    return { times, headItems, chosen: backend };
  },

  /** One history in, the top 20 out, for whole histories that no contender has seen: ours by each backend, and other runtimes. */
  async runtimes(engineUrl: string, ortUrl: string, itemCount: number, runs: number, gpuRuns: number): Promise<{ times: Times; missing: string[] }> {
    const { bytes, model } = filed(shopModel(itemCount));
    const contenders: { [name: string]: (input: EncodedHistory) => Promise<Iterable<number>> } = {};
    const missing: string[] = [];
    for (const forced of ["loops", "wasm", "webgpu"] as const) {
      const engine = await engineFor(engineUrl, bytes, { forced });
      if (engine.diagnostics().backend.encode === forced) contenders[forced] = async (input) => (await engine.rank(model, input, { k: TOP })).items;
      else missing.push(`${forced}: ${JSON.stringify(engine.diagnostics().fallbacks)}`);
    }
    for (const provider of ["wasm", "webgpu"] as const) {
      try {
        contenders[`onnxruntime ${provider}`] = await onnx(ortUrl, provider, model);
      } catch (error) {
        missing.push(`onnxruntime ${provider}: ${String(error).slice(0, 200)}`);
      }
      contenders[`stock tfjs ${provider}`] = await stock(provider, model);
    }
    contenders["loops on the page"] = async (input) => (await rankHere(model, input, { k: TOP })).items;
    const times: Times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
    for (const [run, input] of randomInputs(model, runs + WARM_UPS, 17).entries()) {
      const oracle = rankHistory(model, input, { k: TOP }).items;
      for (const [name, rank] of Object.entries(contenders)) {
        if (name.includes("webgpu") && run >= gpuRuns + WARM_UPS) continue;
        const start = performance.now();
        const best = await rank(input);
        if (run >= WARM_UPS) times[name]!.push(performance.now() - start);
        const set = new Set(best);
        // Another runtime that answered something else would be no alternative; nearly equal items may change places.
        if (oracle.filter((item) => set.has(item)).length < TOP - 2) throw new Error(`${name} ranks otherwise: ${[...best]}, not ${[...oracle]}`);
      }
    }
    // A history that grows by a click a time: ours takes a step, the others have no other way than from the start.
    const growing = ["loops on the page", "onnxruntime wasm", "stock tfjs wasm"].filter((name) => contenders[name]);
    for (const name of growing) times[`next click, ${name}`] = [];
    const { length } = model.config;
    for (const [run, full] of randomInputs(model, Math.ceil((runs + WARM_UPS) / length) + 40, 19).filter(({ count }) => count === length).slice(0, Math.ceil((runs + WARM_UPS) / length)).entries()) {
      for (let count = 2; count <= length; count += 1) {
        const shift = (values: Uint8Array) => Uint8Array.from({ length }, (_, place) => (place < length - count ? 0 : values[place - (length - count)]!));
        const input: EncodedHistory = { items: Int32Array.from({ length }, (_, place) => (place < length - count ? -1 : full.items[place - (length - count)]!)), kinds: shift(full.kinds), gaps: shift(full.gaps), count };
        for (const name of growing) {
          const start = performance.now();
          await contenders[name]!(input);
          if (run > 0) times[`next click, ${name}`]!.push(performance.now() - start);
        }
      }
    }
    return { times, missing };
  },

  /** Holds the engine's top 20 in its worker against the plain loops' here. */
  async parity(engineUrl: string, given: { forced?: BackendName; remembered?: Calibration }, itemCount: number, histories: number): Promise<Swaps & { backend: BackendPerTask; different: number }> {
    const { bytes, model } = filed(shopModel(itemCount));
    const engine = await engineFor(engineUrl, bytes, given);
    const result = { histories, swaps: 0, faults: 0, largestGap: 0, different: 0 };
    for (const input of randomInputs(model, histories, 23)) {
      const ranked = await engine.rank(model, input, { k: TOP });
      const exact = rankHistory(model, input, { k: itemCount });
      if (!ranked.items.every((item, place) => item === exact.items[place] && ranked.scores[place] === exact.scores[place])) result.different += 1;
      const scores = new Map([...exact.items].map((item, place) => [item, exact.scores[place]!]));
      ranked.items.forEach((item, place) => {
        if (item === exact.items[place]) return;
        const gap = Math.abs(scores.get(item)! - exact.scores[place]!);
        result.swaps += 1;
        if (gap > 1e-4) result.faults += 1;
        result.largestGap = Math.max(result.largestGap, gap);
      });
    }
    const { backend } = engine.diagnostics();
    engine.stop();
    return { ...result, backend };
  },

  /** Re-ranks in a worker; what was alive after the first and after the last. */
  async memory(engineUrl: string, forced: BackendName, rerank: number): Promise<{ first: EngineDiagnostics["memory"]; last: EngineDiagnostics["memory"] }> {
    const { bytes, model } = filed(shopModel(1200));
    const engine = await engineFor(engineUrl, bytes, { forced });
    const inputs = randomInputs(model, 50, 31);
    await engine.rank(model, inputs[0]!, { k: TOP });
    const first = engine.diagnostics().memory;
    for (let n = 1; n < rerank; n += 1) await engine.rank(model, inputs[n % 50]!, { k: TOP });
    const last = engine.diagnostics().memory;
    engine.stop();
    return { first, last };
  },

  kept: null as null | { engine: Engine; model: Model; inputs: EncodedHistory[] },
  /** Ranks in the worker and on the page, again and again, for whoever looks at the heap from outside. */
  async rerank(engineUrl: string, count: number): Promise<void> {
    if (!bench.kept) {
      const { bytes, model } = filed(shopModel(1200));
      bench.kept = { engine: await engineFor(engineUrl, bytes, { remembered: ON_LOOPS }), model, inputs: randomInputs(model, 50, 31) };
    }
    const { engine, model, inputs } = bench.kept;
    for (let n = 0; n < count; n += 1) {
      await engine.rank(model, inputs[n % 50]!, { k: TOP });
      await rankHere(model, inputs[n % 50]!, { k: TOP });
    }
  },

  settled: null as null | { bytes: ArrayBuffer; model: Model; inputs: EncodedHistory[] },
  /** Makes what `work` works on, which a shop's page would have by then. */
  settle(): void {
    bench.settled = { ...filed(shopModel(10_000)), inputs: randomInputs(shopModel(10_000), 20, 37) };
  },
  /** Starts the engine, or does without, and ranks so often. */
  async work(engineUrl: string, where: "worker" | "page", rerank: number): Promise<void> {
    const { bytes, model, inputs } = bench.settled!;
    const engine = where === "worker" ? await engineFor(engineUrl, bytes, { remembered: ON_LOOPS }) : null;
    for (let n = 0; n < rerank; n += 1) {
      await (engine ? engine.rank(model, inputs[n % 20]!, { k: TOP }) : rankHere(model, inputs[n % 20]!, { k: TOP }));
      await new Promise((resolve) => setTimeout(resolve));
    }
    engine?.stop();
  },

  /** Puts a signed model where the next page finds it. */
  async keep(entry: Omit<CachedWeights, "bytes"> & { itemCount: number }): Promise<void> {
    await diskCache.put("demo", { ...entry, bytes: writeModel(shopModel(entry.itemCount)).buffer });
  },
  /** As a page of a returning shopper does: weights from disk, signature and hash, the worker, and a first ranking. */
  async repeatVisit(engineUrl: string, manifest: SignedManifest, signers: string[], nowMs: number): Promise<{ totalMs: number; modelMs: number; workerMs: number }> {
    const start = performance.now();
    const loaded = await loadModel({ config: { shop: "demo", manifest }, edge: "https://nowhere.example", signers, fetch, cache: diskCache, head: "standard", nowMs });
    if (!loaded.ok) throw new Error(loaded.message);
    const read = performance.now();
    const engine = await engineFor(engineUrl, loaded.bytes, { remembered: ON_LOOPS });
    if (engine.diagnostics().thread !== "worker") throw new Error(JSON.stringify(engine.diagnostics()));
    await engine.rank(loaded.model, randomInputs(loaded.model, 1, 3)[0]!, { k: TOP });
    const end = performance.now();
    engine.stop();
    return { totalMs: end - start, modelMs: read - start, workerMs: end - read };
  },
  /** The same for onnxruntime-web: its module and binary from the browser's cache, a session, and a first ranking. */
  async onnxStart(ortUrl: string, itemCount: number): Promise<number> {
    const model = shopModel(itemCount);
    const [input] = randomInputs(model, 1, 3);
    const start = performance.now();
    await (await onnx(ortUrl, "wasm", model))(input!);
    return performance.now() - start;
  },
};
export type Bench = typeof bench;
Object.assign(globalThis, { bench });

const diskCache: WeightsCache = {
  get: (shop) => onDisk("readonly", (store) => store.get(shop)) as Promise<CachedWeights | undefined>,
  put: async (shop, entry) => void (await onDisk("readwrite", (store) => store.put(entry, shop))),
  delete: async (shop) => void (await onDisk("readwrite", (store) => store.delete(shop))),
  parts: { get: async () => undefined, put: async () => {}, clear: async () => {} },
};
function onDisk(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("bench", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("weights");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const request = act(opening.result.transaction("weights", mode).objectStore("weights"));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    };
  });
}

/** As much of onnxruntime-web's interface as is needed here. */
interface Ort {
  env: { wasm: { wasmPaths: string; numThreads: number } };
  Tensor: new (type: string, data: unknown, dims: number[]) => unknown;
  InferenceSession: { create(bytes: Uint8Array, options: object): Promise<{ run(feeds: object): Promise<{ [name: string]: { data: ArrayLike<number | bigint> } }> }> };
}
async function onnx(url: string, provider: "wasm" | "webgpu", model: Model): Promise<(input: EncodedHistory) => Promise<number[]>> {
  const ort = (await import(/* @vite-ignore */ `${url}/ort.${provider}.min.mjs`)) as Ort;
  ort.env.wasm.wasmPaths = `${url}/`;
  ort.env.wasm.numThreads = 1;
  const { length: L } = model.config;
  const N = model.itemIds.length;
  const session = await ort.InferenceSession.create(onnxModel(model, TOP), { executionProviders: [provider], graphOptimizationLevel: "all" });
  return async (input) => {
    const { items, features, used } = onnxInputs(input);
    const { indices } = await session.run({
      items: new ort.Tensor("int64", items, [L]), features: new ort.Tensor("float32", features, [L, ENTRY_FEATURES]),
      used: new ort.Tensor("float32", used, [1, L]), added: new ort.Tensor("float32", blendScores(model, null, input), [N]),
    });
    return Array.from(indices!.data, Number);
  };
}

/** The same network and blend as one would write them with tfjs alone: rows in f32, matMul, topk, on the page's thread. */
async function stock(backend: "webgpu" | "wasm", model: Model): Promise<(input: EncodedHistory) => Promise<number[]>> {
  setWasmPaths({ "tfjs-backend-wasm.wasm": wasmUrl, "tfjs-backend-wasm-simd.wasm": wasmUrl, "tfjs-backend-wasm-threaded-simd.wasm": wasmUrl });
  await tf.setBackend(backend);
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
      return tf.topk(tf.add(tf.mul(cosines, model.blend[0] / TEMPERATURE), tf.tensor1d(blendScores(model, null, input))), TOP).indices;
    });
    const indices = await best.data();
    best.dispose();
    return [...indices];
  };
}
