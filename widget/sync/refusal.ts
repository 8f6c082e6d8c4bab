/** The chunk of what few batches meet: the edge refuses one as a whole. */
import { bury, type Batch } from "../store/outbox.ts";
import { newState, type State } from "../store/state.ts";

export interface Pace {
  /** Events in a batch; halved until what the edge refuses as a whole is found, or has shrunk enough. */
  limit: number;
}

/**
 * @param status 400 (malformed), 410 (this client has been erased) or 413 (too large)
 * @returns what the answer makes of what is kept; undefined where the batch is to be tried again as it is
 */
export function judge(status: number, { entries }: Batch, pace: Pace): ((state: State) => void) | undefined {
  // The device forgets a client that the shop has erased, and begins anew.
  if (status === 410) return (state) => void Object.assign(state, newState(), { client: undefined });
  if (entries.length === 0) return;
  // Halves find what is to blame, and the rest goes through.
  const isAlone = pace.limit === 1;
  pace.limit = Math.min(pace.limit, entries.length) >> 1 || 1;
  return (state) => isAlone && bury(state, entries);
}
