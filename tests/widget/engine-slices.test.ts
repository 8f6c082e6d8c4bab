import { expect, test } from "vitest";
import { scoreHistory } from "../../core/model/score.ts";
import { scoreInSlices } from "../../widget/engine/slices.ts";
import { randomInputs, randomModel } from "../core/random-model.ts";

test("scores in slices are the scores in one go, below and above a slice", async () => {
  for (const itemCount of [1, 500, 70_000]) {
    const model = randomModel({ width: 64, length: 6, blocks: 0, heads: 1, neighbours: 0 }, itemCount, 3);
    for (const input of [...randomInputs(model, 3, 4), { items: new Int32Array(6).fill(-1), kinds: new Uint8Array(6), gaps: new Uint8Array(6), count: 0 }]) {
      expect(await scoreInSlices(model, input)).toEqual(scoreHistory(model, input));
    }
  }
});

test("a large catalogue lets the page in between, a small one does not wait", async () => {
  const turnsTaken = async (itemCount: number) => {
    const model = randomModel({ width: 64, length: 6, blocks: 0, heads: 1, neighbours: 0 }, itemCount, 3);
    let turns = 0;
    let counting = true;
    const count = () => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    const scoring = scoreInSlices(model, randomInputs(model, 1, 4)[0]!);
    setImmediate(count);
    await scoring;
    counting = false;
    return turns;
  };
  expect(await turnsTaken(2000)).toBe(0);
  expect(await turnsTaken(70_000)).toBeGreaterThan(0);
});
