/**
 * What a shopper's own layer is worth: held-out histories replayed in their order, each ranking with the layer as it was
 * learned from the steps before, beside the same ranking without it.
 *
 * `--data PATH`: a shop's files, as `npm run train -- --data` takes them, instead of the demo shop's simulated shoppers.
 */
import { DEMO_CATALOGUE_SEED, generateShop } from "../../demo/catalogue/generate.ts";
import { DEMO_SHOPPERS_SEED, simulateShoppers } from "../../demo/shoppers/simulate.ts";
import { bootstrapClusters, ndcgOfSet } from "../../core/metrics.ts";
import { scoreHistory } from "../../core/model/score.ts";
import { MAX_CHOICES, shiftOf, shiftScore, type Choice } from "../../core/ranking/adaptation.ts";
import { topK } from "../../core/ranking/topk.ts";
import { defaultConfig } from "../../trainer/config.ts";
import { ranksWithin } from "../../trainer/evaluate.ts";
import { loadFromFiles } from "../../trainer/load.ts";
import { startBackend } from "../../trainer/models/backend.ts";
import { fitModel } from "../../trainer/models/fit.ts";
import { prepareTraining } from "../../trainer/models/network.ts";
import { casesBetween, createDatasetBuilder, type Case, type Dataset } from "../../trainer/prepare.ts";
import { report, type BenchRow } from "./report.ts";

/** Fixed, so that every run measures the same shop. */
const END_MS = Date.UTC(2026, 9, 1);
const MAX_CASES = 12_000;
/** Metrics' cut-off, a slate's places, and how many of the best a layer puts in another order. */
const K = 10;
const SLATE = 12;
const ADAPTED = 112;

function demoShop(): Dataset {
  const { products, facts } = generateShop({ seed: DEMO_CATALOGUE_SEED });
  const builder = createDatasetBuilder({ catalogue: products });
  for (const { clientId, history, lastDay } of simulateShoppers({ seed: DEMO_SHOPPERS_SEED, products, facts, endMs: END_MS })) {
    for (const { events } of [...history, ...lastDay]) builder.add({ clientId, events });
  }
  return builder.finish();
}

const at = process.argv.indexOf("--data");
const dataset = at < 0 ? demoShop() : await loadFromFiles({ files: { data: process.argv[at + 1]! }, nowMs: END_MS, print: console.log });
await startBackend("wasm");
const config = defaultConfig(dataset.objective);
const { model } = fitModel(dataset, config, prepareTraining(dataset, config, 1));

const byShopper = new Map<string, Case[]>();
for (const question of casesBetween(dataset, dataset.split.validateUntilMs, dataset.split.untilMs, model.config.length, MAX_CASES)) {
  byShopper.set(question.clientId, [...(byShopper.get(question.clientId) ?? []), question]);
}

const gains: number[] = [];
const clusters: number[] = [];
let [plain, adapted, shopper] = [0, 0, 0];
/** By how much has been learned from: gains where the layer was made of so many choices. */
const halves = { fewer: { gains: [] as number[], clusters: [] as number[] }, more: { gains: [] as number[], clusters: [] as number[] } };
for (const questions of byShopper.values()) {
  const choices: Choice[] = [];
  for (const { input, targets, excluded } of questions) {
    const scores = scoreHistory(model, input);
    if (excluded >= 0) scores[excluded] = -Infinity;
    const ndcg = (list: readonly number[]) => ndcgOfSet(ranksWithin(list.slice(0, K), targets), K);
    const before = topK(scores, ADAPTED);
    const shift = shiftOf(model, choices, input);
    if (shift) for (const item of before) scores[item]! += shiftScore(model, shift, item);
    const after = shift ? topK(scores, ADAPTED) : before;
    const gain = ndcg(after) - ndcg(before);
    plain += ndcg(before);
    adapted += ndcg(after);
    gains.push(gain);
    clusters.push(shopper);
    if (choices.length > 0) {
      const half = choices.length < MAX_CHOICES / 4 ? halves.fewer : halves.more;
      half.gains.push(gain);
      half.clusters.push(shopper);
    }
    choices.push({ item_id: model.itemIds[targets[0]!]!, shown: after.slice(0, SLATE).map((item) => model.itemIds[item]!) });
  }
  shopper += 1;
}
const row = (what: string, part: { gains: number[]; clusters: number[] }): BenchRow => {
  const { value, low, high } = bootstrapClusters(Float64Array.from(part.gains), Uint32Array.from(part.clusters), 1);
  return { what, metric: `NDCG@10 gained, paired, ${part.gains.length} steps`, value, unit: `[${low.toFixed(4)}, ${high.toFixed(4)}]` };
};
console.log(`\n${gains.length} held-out steps of ${byShopper.size} shoppers, ${model.itemIds.length} products; blend ${model.blend.map((part) => part.toFixed(2)).join(" / ")}.`);
report("On-device adaptation", [
  { what: "with a layer of the shopper's own", metric: "NDCG@10", value: adapted / gains.length, unit: "", against: "without", againstValue: plain / gains.length },
  row("all steps", { gains, clusters }),
  row(`learned from 1 to ${MAX_CHOICES / 4 - 1} choices`, halves.fewer),
  row(`learned from ${MAX_CHOICES / 4} or more`, halves.more),
], "real slates: what a shopper was shown is taken to be the ranking's first places; dismissals, which no log here holds.");
