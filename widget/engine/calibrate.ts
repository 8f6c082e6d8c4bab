/** Chooses this device's backend by measuring them with the shop's own model. */
import { GAP_BUCKETS, HISTORY_KINDS, type EncodedHistory } from "../../core/history.ts";
import { seededRandom } from "../../core/ids.ts";
import { quantile } from "../../core/metrics.ts";
import { TEMPERATURE, type Model } from "../../core/model/config.ts";
import { blendScores, scoreHistory } from "../../core/model/score.ts";
import { BackendUnavailable, type Backend } from "./backends/backend.ts";
import { createLoopsBackend } from "./backends/loops.ts";
import type { BackendName, FallbackReason, Measurement } from "./protocol.ts";

/** One frame: a re-rank that takes less is not seen. */
const FRAME_BUDGET_MS = 16;
/** Runs before the clock counts, for compilers and pipelines, and runs that it counts. */
export const WARM_UPS = 3;
export const RUNS = 20;
/** A backend further than this from the oracle, as a cosine, is broken; sound ones differ by 1e-6. */
const MAX_COSINE_ERROR = 1e-3;

export interface Choice {
  backend: Backend;
  measurements: Measurement[];
}

/**
 * On a hardware GPU adapter WebGPU serves if its p95 is within a frame. Else plain loops serve if theirs is;
 * only where they miss it is WASM worth its download, and the faster of the two serves.
 *
 * @param forced the one backend to use, unmeasured; plain loops stand in where it cannot be had
 * @param note called for every backend passed over
 */
export async function chooseBackend(model: Model, forced: BackendName | undefined, now: () => number, note: (reason: FallbackReason, detail: string) => void): Promise<Choice> {
  const measurements: Measurement[] = [];
  const loops = createLoopsBackend(model);
  if (forced) {
    const backend = forced === "loops" ? loops : await attempt(() => (forced === "webgpu" ? createWebGpu(model, true) : createWasm(model)), model, note);
    return { backend: backend ?? loops, measurements };
  }
  const gpu = await attempt(() => createWebGpu(model, false), model, note);
  if (gpu) {
    const measured = await measure(gpu, model, now);
    measurements.push(measured);
    if (measured.p95Ms <= FRAME_BUDGET_MS) return { backend: gpu, measurements };
    note("too-slow", `webgpu needs ${measured.p95Ms.toFixed(1)} ms`);
    gpu.stop();
  }
  const plain = await measure(loops, model, now);
  measurements.push(plain);
  if (plain.p95Ms <= FRAME_BUDGET_MS) return { backend: loops, measurements };
  const wasm = await attempt(() => createWasm(model), model, note);
  if (!wasm) return { backend: loops, measurements };
  const measured = await measure(wasm, model, now);
  measurements.push(measured);
  if (measured.medianMs < plain.medianMs) return { backend: wasm, measurements };
  wasm.stop();
  return { backend: loops, measurements };
}

async function createWebGpu(model: Model, software: boolean): Promise<Backend> {
  const adapter = (await navigator.gpu?.requestAdapter({ powerPreference: "low-power" })) ?? null;
  if (!adapter) throw new BackendUnavailable("no-adapter", "the browser offers no GPU adapter");
  if (!software && adapter.info.isFallbackAdapter) throw new BackendUnavailable("software-adapter", "the GPU adapter runs on the CPU");
  const { createWebGpuBackend } = await import("./backends/webgpu.ts");
  return createWebGpuBackend(model, adapter);
}

async function createWasm(model: Model): Promise<Backend> {
  if (!mayCompileWasm()) throw new BackendUnavailable("wasm-forbidden", "the page's policy lacks wasm-unsafe-eval");
  const { createWasmBackend } = await import("./backends/wasm.ts");
  return createWasmBackend(model);
}

/** Asks for compilation of the empty module, which a policy without `wasm-unsafe-eval` refuses. */
function mayCompileWasm(): boolean {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** A backend that starts and answers as the oracle does, or null with the reason noted. */
async function attempt(create: () => Promise<Backend>, model: Model, note: (reason: FallbackReason, detail: string) => void): Promise<Backend | null> {
  try {
    const backend = await create();
    const input = sampleHistory(model);
    const { products, query } = await backend.multiply(input);
    const scores = blendScores(model, { products, scale: query.scale }, input);
    const oracle = scoreHistory(model, input);
    const tolerance = Math.abs(model.blend[0] / TEMPERATURE) * MAX_COSINE_ERROR + Number.EPSILON;
    // Written so that NaN fails too.
    if (scores.length === oracle.length && oracle.every((score, item) => Math.abs(score - scores[item]!) <= tolerance)) return backend;
    backend.stop();
    note("wrong-answer", `${backend.name} disagrees with the plain loops`);
  } catch (error) {
    note(error instanceof BackendUnavailable ? error.reason : "backend-failed", String(error));
  }
  return null;
}

async function measure(backend: Backend, model: Model, now: () => number): Promise<Measurement> {
  const input = sampleHistory(model);
  const times: number[] = [];
  for (let run = -WARM_UPS; run < RUNS; run += 1) {
    const start = now();
    const { products, query } = await backend.multiply(input);
    blendScores(model, { products, scale: query.scale }, input);
    if (run >= 0) times.push(now() - start);
  }
  return { backend: backend.name, medianMs: quantile(times, 0.5), p95Ms: quantile(times, 0.95) };
}

/** A full history over the model's items, the same every time. */
function sampleHistory(model: Model): EncodedHistory {
  const { length } = model.config;
  const random = seededRandom(length);
  return {
    items: Int32Array.from({ length }, () => Math.floor(random() * model.itemIds.length)),
    kinds: Uint8Array.from({ length }, () => Math.floor(random() * HISTORY_KINDS.length)),
    gaps: Uint8Array.from({ length }, () => Math.floor(random() * GAP_BUCKETS)),
    count: length,
  };
}
