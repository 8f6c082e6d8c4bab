import { describe, expect, it } from "vitest";
import type { ExportLine } from "../../../core/api.ts";
import { mean } from "../../../core/metrics.ts";
import { createCoVisitationCounter } from "../../../trainer/models/covisitation.ts";
import { limitInfluence, MAX_ACTS_PER_PRODUCT, MAX_MOMENTS_PER_CLIENT } from "../../../trainer/models/influence.ts";
import { coVisitationScorer } from "../../../trainer/models/parts.ts";
import { rankOf } from "../../../trainer/models/weights.ts";
import { casesBetween, type Dataset } from "../../../trainer/prepare.ts";
import type { Model } from "../../../core/model/config.ts";
import { datasetOf, plantedShop, START_MS, viewLine } from "../planted.ts";

const CLIENTS = 1000;
const PUSHED = "p0-0";
const { products, lines } = plantedShop(CLIENTS, 3);
/** One client in a hundred is a program that looks at everything, and at one product after each; just too slow to be taken for a bot. */
const poison: ExportLine[] = Array.from({ length: CLIENTS / 100 }, (_, fake) =>
  viewLine(`fake-${fake}`, Array.from({ length: 480 }, (_, i) => (i % 2 === 0 ? PUSHED : products[(i * 7 + fake) % products.length]!.id)), START_MS + fake * 3_600_000));
const [clean, poisoned] = [datasetOf(products, lines), datasetOf(products, [...lines, ...poison])];
/** The honest clients' moments are asked for in either log. */
const split = clean.split;

const config = { window: 10, decay: 0.6, backward: 0.7, together: 0, damping: 0.2, halfLifeMs: Infinity, neighbours: 50 };
/** Mean rank of the pushed product for honest histories by the sparse rows, and its acts that popularity counts. */
function effectOf(dataset: Dataset): { rank: number; acts: number } {
  const counter = createCoVisitationCounter(dataset, config);
  counter.countUntil(split.validateUntilMs);
  const { neighbours, weights } = counter.neighbours();
  const scorer = coVisitationScorer({ config: { width: 4, length: 20, blocks: 0, heads: 1, neighbours: 50, visitDecay: 0.65 }, itemIds: dataset.itemIds, neighbours, neighbourWeights: weights } as Model);
  const pushed = dataset.indexOf.get(PUSHED)!;
  const out = new Float32Array(dataset.itemIds.length);
  const ranks = casesBetween(clean, split.validateUntilMs, Infinity, 20).map((question) => {
    scorer.score([{ ...question, nowMs: 0 }], out);
    return rankOf(out, pushed);
  });
  return { rank: mean(ranks), acts: dataset.shoppers.reduce((sum, { history }) => sum + history.filter(({ item_id }) => item_id === PUSHED).length, 0) };
}

describe("a log with 1 % of fake clients that push one product", () => {
  it("lifts it far less than it would without a limit on what one client can say", () => {
    const honest = effectOf(clean);
    const open = effectOf({ ...poisoned, split });
    const limited = effectOf(limitInfluence({ ...poisoned, split }));
    console.log(`the pushed product among ${products.length}: mean rank by rows ${honest.rank.toFixed(0)} honest, ${limited.rank.toFixed(0)} poisoned, ${open.rank.toFixed(0)} without the limit; acts that count ${honest.acts}, ${limited.acts}, ${open.acts}`);
    expect(open.acts).toBeGreaterThan(50 * honest.acts);
    expect(limited.acts - honest.acts).toBe(poison.length * MAX_ACTS_PER_PRODUCT);
    expect(honest.rank - limited.rank).toBeLessThan(0.6 * (honest.rank - open.rank));
  });

  it("keeps of each client the newest moments, and of each product the first few answers", () => {
    const { shoppers } = limitInfluence({ ...poisoned, split: { ...split, validateUntilMs: Infinity } });
    const fake = shoppers.find(({ clientId }) => clientId === "fake-0")!;
    expect(fake.moments.length).toBeLessThanOrEqual(MAX_MOMENTS_PER_CLIENT);
    expect(fake.history.filter(({ item_id }) => item_id === PUSHED)).toHaveLength(MAX_ACTS_PER_PRODUCT);
    // What stands before a moment, and what answers it, are still those of the log.
    for (const { after, targets, newest } of fake.moments.slice(0, -1)) {
      expect(fake.history[after - 1]).toEqual(newest);
      expect(fake.history[after]!.item_id).toBe(poisoned.itemIds[targets[0]!]);
    }
  });

  it("changes nothing for people", () => {
    expect(limitInfluence(clean).shoppers.map(({ moments }) => moments)).toEqual(clean.shoppers.map(({ moments }) => moments));
  });
});
