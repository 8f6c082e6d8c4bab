import { describe, expect, it } from "vitest";
import type { EncodedHistory } from "../../../core/history.ts";
import { NO_NEIGHBOUR } from "../../../core/model/config.ts";
import { createSessionKnn, indexSessions, type SessionKnnConfig } from "../../../trainer/models/session-knn.ts";
import { fitSessionRows, type SessionRowsConfig } from "../../../trainer/models/session-rows.ts";
import { datasetOf, product, START_MS, viewLine } from "../planted.ts";

const HOUR_MS = 3_600_000;
const PRODUCTS = ["a", "b", "c", "d", "e"];
/** Three sessions, an hour apart; the last is of products that nobody else saw. */
const dataset = datasetOf(PRODUCTS.map((id) => product(id)), [
  viewLine("one", ["a", "b", "c"], START_MS),
  viewLine("two", ["a", "d"], START_MS + HOUR_MS),
  viewLine("three", ["e", "c"], START_MS + 2 * HOUR_MS),
]);
const index = indexSessions(dataset, Infinity);
/** Everything that could weigh is set so that it can be worked out by hand. */
const PLAIN: SessionKnnConfig = { neighbours: 10, sample: 10, recencyPlaces: 1, nearPlaces: 1, ageShare: Infinity, rarity: 0, again: 0 };
const input = (...ids: string[]): EncodedHistory => ({ items: Int32Array.from(ids, (id) => PRODUCTS.indexOf(id)), kinds: new Uint8Array(ids.length), gaps: new Uint8Array(ids.length), count: ids.length });
const scores = (config: SessionKnnConfig, ...ids: string[]) => {
  const out = new Float32Array(PRODUCTS.length);
  createSessionKnn(index, config).score([{ input: input(...ids), nowMs: START_MS + 3 * HOUR_MS }], out);
  return Object.fromEntries(PRODUCTS.map((id, i) => [id, out[i]!]));
};

describe("session kNN", () => {
  it("lets sessions that share a product vote for what stands near it, shorter ones more", () => {
    // The first session is 1/√3 like the question, the second 1/√2; b is one place from a, c two, d one.
    expect(scores(PLAIN, "a")).toEqual({ a: 0, b: expect.closeTo(Math.exp(-1) / Math.sqrt(3), 5), c: expect.closeTo(Math.exp(-2) / Math.sqrt(3), 5), d: expect.closeTo(Math.exp(-1) / Math.SQRT2, 5), e: 0 });
  });

  it("counts newer products of the question more", () => {
    // d was looked at last: the second session is (1 + 1/e)/√2 like the question, the first e⁻¹/√3.
    const { b, a } = scores(PLAIN, "a", "d");
    expect(b).toBeCloseTo((Math.exp(-1) / Math.sqrt(3)) * Math.exp(-1), 5);
    expect(a).toBeCloseTo(((1 + Math.exp(-1)) / Math.SQRT2) * Math.exp(-1), 5);
  });

  it("asks no more sessions than it is told to", () => {
    expect(scores({ ...PLAIN, neighbours: 1 }, "a")).toMatchObject({ b: 0, c: 0, d: expect.closeTo(Math.exp(-1) / Math.SQRT2, 5) });
  });

  it("gives the product itself its share where people come back", () => {
    expect(scores({ ...PLAIN, again: 0.5 }, "e")["e"]).toBeCloseTo(0.5 / Math.SQRT2, 5);
  });

  it("knows no session from after the time it stands at", () => {
    expect(indexSessions(dataset, START_MS + HOUR_MS).endMs).toHaveLength(1);
  });
});

describe("session rows", () => {
  const ROWS: SessionRowsConfig = { sample: 10, nearPlaces: 1, ageShare: Infinity, rarity: 0, again: 0.5, evenness: 0, backward: 1 };
  const rowOf = (config: SessionRowsConfig, id: string) => {
    const K = 4;
    const { neighbours, weights } = fitSessionRows(index, K, config);
    const from = PRODUCTS.indexOf(id) * K;
    return Array.from({ length: K }, (_, k) => [PRODUCTS[neighbours[from + k]!] ?? neighbours[from + k], weights[from + k]]);
  };

  it("say what session kNN says of one product", () => {
    const knn = scores({ ...PLAIN, again: 0.5 }, "a");
    const best = Object.entries(knn).filter(([, score]) => score > 0).sort(([, x], [, y]) => y - x);
    expect(rowOf(ROWS, "a").map(([id]) => id)).toEqual(best.map(([id]) => id));
    // c is alone with its strength of e⁻¹/√3 for b of the first session and e⁻¹/√2 for e of the last.
    const row = Object.fromEntries(rowOf(ROWS, "c"));
    expect(row["b"] / row["e"]).toBeCloseTo(Math.SQRT2 / Math.sqrt(3), 1);
  });

  it("count what stood before less, where they are told to", () => {
    const row = Object.fromEntries(rowOf({ ...ROWS, backward: 0.5, again: 0 }, "b"));
    expect(row["a"] / row["c"]).toBeCloseTo(0.5, 1);
  });

  it("leave places empty that no neighbour fills", () => {
    expect(rowOf(ROWS, "d").map(([id]) => id)).toEqual([expect.any(String), expect.any(String), NO_NEIGHBOUR, NO_NEIGHBOUR]);
  });
});
