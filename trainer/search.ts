/**
 * Looks for a shop's own settings by successive halving on the validation part: many are tried for few steps, the better
 * third for three times as many, and so on. Nothing here sees the test part.
 * @see Jamieson & Talwalkar, AISTATS 2016, arXiv:1502.07943
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { seededRandom } from "../core/ids.ts";
import { canonicalJson } from "../core/weights/manifest.ts";
import type { TrainConfig } from "./config.ts";
import { fitModel } from "./models/fit.ts";
import { prepareTraining } from "./models/network.ts";
import type { Dataset } from "./prepare.ts";
import { writeWhole } from "./whole-file.ts";

/** From rung to rung so many times the steps, for one in so many settings. */
const FACTOR = 3;
const RUNGS = 3;
/** With fewer settings on the first rung nothing would be left to choose from on the last. */
const MIN_SETTINGS = FACTOR ** (RUNGS - 1);
const MAX_SETTINGS = 200;

export interface Trial {
  config: TrainConfig;
  steps: number;
  /** NDCG@10 of the blend on the validation part. */
  ndcg10: number;
  /** What it took, milliseconds. */
  tookMs: number;
}

export interface SearchResult {
  best: Trial;
  trials: number;
}

interface Stored {
  search: string;
  /** Settings on the first rung, once the budget has decided it. */
  settings?: number;
  trials: { [key: string]: Trial };
}

export interface SearchOptions {
  /** Where every trial is kept at once: a search that is cut off goes on behind its last one. */
  path: string;
  /** What must be the same for trials to be comparable. */
  identity: { readonly [name: string]: unknown };
  base: TrainConfig;
  /** Steps of a whole training. */
  fullSteps: number;
  seed: number;
  budgetMs: number;
  now: () => number;
  /** Trains so far and says how good it is. */
  evaluate: (config: TrainConfig, steps: number) => number;
  onTrial?: (trial: Trial, spentMs: number) => void;
}

/** Ends when the budget is used up, trials of earlier runs included, or the last rung is done; the first two trials are made in any case. */
export function search({ path, identity, base, fullSteps, seed, budgetMs, now, evaluate, onTrial }: SearchOptions): SearchResult {
  const id = createHash("sha256").update(canonicalJson({ ...identity, base, fullSteps, seed, budgetMs })).digest("hex");
  const stored = readStored(path, id);
  let spentMs = Object.values(stored.trials).reduce((sum, { tookMs }) => sum + tookMs, 0);
  const run = (config: TrainConfig, rung: number): Trial => {
    const steps = Math.max(1, Math.round(fullSteps / FACTOR ** (RUNGS - 1 - rung)));
    const key = createHash("sha256").update(canonicalJson({ config, steps })).digest("hex");
    let trial = stored.trials[key];
    if (!trial) {
      const startMs = now();
      const ndcg10 = evaluate(config, steps);
      trial = { config, steps, ndcg10, tookMs: now() - startMs };
      stored.trials[key] = trial;
      spentMs += trial.tookMs;
      save(path, stored);
    }
    onTrial?.(trial, spentMs);
    return trial;
  };

  const first = run(base, 0);
  if (stored.settings === undefined) {
    // Every rung costs about the same: a third of the settings for three times the steps.
    stored.settings = Math.max(MIN_SETTINGS, Math.min(MAX_SETTINGS, Math.floor(budgetMs / (RUNGS * Math.max(1, first.tookMs)))));
    save(path, stored);
  }
  const random = seededRandom(seed);
  let rung: Trial[] = [first];
  let best = first;
  let made = 1;
  const others = Array.from({ length: stored.settings - 1 }, () => variant(base, random));
  for (const config of others) {
    if (made >= 2 && spentMs >= budgetMs) break;
    rung.push(run(config, 0));
    made += 1;
  }
  best = bestOf(rung);
  for (let level = 1; level < RUNGS && spentMs < budgetMs; level += 1) {
    const chosen = [...rung].sort(byScore).slice(0, Math.max(1, Math.ceil(rung.length / FACTOR)));
    rung = [];
    for (const { config } of chosen) {
      if (rung.length > 0 && spentMs >= budgetMs) break;
      rung.push(run(config, level));
      made += 1;
    }
    // Longer trials are the better witnesses: the best of the last rung that was begun counts.
    best = bestOf(rung);
  }
  return { best, trials: made };
}

/** Trains the network for so many steps, fits the rest and the blend, and asks how good it is on the validation part. */
export function validationScore(dataset: Dataset, seed: number): SearchOptions["evaluate"] {
  return (config, steps) => {
    // Nothing is learnt from the validation part, which is what asks.
    const learning = { ...config, refreshShare: 0 };
    const training = prepareTraining(dataset, learning, seed);
    training.setSteps(steps);
    return fitModel(dataset, learning, training).blend.ndcg10;
  };
}

/** Settings around the base's, drawn at random; rates on a logarithmic scale. */
function variant(base: TrainConfig, random: () => number): TrainConfig {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const between = (low: number, high: number) => low * (high / low) ** random();
  const rounded = (value: number) => Number(value.toPrecision(2));
  return {
    ...base,
    model: { ...base.model, width: pick([32, 48, 64]), length: pick([10, 20, 30, 50]), blocks: pick([1, 1, 2]) },
    learningRate: rounded(between(base.learningRate / 3, base.learningRate * 2)),
    dropout: pick([0, 0.1, 0.2, 0.3]),
    idDropout: pick([0, 0.05, 0.1, 0.2]),
    decay: rounded(between(0.003, 0.1)),
    placesPerStep: pick([base.placesPerStep / 2, base.placesPerStep, base.placesPerStep * 2]),
    coVisitation: { ...base.coVisitation, window: pick([base.coVisitation.window, Math.max(1, Math.round(base.coVisitation.window / 2)), base.coVisitation.window * 2]), damping: pick([0.1, 0.2, 0.35, 0.5]) },
  };
}

/** Of equally good ones the first, which is the base where it is among them. */
function bestOf(trials: readonly Trial[]): Trial {
  return trials.reduce((best, next) => (next.ndcg10 > best.ndcg10 ? next : best));
}
function byScore(a: Trial, b: Trial): number {
  return b.ndcg10 - a.ndcg10;
}

function readStored(path: string, id: string): Stored {
  try {
    const stored = JSON.parse(readFileSync(path, "utf8")) as Stored;
    if (stored.search === id) return stored;
  } catch {
    // None yet, or a damaged one: the search begins anew.
  }
  return { search: id, trials: {} };
}
function save(path: string, stored: Stored): void {
  mkdirSync(dirname(path), { recursive: true });
  writeWhole(path, JSON.stringify(stored));
}
