/** What the page and the engine's worker say to each other. */
import type { EncodedHistory } from "../../core/history.ts";

export const BACKEND_NAMES = ["webgpu", "wasm", "loops"] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** One backend as measured on this device with the shop's own model. */
export interface Measurement {
  backend: BackendName;
  medianMs: number;
  p95Ms: number;
}

/** Why the engine answers with another backend than it might have. Stable codes, counted in diagnostics. */
export type FallbackReason =
  | "no-adapter" | "software-adapter" | "too-slow" | "too-large" | "wrong-answer" | "gpu-lost" | "backend-failed"
  | "wasm-forbidden" | "wasm-missing"
  | "worker-blocked" | "worker-failed" | "worker-timeout";

export type ToWorker =
  | { type: "start"; weights: ArrayBuffer; backend: BackendName | undefined }
  | { type: "score"; id: number; input: EncodedHistory };

export type FromWorker =
  | { type: "ready"; backend: BackendName; measurements: Measurement[] }
  | { type: "scores"; id: number; scores: Float32Array; backend: BackendName; tensors: number }
  | { type: "fallback"; reason: FallbackReason; detail: string }
  /** The worker is of no use any more. */
  | { type: "failed"; detail: string };
