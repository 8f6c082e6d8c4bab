import { expect, test } from "vitest";
import { encodeHistory } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { NO_NEIGHBOUR, readModel, writeModel, type Model } from "../../../core/model/config.ts";
import { byPopularity, cutModel, joinModel, type ModelItems } from "../../../core/model/part.ts";
import { scoreHistory } from "../../../core/model/score.ts";
import { randomHistory, randomModel } from "../random-model.ts";

const WHOLE = randomModel({ width: 16, length: 8, blocks: 1, heads: 2, neighbours: 6 }, 300, 5);
const scoresOf = (model: Model, history: Parameters<typeof encodeHistory>[0]) => scoreHistory(model, encodeHistory(history, (id) => model.indexOf.get(id), model.config.length));

/** What the edge would send of some items, their co-visitation rows included. */
function itemsOf(model: Model, items: readonly number[]): ModelItems {
  const { width: D, neighbours: K } = model.config;
  return {
    ids: items.map((item) => model.itemIds[item]!),
    rows: Int8Array.from(items.flatMap((item) => [...model.rows.subarray(item * D, (item + 1) * D)])),
    scales: Float32Array.from(items, (item) => model.scales[item]!),
    popularity: Float32Array.from(items, (item) => model.popularity[item]!),
    visits: items.map((item) => {
      const row = [...model.neighbours.subarray(item * K, (item + 1) * K)].filter((neighbour) => neighbour !== NO_NEIGHBOUR);
      return { id: model.itemIds[item]!, ids: row.map((neighbour) => model.itemIds[neighbour]!), weights: model.neighbourWeights.slice(item * K, item * K + row.length) };
    }),
  };
}

test("the most popular items come first, and equally popular ones in the model's order", () => {
  expect(byPopularity({ ...WHOLE, itemIds: ["a", "b", "c"], popularity: Float32Array.of(0.2, 0.5, 0.2) })).toEqual([1, 0, 2]);
});

test("a part scores what it holds exactly as the whole does, from items that it holds, and survives the file", () => {
  const items = [7, 3, 250, 11, 12, 13];
  const part = readModel(writeModel(cutModel(WHOLE, items)));
  const history = [{ item_id: "item-3", kind: "view", atMs: 1 }, { item_id: "item-250", kind: "cart", atMs: 2 }] as const;
  const whole = scoresOf(WHOLE, history);
  expect(part.itemIds).toEqual(items.map((item) => `item-${item}`));
  expect([...scoresOf(part, history)]).toEqual(items.map((item) => whole[item]));
});

test("a head joined by what a history holds, and by candidates, scores all of them exactly as the whole does", () => {
  const random = seededRandom(1);
  const head = cutModel(WHOLE, byPopularity(WHOLE).slice(0, 40));
  for (let run = 0; run < 20; run += 1) {
    const history = randomHistory(WHOLE, 1 + run, random);
    const candidates = Array.from({ length: 60 }, () => Math.floor(random() * 300));
    const joined = joinModel(head, [itemsOf(WHOLE, candidates), itemsOf(WHOLE, history.map(({ item_id }) => WHOLE.indexOf.get(item_id)!))]);
    const [whole, own] = [scoresOf(WHOLE, history), scoresOf(joined, history)];
    expect(new Set(joined.itemIds).size).toBe(joined.itemIds.length);
    expect(joined.itemIds.slice(0, 40)).toEqual(head.itemIds);
    expect([...own]).toEqual(joined.itemIds.map((id) => whole[WHOLE.indexOf.get(id)!]));
  }
});

test("a head's own co-visitation rows give way to whole ones, which may name candidates", () => {
  const item = Array.from(WHOLE.itemIds.keys()).find((index) => WHOLE.neighbours[index * 6 + 1] !== NO_NEIGHBOUR)!;
  const [, second] = WHOLE.neighbours.subarray(item * 6);
  const joined = joinModel(cutModel(WHOLE, [item]), [itemsOf(WHOLE, [second!]), { ...itemsOf(WHOLE, [item]), ids: [], rows: new Int8Array(), scales: new Float32Array(), popularity: new Float32Array() }]);
  expect(joined.config.neighbours).toBeGreaterThan(0);
  expect([...joined.neighbours.subarray(0, joined.config.neighbours)]).toContain(1);
});
