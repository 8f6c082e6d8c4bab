/** Ranking on the page's own thread, in slices short enough that nobody feels them. */
import type { EncodedHistory } from "../../core/history.ts";
import type { Model } from "../../core/model/config.ts";
import { createSessionEncoder, type SessionEncoder } from "../../core/model/encoder.ts";
import { rankerOf, selectRows, type Ranked, type RankOptions } from "../../core/model/rank.ts";

/** Half of what a slice may take, since the step that ends it, and a busy processor, come on top. */
const SLICE_MS = 5;
/** Multiplications between two looks at the clock: a tenth of a millisecond, one on a slow phone. */
const STEP_OPERATIONS = 100_000;

export type RankInSlices = (model: Model, input: EncodedHistory, options: RankOptions) => Promise<Ranked>;

/** Answers as `rankHistory` does, with the page let in whenever a slice's time is over. @param now in milliseconds */
export function createRankInSlices(now: () => number): RankInSlices {
  const encoders = new WeakMap<Model, SessionEncoder>();
  return async (model, input, options) => {
    let began = now();
    const pause = async () => {
      if (now() - began < SLICE_MS) return;
      await yieldToPage();
      began = now();
    };
    let encoder = encoders.get(model);
    if (!encoder) encoders.set(model, (encoder = createSessionEncoder(model)));
    const session = input.count > 0 ? encoder.encode(input) : null;
    await pause();
    const ranker = rankerOf(model);
    await pause();
    const pass = ranker.begin(session, input, options);
    const count = model.itemIds.length;
    const step = Math.ceil(STEP_OPERATIONS / model.config.width);
    for (let from = 0; from < count; from += step) {
      await pause();
      selectRows(model, ranker.table, pass, from, Math.min(count, from + step));
    }
    await pause();
    return pass.finish();
  };
}

/** A task of its own: unlike a timer's, a message's is not clamped to 4 ms. */
function yieldToPage(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
