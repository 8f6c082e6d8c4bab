/** One training run, step by step: data → model → assessment → signed manifest → shop. */
import { readModel, writeModel, type Model, type ModelConfig } from "../core/model/config.ts";
import { routes, type ModelRecord } from "../core/api.ts";
import { canonicalJson, type Manifest } from "../core/weights/manifest.ts";
import { assess, assessmentCases, type Assessment, type OracleRanks } from "./assess.ts";
import type { Checkpoints, RunIdentity } from "./checkpoints.ts";
import { defaultConfig, type TrainConfig } from "./config.ts";
import type { EdgeClient } from "./edge-client.ts";
import { fitModel, type FittedModel } from "./models/fit.ts";
import { limitInfluence } from "./models/influence.ts";
import { prepareTraining } from "./models/network.ts";
import type { Step } from "./models/step.ts";
import { DatasetError, type Dataset } from "./prepare.ts";
import { createProgress } from "./progress.ts";

/** The loss is noisy from step to step; the bar shows this moving average. */
const LOSS_SMOOTHING = 0.95;
/** Of the configured steps, where training starts from the shop's own model. */
const WARM_START_SHARE = 0.1;

export interface RunOptions {
  seed: number;
  /** Chooses the number of steps; absent means the configured epochs. */
  minutes?: number;
  /** The exact number of steps, e.g. from a manifest, to make the same weights again. */
  steps?: number;
  config?: TrainConfig;
  /** What computes steps: our own kernels, unless tfjs is asked for, which is slower and gives the same losses. */
  backend?: "wasm-simd" | "tfjs-wasm";
  incumbent?: Model;
  /** The model to start from instead of chance; takes a tenth of the steps where their number is not given. */
  parent?: { model: Model; sha256: string };
  oracle?: OracleRanks;
  /** Keeps states of the run, so that it can be killed and gone on with. */
  checkpoints?: (identity: RunIdentity) => Checkpoints;
}

export interface TrainingRun {
  fitted: FittedModel;
  /** The file that ships. */
  weights: Uint8Array<ArrayBuffer>;
  assessment: Assessment;
  training: Manifest["training"];
  /** Of each step, nats a moment. */
  losses: number[];
  /** Wall clock, seconds. */
  seconds: { training: number; evaluation: number };
}

/**
 * Trains and assesses. What is assessed is read back from the file that ships.
 * @throws DatasetError if the log holds nothing to learn from
 */
export async function trainAndAssess(dataset: Dataset, options: RunOptions): Promise<TrainingRun> {
  const { seed, minutes, steps } = options;
  const config = options.config ?? defaultConfig(dataset.objective);
  requireMoments(dataset);
  const startMs = performance.now();
  const learnt = limitInfluence(dataset);
  const training = prepareTraining(learnt, config, seed, options.backend === "tfjs-wasm" ? await tfjsStep(config.model) : undefined);
  const checkpoints = options.checkpoints?.({ dataHash: dataset.dataHash, config, seed, parent: options.parent?.sha256, steps, minutes });
  if (options.parent) training.startFrom(options.parent.model);
  if (steps !== undefined) training.setSteps(steps);
  else if (checkpoints?.plannedSteps !== undefined) training.setSteps(checkpoints.plannedSteps);
  else if (minutes !== undefined) training.setSteps((minutes * 60_000) / training.measureStepMs());
  else if (options.parent) training.setSteps(training.plannedSteps * WARM_START_SHARE);
  checkpoints?.begin(training.plannedSteps);
  if (checkpoints) training.keepStates(checkpoints);
  const losses: number[] = [];
  const bar = createProgress("Training", training.plannedSteps, "steps");
  let smooth: number | undefined;
  const fitted = fitModel(learnt, config, training, (loss) => {
    losses.push(loss);
    smooth = smooth === undefined ? loss : LOSS_SMOOTHING * smooth + (1 - LOSS_SMOOTHING) * loss;
    bar.note(`loss ${smooth.toFixed(3)}`);
    bar.advance();
  }, options.parent?.model.blend);
  bar.done();
  const weights = writeModel(fitted.model);
  const trainedMs = performance.now();

  const evaluation = createProgress("Evaluating", assessmentCases(dataset, config.model.length), "cases");
  const assessment = assess(dataset, readModel(weights), { incumbent: options.incumbent, oracle: options.oracle, seed, onCase: () => evaluation.advance() });
  evaluation.done();
  const seconds = { training: (trainedMs - startMs) / 1000, evaluation: (performance.now() - trainedMs) / 1000 };
  return {
    fitted, weights, assessment, seconds, losses,
    training: {
      dataHash: dataset.dataHash, ...(options.parent && { parent: options.parent.sha256 }), seed, steps: fitted.network.steps, backend: options.backend ?? "wasm-simd", workers: 1, seconds: Math.round(seconds.training * 10) / 10,
      events: dataset.events, items: dataset.itemIds.length, config: canonicalJson(config),
    },
  };
}

/** @throws DatasetError if the training part holds nothing to learn from */
export function requireMoments(dataset: Dataset): void {
  if (dataset.shoppers.some(({ moments }) => moments.some(({ atMs }) => atMs < dataset.split.trainUntilMs))) return;
  throw new DatasetError(dataset.objective === "next-view"
    ? "No shopper looked at two different products before the end of the training part: there is no step from one product to the next to learn from yet"
    : "No client ordered twice before the end of the training part: there is no next order to learn from yet");
}

/** tfjs is large, and loaded only where it is used. */
async function tfjsStep(config: ModelConfig): Promise<Step> {
  const [{ startBackend }, { createTfjsStep }] = await Promise.all([import("./models/backend.ts"), import("./models/tfjs-step.ts")]);
  await startBackend("wasm");
  return createTfjsStep(config);
}

/** The model that the shop serves, read from the edge; null before the first. */
export async function fetchIncumbent(client: Pick<EdgeClient, "edge" | "models">, shop: string, fetch = globalThis.fetch): Promise<{ model: Model; record: ModelRecord } | null> {
  const { models } = await client.models(shop);
  const current = models.find((record) => record.current);
  if (!current) return null;
  const response = await fetch(client.edge + routes.file(current.sha256));
  if (!response.ok) throw new Error(`The edge does not give out the current model's weights (${response.status} for ${routes.file(current.sha256)})`);
  return { model: readModel(new Uint8Array(await response.arrayBuffer())), record: current };
}

/** The version after every one that the shop has had. */
export async function nextVersion(client: Pick<EdgeClient, "models">, shop: string): Promise<number> {
  const { models } = await client.models(shop);
  return models.reduce((highest, { version }) => Math.max(highest, version), 0) + 1;
}

/** A manifest's content: everything but what signing adds. */
export function manifestContent(shop: string, version: number, training: Manifest["training"], evaluation: Manifest["evaluation"]): Pick<Manifest, "shop" | "version" | "training" | "evaluation"> {
  return { shop, version, training, evaluation };
}
