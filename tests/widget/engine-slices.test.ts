import { expect, test, vi } from "vitest";
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

test("a large catalogue lets the page in before every slice and the blend, a small one does not wait", async () => {
  const pauses = async (itemCount: number) => {
    const model = randomModel({ width: 64, length: 6, blocks: 0, heads: 1, neighbours: 0 }, itemCount, 3);
    let opened = 0;
    vi.stubGlobal("MessageChannel", class extends MessageChannel {
      constructor() {
        super();
        opened += 1;
      }
    });
    await scoreInSlices(model, randomInputs(model, 1, 4)[0]!);
    vi.unstubAllGlobals();
    return opened;
  };
  expect(await pauses(2000)).toBe(0);
  // 70,000 · 64 products are three slices of 2,000,000.
  expect(await pauses(70_000)).toBe(3);
});
