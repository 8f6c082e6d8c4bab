import { expect, it } from "vitest";
import { POPULARITY_HALF_LIFE_MS } from "../../../core/ranking/popularity.ts";
import { fitPopularity } from "../../../trainer/models/popularity.ts";
import { datasetOf, product, START_MS, viewLine } from "../planted.ts";

const PRODUCTS = ["a", "b", "c"].map((id) => product(id));

it("weighs a view half after one half-life, on a log scale up to 1", () => {
  const lines = [viewLine("client-1", ["a"]), viewLine("client-2", ["b"], START_MS + POPULARITY_HALF_LIFE_MS)];
  const popularity = fitPopularity(datasetOf(PRODUCTS, lines), Infinity);
  expect(popularity[1]).toBe(1);
  expect(popularity[0]).toBeCloseTo(Math.log1p(0.5) / Math.log1p(1), 5);
  expect(popularity[2]).toBe(0);
});

it("does not know what comes after its time", () => {
  const lines = [viewLine("client-1", ["a"]), viewLine("client-2", ["b"], START_MS + 1)];
  expect([...fitPopularity(datasetOf(PRODUCTS, lines), START_MS + 1)]).toEqual([1, 0, 0]);
});
