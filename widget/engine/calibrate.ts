/** Chooses this device's backend for each task by measuring them with the shop's own model. */
import { GAP_BUCKETS, HISTORY_KINDS, type EncodedHistory } from "../../core/history.ts";
import { seededRandom } from "../../core/ids.ts";
import { quantile } from "../../core/metrics.ts";
import type { Model } from "../../core/model/config.ts";
import { encodeSession } from "../../core/model/encoder.ts";
import { rankerOf, rankHistory, selectRows } from "../../core/model/rank.ts";
import { BackendUnavailable, reasonOf, type Backend } from "./backends/backend.ts";
import { createLoopsBackend } from "./backends/loops.ts";
import { TASKS, type BackendName, type Calibration, type FallbackReason, type Measurement, type Task } from "./protocol.ts";

/** One frame: a re-rank that takes less is not seen. */
const FRAME_BUDGET_MS = 16;
/** Runs before the clock counts, for compilers and pipelines, and runs that it counts. */
export const WARM_UPS = 3;
export const RUNS = 20;
/** A session vector further than this from the oracle's is broken; sound ones differ by 1e-6. */
const MAX_SESSION_ERROR = 1e-3;
/** Items of a measured ranking: what the slates of a page choose from. */
const RANKED_ITEMS = 128;

export interface Choice {
  backends: { [T in Task]: Backend };
  calibration: Calibration;
}

export interface CalibrateOptions {
  /** The one backend to use, unmeasured; plain loops stand in where it cannot be had. */
  forced?: BackendName;
  /** What an earlier page of this browser found for this version of the model. */
  remembered?: Calibration;
  now(): number;
  /** Called for every backend passed over. */
  note(reason: FallbackReason, detail: string): void;
}

/**
 * On a hardware adapter WebGPU serves both tasks if their p95 is within a frame, or the one task with which, beside
 * plain loops for the other, it is. What is left plain loops do if all of it is within a frame; only where they miss it
 * is WASM worth its download, and the faster of the two encodes.
 */
export async function chooseBackends(model: Model, { forced, remembered, now, note }: CalibrateOptions): Promise<Choice> {
  const loops = createLoopsBackend(model);
  const trying = new Trial(model, note);
  if (forced) return settle(await trying.assemble({ encode: forced, score: forced }, loops, true), [], trying.adapter);
  if (remembered) {
    const backends = await trying.assemble(remembered.chosen, loops, false);
    const same = trying.adapter === remembered.adapter || !TASKS.some((task) => remembered.chosen[task] === "webgpu");
    if (same && TASKS.every((task) => backends[task].name === remembered.chosen[task])) return { backends, calibration: remembered };
    if (!same) note("other-adapter", `measured on ${remembered.adapter || "no adapter"}, this is ${trying.adapter || "none"}`);
    new Set(Object.values(backends)).forEach((backend) => backend.stop());
  }

  const measurements: Measurement[] = [];
  const measureBoth = async (backend: Backend) => {
    const measured = { encode: await measure(backend, "encode", model, now), score: await measure(backend, "score", model, now) };
    measurements.push(measured.encode, measured.score);
    return measured;
  };
  const gpu = await trying.webGpu(false);
  const onGpu = gpu && (await measureBoth(gpu));
  if (gpu && within(onGpu!.encode, onGpu!.score)) return settle({ encode: gpu, score: gpu }, measurements, trying.adapter);
  const plain = await measureBoth(loops);
  const chosen: { [T in Task]: Backend } = { encode: loops, score: loops };
  const serving = { ...plain };
  if (gpu) {
    // The task first that would take the processor longer.
    const [task, other] = plain.score.medianMs >= plain.encode.medianMs ? (["score", "encode"] as const) : (["encode", "score"] as const);
    const served = [task, other].find((each) => within(onGpu![each], plain[each === task ? other : task]));
    if (served) {
      chosen[served] = gpu;
      serving[served] = onGpu![served];
    } else gpu.stop();
    note("too-slow", `webgpu needs ${(onGpu!.encode.p95Ms + onGpu!.score.p95Ms).toFixed(1)} ms${served ? `, and only scores or encodes: ${served}` : ""}`);
  }
  if (chosen.encode === loops && !within(serving.encode, serving.score)) {
    const wasm = await trying.wasm();
    if (wasm) {
      const measured = await measure(wasm, "encode", model, now);
      measurements.push(measured);
      if (measured.medianMs < plain.encode.medianMs) chosen.encode = wasm;
      else wasm.stop();
    }
  }
  return settle(chosen, measurements, trying.adapter);
}

function settle(backends: { [T in Task]: Backend }, measurements: Measurement[], adapter: string): Choice {
  return { backends, calibration: { chosen: { encode: backends.encode.name, score: backends.score.name }, measurements, adapter } };
}
function within(one: Measurement, other: Measurement): boolean {
  return one.p95Ms + other.p95Ms <= FRAME_BUDGET_MS;
}

/** Starts backends, and lets none pass that does not answer as the oracle does. */
class Trial {
  /** Of the GPU that was tried last. */
  adapter = "";
  readonly #model: Model;
  readonly #note: CalibrateOptions["note"];

  constructor(model: Model, note: CalibrateOptions["note"]) {
    this.#model = model;
    this.#note = note;
  }

  /** The backends of these names, plain loops where one cannot be had. @param software whether a GPU on the CPU will do */
  async assemble(names: Calibration["chosen"], loops: Backend, software: boolean): Promise<{ [T in Task]: Backend }> {
    const made = new Map<BackendName, Backend | null>([["loops", loops]]);
    for (const name of Object.values(names)) if (!made.has(name)) made.set(name, await (name === "webgpu" ? this.webGpu(software) : this.wasm()));
    const score = made.get(names.score);
    return { encode: made.get(names.encode) ?? loops, score: score?.select ? score : loops };
  }

  webGpu(software: boolean): Promise<Backend | null> {
    return this.#attempt(async () => {
      const adapter = (await navigator.gpu?.requestAdapter({ powerPreference: "low-power" })) ?? null;
      if (!adapter) throw new BackendUnavailable("no-adapter", "the browser offers no GPU adapter");
      const { vendor, architecture, device, isFallbackAdapter } = adapter.info;
      this.adapter = [vendor, architecture, device].filter(Boolean).join(" ") || "unnamed";
      if (!software && isFallbackAdapter) throw new BackendUnavailable("software-adapter", "the GPU adapter runs on the CPU");
      return (await import("./backends/webgpu.ts")).createWebGpuBackend(this.#model, adapter);
    });
  }

  wasm(): Promise<Backend | null> {
    return this.#attempt(async () => {
      if (!mayCompileWasm()) throw new BackendUnavailable("wasm-forbidden", "the page's policy lacks wasm-unsafe-eval");
      return (await import("./backends/wasm.ts")).createWasmBackend(this.#model);
    });
  }

  async #attempt(create: () => Promise<Backend>): Promise<Backend | null> {
    try {
      const backend = await create();
      if (await answersAsTheOracle(backend, this.#model)) return backend;
      backend.stop();
      this.#note("wrong-answer", `${backend.name} disagrees with the plain loops`);
    } catch (error) {
      this.#note(reasonOf(error), String(error));
    }
    return null;
  }
}

/** Asks for compilation of the empty module, which a policy without `wasm-unsafe-eval` refuses. */
function mayCompileWasm(): boolean {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

async function answersAsTheOracle(backend: Backend, model: Model): Promise<boolean> {
  const [input] = sampleHistories(model, 1) as [EncodedHistory];
  const session = await backend.encode(input);
  const oracle = encodeSession(model, input);
  // Written so that NaN fails too.
  if (session.length !== oracle.length || !oracle.every((value, d) => Math.abs(value - session[d]!) <= MAX_SESSION_ERROR)) return false;
  if (!backend.select) return true;
  const options = { k: RANKED_ITEMS };
  const pass = rankerOf(model).begin(oracle, input, options);
  await backend.select(pass);
  const [own, exact] = [pass.finish(), rankHistory(model, input, options, oracle)];
  return own.items.length === exact.items.length && exact.items.every((item, place) => item === own.items[place]);
}

/** Every run has a history of its own: one that a backend remembers would be quicker than a shopper's. */
async function measure(backend: Backend, task: Task, model: Model, now: () => number): Promise<Measurement> {
  const ranker = rankerOf(model);
  const times: number[] = [];
  for (const [run, input] of sampleHistories(model, WARM_UPS + RUNS).entries()) {
    const pass = ranker.begin(encodeSession(model, input), input, { k: RANKED_ITEMS });
    const start = now();
    if (task === "encode") await backend.encode(input);
    else await (backend.select ? backend.select(pass) : selectRows(model, ranker.table, pass));
    if (run >= WARM_UPS) times.push(now() - start);
  }
  return { backend: backend.name, task, medianMs: quantile(times, 0.5), p95Ms: quantile(times, 0.95) };
}

/** Full histories over the model's items, the same every time. */
function sampleHistories(model: Model, count: number): EncodedHistory[] {
  const { length } = model.config;
  const random = seededRandom(length);
  return Array.from({ length: count }, () => ({
    items: Int32Array.from({ length }, () => Math.floor(random() * model.itemIds.length)),
    kinds: Uint8Array.from({ length }, () => Math.floor(random() * HISTORY_KINDS.length)),
    gaps: Uint8Array.from({ length }, () => Math.floor(random() * GAP_BUCKETS)),
    count: length,
  }));
}
