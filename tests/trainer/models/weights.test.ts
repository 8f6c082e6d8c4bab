import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../core/ids.ts";
import type { Scorer } from "../../../trainer/models/scorer.ts";
import { fitWeights, tabulate, type Question } from "../../../trainer/models/weights.ts";

const ITEMS = 30;
const input = { items: new Int32Array(1), kinds: new Uint8Array(1), gaps: new Uint8Array(1), count: 1 };
const random = seededRandom(3);
const questions: Question[] = Array.from({ length: 200 }, (_, q) => ({ input, nowMs: q, targets: [Math.floor(random() * ITEMS)], excluded: [] }));
/** Adds to noise what it knows of the answer; the question is told by its time. */
const scorer = (name: string, known: (question: number, target: number) => number, seed: number): Scorer => ({
  name, bytes: 0,
  score(some, out) {
    some.forEach(({ nowMs }, q) => {
      const noise = seededRandom(seed * 1000 + nowMs);
      for (let item = 0; item < ITEMS; item += 1) out[q * ITEMS + item] = noise() + (item === questions[nowMs]!.targets[0] ? known(nowMs, item) : 0);
    });
  },
});

describe("the weights of a blend", () => {
  const even = scorer("knows the even questions", (q) => (q % 2 === 0 ? 0.8 : 0), 1);
  const odd = scorer("knows the odd questions", (q) => (q % 2 === 1 ? 0.8 : 0), 2);
  const nothing = scorer("knows nothing", () => 0, 3);

  it("add parts that know different things, and beat each of them", () => {
    const { ndcg, alone, weights } = fitWeights(tabulate([even, odd, nothing], questions, ITEMS));
    expect(ndcg).toBeGreaterThan(Math.max(...alone) + 0.1);
    expect(weights[2]).toBeLessThan(0.5 * Math.min(weights[0]!, weights[1]!));
  });

  it("leave the best part alone where the others know nothing, so that no set gets less than that part", () => {
    const { ndcg, alone } = fitWeights(tabulate([nothing, scorer("knows all", () => 10, 4)], questions, ITEMS));
    expect(alone[1]).toBe(1);
    expect(ndcg).toBe(1);
  });

  it("rank no item that is excluded", () => {
    const best = questions.map((question) => ({ ...question, targets: [1], excluded: [0] }));
    const prefersFirst: Scorer = { name: "the first items first", bytes: 0, score: (some, out) => some.forEach((_, q) => { for (let item = 0; item < ITEMS; item += 1) out[q * ITEMS + item] = -item; }) };
    expect(fitWeights(tabulate([prefersFirst], best, ITEMS)).ndcg).toBe(1);
  });
});
