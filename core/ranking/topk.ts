/** The k best of many scores. */

/**
 * @param scores any numbers; `-Infinity` and NaN are never chosen
 * @param allowed false for items that may not be chosen; all may where it is left out
 * @returns indices, best first; equal scores by index, lowest first; fewer than k where fewer are allowed
 */
export function topK(scores: ArrayLike<number>, k: number, allowed?: (index: number) => boolean): number[] {
  // A binary heap with the worst of the best on top: one comparison for nearly every item.
  const heap: number[] = [];
  const worse = (a: number, b: number) => scores[a]! < scores[b]! || (scores[a] === scores[b] && a > b);
  for (let index = 0; index < scores.length; index += 1) {
    if (!(scores[index]! > -Infinity)) continue;
    if (heap.length === k && !worse(heap[0]!, index)) continue;
    if (allowed && !allowed(index)) continue;
    if (heap.length < k) {
      heap.push(index);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!worse(heap[at]!, heap[parent]!)) break;
        [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
        at = parent;
      }
    } else if (k > 0) {
      heap[0] = index;
      for (let at = 0; ; ) {
        let child = 2 * at + 1;
        if (child >= k) break;
        if (child + 1 < k && worse(heap[child + 1]!, heap[child]!)) child += 1;
        if (!worse(heap[child]!, heap[at]!)) break;
        [heap[at], heap[child]] = [heap[child]!, heap[at]!];
        at = child;
      }
    }
  }
  return heap.sort((a, b) => (worse(a, b) ? 1 : -1));
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
