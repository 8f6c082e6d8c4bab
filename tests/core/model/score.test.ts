import { expect, test } from "vitest";
import { encodeHistory, type EncodedHistory } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { CO_VISIT_LEVELS, MAX_WIDTH, QUERY_LEVELS, TEMPERATURE, type Model } from "../../../core/model/config.ts";
import { blendScores, coVisitationScores, dotRows, encodeSession, quantiseQuery, scoreHistory } from "../../../core/model/score.ts";
import { randomInputs, randomModel } from "../random-model.ts";

const MODEL = randomModel({ width: 16, length: 8, blocks: 1, heads: 2, neighbours: 4 }, 50, 2);
const encode = (model: Model, ...ids: string[]): EncodedHistory => encodeHistory(ids.map((item_id, i) => ({ item_id, kind: "view", atMs: i })), (id) => model.indexOf.get(id), model.config.length);

test("products are whole numbers within i32, for the widest model and the largest entries", () => {
  expect(MAX_WIDTH * QUERY_LEVELS * 127).toBeLessThan(2 ** 31);
  const wide = randomModel({ width: MAX_WIDTH, length: 1, blocks: 0, heads: 1, neighbours: 0 }, 2, 1);
  wide.rows.fill(-127);
  const products = new Int32Array(2);
  dotRows(wide, { values: new Int16Array(MAX_WIDTH).fill(QUERY_LEVELS), scale: 1 }, products);
  expect([...products]).toEqual([-MAX_WIDTH * QUERY_LEVELS * 127, -MAX_WIDTH * QUERY_LEVELS * 127]);
});

test("a part of the rows gives the same products as all of them", () => {
  const query = quantiseQuery(encodeSession(MODEL, encode(MODEL, "item-1", "item-2")));
  const [whole, parts] = [new Int32Array(50), new Int32Array(50)];
  dotRows(MODEL, query, whole);
  for (const [from, to] of [[0, 1], [1, 33], [33, 50]] as const) dotRows(MODEL, query, parts, from, to);
  expect(parts).toEqual(whole);
});

test("a query is rounded to within half a level, and zero stays zero", () => {
  const random = seededRandom(4);
  const query = Float32Array.from({ length: 16 }, () => random() * 2 - 1);
  const { values, scale } = quantiseQuery(query);
  expect(Math.max(...values.map(Math.abs))).toBe(QUERY_LEVELS);
  values.forEach((value, d) => expect(Math.abs(value * scale - query[d]!)).toBeLessThanOrEqual(scale / 2 + 1e-9));
  expect(quantiseQuery(new Float32Array(3))).toEqual({ values: new Int16Array(3), scale: 0 });
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
