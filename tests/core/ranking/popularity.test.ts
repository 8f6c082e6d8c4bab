import { expect, test } from "vitest";
import { createPopularityCounter, POPULARITY_HALF_LIFE_MS } from "../../../core/ranking/popularity.ts";

const NOW = 1_700_000_000_000;

test("an action counts half after the half-life", () => {
  const counter = createPopularityCounter();
  counter.add("old", "view", NOW - POPULARITY_HALF_LIFE_MS);
  counter.add("new", "view", NOW);
  expect(counter.ranking(NOW)).toEqual([{ itemId: "new", score: 1 }, { itemId: "old", score: 0.5 }]);
});

test("a purchase outweighs four views, and equal products come by id", () => {
  const counter = createPopularityCounter();
  counter.add("viewed", "view", NOW, 4);
  counter.add("bought", "purchase", NOW);
  counter.add("also-viewed", "view", NOW, 4);
  expect(counter.ranking(NOW).map(({ itemId }) => itemId)).toEqual(["bought", "also-viewed", "viewed"]);
});

test("the order in which a log arrives does not matter", () => {
  const [forwards, backwards] = [createPopularityCounter(), createPopularityCounter()];
  const actions = Array.from({ length: 50 }, (_, i) => [`p${i % 7}`, "view", NOW - i * 86_400_000] as const);
  for (const action of actions) forwards.add(...action);
  for (const action of [...actions].reverse()) backwards.add(...action);
  expect(backwards.ranking(NOW).map(({ itemId }) => itemId)).toEqual(forwards.ranking(NOW).map(({ itemId }) => itemId));
});

test("one entry dated 1970 does not drown the shop's real figures", () => {
  const counter = createPopularityCounter();
  counter.add("ghost", "view", 0);
  counter.add("real", "view", NOW);
  counter.add("real", "view", NOW);
  expect(counter.ranking(NOW)).toEqual([{ itemId: "real", score: 2 }, { itemId: "ghost", score: 0 }]);
});

test("nothing counted is an empty ranking", () => {
  expect(createPopularityCounter().ranking(NOW)).toEqual([]);
});
