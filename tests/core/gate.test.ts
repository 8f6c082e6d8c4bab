import { describe, expect, it } from "vitest";
import { judge, MIN_CASES, MIN_CLIENTS } from "../../core/gate.ts";
import type { Evaluation } from "../../core/weights/manifest.ts";

const better = { value: 0.05, low: 0.03, high: 0.07 };
type Differences = Evaluation["differences"];
const judged = ({ cases = MIN_CASES, clients = MIN_CLIENTS, ...differences }: { cases?: number; clients?: number } & Partial<Differences>) =>
  judge({ cases, clients, differences: { popularity: better, itemKnn: better, ...differences } });

describe("the gate", () => {
  it("lets a model pass that beats popularity and item-kNN on just enough cases", () => {
    expect(judged({})).toEqual({ ok: true });
  });
  it.each([
    ["too few cases", { cases: MIN_CASES - 1 }, "too-few-cases", /only 199 held-out cases/],
    ["too few shoppers", { clients: MIN_CLIENTS - 1 }, "too-few-clients", /only 49 shoppers/],
    ["a tie with popularity", { popularity: { value: 0.01, low: 0, high: 0.02 } }, "loses-to-popularity", /not better than popularity: .*\+0\.0100 .*\+0\.0000 to \+0\.0200/],
    ["a loss to item-kNN", { itemKnn: { value: -0.01, low: -0.02, high: -0.005 } }, "loses-to-item-knn", /not better than item-kNN: .*−0\.0100/],
    ["figures that are no numbers", { itemKnn: { value: NaN, low: NaN, high: NaN } }, "loses-to-item-knn", /not better than item-kNN/],
    ["a clear loss to the incumbent", { incumbent: { value: -0.003, low: -0.005, high: -0.001 } }, "loses-to-incumbent", /not better than the model that the shop has/],
    ["an unclear but large loss to the incumbent", { incumbent: { value: -0.0061, low: -0.02, high: 0.01 } }, "loses-to-incumbent", /not better than the model/],
  ])("refuses %s and says so", (_, change, code, sentence) => {
    const verdict = judged(change);
    expect(verdict.ok).toBe(false);
    expect(verdict.ok ? [] : verdict.reasons).toEqual([{ code, sentence: expect.stringMatching(sentence) }]);
  });
  it("lets a model pass that is better than the incumbent by however little, and none that equals it", () => {
    const against = (value: number) => judged({ incumbent: { value, low: value - 0.01, high: value + 0.01 } });
    expect(against(1e-6)).toEqual({ ok: true });
    expect(against(0)).toEqual({ ok: false, reasons: [{ code: "loses-to-incumbent", sentence: expect.stringMatching(/not better than the model that the shop has/) }] });
  });
  it("names every reason, not the first only", () => {
    const verdict = judged({ cases: 3, clients: 1, popularity: { value: 0, low: 0, high: 0 }, itemKnn: { value: 0, low: 0, high: 0 } });
    expect(verdict.ok ? [] : verdict.reasons.map(({ code }) => code)).toEqual(["too-few-cases", "loses-to-popularity", "loses-to-item-knn"]);
  });
});
