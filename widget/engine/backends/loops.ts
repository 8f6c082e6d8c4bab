/** The backend that every device has: `core/model/score.ts`, the oracle for the others. */
import type { Model } from "../../../core/model/config.ts";
import { dotRows, encodeSession, quantiseQuery } from "../../../core/model/score.ts";
import type { Backend } from "./backend.ts";

export function createLoopsBackend(model: Model): Backend {
  return {
    name: "loops",
    multiply(input) {
      const query = quantiseQuery(encodeSession(model, input));
      const products = new Int32Array(model.itemIds.length);
      dotRows(model, query, products);
      return { products, query };
    },
    tensors: () => 0,
    stop() {},
  };
}
