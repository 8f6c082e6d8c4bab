import { expect, test } from "vitest";
import { bootstrapClusters, coverage, mean, mrrAt, ndcgAt, ndcgOfSet, quantile, recallOfSet } from "../../core/metrics.ts";

test("one relevant item at rank 3 of 10, worked by hand", () => {
  expect(ndcgAt(3, 10)).toBe(0.5); // 1 / log2(4)
  expect(mrrAt(3, 10)).toBeCloseTo(1 / 3, 12);
});

test("rank k counts, rank k + 1 does not", () => {
  for (const metric of [ndcgAt, mrrAt, (rank: number, k: number) => recallOfSet([rank], k)]) {
    expect(metric(10, 10)).toBeGreaterThan(0);
    expect(metric(11, 10)).toBe(0);
    expect(metric(1, 10)).toBe(1);
  }
});

test("NDCG of a set, worked by hand: two relevant items at ranks 1 and 3", () => {
  // DCG 1 + 1/2; ideal 1 + 1/log2(3).
  expect(ndcgOfSet([1, 3], 10)).toBeCloseTo(1.5 / (1 + 1 / Math.log2(3)), 12);
  expect(ndcgOfSet([2, 1], 10)).toBe(1);
  expect(ndcgOfSet([11], 10)).toBe(0);
  expect(ndcgOfSet([], 10)).toBe(0);
  // More relevant items than places: the ideal list is k long.
  expect(ndcgOfSet([1, 2, 3], 2)).toBe(1);
});

test("recall of a set counts what could be found in k places", () => {
  expect(recallOfSet([1, 3, 11], 10)).toBeCloseTo(2 / 3, 12);
  expect(recallOfSet([2, 1, 3, 4], 2)).toBe(1);
  expect(recallOfSet([Infinity], 10)).toBe(0);
  expect(recallOfSet([], 10)).toBe(0);
});

test("coverage counts every item once", () => {
  expect(coverage([[0, 1], [1, 2]], 10)).toBe(0.3);
  expect(coverage([], 10)).toBe(0);
  expect(coverage([], 0)).toBe(0);
});

test("quantiles interpolate, and do not reorder what they were given", () => {
  const values = [4, 1, 3, 2];
  expect(quantile(values, 0.5)).toBe(2.5);
  expect(quantile(values, 0)).toBe(1);
  expect(quantile(values, 1)).toBe(4);
  expect(quantile(values, 0.25)).toBe(1.75);
  expect(values).toEqual([4, 1, 3, 2]);
  expect(quantile([7], 0.95)).toBe(7);
});

test("the bootstrap interval holds the mean, repeats by seed, and has the width that theory gives", () => {
  const values = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0));
  const each = Uint32Array.from(values, (_, i) => i);
  const estimate = bootstrapClusters(values, each, 1);
  expect(estimate.value).toBe(0.25);
  expect(estimate).toEqual(bootstrapClusters(values, each, 1));
  expect(estimate.low).not.toBe(bootstrapClusters(values, each, 2).low);
  // 1.96 · sqrt(.25 · .75 / 400) = 0.0424 to each side.
  expect(Math.abs(estimate.value - estimate.low - 0.0424)).toBeLessThan(0.008);
  expect(Math.abs(estimate.high - estimate.value - 0.0424)).toBeLessThan(0.008);
  expect(bootstrapClusters([], new Uint32Array(0), 1)).toEqual({ value: 0, low: 0, high: 0 });
  expect(mean([])).toBe(0);
});

test("the bootstrap draws clients, not cases: a hundred cases of one client are one opinion", () => {
  const values = [...Array(100).fill(1), ...Array(100).fill(0)] as number[];
  expect(bootstrapClusters(values, Uint32Array.from(values, (_, i) => Math.floor(i / 100)), 1)).toEqual({ value: 0.5, low: 0, high: 1 });
  const each = bootstrapClusters(values, Uint32Array.from(values, (_, i) => i), 1);
  expect(each.low).toBeGreaterThan(0.4);
  expect(each.high).toBeLessThan(0.6);
});
