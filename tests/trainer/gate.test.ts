import { describe, expect, it } from "vitest";
import { judge, MIN_CASES, MIN_CLIENTS, type GateQuestion } from "../../trainer/gate.ts";

const better = { value: 0.05, low: 0.03, high: 0.07 };
const passing: GateQuestion = { cases: MIN_CASES, clients: MIN_CLIENTS, againstPopularity: better, againstItemKnn: better };

describe("the gate", () => {
  it("lets a model pass that beats popularity and item-kNN on just enough cases", () => {
    expect(judge(passing)).toEqual({ ok: true });
  });
  it.each([
    ["too few cases", { cases: MIN_CASES - 1 }, /only 199 held-out cases/],
    ["too few shoppers", { clients: MIN_CLIENTS - 1 }, /only 49 shoppers/],
    ["a tie with popularity", { againstPopularity: { value: 0.01, low: 0, high: 0.02 } }, /not better than popularity: .*\+0\.0100 .*\+0\.0000 to \+0\.0200/],
    ["a loss to item-kNN", { againstItemKnn: { value: -0.01, low: -0.02, high: -0.005 } }, /not better than item-kNN: .*−0\.0100/],
    ["figures that are no numbers", { againstItemKnn: { value: NaN, low: NaN, high: NaN } }, /not better than item-kNN/],
    ["a clear loss to the incumbent", { againstIncumbent: { difference: { value: -0.003, low: -0.005, high: -0.001 }, incumbentNdcg10: 0.3 } }, /not better than the model that the shop has/],
    ["an unclear but large loss to the incumbent", { againstIncumbent: { difference: { value: -0.0061, low: -0.02, high: 0.01 }, incumbentNdcg10: 0.3 } }, /not better than the model/],
  ])("refuses %s and says so", (_, change, sentence) => {
    const verdict = judge({ ...passing, ...change });
    expect(verdict.ok).toBe(false);
    expect(verdict.ok ? [] : verdict.reasons).toEqual([expect.stringMatching(sentence)]);
  });
  it("lets a model pass that is better than the incumbent by however little, and none that equals it", () => {
    const against = (value: number) => judge({ ...passing, againstIncumbent: { difference: { value, low: value - 0.01, high: value + 0.01 }, incumbentNdcg10: 0.3 } });
    expect(against(1e-6)).toEqual({ ok: true });
    expect(against(0)).toEqual({ ok: false, reasons: [expect.stringMatching(/not better than the model that the shop has/)] });
  });
  it("names every reason, not the first only", () => {
    const verdict = judge({ cases: 3, clients: 1, againstPopularity: { value: 0, low: 0, high: 0 }, againstItemKnn: { value: 0, low: 0, high: 0 } });
    expect(verdict.ok ? [] : verdict.reasons).toHaveLength(3);
  });
});
