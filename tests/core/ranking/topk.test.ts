import { expect, test } from "vitest";
import { seededRandom } from "../../../core/ids.ts";
import { rankOf, topK } from "../../../core/ranking/topk.ts";

/** The definition: sort everything, equal scores by index. */
const bySorting = (scores: ArrayLike<number>, k: number, allowed = (_: number) => true) =>
  Array.from(scores, (_, i) => i).filter((i) => scores[i]! > -Infinity && allowed(i)).sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, k);

test("gives what sorting gives, with many ties, for every k", () => {
  const random = seededRandom(3);
  for (let round = 0; round < 300; round += 1) {
    const scores = Float32Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 8) - 4);
    const k = Math.floor(random() * 65);
    expect(topK(scores, k)).toEqual(bySorting(scores, k));
    const odd = (i: number) => i % 2 === 1;
    expect(topK(scores, k, odd)).toEqual(bySorting(scores, k, odd));
  }
});

test("of equal scores the lower index wins, at the edge of the list too", () => {
  expect(topK([1, 5, 5, 5], 2)).toEqual([1, 2]);
  expect(topK([0, -0, 0], 2)).toEqual([0, 1]);
});

test("what is masked or not a number is never chosen, however few remain", () => {
  expect(topK([NaN, 2, -Infinity, 1], 4)).toEqual([1, 3]);
  expect(topK([Infinity, 1], 1)).toEqual([0]);
  expect(topK([], 3)).toEqual([]);
  expect(topK([1, 2], 0)).toEqual([]);
});

test("an item's rank is its place in the sorted list", () => {
  const scores = [3, 9, 3, 1, 9];
  bySorting(scores, 5).forEach((item, place) => expect(rankOf(scores, item)).toBe(place + 1));
});
