import { expect, test } from "vitest";
import type { EncodedHistory } from "../../../core/history.ts";
import { encodeHistory } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { createSessionEncoder, encodeSession } from "../../../core/model/encoder.ts";
import { randomHistory, randomModel } from "../random-model.ts";

const LENGTH = 12;
const MODEL = randomModel({ width: 32, length: LENGTH, blocks: 2, heads: 4, neighbours: 0 }, 60, 9);
const history = (length: number, seed: number) => randomHistory(MODEL, length, seededRandom(seed));
const encode = (entries: ReturnType<typeof history>): EncodedHistory => encodeHistory(entries, (id) => MODEL.indexOf.get(id), LENGTH);

test("a click is one step, and gives the numbers that the whole history gives", () => {
  const encoder = createSessionEncoder(MODEL);
  const entries = history(LENGTH, 1);
  for (let n = 1; n <= LENGTH; n += 1) {
    expect(encoder.encode(encode(entries.slice(0, n)))).toEqual(encodeSession(MODEL, encode(entries.slice(0, n))));
    expect(encoder.steps).toBe(n);
  }
});

test("a view that becomes a cart is one step, and a history cut back to its beginning too", () => {
  const encoder = createSessionEncoder(MODEL);
  const entries = history(8, 2);
  encoder.encode(encode(entries));
  const bought = [...entries.slice(0, 7), { ...entries[7]!, kind: "cart" as const, atMs: entries[7]!.atMs }];
  bought[7]!.kind = entries[7]!.kind === "cart" ? "purchase" : "cart";
  expect(encoder.encode(encode(bought))).toEqual(encodeSession(MODEL, encode(bought)));
  expect(encoder.steps).toBe(9);
  expect(encoder.encode(encode(entries.slice(0, 3)))).toEqual(encodeSession(MODEL, encode(entries.slice(0, 3))));
  expect(encoder.steps).toBe(10);
});

test("a full history that loses its oldest entry is computed anew", () => {
  const encoder = createSessionEncoder(MODEL);
  const entries = history(LENGTH + 1, 3);
  encoder.encode(encode(entries.slice(0, LENGTH)));
  expect(encoder.encode(encode(entries))).toEqual(encodeSession(MODEL, encode(entries)));
  expect(encoder.steps).toBe(2 * LENGTH);
});

test("a page's histories grow side by side, a step each", () => {
  const encoder = createSessionEncoder(MODEL);
  const three = [4, 5, 6].map((seed) => history(6, seed));
  for (let n = 1; n <= 6; n += 1) for (const entries of three) expect(encoder.encode(encode(entries.slice(0, n)))).toEqual(encodeSession(MODEL, encode(entries.slice(0, n))));
  expect(encoder.steps).toBe(18);
});

test("more histories than it remembers, in any order, are answered as from the start", () => {
  const encoder = createSessionEncoder(MODEL);
  const random = seededRandom(7);
  const many = Array.from({ length: 9 }, (_, seed) => history(LENGTH + 3, seed));
  for (let n = 0; n < 200; n += 1) {
    const entries = many[Math.floor(random() * many.length)]!.slice(0, Math.floor(random() * (LENGTH + 4)));
    expect(encoder.encode(encode(entries))).toEqual(encodeSession(MODEL, encode(entries)));
  }
});

test("an answer is the caller's own", () => {
  const encoder = createSessionEncoder(MODEL);
  const input = encode(history(5, 8));
  const first = encoder.encode(input);
  const copy = first.slice();
  first.fill(7);
  expect(encoder.encode(input)).toEqual(copy);
});
