/** The page's side of the engine: starts the worker, asks it for scores, and answers itself when it cannot. */
import type { EncodedHistory } from "../../core/history.ts";
import type { Model } from "../../core/model/config.ts";
import type { BackendName, FallbackReason, FromWorker, Measurement, ToWorker } from "./protocol.ts";
import { scoreInSlices } from "./slices.ts";

/** A worker that says nothing for this long is given up: starting includes a download and a GPU's first pipelines. */
const START_DEADLINE_MS = 20_000;
const SCORE_DEADLINE_MS = 2_000;

export interface EngineOptions {
  /** The built worker bundle; may be of another origin, which must allow cross-origin reads. */
  engineUrl: string;
  /** The weights file; copied, not taken. */
  bytes: ArrayBuffer;
  /** The only backend to use, unmeasured: from `data-backend`, or remembered from an earlier page. */
  backend?: BackendName;
  /** Called each time the engine falls back; for counting, never for control. */
  onFallback?(reason: FallbackReason, detail: string): void;
}

/** What support needs to know, and what the next page may remember. */
export interface EngineDiagnostics {
  /** What answers now. */
  backend: BackendName;
  thread: "worker" | "main";
  /** Empty where a backend was forced. */
  measurements: Measurement[];
  fallbacks: { [R in FallbackReason]?: number };
  /** Tensors alive in the worker after the last answer. */
  tensors: number;
}

export interface Engine {
  readonly backend: BackendName;
  /**
   * @param model what `bytes` were read into (its rows are a view of them); any other is scored on the page, as the
   *   worker's would be another shop's or version's
   */
  score(model: Model, input: EncodedHistory): Promise<Float32Array>;
  diagnostics(): EngineDiagnostics;
  stop(): void;
}

/**
 * Starts the engine. Never rejects: what fails is reported to `onFallback`, and plain loops on the page's own
 * thread stand in, for a whole page or for one answer.
 */
export async function startEngine({ engineUrl, bytes, backend, onFallback }: EngineOptions): Promise<Engine> {
  const state: EngineDiagnostics = { backend: "loops", thread: "main", measurements: [], fallbacks: {}, tensors: 0 };
  const waiting = new Map<number, (scores: Float32Array | null) => void>();
  let worker: Worker | null = null;
  let nextId = 0;

  const fallBack = (reason: FallbackReason, detail: string) => {
    state.fallbacks[reason] = (state.fallbacks[reason] ?? 0) + 1;
    onFallback?.(reason, detail);
  };
  const stop = () => {
    worker?.terminate();
    worker = null;
    Object.assign(state, { backend: "loops", thread: "main" });
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
          Object.assign(state, { backend: data.backend, thread: "worker", measurements: data.measurements });
          return started();
        case "scores":
          Object.assign(state, { backend: data.backend, tensors: data.tensors });
          waiting.get(data.id)?.(data.scores);
          waiting.delete(data.id);
      }
    });
    worker.postMessage({ type: "start", weights: bytes, backend } satisfies ToWorker);
  });

  return {
    get backend() {
      return state.backend;
    },
    async score(model, input) {
      const scores = await new Promise<Float32Array | null>((resolve) => {
        if (!worker || model.rows.buffer !== bytes) return resolve(null);
        const id = (nextId += 1);
        const deadline = setTimeout(() => giveUp("worker-timeout", `no scores within ${SCORE_DEADLINE_MS} ms`), SCORE_DEADLINE_MS);
        waiting.set(id, (answer) => {
          clearTimeout(deadline);
          resolve(answer);
        });
        worker.postMessage({ type: "score", id, input } satisfies ToWorker);
      });
      return scores ?? scoreInSlices(model, input);
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
