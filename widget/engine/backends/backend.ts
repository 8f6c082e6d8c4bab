/** What a backend does: the session encoder, and the products of its vector with every item row. */
import type { EncodedHistory } from "../../../core/history.ts";
import type { QuantisedQuery } from "../../../core/model/score.ts";
import type { BackendName, FallbackReason } from "../protocol.ts";

export interface Products {
  /** Whole numbers, exact for `query`; [N]. */
  products: ArrayLike<number>;
  /** The session vector as it was multiplied. */
  query: QuantisedQuery;
}

export interface Backend {
  readonly name: BackendName;
  /** @param input with at least one entry */
  multiply(input: EncodedHistory): Products | Promise<Products>;
  /** Tensors alive; the same after every answer. */
  tensors(): number;
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
