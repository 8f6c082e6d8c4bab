/** What the engine's browser tests and benchmark run inside the page. */
import { readModel, writeModel, type Model } from "../../../core/model/config.ts";
import { blendScores, dotRows, scoreHistory } from "../../../core/model/score.ts";
import { topK } from "../../../core/ranking/topk.ts";
import type { Backend } from "../../../widget/engine/backends/backend.ts";
import { createLoopsBackend } from "../../../widget/engine/backends/loops.ts";
import { chooseBackend, RUNS, WARM_UPS } from "../../../widget/engine/calibrate.ts";
import { startEngine, type Engine, type EngineDiagnostics } from "../../../widget/engine/client.ts";
import type { BackendName, FallbackReason } from "../../../widget/engine/protocol.ts";
import { randomInputs, randomModel } from "../../core/random-model.ts";

const TOP = 20;
/** How often a measurement reads the clock: before and after each run. */
const CLOCK_READINGS = 2 * (WARM_UPS + RUNS);

export interface Parity {
  histories: number;
  /** Places of a top 20 that hold another item than the oracle's. */
  swaps: number;
  /** The largest difference, by the oracle, of two items that changed places. */
  largestSwapGap: number;
  /** Products that differ from the plain loops' for the same quantised query. */
  wrongProducts: number;
  largestScoreError: number;
}

const shopModel = (itemCount: number, width = 48) => randomModel({ width, length: 20, blocks: 1, heads: 2, neighbours: 20 }, itemCount, 7);

const harness = {
  /** Holds a backend's top 20 against the plain loops', history by history. */
  async parity(name: BackendName, itemCount: number, histories: number): Promise<Parity> {
    const model = shopModel(itemCount);
    const backend = await createBackend(name, model);
    const parity: Parity = { histories, swaps: 0, largestSwapGap: 0, wrongProducts: 0, largestScoreError: 0 };
    for (const input of randomInputs(model, histories, 11)) {
      const { products, query } = await backend.multiply(input);
      const exact = new Int32Array(itemCount);
      dotRows(model, query, exact);
      for (let item = 0; item < itemCount; item += 1) if (products[item] !== exact[item]) parity.wrongProducts += 1;
      const scores = blendScores(model, { products, scale: query.scale }, input);
      const oracle = scoreHistory(model, input);
      const [ours, theirs] = [topK(scores, TOP), topK(oracle, TOP)];
      for (let item = 0; item < itemCount; item += 1) parity.largestScoreError = Math.max(parity.largestScoreError, Math.abs(scores[item]! - oracle[item]!));
      ours.forEach((item, place) => {
        if (item === theirs[place]) return;
        parity.swaps += 1;
        parity.largestSwapGap = Math.max(parity.largestSwapGap, Math.abs(oracle[item]! - oracle[theirs[place]!]!));
      });
    }
    backend.stop();
    return parity;
  },

  /**
   * Lets the engine choose a backend by a clock of our own.
   * @param runMs what a run takes by that clock, for each backend that is measured, in turn
   */
  async choose(runMs: readonly number[]): Promise<{ backend: BackendName; measured: BackendName[]; passedOver: FallbackReason[] }> {
    const passedOver: FallbackReason[] = [];
    let calls = 0;
    let timeMs = 0;
    const now = () => {
      timeMs += runMs[Math.floor(calls / CLOCK_READINGS)]!;
      calls += 1;
      return timeMs;
    };
    const { backend, measurements } = await chooseBackend(shopModel(100, 16), undefined, now, (reason) => void passedOver.push(reason));
    backend.stop();
    return { backend: backend.name, measured: measurements.map((each) => each.backend), passedOver };
  },

  engine: null as Engine | null,
  model: null as Model | null,

  /** Starts the engine for a model of so many items. @param flip a byte of the file's header to flip, once the page has read it */
  async start(options: { engineUrl: string; backend?: BackendName; itemCount: number; flip?: number }): Promise<EngineDiagnostics> {
    const bytes = writeModel(shopModel(options.itemCount, 16));
    harness.model = readModel(bytes);
    if (options.flip !== undefined) bytes[options.flip]! ^= 0xff;
    harness.engine = await startEngine({ engineUrl: options.engineUrl, backend: options.backend, bytes: bytes.buffer });
    return harness.engine.diagnostics();
  },

  /** Scores a model of other items with the engine that runs; how far the answer is from that model's oracle. */
  async scoreAnother(itemCount: number): Promise<number> {
    const another = readModel(writeModel(randomModel({ ...harness.model!.config }, itemCount, 99)));
    const [input] = randomInputs(another, 1, 13);
    const scores = await harness.engine!.score(another, input!);
    return scoreHistory(another, input!).reduce((worst, score, item) => Math.max(worst, Math.abs(score - scores[item]!)), 0);
  },

  /** Scores so many histories; how far the answers are from the oracle's. */
  async score(histories: number): Promise<{ largestError: number; diagnostics: EngineDiagnostics; tensorsAfterFirst: number }> {
    let largestError = 0;
    let tensorsAfterFirst = -1;
    for (const input of randomInputs(harness.model!, histories, 13)) {
      const scores = await harness.engine!.score(harness.model!, input);
      if (tensorsAfterFirst < 0) tensorsAfterFirst = harness.engine!.diagnostics().tensors;
      scoreHistory(harness.model!, input).forEach((score, item) => (largestError = Math.max(largestError, Math.abs(score - scores[item]!))));
    }
    return { largestError, diagnostics: harness.engine!.diagnostics(), tensorsAfterFirst };
  },
};
export type Harness = typeof harness;
Object.assign(globalThis, { harness });

async function createBackend(name: BackendName, model: Model): Promise<Backend> {
  switch (name) {
    case "loops":
      return createLoopsBackend(model);
    case "wasm":
      return (await import("../../../widget/engine/backends/wasm.ts")).createWasmBackend(model);
    case "webgpu": {
      const adapter = await navigator.gpu.requestAdapter();
      return (await import("../../../widget/engine/backends/webgpu.ts")).createWebGpuBackend(model, adapter!);
    }
  }
}
