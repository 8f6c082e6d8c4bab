import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultConfig, type TrainConfig } from "../../trainer/config.ts";
import { search, validationScore, type SearchOptions } from "../../trainer/search.ts";
import { datasetOf, plantedShop } from "./planted.ts";

const base = defaultConfig("next-view");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "endcap-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A truth that is easy to see: the nearer to a rate of .02 the better, and better known after more steps. */
const truth = ({ learningRate }: TrainConfig, steps: number) => 1 - Math.abs(learningRate - 0.02) * 10 + steps / 1e6;

function run({ evaluate = truth, budgetMs = 60_000, ...more }: Partial<SearchOptions> = {}) {
  let nowMs = 0;
  const trials: [steps: number, ndcg10: number][] = [];
  let computed = 0;
  const result = search({
    path: join(folder, "search.json"), identity: { data: "a" }, base, fullSteps: 900, seed: 1, budgetMs, now: () => nowMs, onTrial: ({ steps, ndcg10 }) => trials.push([steps, ndcg10]), ...more,
    evaluate(config, steps) {
      const ndcg10 = evaluate(config, steps);
      nowMs += steps * 10;
      computed += 1;
      return ndcg10;
    },
  });
  return { ...result, made: trials, computed };
}

describe("a search for settings", () => {
  it("tries many for few steps and few for many, and ends with the best of the longest", () => {
    const { best, made } = run();
    const counts = [100, 300, 900].map((steps) => made.filter(([of]) => of === steps).length);
    expect(counts).toEqual([20, 7, 3]);
    expect(best.steps).toBe(900);
    expect(best.ndcg10).toBe(Math.max(...made.map(([, ndcg10]) => ndcg10)));
    expect(Math.abs(best.config.learningRate - 0.02)).toBeLessThan(0.005);
  });

  it("keeps to the settings that there are, where no others are better", () => {
    const { best } = run({ evaluate: (config) => (config === base ? 1 : 0.5) });
    expect(best.config).toEqual(base);
  });

  it("goes on behind its last trial when it is cut off, and ends the same", () => {
    const whole = run();
    rmSync(join(folder, "search.json"));
    let left = 11;
    expect(() => run({ evaluate(config, steps) { if ((left -= 1) < 0) throw new Error("killed"); return truth(config, steps); } })).toThrow("killed");
    const resumed = run();
    expect(resumed.best).toEqual(whole.best);
    expect(resumed.computed).toBe(whole.computed - 11);
    // Other data are another search.
    expect(run({ identity: { data: "b" } }).computed).toBe(whole.computed);
  });

  it("ends within a trial of its budget", () => {
    const { made, best } = run({ budgetMs: 3_000 });
    expect(made.length).toBeLessThan(6);
    expect(best.ndcg10).toBeGreaterThan(0);
  });

  it("asks the validation part, and the answer of real training is repeated exactly", () => {
    const { products, lines } = plantedShop(150, 7);
    const dataset = datasetOf(products, lines);
    const score = validationScore(dataset, 1)(base, 20);
    expect(score).toBeGreaterThan(0);
    expect(validationScore(dataset, 1)(base, 20)).toBe(score);
    // What the test part holds changes nothing.
    const blind = { ...dataset, shoppers: dataset.shoppers.map((shopper) => ({ ...shopper, moments: shopper.moments.filter(({ atMs }) => atMs < dataset.split.validateUntilMs) })) };
    expect(validationScore(blind, 1)(base, 20)).toBe(score);
  });
});
