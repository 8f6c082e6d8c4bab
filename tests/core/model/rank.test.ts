import { expect, test } from "vitest";
import { seededRandom } from "../../../core/ids.ts";
import type { Model } from "../../../core/model/config.ts";
import { rankerOf, rankHistory, rankTable } from "../../../core/model/rank.ts";
import { dotRow, encodeSession, quantiseQuery, scoreHistory } from "../../../core/model/score.ts";
import { topK } from "../../../core/ranking/topk.ts";
import { randomInputs, randomModel } from "../random-model.ts";

const MODEL = randomModel({ width: 24, length: 10, blocks: 1, heads: 2, neighbours: 6 }, 400, 2);
const BLENDS: Model["blend"][] = [[1, 1.5, 0.5], [1, 0, 0], [0, 1, 1e-3], [0, 0, 1], [1, 8, 8], [1e-4, 0.2, 0.1], [0.3, -1, -0.5], [-1, 1, 0], [0, 0, 0]];

test.each(BLENDS)("ranks by the scores that evaluation reads: blend %d, %d, %d", (...blend) => {
  const model = { ...MODEL, blend };
  for (const input of randomInputs(model, 20, 3)) {
    const scores = scoreHistory(model, input);
    const reach = Math.max(...scores.map(Math.abs)) || 1;
    const { items, scores: own } = rankHistory(model, input, { k: 25 });
    topK(scores, 25).forEach((item, place) => {
      expect(Math.abs(own[place]! - scores[items[place]!]!)).toBeLessThan(2e-6 * reach);
      expect(Math.abs(scores[item]! - scores[items[place]!]!)).toBeLessThan(4e-6 * reach);
    });
  }
});

test("keys are whole numbers that doubles hold exactly, however the parts are weighed", () => {
  for (const blend of [...BLENDS, [1e9, 1, 1], [1e-9, 100, 1], [1, 1e-9, 1e6]] as Model["blend"][]) {
    const { base, factors, unit } = rankTable({ ...MODEL, blend });
    expect(Number.isInteger(Math.log2(unit))).toBe(true);
    const largest = (values: Iterable<number>) => Math.max(...[...values].map(Math.abs));
    for (const value of base) expect(Number.isSafeInteger(value)).toBe(true);
    expect(largest(factors)).toBeLessThanOrEqual(2 ** 21);
    expect(largest(base) + Math.abs(blend[1]) * Math.log1p(10 * 100) / unit + largest(factors) * 2 ** 30).toBeLessThan(2 ** 53);
  }
});

test("equal scores come by index, co-visited or not", () => {
  const alike: Model = { ...MODEL, rows: MODEL.rows.map((_, i) => MODEL.rows[i % 24]!), scales: MODEL.scales.map(() => 0.01), popularity: MODEL.popularity.map(() => 0.5), blend: [1, 0, 1] };
  const [input] = randomInputs(alike, 1, 4);
  expect([...rankHistory(alike, input!, { k: 7 }).items]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  const neighbours = new Uint32Array(400 * 6).fill(0xffffffff);
  const neighbourWeights = new Uint8Array(400 * 6);
  for (let k = 0; k < 6; k += 1) {
    neighbours[input!.items.at(-1)! * 6 + k] = 390 - 10 * k;
    neighbourWeights[input!.items.at(-1)! * 6 + k] = 255;
  }
  const visited: Model = { ...alike, neighbours, neighbourWeights, blend: [1, 1, 1] };
  expect([...rankHistory(visited, input!, { k: 9 }).items]).toEqual([340, 350, 360, 370, 380, 390, 0, 1, 2]);
  // Far weaker than the unit: they have no say.
  expect([...rankHistory({ ...visited, blend: [1, 1e-18, 1] }, input!, { k: 3 }).items]).toEqual([0, 1, 2]);
});

test("items that may not be chosen are not, whether they were met before or not", () => {
  for (const input of randomInputs(MODEL, 10, 5)) {
    const all = [...rankHistory(MODEL, input, { k: 400 }).items];
    expect(new Set(all).size).toBe(400);
    const skip = new Uint32Array(13);
    for (const item of all.slice(0, 30)) skip[item >>> 5]! |= 1 << (item & 31);
    const before = skip.slice();
    expect([...rankHistory(MODEL, input, { k: 20, skip }).items]).toEqual(all.slice(30, 50));
    expect(skip).toEqual(before);
    expect(rankHistory(MODEL, input, { k: 20, skip: new Uint32Array(13).fill(0xffffffff) }).items).toHaveLength(0);
    expect(rankHistory(MODEL, input, { k: 0 }).items).toHaveLength(0);
  }
});

test("without a history, popularity ranks", () => {
  const input = { items: new Int32Array(10).fill(-1), kinds: new Uint8Array(10), gaps: new Uint8Array(10), count: 0 };
  expect([...rankHistory(MODEL, input, { k: 5 }).items]).toEqual(topK(MODEL.popularity, 5));
});

test("a key is the table's sum, worked item by item", () => {
  const random = seededRandom(6);
  const [input] = randomInputs(MODEL, 1, 7);
  const model: Model = { ...MODEL, blend: [1, 0, 0.5] };
  const { base, factors, unit } = rankerOf(model).table;
  const query = quantiseQuery(encodeSession(model, input!));
  const { items, scores } = rankHistory(model, input!, { k: 400 });
  for (let n = 0; n < 40; n += 1) {
    const place = Math.floor(random() * 400);
    const item = items[place]!;
    expect(scores[place]).toBe(Math.fround((base[item]! + factors[item]! * dotRow(model, query, item)) * unit));
  }
});
