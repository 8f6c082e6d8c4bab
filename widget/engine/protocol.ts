/** What the page and the engine's worker say to each other. */
import type { EncodedHistory } from "../../core/history.ts";
import type { Ranked, RankOptions } from "../../core/model/rank.ts";

export const BACKEND_NAMES = ["webgpu", "wasm", "loops"] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** The two steps of a re-rank: the session vector of a history, and the best items for it. */
export const TASKS = ["encode", "score"] as const;
export type Task = (typeof TASKS)[number];
export type BackendPerTask = { [T in Task]: BackendName };

/** One backend as measured on this device with the shop's own model. */
export interface Measurement {
  backend: BackendName;
  task: Task;
  medianMs: number;
  p95Ms: number;
}

/** What one device's measurements came to; holds for one browser, one version of the model and, where there is one, one GPU. */
export interface Calibration {
  chosen: BackendPerTask;
  /** Empty where a backend was forced. */
  measurements: Measurement[];
  /** The GPU as the browser names it; empty where it offers none. */
  adapter: string;
}

/** Why the engine answers with another backend than it might have. Stable codes, counted in diagnostics. */
export type FallbackReason =
  | "no-adapter" | "software-adapter" | "other-adapter" | "too-slow" | "too-large" | "wrong-answer" | "gpu-lost" | "out-of-memory" | "backend-failed"
  | "wasm-forbidden" | "wasm-missing"
  | "worker-blocked" | "worker-failed" | "worker-timeout";

export type ToWorker =
  | { type: "start"; weights: ArrayBuffer; forced?: BackendName; remembered?: Calibration }
  | { type: "rank"; id: number; input: EncodedHistory; options: RankOptions };

export type FromWorker =
  | { type: "ready"; calibration: Calibration }
  | { type: "ranked"; id: number; ranked: Ranked; backend: BackendPerTask; memory: { tensors: number; bytes: number } }
  | { type: "fallback"; reason: FallbackReason; detail: string }
  /** The worker is of no use any more. */
  | { type: "failed"; detail: string };
