/** Scoring on the page's own thread, in slices short enough that nobody feels them. */
import type { EncodedHistory } from "../../core/history.ts";
import type { Model } from "../../core/model/config.ts";
import { blendScores, dotRows, encodeSession, quantiseQuery } from "../../core/model/score.ts";

/** Multiplications a slice: a few milliseconds on a slow phone (10 ms is the most a slice may take). */
const SLICE_OPERATIONS = 2_000_000;

/** The same scores as `scoreHistory`, with the page let in between the encoder, every slice of rows, and the blend. */
export async function scoreInSlices(model: Model, input: EncodedHistory): Promise<Float32Array> {
  if (input.count === 0) return blendScores(model, null, input);
  const query = quantiseQuery(encodeSession(model, input));
  const count = model.itemIds.length;
  const products = new Int32Array(count);
  const step = Math.ceil(SLICE_OPERATIONS / model.config.width);
  for (let from = 0; from < count; from += step) {
    if (from > 0) await yieldToPage();
    dotRows(model, query, products, from, Math.min(count, from + step));
  }
  if (count > step) await yieldToPage();
  return blendScores(model, { products, scale: query.scale }, input);
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
