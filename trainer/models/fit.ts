/** From a data set to a model as devices hold it: every part fitted, quantised and blended. */
import type { Model } from "../../core/model/config.ts";
import { quantiseRows } from "../../core/model/config.ts";
import type { TrainConfig } from "../config.ts";
import { casesBetween, type Dataset } from "../prepare.ts";
import { fitBlend, fitVisitDecay, type FittedBlend } from "./blend.ts";
import { createCoVisitationCounter } from "./covisitation.ts";
import { fitLinearItems, strongestOf, type LinearItemsConfig } from "./linear-items.ts";
import type { NetworkTraining, TrainedNetwork } from "./network.ts";
import { fitPopularity } from "./popularity.ts";
import { indexSessions } from "./session-knn.ts";
import { fitSessionRows, SESSION_ROWS, type SessionRowsConfig } from "./session-rows.ts";
import type { CoVisitation } from "./strongest.ts";

/** The blend has two free numbers; more cases than this would not place them better. */
const MAX_BLEND_CASES = 1500;
/** Of those, so many choose among tables of sparse rows, and how fast older entries lose weight in them. */
const MAX_CHOICE_CASES = 400;

/** Of the linear model, up to so many products: beyond, its seconds are minutes. */
const MAX_SHOP_LINEAR_ITEMS = 2000;
const LINEAR: LinearItemsConfig = { decay: 0.5, later: 0, ridge: 60, halfLifeShare: Infinity };

export interface FittedModel {
  model: Model;
  blend: FittedBlend;
  network: Pick<TrainedNetwork, "steps" | "loss">;
}

/**
 * Fits the parts on the training part and the blend on the validation part. Then all parts learn from the validation
 * part too, so that what ships is as fresh as it can be; nothing sees the test part.
 *
 * @param parentBlend of the model that training started from, which has learnt from much of this validation part already:
 *   fitted on it anew, the blend would trust the network too much
 */
export function fitModel(dataset: Dataset, config: TrainConfig, training: NetworkTraining, onStep?: (loss: number) => void, parentBlend?: Model["blend"]): FittedModel {
  const { trainUntilMs, validateUntilMs } = dataset.split;
  const network = training.run(onStep);
  const quantised = ({ rows, encoder }: TrainedNetwork) => ({ ...quantiseRows(rows, config.model.width), encoder });
  const counter = createCoVisitationCounter(dataset, { ...config.coVisitation, neighbours: config.model.neighbours });
  const counted = (untilMs: number): CoVisitation => {
    counter.countUntil(untilMs);
    return counter.neighbours();
  };
  const folded = (rows: SessionRowsConfig) => (untilMs: number) => fitSessionRows(indexSessions(dataset, untilMs), config.model.neighbours, rows);
  const linear = (untilMs: number) => strongestOf(fitLinearItems(indexSessions(dataset, untilMs), LINEAR), dataset.itemIds.length, config.model.neighbours);
  const tables = dataset.objective === "next-order" ? [counted] : [counted, ...SESSION_ROWS.map(folded), ...(dataset.itemIds.length <= MAX_SHOP_LINEAR_ITEMS ? [linear] : [])];

  const cases = casesBetween(dataset, trainUntilMs, validateUntilMs, config.model.length, MAX_BLEND_CASES);
  const few = cases.filter((_, i) => i % Math.ceil(cases.length / MAX_CHOICE_CASES) === 0);
  const popularity = fitPopularity(dataset, trainUntilMs);
  const rounded = quantised(network);
  const withTable = ({ neighbours, weights }: CoVisitation): Model => ({
    config: config.model, itemIds: dataset.itemIds, indexOf: dataset.indexOf, ...rounded, neighbours, neighbourWeights: weights, popularity, blend: [1, 0, 0],
  });
  const tried = tables.map((table) => {
    const model = withTable(table(trainUntilMs));
    return { table, model, ...fitVisitDecay(model, few) };
  });
  const { table, model: validated, decay: visitDecay } = tried.reduce((best, next) => (next.ndcg10 > best.ndcg10 ? next : best));
  const decayed = { ...validated, config: { ...validated.config, visitDecay } };
  const fitted = fitBlend(decayed, cases);
  const blend = parentBlend ? { ...fitted, blend: parentBlend } : fitted;
  const { steps, loss, ...fresh } = training.refresh(onStep);
  const { neighbours, weights: neighbourWeights } = table(validateUntilMs);
  return {
    model: { ...decayed, ...quantised({ ...fresh, steps, loss }), neighbours, neighbourWeights, popularity: fitPopularity(dataset, validateUntilMs), blend: blend.blend },
    blend, network: { steps, loss },
  };
}
