/** How well the demo shop's model ranks, beside popularity, item-kNN and the best possible, without an edge. */
import { DEMO_CATALOGUE_SEED, generateShop } from "../../demo/catalogue/generate.ts";
import { DEMO_SHOPPERS_SEED, simulateShoppers } from "../../demo/shoppers/simulate.ts";
import type { Figure } from "../../core/weights/manifest.ts";
import { oracleKey } from "../../trainer/assess.ts";
import { trainAndAssess } from "../../trainer/pipeline.ts";
import { createDatasetBuilder } from "../../trainer/prepare.ts";
import { figuresTable } from "../../trainer/report.ts";
import { report, type BenchRow } from "./report.ts";

/** Fixed, so that every run measures the same shop. */
const END_MS = Date.UTC(2026, 9, 1);

const startMs = performance.now();
const { products, facts } = generateShop({ seed: DEMO_CATALOGUE_SEED });
const builder = createDatasetBuilder({ catalogue: products });
const oracle = new Map<string, number>();
for (const life of simulateShoppers({ seed: DEMO_SHOPPERS_SEED, products, facts, endMs: END_MS })) {
  for (const { clientId, events } of [...life.history, ...life.lastDay]) builder.add({ clientId, events });
  for (const { clientId, seq, rank } of life.oracle) oracle.set(oracleKey(clientId, seq), rank);
}
const dataset = builder.finish();
const simulatedMs = performance.now();
const { assessment, fitted, seconds } = await trainAndAssess(dataset, { seed: 1, oracle });
const { evaluation, network, verdict } = assessment;

console.log(`\n${dataset.events} product events of ${dataset.shoppers.length} clients, ${dataset.itemIds.length} products.\n${evaluation.protocol} ${evaluation.cases} cases.\n\n${figuresTable(assessment)}`);
console.log(`\nBlend ${fitted.blend.blend.join(" / ")} (network / co-visitation / popularity). The gate ${verdict.ok ? "lets it pass" : `refuses: ${verdict.reasons.map(({ sentence }) => sentence).join("; ")}`}.`);
const row = (what: string, figure: Figure): BenchRow => ({ what, metric: `NDCG@10 [${figure.low.toFixed(4)}, ${figure.high.toFixed(4)}]`, value: figure.value, unit: "", against: "oracle", againstValue: evaluation.oracle?.ndcg10.value });
report("Demo quality", [
  row("popularity", evaluation.popularity.ndcg10),
  row("item-kNN", evaluation.itemKnn.ndcg10),
  row("network alone", network.ndcg10),
  row("the model (blend)", evaluation.model.ndcg10),
  { what: "the model", metric: "less item-kNN, paired", value: evaluation.differences.itemKnn.value, unit: `[${evaluation.differences.itemKnn.low.toFixed(4)}, ${evaluation.differences.itemKnn.high.toFixed(4)}]` },
  { what: "simulate and prepare", metric: "wall clock", value: (simulatedMs - startMs) / 1000, unit: "s" },
  { what: "train and blend", metric: `wall clock, ${fitted.network.steps} steps`, value: seconds.training, unit: "s" },
  { what: "evaluate", metric: "wall clock", value: seconds.evaluation, unit: "s" },
], "real people; the oracle knows the simulated shoppers' true tastes, which no log holds.");
