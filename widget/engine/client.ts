/** The page's side of the engine: starts the worker, asks it for rankings, and answers itself when it cannot. */
import type { EncodedHistory } from "../../core/history.ts";
import type { Model } from "../../core/model/config.ts";
import type { Ranked, RankOptions } from "../../core/model/rank.ts";
import type { BackendName, BackendPerTask, Calibration, FallbackReason, FromWorker, ToWorker } from "./protocol.ts";
import type { RankInSlices } from "./slices.ts";

/** A worker that says nothing for this long is given up: starting includes a download and a GPU's first pipelines. */
const START_DEADLINE_MS = 20_000;
const RANK_DEADLINE_MS = 2_000;

export interface EngineOptions {
  /** The built worker bundle; may be of another origin, which must allow cross-origin reads. */
  engineUrl: string;
  /** The weights file; copied, not taken. */
  bytes: ArrayBuffer;
  /** The only backend to use, unmeasured: from `data-backend`. */
  forced?: BackendName;
  /** What an earlier page measured with the same browser and the same version. */
  remembered?: Calibration;
  /** The page's own ranking, where the worker has none. */
  rankHere: RankInSlices;
  /** Called each time the engine falls back; for counting, never for control. */
  onFallback?(reason: FallbackReason, detail: string): void;
}

/** What support needs to know. */
export interface EngineDiagnostics {
  /** What answers now. */
  backend: BackendPerTask;
  thread: "worker" | "main";
  /** Null where no worker has measured. */
  calibration: Calibration | null;
  fallbacks: { [R in FallbackReason]?: number };
  /** Tensors alive in the worker after the last answer, and their bytes. */
  memory: { tensors: number; bytes: number };
}

export interface Engine {
  /**
   * @param model what `bytes` were read into (its rows are a view of them); any other is ranked on the page, as the
   *   worker's would be another shop's or version's
   */
  rank(model: Model, input: EncodedHistory, options: RankOptions): Promise<Ranked>;
  diagnostics(): EngineDiagnostics;
  stop(): void;
}

const LOOPS: BackendPerTask = { encode: "loops", score: "loops" };

/**
 * Starts the engine. Never rejects: what fails is reported to `onFallback`, and plain loops on the page's own
 * thread stand in, for a whole page or for one answer.
 */
export async function startEngine({ engineUrl, bytes, forced, remembered, rankHere, onFallback }: EngineOptions): Promise<Engine> {
  const state: EngineDiagnostics = { backend: LOOPS, thread: "main", calibration: null, fallbacks: {}, memory: { tensors: 0, bytes: 0 } };
  const waiting = new Map<number, (ranked: Ranked | null) => void>();
  let worker: Worker | null = null;
  let nextId = 0;

  const fallBack = (reason: FallbackReason, detail: string) => {
    state.fallbacks[reason] = (state.fallbacks[reason] ?? 0) + 1;
    onFallback?.(reason, detail);
  };
  const stop = () => {
    worker?.terminate();
    worker = null;
    Object.assign(state, { backend: LOOPS, thread: "main", memory: { tensors: 0, bytes: 0 } });
    for (const answer of waiting.values()) answer(null);
    waiting.clear();
  };
  const giveUp = (reason: FallbackReason, detail: string) => {
    stop();
    fallBack(reason, detail);
  };

  await new Promise<void>((resolve) => {
    try {
      worker = createWorker(engineUrl);
    } catch (error) {
      fallBack("worker-blocked", String(error));
      return resolve();
    }
    const deadline = setTimeout(() => {
      giveUp("worker-timeout", `no answer to start within ${START_DEADLINE_MS} ms`);
      resolve();
    }, START_DEADLINE_MS);
    const started = () => {
      clearTimeout(deadline);
      resolve();
    };
    // Also where the page's policy forbids blob: workers, or the module does not load.
    worker.addEventListener("error", (event) => {
      giveUp("worker-failed", event.message || "the worker did not load");
      started();
    });
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      switch (data.type) {
        case "fallback":
          return fallBack(data.reason, data.detail);
        case "failed":
          giveUp("worker-failed", data.detail);
          return started();
        case "ready":
          Object.assign(state, { backend: data.calibration.chosen, thread: "worker", calibration: data.calibration });
          return started();
        case "ranked":
          Object.assign(state, { backend: data.backend, memory: data.memory });
          waiting.get(data.id)?.(data.ranked);
          waiting.delete(data.id);
      }
    });
    worker.postMessage({ type: "start", weights: bytes, forced, remembered } satisfies ToWorker);
  });

  return {
    async rank(model, input, options) {
      const ranked = await new Promise<Ranked | null>((resolve) => {
        if (!worker || model.rows.buffer !== bytes) return resolve(null);
        const id = (nextId += 1);
        const deadline = setTimeout(() => giveUp("worker-timeout", `no ranking within ${RANK_DEADLINE_MS} ms`), RANK_DEADLINE_MS);
        waiting.set(id, (answer) => {
          clearTimeout(deadline);
          resolve(answer);
        });
        worker.postMessage({ type: "rank", id, input, options } satisfies ToWorker);
      });
      return ranked ?? rankHere(model, input, options);
    },
    diagnostics: () => ({ ...state, fallbacks: { ...state.fallbacks } }),
    stop,
  };
}

/**
 * `new Worker(url)` refuses another origin's script, so a Blob of the page's own origin imports it.
 * @throws where the page's policy forbids the worker or the Trusted Types policy
 */
function createWorker(engineUrl: string): Worker {
  const bootstrap = URL.createObjectURL(new Blob([`import ${JSON.stringify(new URL(engineUrl, location.href).href)};`], { type: "text/javascript" }));
  try {
    return new Worker(trustedWorkerUrl(bootstrap), { type: "module", name: "endcap-engine" });
  } finally {
    // The fetch of a worker's script begins before its constructor returns.
    setTimeout(() => URL.revokeObjectURL(bootstrap), START_DEADLINE_MS);
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}
let policy: ReturnType<TrustedTypes["createPolicy"]> | undefined;

/** Under `require-trusted-types-for 'script'` a worker's URL must come from a policy; ours lets blob: URLs through and nothing else. */
function trustedWorkerUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (!trustedTypes) return url;
  policy ??= trustedTypes.createPolicy("endcap", {
    createScriptURL(candidate) {
      if (!candidate.startsWith("blob:")) throw new TypeError(`not a worker of Endcap's: ${candidate}`);
      return candidate;
    },
  });
  return policy.createScriptURL(url) as string;
}
