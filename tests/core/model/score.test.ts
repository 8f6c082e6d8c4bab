import { expect, test } from "vitest";
import { encodeHistory, type EncodedHistory } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { CO_VISIT_LEVELS, MAX_WIDTH, QUERY_UNIT, TEMPERATURE, type Model } from "../../../core/model/config.ts";
import { blendScores, coVisitationScores, dotRow, dotRows, encodeSession, quantiseQuery, scoreHistory } from "../../../core/model/score.ts";
import { randomInputs, randomModel } from "../random-model.ts";

const MODEL = randomModel({ width: 16, length: 8, blocks: 1, heads: 2, neighbours: 4 }, 50, 2);
const encode = (model: Model, ...ids: string[]): EncodedHistory => encodeHistory(ids.map((item_id, i) => ({ item_id, kind: "view", atMs: i })), (id) => model.indexOf.get(id), model.config.length);

test("products are whole numbers within i32, for the widest model and the longest rows and queries", () => {
  const wide = randomModel({ width: MAX_WIDTH, length: 1, blocks: 0, heads: 1, neighbours: 0 }, 2, 1);
  wide.rows.fill(-127);
  // The query that the rows are a multiple of: none of length 1 gives a larger product.
  const query = quantiseQuery(new Float32Array(MAX_WIDTH).fill(1 / Math.sqrt(MAX_WIDTH)));
  const products = new Int32Array(2);
  dotRows(wide, query, products);
  const exact = -127 * query.values.reduce((sum, value) => sum + value, 0);
  expect([...products]).toEqual([exact, exact]);
  expect(Math.abs(exact)).toBeGreaterThan(1e9);
  // Twice as wide would still fit.
  expect(127 * Math.sqrt(2 * MAX_WIDTH) / QUERY_UNIT).toBeLessThan(2 ** 31);
});

test("a row's product is the sum of its entries' products, whatever the width leaves after fours", () => {
  for (const width of [4, 5, 6, 7, 21, 64]) {
    const model = randomModel({ width, length: 3, blocks: 0, heads: 1, neighbours: 0 }, 9, width);
    const query = quantiseQuery(encodeSession(model, randomInputs(model, 1, 2)[0]!));
    for (let item = 0; item < 9; item += 1) expect(dotRow(model, query, item)).toBe(query.values.reduce((sum, value, d) => sum + value * model.rows[item * width + d]!, 0));
  }
});

test("a query is rounded to within half a unit, zero stays zero, and what is too long is brought to length 1", () => {
  const random = seededRandom(4);
  const query = Float32Array.from({ length: 16 }, () => (random() * 2 - 1) / 4);
  const { values, scale } = quantiseQuery(query);
  values.forEach((value, d) => expect(Math.abs(value * scale - query[d]!)).toBeLessThanOrEqual(scale / 2 + 1e-12));
  expect(quantiseQuery(new Float32Array(3))).toEqual({ values: new Int32Array(3), scale: QUERY_UNIT });
  expect([...quantiseQuery(Float32Array.of(30, 0, -40)).values]).toEqual([0.6, 0, -0.8].map((value) => Math.round(value / QUERY_UNIT)));
});

test("the scores are the cosine, the co-visits and the popularity, each by its weight", () => {
  const input = encode(MODEL, "item-1", "item-2", "item-3");
  const session = encodeSession(MODEL, input);
  const visits = coVisitationScores(MODEL, input);
  const [network, coVisitation, popularity] = MODEL.blend;
  scoreHistory(MODEL, input).forEach((score, item) => {
    let cosine = 0;
    for (let d = 0; d < 16; d += 1) cosine += session[d]! * MODEL.rows[item * 16 + d]! * MODEL.scales[item]!;
    expect(score).toBeCloseTo((network * cosine) / TEMPERATURE + coVisitation * visits[item]! + popularity * MODEL.popularity[item]!, 2);
  });
});

test("a part with no weight is left out", () => {
  const input = encode(MODEL, "item-1");
  const only = (...blend: Model["blend"]) => scoreHistory({ ...MODEL, blend }, input);
  expect(only(0, 0, 1)).toEqual(MODEL.popularity);
  expect(only(0, 1, 0)).toEqual(coVisitationScores(MODEL, input));
  expect(only(0, 0, 0)).toEqual(new Float32Array(50));
});

test("co-visits, worked by hand: what was met with the newest entry counts more", () => {
  const model: Model = { ...MODEL, config: { ...MODEL.config, neighbours: 2 }, neighbours: new Uint32Array(100).fill(0xffffffff), neighbourWeights: new Uint8Array(100) };
  const link = (from: number, k: number, to: number, weight: number) => {
    model.neighbours[from * 2 + k] = to;
    model.neighbourWeights[from * 2 + k] = weight;
  };
  link(1, 0, 7, CO_VISIT_LEVELS);
  link(2, 0, 7, 51);
  link(2, 1, 8, CO_VISIT_LEVELS);
  const scores = coVisitationScores(model, encode(model, "item-1", "item-2"));
  expect(scores[7]).toBeCloseTo(Math.log1p(10 * (0.8 + 51 / 255)), 5);
  expect(scores[8]).toBeCloseTo(Math.log1p(10), 5);
  expect(scores.filter((score) => score !== 0)).toHaveLength(2);
});

test("an empty history scores by popularity, and has no session vector", () => {
  const empty = encode(MODEL);
  expect(encodeSession(MODEL, empty)).toEqual(new Float32Array(16));
  expect(scoreHistory(MODEL, empty)).toEqual(blendScores(MODEL, null, empty));
  expect(scoreHistory(MODEL, empty)).toEqual(MODEL.popularity.map((value) => value * MODEL.blend[2]));
});

test("scoring changes neither the model nor the history, so the same question has one answer", () => {
  const [input] = randomInputs(MODEL, 1, 3);
  const first = scoreHistory(MODEL, input!);
  expect(scoreHistory(MODEL, input!)).toEqual(first);
});
