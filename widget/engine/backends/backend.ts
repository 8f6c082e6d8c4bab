/** What a backend does: the two tasks of a re-rank, on one kind of processor. */
import type { EncodedHistory } from "../../../core/history.ts";
import type { RankPass } from "../../../core/model/rank.ts";
import type { BackendName, FallbackReason } from "../protocol.ts";

export interface Backend {
  readonly name: BackendName;
  /** The session vector, [D]. @param input with at least one entry */
  encode(input: EncodedHistory): Float32Array | Promise<Float32Array>;
  /** Offers the pass's selection its k best items, at the least; left out where plain loops do it as well. */
  select?(pass: RankPass): void | Promise<void>;
  /** Tensors alive and their bytes; the same after every answer. */
  memory(): { tensors: number; bytes: number };
  stop(): void;
}

/** A backend that this device cannot have, or has lost. */
export class BackendUnavailable extends Error {
  override name = "BackendUnavailable";
  readonly reason: FallbackReason;

  constructor(reason: FallbackReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Why a backend failed, for the count. */
export function reasonOf(error: unknown): FallbackReason {
  if (error instanceof BackendUnavailable) return error.reason;
  // Array buffers, and WASM memory that cannot grow, say so by a RangeError.
  return error instanceof RangeError ? "out-of-memory" : "backend-failed";
}
