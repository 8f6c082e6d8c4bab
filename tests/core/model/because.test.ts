import { expect, test } from "vitest";
import { encodeHistory } from "../../../core/history.ts";
import { explain } from "../../../core/model/because.ts";
import { encoderShapes, NO_NEIGHBOUR, quantiseRows, type Model, type ModelConfig } from "../../../core/model/config.ts";
import { scoreHistory } from "../../../core/model/score.ts";
import { randomInputs, randomModel } from "../random-model.ts";

/** Three items in a plane, no attention, no shift; each place further back counts half: softplus(0) is log 2. */
function smallModel(blend: Model["blend"]): Model {
  const config: ModelConfig = { width: 4, length: 5, blocks: 0, heads: 1, neighbours: 1, visitDecay: 0.5 };
  const itemIds = ["east", "north", "between"];
  return {
    config, itemIds, blend, indexOf: new Map(itemIds.map((id, index) => [id, index])),
    ...quantiseRows(Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0.6, 0.8, 0, 0), 4),
    encoder: Object.fromEntries(encoderShapes(config).map(([name, shape]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(/Norm$/.test(name) ? 1 : 0)])),
    neighbours: Uint32Array.of(2, NO_NEIGHBOUR, NO_NEIGHBOUR), neighbourWeights: Uint8Array.of(255, 0, 0), popularity: Float32Array.of(0, 0, 0.5),
  };
}
const encoded = (model: Model, ...ids: string[]) => encodeHistory(ids.map((item_id, at) => ({ item_id, kind: "view", atMs: at })), (id) => model.indexOf.get(id), model.config.length);

test("agrees with a ranking worked by hand", () => {
  // East counts a third, north two: the session is (1/3, 2/3) / length, and "between" is 0.6 east, 0.8 north.
  const length = Math.hypot(1 / 3, 2 / 3);
  const network = smallModel([0.07, 0, 1]);
  const [east, north] = explain(network, encoded(network, "east", "north")).contributions(2);
  expect(east).toBeCloseTo(0.2 / length, 2);
  expect(north).toBeCloseTo((0.8 * 2) / 3 / length, 2);
  const because = explain(network, encoded(network, "east", "north")).because(2);
  expect(because.map(({ item_id }) => item_id)).toEqual(["north", "east"]);
  expect(because[1]!.share).toBeCloseTo(0.2 / (0.2 + 1.6 / 3), 2);
  // Of both products only east was met with "between": log(1 + 10 · 0.5), since east is one place back.
  const visits = smallModel([0, 2, 1]);
  expect(explain(visits, encoded(visits, "east", "north")).because(2)).toEqual([{ item_id: "east", share: 1 }]);
  expect(explain(visits, encoded(visits, "east", "north")).contributions(2)[0]).toBeCloseTo(2 * Math.log(6), 6);
  expect(explain(visits, encoded(visits, "east", "north")).personal(2)).toBeCloseTo((2 * Math.log(6)) / (2 * Math.log(6) + 0.5), 6);
});

test("the parts of every score add up to it, and the shares to one", () => {
  const model = randomModel({ width: 16, length: 8, blocks: 2, heads: 2, neighbours: 6 }, 120, 3);
  const seen = { against: 0, worst: 0, worstShares: 0 };
  for (const input of randomInputs(model, 40, 9)) {
    const scores = scoreHistory(model, input);
    const { contributions, because } = explain(model, input);
    const inHistory = new Set([...input.items].map((item) => model.itemIds[item]));
    for (let item = 0; item < 120; item += 1) {
      const parts = contributions(item);
      seen.against += parts.filter((part) => part < 0).length;
      seen.worst = Math.max(seen.worst, Math.abs(parts.reduce((sum, part) => sum + part, model.blend[2] * model.popularity[item]!) - scores[item]!));
      const shares = because(item);
      const unfit = shares.filter(({ item_id, share }) => !(share > 0) || !inHistory.has(item_id));
      expect(unfit).toEqual([]);
      if (shares.length > 0) seen.worstShares = Math.max(seen.worstShares, Math.abs(shares.reduce((sum, { share }) => sum + share, 0) - 1));
    }
  }
  expect(seen.against).toBeGreaterThan(0);
  // The ranking multiplies the session vector in 16 bits.
  expect(seen.worst).toBeLessThan(2e-3);
  expect(seen.worstShares).toBeLessThan(1e-12);
});

test("a product that was looked at twice is named once, and one that only speaks against is not named", () => {
  const model = smallModel([0.07, 0, 0]);
  const { because } = explain(model, encoded(model, "east", "north", "east"));
  expect(because(2).map(({ item_id }) => item_id).sort()).toEqual(["east", "north"]);
  model.rows[0] = -127;
  expect(explain(model, encoded(model, "east", "north")).because(2)).toEqual([{ item_id: "north", share: 1 }]);
});
