import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../../core/calendar.ts";
import { NO_NEIGHBOUR } from "../../../core/model/config.ts";
import { createCoVisitationCounter, type CoVisitationConfig } from "../../../trainer/models/covisitation.ts";
import { datasetOf, orderLine, product, START_MS, viewLine } from "../planted.ts";

const CONFIG: CoVisitationConfig = { neighbours: 2, window: 2, decay: 0.5, backward: 0.5, together: 0, damping: 0, halfLifeMs: 1e18 };
const PRODUCTS = ["a", "b", "c"].map((id) => product(id));

function neighboursOf(dataset: ReturnType<typeof datasetOf>, config: CoVisitationConfig, untilMs = Infinity) {
  const counter = createCoVisitationCounter(dataset, config);
  counter.countUntil(untilMs);
  return counter.neighbours();
}

describe("co-visitation", () => {
  it("counts pairs by direction and distance as worked by hand", () => {
    // a b c: pairs a→b 1, b→c 1, a→c .5 (one place further), and half of each backwards.
    // Row a: b 1, c .5 of 1.5. Row b: c 1, a .5 of 1.5. Row c: b .5, a .25 of .75. Divided by √(row):
    // a: .8165 .4082; b: .8165 .4082; c: .5774 .2887. The .95 quantile of the best three (index 1) is .8165.
    const { neighbours, weights } = neighboursOf(datasetOf(PRODUCTS, [viewLine("client-1", ["a", "b", "c"])]), CONFIG);
    expect([...neighbours]).toEqual([1, 2, 2, 0, 1, 0]);
    expect([...weights]).toEqual([255, 128, 255, 128, 180, 90]);
  });

  it("pairs one order with the next, whatever the products' order in it, the same product included", () => {
    const { neighbours } = neighboursOf(datasetOf(PRODUCTS, [orderLine("client-1", [["a", "b"], ["a", "c"]])]), { ...CONFIG, backward: 0 });
    expect([...neighbours.subarray(0, 2)].sort()).toEqual([0, 2]);
    expect([...neighbours.subarray(2, 4)].sort()).toEqual([0, 2]);
    expect([...neighbours.subarray(4)]).toEqual([NO_NEIGHBOUR, NO_NEIGHBOUR]);
  });

  it("learns nothing from moments after its time, and goes on where it stopped", () => {
    const dataset = datasetOf(PRODUCTS, [viewLine("client-1", ["a", "b"]), viewLine("client-2", ["a", "c"], START_MS + DAY_MS)]);
    const counter = createCoVisitationCounter(dataset, { ...CONFIG, backward: 0 });
    counter.countUntil(START_MS + DAY_MS);
    expect([...counter.neighbours().neighbours.subarray(0, 2)]).toEqual([1, NO_NEIGHBOUR]);
    counter.countUntil(Infinity);
    const whole = neighboursOf(dataset, { ...CONFIG, backward: 0 });
    expect(counter.neighbours()).toEqual(whole);
    expect([...whole.neighbours.subarray(0, 2)]).toEqual([1, 2]);
  });

  it("lets newer pairs count for more", () => {
    const dataset = datasetOf(PRODUCTS, [viewLine("client-1", ["a", "b"]), viewLine("client-2", ["a", "c"], START_MS + 10 * DAY_MS)]);
    expect([...neighboursOf(dataset, { ...CONFIG, halfLifeMs: DAY_MS }).neighbours.subarray(0, 2)]).toEqual([2, 1]);
  });
});
