import { beforeAll, describe, expect, it } from "vitest";
import { sha256Hex } from "../../../core/ids.ts";
import { quantiseRows, readModel, writeModel, type Model } from "../../../core/model/config.ts";
import { mean } from "../../../core/metrics.ts";
import { encodeSession } from "../../../core/model/score.ts";
import { defaultConfig, type TrainConfig } from "../../../trainer/config.ts";
import { evaluateRankers, NETWORK_ALONE, rankersOf, type Ranker } from "../../../trainer/evaluate.ts";
import { fitModel } from "../../../trainer/models/fit.ts";
import { prepareTraining } from "../../../trainer/models/network.ts";
import { trainAndAssess, type TrainingRun } from "../../../trainer/pipeline.ts";
import { casesBetween, type Dataset } from "../../../trainer/prepare.ts";
import { datasetOf, plantedShop } from "../planted.ts";

const CONFIG: TrainConfig = { ...defaultConfig("next-view"), model: { width: 16, length: 8, blocks: 1, heads: 1, neighbours: 20 }, minSteps: 400, maxSteps: 400, placesPerStep: 256 };

function planted(clients: number): Dataset {
  const { products, lines } = plantedShop(clients, 7);
  return datasetOf(products, lines);
}

describe("training on a shop with a planted rule", () => {
  let dataset: Dataset;
  let run: TrainingRun;
  beforeAll(async () => {
    dataset = planted(900);
    run = await trainAndAssess(dataset, { seed: 1, config: CONFIG });
  });

  it("finds the rule that popularity and item-kNN cannot see", () => {
    const { network, verdict, evaluation } = run.assessment;
    expect(network.ndcg10.low).toBeGreaterThan(evaluation.itemKnn.ndcg10.high);
    expect(network.ndcg10.low).toBeGreaterThan(evaluation.popularity.ndcg10.high);
    expect(evaluation.cases).toBeGreaterThan(250);
    expect(verdict).toEqual({ ok: true });
  });

  it("comes within a fifth of the best possible", () => {
    // Any order of the ten products of the right category: the mean of 1 / log2(rank + 1) over ranks 1 to 10.
    const best = mean(Array.from({ length: 10 }, (_, i) => 1 / Math.log2(i + 2)));
    expect(run.assessment.evaluation.model.ndcg10.high).toBeGreaterThan(0.8 * best);
  });

  it("never blends to less than its best part on the cases that the blend was fitted on", () => {
    const { ndcg10, parts } = run.fitted.blend;
    expect(ndcg10).toBeGreaterThanOrEqual(Math.max(...parts));
  });

  it("writes a file from which the very same model is read", async () => {
    const read = readModel(run.weights);
    expect(read.config).toEqual(run.fitted.model.config);
    expect(await sha256Hex(writeModel(read))).toBe(await sha256Hex(run.weights));
  });

  it("gives a product that nobody looked at a row from its content", () => {
    const { products, lines } = plantedShop(200, 7);
    const newcomer = { ...products[0]!, id: "new", title: "Thing new" };
    const withNew = datasetOf([...products, newcomer], lines);
    const network = prepareTraining(withNew, { ...CONFIG, minSteps: 150, maxSteps: 150 }, 1).run();
    const row = (id: string) => network.rows.subarray(withNew.indexOf.get(id)! * 16, (withNew.indexOf.get(id)! + 1) * 16);
    const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, d) => sum + value * b[d]!, 0);
    const others = products.filter((product) => product.product_type !== newcomer.product_type).map((product) => cosine(row("new"), row(product.id)));
    expect(cosine(row("new"), row(products[0]!.id))).toBeGreaterThan(mean(others) + 0.3);
  });
});

it("gives the same weights for the same data, seed and steps, and others for another seed", async () => {
  const dataset = planted(120);
  const hash = async (seed: number) => {
    const training = prepareTraining(dataset, CONFIG, seed);
    training.setSteps(12);
    return sha256Hex(writeModel(fitModel(dataset, CONFIG, training).model));
  };
  const first = await hash(3);
  expect(await hash(3)).toBe(first);
  expect(await hash(4)).not.toBe(first);
}, 20_000);

it("learns from drawn negatives nearly what it learns from all of them", () => {
  const dataset = planted(500);
  const cases = casesBetween(dataset, dataset.split.trainUntilMs, Infinity, CONFIG.model.length);
  const ndcgOf = (config: TrainConfig) => {
    const { model } = fitModel(dataset, config, prepareTraining(dataset, config, 1));
    return mean(evaluateRankers(rankersOf(model, { network: NETWORK_ALONE }), cases, dataset.itemIds.length).network.ndcg10);
  };
  expect(ndcgOf({ ...CONFIG, fullSoftmaxItems: 0, negatives: 30 })).toBeGreaterThan(0.85 * ndcgOf(CONFIG));
}, 20_000);

it("loses next to nothing by rounding rows to 8 bits", () => {
  const dataset = planted(500);
  const cases = casesBetween(dataset, dataset.split.trainUntilMs, Infinity, CONFIG.model.length);
  const network = prepareTraining(dataset, { ...CONFIG, minSteps: 200, maxSteps: 200 }, 1).run();
  const count = dataset.itemIds.length;
  const { width, neighbours } = CONFIG.model;
  const model = (rows: Int8Array, scales: Float32Array): Model => ({
    config: CONFIG.model, itemIds: dataset.itemIds, indexOf: dataset.indexOf, rows, scales, encoder: network.encoder, blend: NETWORK_ALONE,
    neighbours: new Uint32Array(count * neighbours), neighbourWeights: new Uint8Array(count * neighbours), popularity: new Float32Array(count),
  });
  const quantised = quantiseRows(network.rows, width);
  // With scales of 1, the model's own arithmetic runs on the unrounded rows; the query stays at its 16 bits.
  const exact = { ...model(quantised.rows, new Float32Array(count).fill(1)), rows: network.rows as unknown as Int8Array };
  const rounded = rankersOf(model(quantised.rows, quantised.scales), { rounded: NETWORK_ALONE }).rounded;
  const { plain, int8 } = evaluateRankers<"plain" | "int8">({ plain: floatRanker(exact), int8: rounded }, cases, count);
  expect(Math.abs(mean(plain.ndcg10) - mean(int8.ndcg10))).toBeLessThan(0.005);
});

/** Cosines in floating point, over unrounded rows. */
function floatRanker(model: Model): Ranker {
  return {
    score({ input }) {
      const session = encodeSession(model, input);
      const { width } = model.config;
      return Float32Array.from(model.itemIds, (_, item) => session.reduce((sum, value, d) => sum + value * model.rows[item * width + d]!, 0));
    },
  };
}

it("learns the same on tfjs as on its own kernels, step by step", async () => {
  const dataset = planted(120);
  const config = { ...CONFIG, minSteps: 8, maxSteps: 8 };
  const losses = async (backend?: "tfjs-wasm") => (await trainAndAssess(dataset, { seed: 2, config, backend })).losses;
  const [ours, theirs] = [await losses(), await losses("tfjs-wasm")];
  expect(ours).toHaveLength(8);
  // Both start alike; Adam divides by tiny gradients at first, so that roundings grow.
  expect(ours[0]).toBeCloseTo(theirs[0]!, 5);
  ours.forEach((loss, i) => expect(loss, `step ${i + 1}`).toBeCloseTo(theirs[i]!, 2));
}, 20_000);
