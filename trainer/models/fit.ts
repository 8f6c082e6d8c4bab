/** From a data set to a model as devices hold it: every part fitted, quantised and blended. */
import type { Model } from "../../core/model/config.ts";
import { quantiseRows } from "../../core/model/config.ts";
import type { TrainConfig } from "../config.ts";
import { casesBetween, type Dataset } from "../prepare.ts";
import { fitBlend, fitVisitDecay, type FittedBlend } from "./blend.ts";
import { createCoVisitationCounter } from "./covisitation.ts";
import type { NetworkTraining, TrainedNetwork } from "./network.ts";
import { fitPopularity } from "./popularity.ts";

/** The blend has two free numbers; more cases than this would not place them better. */
const MAX_BLEND_CASES = 1500;

export interface FittedModel {
  model: Model;
  blend: FittedBlend;
  network: Pick<TrainedNetwork, "steps" | "loss">;
}

/**
 * Fits the parts on the training part and the blend on the validation part. Then all parts learn from the validation
 * part too, so that what ships is as fresh as it can be; nothing sees the test part.
 */
export function fitModel(dataset: Dataset, config: TrainConfig, training: NetworkTraining, onStep?: (loss: number) => void): FittedModel {
  const { trainUntilMs, validateUntilMs } = dataset.split;
  const network = training.run(onStep);
  const quantised = ({ rows, encoder }: TrainedNetwork) => ({ ...quantiseRows(rows, config.model.width), encoder });
  const counter = createCoVisitationCounter(dataset, { ...config.coVisitation, neighbours: config.model.neighbours });
  const counted = (untilMs: number): Pick<Model, "neighbours" | "neighbourWeights" | "popularity"> => {
    counter.countUntil(untilMs);
    const visits = counter.neighbours();
    return { neighbours: visits.neighbours, neighbourWeights: visits.weights, popularity: fitPopularity(dataset, untilMs) };
  };
  const validated: Model = {
    config: config.model, itemIds: dataset.itemIds, indexOf: dataset.indexOf, ...quantised(network),
    ...counted(trainUntilMs), blend: [1, 0, 0],
  };
  const cases = casesBetween(dataset, trainUntilMs, validateUntilMs, config.model.length, MAX_BLEND_CASES);
  const visitDecay = fitVisitDecay(validated, cases);
  const decayed = { ...validated, config: { ...validated.config, visitDecay } };
  const blend = fitBlend(decayed, cases);
  const { steps, loss, ...fresh } = training.refresh(onStep);
  return { model: { ...decayed, ...quantised({ ...fresh, steps, loss }), ...counted(validateUntilMs), blend: blend.blend }, blend, network: { steps, loss } };
}
