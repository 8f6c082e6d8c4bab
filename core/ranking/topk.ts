/** The k best of many scores. */

/** Keeps the k best of the items that it is offered: by key, equal keys by index, lowest first. */
export interface Selection {
  /** A key must exceed this to be worth offering, where items are offered by rising index. */
  readonly threshold: number;
  /** @param key not NaN */
  offer(key: number, item: number): void;
  /** The best, best first. The selection is used up. */
  take(): { items: Int32Array; keys: Float64Array };
}

export function createSelection(k: number): Selection {
  // A binary heap with the worst of the best on top: one comparison for nearly every item.
  const keys = new Float64Array(k);
  const items = new Int32Array(k);
  let count = 0;
  const worse = (key: number, item: number, at: number) => key < keys[at]! || (key === keys[at] && item > items[at]!);
  /** Puts an entry in at the top of the first `size`, and lets it sink to its place. */
  const sink = (key: number, item: number, size: number) => {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && worse(keys[child + 1]!, items[child + 1]!, child)) child += 1;
      if (worse(key, item, child)) break;
      keys[at] = keys[child]!;
      items[at] = items[child]!;
      at = child;
    }
    keys[at] = key;
    items[at] = item;
  };
  return {
    get threshold() {
      return count < k ? -Infinity : k > 0 ? keys[0]! : Infinity;
    },
    offer(key, item) {
      if (count === k) {
        if (k > 0 && !worse(key, item, 0)) sink(key, item, k);
        return;
      }
      let at = count;
      count += 1;
      for (let parent = (at - 1) >> 1; at > 0 && worse(key, item, parent); parent = (at - 1) >> 1) {
        keys[at] = keys[parent]!;
        items[at] = items[parent]!;
        at = parent;
      }
      keys[at] = key;
      items[at] = item;
    },
    take() {
      // The worst goes to the end, again and again.
      for (let size = count - 1; size > 0; size -= 1) {
        const [key, item] = [keys[size]!, items[size]!];
        keys[size] = keys[0]!;
        items[size] = items[0]!;
        sink(key, item, size);
      }
      return { items: items.subarray(0, count), keys: keys.subarray(0, count) };
    },
  };
}

/**
 * @param scores any numbers; `-Infinity` and NaN are never chosen
 * @param allowed false for items that may not be chosen; all may where it is left out
 * @returns indices, best first; equal scores by index, lowest first; fewer than k where fewer are allowed
 */
export function topK(scores: ArrayLike<number>, k: number, allowed?: (index: number) => boolean): number[] {
  const selection = createSelection(Math.min(k, scores.length));
  let { threshold } = selection;
  for (let index = 0; index < scores.length; index += 1) {
    // Also false for NaN.
    if (!(scores[index]! > threshold)) continue;
    if (allowed && !allowed(index)) continue;
    selection.offer(scores[index]!, index);
    threshold = selection.threshold;
  }
  return [...selection.take().items];
}

/** The place of one item in the full ranking, from 1; equal scores by index. */
export function rankOf(scores: ArrayLike<number>, target: number): number {
  const score = scores[target]!;
  let rank = 1;
  for (let index = 0; index < scores.length; index += 1) {
    if (scores[index]! > score || (scores[index] === score && index < target)) rank += 1;
  }
  return rank;
}
