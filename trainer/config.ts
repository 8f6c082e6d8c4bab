/** What the trainer can be told; all of it is in the manifest, and the same of it gives the same weights. */
import { DAY_MS } from "../core/calendar.ts";
import type { ModelConfig } from "../core/model/config.ts";
import type { CoVisitationConfig } from "./models/covisitation.ts";
import type { Objective } from "./prepare.ts";

export interface TrainConfig {
  model: ModelConfig;
  coVisitation: Omit<CoVisitationConfig, "neighbours">;
  /** Passes over the training moments, */
  epochs: number;
  /** within these bounds on the steps: a small log needs more passes, a large one fewer. */
  minSteps: number;
  maxSteps: number;
  /** Places (windows × length) in one step. */
  placesPerStep: number;
  learningRate: number;
  /** Of all steps, so many come after the blend was fitted, from newer moments. */
  refreshShare: number;
  /** Share of the entries' rows that a step hides. */
  dropout: number;
  /** Share of the items whose id a step hides, so that content learns to stand for new products. */
  idDropout: number;
  /** Weight decay of item rows, relative to the rate. */
  decay: number;
  /** Negatives of one step where the catalogue is too large for a full softmax. */
  negatives: number;
  /** Up to this many products every one of them is a negative. */
  fullSoftmaxItems: number;
}

/**
 * Found on the validation parts of yoochoose100k (views) and a year of online retail (orders), but for the passes, which
 * were made more for small logs when a step had become cheap. Shops with orders only have long histories in bursts.
 */
export function defaultConfig(objective: Objective): TrainConfig {
  const views = objective === "next-view";
  return {
    model: { width: 48, length: views ? 20 : 50, blocks: 1, heads: 1, neighbours: 50 },
    coVisitation: views
      ? { window: 10, decay: 0.6, backward: 0.7, together: 0, damping: 0.2, halfLifeMs: 180 * DAY_MS }
      : { window: 1, decay: 1, backward: 0, together: 0.3, damping: 0.5, halfLifeMs: 180 * DAY_MS },
    epochs: 24,
    minSteps: 200,
    maxSteps: 900,
    placesPerStep: views ? 512 : 1024,
    learningRate: 0.01,
    refreshShare: 0.2,
    dropout: 0.1,
    idDropout: 0.05,
    decay: 0.01,
    negatives: 512,
    fullSoftmaxItems: 1500,
  };
}
