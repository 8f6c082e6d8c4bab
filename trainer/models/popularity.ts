/** Decayed popularity as the model carries it. */
import { createPopularityCounter } from "../../core/ranking/popularity.ts";
import type { Dataset } from "../prepare.ts";

/** Log-scaled popularity at a time, from what happened before it; in [0, 1], [N]. */
export function fitPopularity(dataset: Dataset, untilMs: number, halfLifeMs?: number): Float32Array {
  const counter = createPopularityCounter(halfLifeMs);
  let newestMs = -Infinity;
  for (const { history } of dataset.shoppers) {
    for (const { item_id, kind, atMs } of history) {
      if (atMs >= untilMs || !dataset.indexOf.has(item_id)) continue;
      counter.add(item_id, kind, atMs);
      newestMs = Math.max(newestMs, atMs);
    }
  }
  const popularity = new Float32Array(dataset.itemIds.length);
  const ranking = counter.ranking(newestMs);
  const most = Math.log1p(ranking[0]?.score ?? 0);
  if (most > 0) for (const { itemId, score } of ranking) popularity[dataset.indexOf.get(itemId)!] = Math.log1p(score) / most;
  return popularity;
}
