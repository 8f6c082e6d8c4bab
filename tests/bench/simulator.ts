/**
 * Holds the simulated shoppers against a real shop by the three statistics of demo/shoppers/statistics.ts.
 * `npm run bench:simulator -- --data <folder with online_retail.csv.gz>`; without data, against the figures kept from it.
 */
import { parseArgs } from "node:util";
import { DEMO_CATALOGUE_SEED, generateShop } from "../../demo/catalogue/generate.ts";
import { ordersOf } from "../../demo/shoppers/orders.ts";
import { DEMO_SHOPPERS_SEED, simulateShoppers } from "../../demo/shoppers/simulate.ts";
import { BOUNDS, COMPARED, measureOrders, REAL_SHOP } from "../../demo/shoppers/statistics.ts";
import { findOnlineRetail, readOnlineRetail } from "../../trainer/data/online-retail.ts";
import { report, type BenchRow } from "./report.ts";

const { values } = parseArgs({ options: { data: { type: "string" }, json: { type: "string" }, seed: { type: "string" } } });
const endMs = Date.UTC(2026, 10, 23, 12);

const startMs = performance.now();
const lines = [];
for (const life of simulateShoppers({ seed: Number(values.seed ?? DEMO_SHOPPERS_SEED), ...generateShop({ seed: DEMO_CATALOGUE_SEED }), endMs })) lines.push(...life.history, ...life.lastDay);
const seconds = (performance.now() - startMs) / 1000;
const events = lines.reduce((sum, line) => sum + line.events.length, 0);
const simulated = measureOrders(ordersOf(lines));

let real: { readonly [S in keyof typeof REAL_SHOP]: number } = REAL_SHOP;
if (values.data !== undefined) {
  const path = findOnlineRetail(values.data);
  if (path === undefined) throw new Error(`${values.data} holds no online_retail.csv or online_retail.csv.gz`);
  const measured = measureOrders(ordersOf((await readOnlineRetail({ path, nowMs: endMs })).lines()));
  console.log("Real shop:", measured);
  real = measured;
}
console.log("Simulated shop:", simulated);

const rows: BenchRow[] = COMPARED.map((statistic) => ({
  what: `${statistic} ${Math.abs(simulated[statistic] - real[statistic]) <= BOUNDS[statistic] ? "within" : "OUTSIDE"} ±${BOUNDS[statistic]}`,
  metric: "simulated", value: simulated[statistic], unit: "", against: values.data === undefined ? "real shop (kept figure)" : "real shop", againstValue: real[statistic],
}));
rows.push({ what: `${events} events of 120 days`, metric: "generation", value: events / seconds, unit: "events/s" });
report("Simulated shoppers against a real shop, by their orders of 120 days", rows, "what people look at before they buy: the real log has orders only");
if (COMPARED.some((statistic) => Math.abs(simulated[statistic] - real[statistic]) > BOUNDS[statistic])) process.exitCode = 1;
