import { describe, expect, it } from "vitest";
import { DEMO_CATALOGUE_SEED, generateShop } from "../../demo/catalogue/generate.ts";
import { ordersOf } from "../../demo/shoppers/orders.ts";
import { DEMO_SHOPPERS_SEED, simulateShoppers } from "../../demo/shoppers/simulate.ts";
import { BOUNDS, COMPARED, measureOrders, REAL_SHOP, type Order } from "../../demo/shoppers/statistics.ts";
import { findOnlineRetail, readOnlineRetail } from "../../trainer/data/online-retail.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const order = (clientId: string, day: number, ...items: string[]): Order => ({ clientId, atMs: day * DAY_MS, items });

describe("the statistics that shops are compared by", () => {
  it("know the answers for a shop small enough to count by hand", () => {
    const statistics = measureOrders([order("ann", 1, "a", "b"), order("ann", 100, "a", "c"), order("bob", 2, "a"), order("cat", 3, "a", "b")]);
    expect(statistics).toMatchObject({ orders: 4, customers: 3, items: 3, repeatCustomerShare: 1 / 3, repeatItemShare: 1 / 2 });
    // Lines: a 4, b 2, c 1. The top tenth of three products is one product.
    expect(statistics.topTenthShare).toBeCloseTo(4 / 7);
    expect(statistics.gini).toBeCloseTo(2 / 7);
  });

  it("find no skew where everything sells alike", () => {
    const items = Array.from({ length: 20 }, (_, i) => `p${i}`);
    const statistics = measureOrders(items.map((item, i) => order(`c${i}`, i, item)));
    expect(statistics.topTenthShare).toBeCloseTo(0.1);
    expect(statistics.gini).toBeCloseTo(0);
  });

  it("see item-kNN ahead where products are bought together, by what came before the split only", () => {
    // Two crowds: one buys a, b and c, a larger one x, y and z. On the last days a newcomer to each comes back.
    const crowd = (prefix: string, size: number, ...items: string[]) => Array.from({ length: size }, (_, i) => order(`${prefix}${i}`, i, ...items));
    const before = [...crowd("small", 10, "a", "b", "c"), ...crowd("large", 40, "x", "y", "z"), order("new", 50, "a"), order("old", 50, "x")];
    const statistics = measureOrders([...before, order("new", 119, "b"), order("stranger", 119.5, "c"), order("old", 120, "y")]);
    expect(statistics.cases).toBe(2);
    expect(statistics.itemKnnNdcg).toBeGreaterThan(statistics.popularityNdcg);
    expect(statistics.itemKnnNdcg).toBeGreaterThan(0.9 / Math.log2(3));
  });

  it("leave out what lies before the window", () => {
    expect(measureOrders([order("ann", 1, "a"), order("ann", 500, "b")])).toMatchObject({ orders: 1, customers: 1, items: 1, repeatCustomerShare: 0 });
  });
});

describe("the simulated shop", () => {
  it("is as skewed, as loyal and as predictable as the real gift shop, within the stated bounds", () => {
    const lines = [];
    for (const life of simulateShoppers({ seed: DEMO_SHOPPERS_SEED, ...generateShop({ seed: DEMO_CATALOGUE_SEED }), endMs: Date.UTC(2026, 10, 23, 12) })) lines.push(...life.history, ...life.lastDay);
    const simulated = measureOrders(ordersOf(lines));
    for (const statistic of COMPARED) {
      expect(Math.abs(simulated[statistic] - REAL_SHOP[statistic]), `${statistic}: ${simulated[statistic]} against ${REAL_SHOP[statistic]}`).toBeLessThanOrEqual(BOUNDS[statistic]);
    }
    const events = lines.reduce((sum, line) => sum + line.events.length, 0);
    expect(events).toBeGreaterThan(180_000);
    expect(events).toBeLessThan(260_000);
  });
});

const data = process.env["ENDCAP_DATA"];
const retail = data === undefined ? undefined : (findOnlineRetail(data) ?? findOnlineRetail(`${data}/online-retail`));
describe("the real gift shop", () => {
  it.skipIf(retail === undefined)(`has the figures that the bounds stand on${retail === undefined ? " (skipped: ENDCAP_DATA names no folder with online_retail.csv.gz)" : ""}`, async () => {
    const real = measureOrders(ordersOf((await readOnlineRetail({ path: retail!, nowMs: Date.UTC(2026, 10, 23, 12) })).lines()));
    for (const statistic of COMPARED) expect(real[statistic], statistic).toBeCloseTo(REAL_SHOP[statistic], 3);
  });
});
