import { describe, expect, it } from "vitest";
import type { Model } from "../../core/model/config.ts";
import { evaluateRankers, foreignRanker, pairedDifference, resultsOfRanks } from "../../trainer/evaluate.ts";
import { encodeHistory } from "../../core/history.ts";
import type { Case } from "../../trainer/prepare.ts";

const question = (targets: number[], excluded = -1, clientId = "client-1"): Case => ({ clientId, seq: 1, history: [], input: encodeHistory([], () => undefined, 4), targets, excluded });
/** Ranks item 0 first, then 1, and so on. */
const inOrder = { score: () => Float32Array.from({ length: 20 }, (_, item) => -item) };

describe("evaluation", () => {
  it("gives the metrics of a known rank as worked by hand", () => {
    const { inOrder: results } = evaluateRankers({ inOrder }, [question([2]), question([9]), question([10])], 20);
    expect([...results.ndcg10]).toEqual([0.5, 1 / Math.log2(11), 0]);
    expect([...results.recall10]).toEqual([1, 1, 0]);
    expect([...results.mrr10]).toEqual([1 / 3, 1 / 10, 0]);
    expect(results.coverage10).toBe(0.5);
  });

  it("judges an order's products as a set", () => {
    const { inOrder: results } = evaluateRankers({ inOrder }, [question([0, 2, 15])], 20);
    expect(results.ndcg10[0]).toBeCloseTo((1 + 0.5) / (1 + 1 / Math.log2(3) + 0.5), 6);
    expect(results.recall10[0]).toBeCloseTo(2 / 3, 6);
    expect(results.mrr10[0]).toBe(1);
  });

  it("gives no place to the item that the answer cannot be", () => {
    const { inOrder: results } = evaluateRankers({ inOrder }, [question([2], 0)], 20);
    expect(results.mrr10[0]).toBe(1 / 2);
  });

  it("pairs two models case by case", () => {
    const cases = [question([0], -1, "a"), question([0], -1, "b")];
    expect(pairedDifference(resultsOfRanks([1, 3]), resultsOfRanks([3, 11]), cases, 1)).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
  });

  it("puts items last that an older model does not know", () => {
    const model: Model = {
      config: { width: 4, length: 4, blocks: 0, heads: 1, neighbours: 0 }, itemIds: ["b", "a"], indexOf: new Map([["b", 0], ["a", 1]]),
      rows: new Int8Array(8), scales: new Float32Array(2), encoder: {}, neighbours: new Uint32Array(0), neighbourWeights: new Uint8Array(0),
      popularity: Float32Array.from([0.5, 1]), blend: [0, 0, 1],
    };
    expect([...foreignRanker(model, ["a", "b", "new"]).score(question([2]))]).toEqual([1, 0.5, -Infinity]);
  });
});
