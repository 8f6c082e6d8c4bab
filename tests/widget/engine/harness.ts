/** What the engine's browser tests run inside the page. */
import { seededRandom } from "../../../core/ids.ts";
import { readModel, writeModel, type Model } from "../../../core/model/config.ts";
import { encodeSession } from "../../../core/model/encoder.ts";
import { rankerOf, rankHistory, type Ranked } from "../../../core/model/rank.ts";
import { scoreHistory } from "../../../core/model/score.ts";
import type { Backend } from "../../../widget/engine/backends/backend.ts";
import { createLoopsBackend } from "../../../widget/engine/backends/loops.ts";
import { chooseBackends, RUNS, WARM_UPS } from "../../../widget/engine/calibrate.ts";
import { startEngine, type Engine, type EngineDiagnostics } from "../../../widget/engine/client.ts";
import type { BackendName, BackendPerTask, Calibration, FallbackReason, Task } from "../../../widget/engine/protocol.ts";
import { createRankInSlices } from "../../../widget/engine/slices.ts";
import { randomInputs, randomModel } from "../../core/random-model.ts";

const TOP = 20;
/** How often a measurement reads the clock: before each run and after each that counts. */
const CLOCK_READINGS = 2 * RUNS + WARM_UPS;

export interface Parity {
  histories: number;
  /** Places of a top 20 that hold another item than the oracle's. */
  swaps: number;
  /** The largest difference, by the oracle, of two items that changed places. */
  largestSwapGap: number;
  /** Histories whose top 20, for the backend's own session vector, is not the plain loops'. */
  wrongTops: number;
  largestScoreError: number;
}

/** A catalogue and questions to it, made from a seed. */
export interface KernelCase {
  items: number;
  width: number;
  ks: number[];
  /** How many different rows there are; few make ties. */
  rows: number;
  /** The part of the items that may not be chosen. */
  masked: number;
  blend: Model["blend"];
}

const shopModel = (itemCount: number, width = 48) => randomModel({ width, length: 20, blocks: 1, heads: 2, neighbours: 20 }, itemCount, 7);

const harness = {
  /** Holds a backend's top 20 against the plain loops', history by history. */
  async parity(name: BackendName, itemCount: number, histories: number): Promise<Parity> {
    const model = shopModel(itemCount);
    const backend = await createBackend(name, model);
    const select = (backend.select ?? createLoopsBackend(model).select).bind(backend);
    const parity: Parity = { histories, swaps: 0, largestSwapGap: 0, wrongTops: 0, largestScoreError: 0 };
    for (const input of randomInputs(model, histories, 11)) {
      const session = await backend.encode(input);
      const pass = rankerOf(model).begin(session, input, { k: TOP });
      await select(pass);
      const ranked = pass.finish();
      if (!isSame(ranked, rankHistory(model, input, { k: TOP }, session))) parity.wrongTops += 1;
      const oracle = rankHistory(model, input, { k: itemCount });
      const scoreOf = new Map([...oracle.items].map((item, place) => [item, oracle.scores[place]!]));
      ranked.items.forEach((item, place) => {
        parity.largestScoreError = Math.max(parity.largestScoreError, Math.abs(ranked.scores[place]! - scoreOf.get(item)!));
        if (item === oracle.items[place]) return;
        parity.swaps += 1;
        parity.largestSwapGap = Math.max(parity.largestSwapGap, Math.abs(scoreOf.get(item)! - oracle.scores[place]!));
      });
    }
    backend.stop();
    return parity;
  },

  /** Asks the WebGPU kernel, and the plain loops, the same questions. @returns the questions answered otherwise */
  async kernel(cases: KernelCase[], seed: number): Promise<{ asked: number; wrong: string[] }> {
    const wrong: string[] = [];
    let asked = 0;
    for (const [n, { items, width, ks, rows, masked, blend }] of cases.entries()) {
      const random = seededRandom(seed + n);
      const made = randomModel({ width, length: 4, blocks: 0, heads: 1, neighbours: 3 }, Math.min(items, rows), seed + n);
      const more = repeated(made, items, width, random);
      const model: Model = { ...made, ...more, indexOf: new Map(more.itemIds.map((id, item) => [id, item])), blend };
      const backend = await createBackend("webgpu", model);
      for (const k of ks) {
        const [input] = randomInputs(model, 1, seed + asked);
        const skip = new Uint32Array(Math.ceil(items / 32));
        for (let item = 0; item < items; item += 1) if (random() < masked) skip[item >>> 5]! |= 1 << (item & 31);
        const session = encodeSession(model, input!);
        const pass = rankerOf(model).begin(session, input!, { k, skip });
        await backend.select!(pass);
        asked += 1;
        if (!isSame(pass.finish(), rankHistory(model, input!, { k, skip }, session))) wrong.push(`${items} × ${width}, ${rows} rows, ${masked} masked, blend ${blend}, k ${k}`);
      }
      backend.stop();
    }
    return { asked, wrong };
  },

  /**
   * Lets the engine choose backends by a clock of our own.
   * @param runMs what a run takes by that clock, for each measurement, in turn
   */
  async choose(runMs: readonly number[], remembered?: Calibration): Promise<{ chosen: BackendPerTask; measured: [BackendName, Task][]; passedOver: FallbackReason[] }> {
    const passedOver: FallbackReason[] = [];
    let calls = 0;
    let timeMs = 0;
    const now = () => {
      timeMs += runMs[Math.floor(calls / CLOCK_READINGS)]!;
      calls += 1;
      return timeMs;
    };
    const { backends, calibration } = await chooseBackends(shopModel(100, 16), { remembered, now, note: (reason) => void passedOver.push(reason) });
    for (const backend of new Set(Object.values(backends))) backend.stop();
    return { chosen: calibration.chosen, measured: calibration.measurements.map(({ backend, task }) => [backend, task]), passedOver };
  },

  engine: null as Engine | null,
  model: null as Model | null,

  /** Starts the engine for a model of so many items. @param flip a byte of the file's header to flip, once the page has read it */
  async start(options: { engineUrl: string; backend?: BackendName; remembered?: Calibration; itemCount: number; flip?: number }): Promise<EngineDiagnostics> {
    const bytes = writeModel(shopModel(options.itemCount, 16));
    harness.model = readModel(bytes);
    if (options.flip !== undefined) bytes[options.flip]! ^= 0xff;
    harness.engine = await startEngine({ engineUrl: options.engineUrl, forced: options.backend, remembered: options.remembered, rankHere: createRankInSlices(() => performance.now()), bytes: bytes.buffer });
    return harness.engine.diagnostics();
  },

  /** Ranks a model of other items with the engine that runs. @returns whether the answer is that model's oracle's */
  async rankAnother(itemCount: number): Promise<boolean> {
    const another = readModel(writeModel(randomModel({ ...harness.model!.config }, itemCount, 99)));
    const [input] = randomInputs(another, 1, 13);
    return isSame(await harness.engine!.rank(another, input!, { k: TOP }), rankHistory(another, input!, { k: TOP }));
  },

  /** Ranks so many histories; how far the items' scores are from the oracle's, and how many of the answers are exactly its, and the most that came from the worker for one. */
  async rank(histories: number): Promise<{ largestError: number; exact: number; crossedBytes: number; diagnostics: EngineDiagnostics; memoryAfterFirst: EngineDiagnostics["memory"] }> {
    let largestError = 0;
    let exact = 0;
    let crossedBytes = 0;
    let memoryAfterFirst: EngineDiagnostics["memory"] | null = null;
    for (const input of randomInputs(harness.model!, histories, 13)) {
      const ranked = await harness.engine!.rank(harness.model!, input, { k: TOP });
      crossedBytes = Math.max(crossedBytes, ranked.items.buffer.byteLength + ranked.scores.buffer.byteLength);
      memoryAfterFirst ??= harness.engine!.diagnostics().memory;
      const scores = scoreHistory(harness.model!, input);
      ranked.items.forEach((item, place) => (largestError = Math.max(largestError, Math.abs(ranked.scores[place]! - scores[item]!))));
      if (isSame(ranked, rankHistory(harness.model!, input, { k: TOP }))) exact += 1;
    }
    return { largestError, exact, crossedBytes, diagnostics: harness.engine!.diagnostics(), memoryAfterFirst: memoryAfterFirst! };
  },
};
export type Harness = typeof harness;
Object.assign(globalThis, { harness });

function isSame(one: Ranked, other: Ranked): boolean {
  return one.items.length === other.items.length && one.items.every((item, place) => item === other.items[place] && one.scores[place] === other.scores[place]);
}

/** More items than rows: each takes one of the rows, and so ties with others. */
function repeated(model: Model, items: number, width: number, random: () => number): Pick<Model, "rows" | "scales" | "popularity" | "neighbours" | "neighbourWeights" | "itemIds"> {
  const { neighbours: K } = model.config;
  const from = Int32Array.from({ length: items }, (_, item) => (items === model.itemIds.length ? item : Math.floor(random() * model.itemIds.length)));
  const spread = <A extends Int8Array | Float32Array | Uint32Array | Uint8Array>(values: A, made: A, each: number): A => {
    from.forEach((row, item) => made.set(values.subarray(row * each, (row + 1) * each) as never, item * each));
    return made;
  };
  return {
    rows: spread(model.rows, new Int8Array(items * width), width),
    scales: spread(model.scales, new Float32Array(items), 1),
    popularity: spread(model.popularity, new Float32Array(items), 1),
    neighbours: spread(model.neighbours, new Uint32Array(items * K), K),
    neighbourWeights: spread(model.neighbourWeights, new Uint8Array(items * K), K),
    itemIds: Array.from(from, (_, item) => `item-${item}`),
  };
}

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
