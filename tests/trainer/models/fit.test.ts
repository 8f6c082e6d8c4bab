import { beforeAll, describe, expect, it } from "vitest";
import type { ExportLine } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { writeModel } from "../../../core/model/config.ts";
import { defaultConfig, type TrainConfig } from "../../../trainer/config.ts";
import { fitModel } from "../../../trainer/models/fit.ts";
import { prepareTraining } from "../../../trainer/models/network.ts";
import type { Dataset } from "../../../trainer/prepare.ts";
import { datasetOf, plantedShop } from "../planted.ts";

const CONFIG: TrainConfig = { ...defaultConfig("next-view"), model: { width: 16, length: 8, blocks: 1, heads: 1, neighbours: 20 }, minSteps: 20, maxSteps: 20 };
const { products, lines } = plantedShop(150, 7);

describe("what a shipped model has seen", () => {
  let dataset: Dataset;
  beforeAll(() => {
    dataset = datasetOf(products, lines);
  });

  /** The same log, with the first view of every client that came within a span changed to another product. */
  const changedBetween = (fromMs: number, untilMs: number): Dataset => {
    const swap = ({ events, ...line }: ExportLine): ExportLine => ({
      ...line,
      events: events[0]!.occurredAtMs >= fromMs && events.at(-1)!.occurredAtMs < untilMs ? [{ ...events[0]!, params: { items: [{ item_id: "p0-0" }] } } as (typeof events)[number], ...events.slice(1)] : events,
    });
    return { ...datasetOf(products, lines.map(swap)), split: dataset.split };
  };
  const hashOf = async (of: Dataset) => sha256Hex(writeModel(fitModel(of, CONFIG, prepareTraining(of, CONFIG, 1)).model));

  it("is nothing of the test part", async () => {
    const { validateUntilMs } = dataset.split;
    const other = changedBetween(validateUntilMs, Infinity);
    expect(other.dataHash).not.toBe(dataset.dataHash);
    expect(await hashOf(other)).toBe(await hashOf(dataset));
  }, 20_000);

  it("is the validation part too, once the blend is fitted: rows and encoder move on", () => {
    const training = prepareTraining(dataset, CONFIG, 1);
    const { rows, encoder, steps } = training.run();
    const before = { rows: rows.slice(), shift: encoder["shift"]!.slice() };
    const fresh = training.refresh();
    expect(steps).toBe(16);
    expect(fresh.steps).toBe(20);
    expect(fresh.rows).not.toEqual(before.rows);
    expect(fresh.encoder["shift"]).not.toEqual(before.shift);
  });
});
