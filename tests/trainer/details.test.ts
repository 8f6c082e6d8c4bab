import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../core/calendar.ts";
import { detailsOf } from "../../trainer/details.ts";
import { evaluateRankers, type Ranker } from "../../trainer/evaluate.ts";
import { casesBetween, type Dataset } from "../../trainer/prepare.ts";
import { datasetOf, product, START_MS, viewLine } from "./planted.ts";

const ids = Array.from({ length: 20 }, (_, i) => `p${String(i).padStart(2, "0")}`);
const products = ids.map((id, i) => product(id, i < 10 ? "Shop > Mugs" : "Shop > Plates"));

/** Scores fall with the index, after the items named. */
const ranking = (...first: number[]): Ranker => ({ score: () => Float32Array.from(ids, (_, i) => (first.includes(i) ? 100 - first.indexOf(i) : -i)) });

/** 97 shoppers long ago who look at p00 then p01, and in the test part one known and two new ones. */
function shop(): Dataset {
  const past = Array.from({ length: 97 }, (_, i) => viewLine(`old-${i}`, ["p00", "p01"], START_MS + i * DAY_MS));
  const last = START_MS + 100 * DAY_MS;
  return datasetOf(products, [...past, viewLine("old-0", ["p00", "p02"], last, 3), viewLine("new-1", ["p00", "p01"], last), viewLine("new-2", ["p00", "p15"], last)]);
}

describe("the details of an evaluation", () => {
  const dataset = shop();
  const cases = casesBetween(dataset, START_MS + 99 * DAY_MS, Infinity, 5);
  const results = evaluateRankers({ model: ranking(1, 2), popularity: ranking(0, 1) }, cases, ids.length);
  const details = detailsOf(dataset, cases, results, 1);
  const of = (name: string) => details.rankers.find((ranker) => ranker.name === name)!;

  it("count hits, and what they are worth, at every cut-off", () => {
    expect(cases.map(({ clientId, targets }) => [clientId, targets])).toEqual([["new-1", [1]], ["new-2", [15]], ["old-0", [0]], ["old-0", [2]]]);
    // p00 is no candidate where it was looked at last: p01 is first, p02 second, p15 beyond ten; the known shopper's return to p00 comes third.
    const { figures: [at5, , at20], hitRateByLength } = of("model");
    expect(at5!.hitRate.value).toBeCloseTo(3 / 4, 12);
    expect(at5!.mrr.value).toBeCloseTo((1 + 0 + 1 / 2 + 1 / 2) / 4, 12);
    expect(at5!.ndcg.value).toBeCloseTo((1 + 0 + 2 / Math.log2(3)) / 4, 12);
    expect(at20!.hitRate.value).toBe(1);
    expect(hitRateByLength[0]).toBe(1 / 4);
    expect(hitRateByLength[1]).toBe(3 / 4);
    for (const { low, value, high } of Object.values(at5!)) expect(low <= value && value <= high).toBe(true);
  });

  it("tell new shoppers and new products apart from the rest", () => {
    const segments = Object.fromEntries(of("model").segments.map(({ segment, cases: n, ndcg10 }) => [segment, [n, ndcg10.value]]));
    expect(segments["new shoppers"]).toEqual([2, 1 / 2]);
    expect(segments["known shoppers"]![0]).toBe(2);
    expect(segments["new products"]![0]).toBe(2); // p02 and p15.
  });

  it("say what the lists are like: their mix of categories, and how well known they are", () => {
    const lists = of("model").lists;
    expect(lists.diversity).toBeGreaterThan(0);
    expect(lists.diversity).toBeLessThan(0.5);
    // Histories are of mugs only; a tenth of plates in the list leaves most of the mix.
    expect(lists.miscalibration).toBeGreaterThan(0);
    expect(lists.miscalibration).toBeLessThan(0.3);
    // Everybody knows p00: who lists it first is less of a surprise.
    expect(of("popularity").lists.novelty).toBeLessThanOrEqual(lists.novelty);
    expect(lists.popularity.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    // p00 and p01 are the most popular tenth of twenty products; two of the four chose one of them.
    expect(details.takenByPopularity[0]).toBe(2 / 4);
  });
});
