/** The backend that every device has: plain loops, the oracle for the others. */
import type { Model } from "../../../core/model/config.ts";
import { createSessionEncoder } from "../../../core/model/encoder.ts";
import { rankerOf, selectRows } from "../../../core/model/rank.ts";
import type { Backend } from "./backend.ts";

export function createLoopsBackend(model: Model): Backend & Required<Pick<Backend, "select">> {
  const encoder = createSessionEncoder(model);
  const { table } = rankerOf(model);
  return {
    name: "loops",
    encode: (input) => encoder.encode(input),
    select: (pass) => selectRows(model, table, pass),
    memory: () => ({ tensors: 0, bytes: 0 }),
    stop() {},
  };
}
