import { expect, test, vi } from "vitest";
import { rankHistory } from "../../core/model/rank.ts";
import { createRankInSlices } from "../../widget/engine/slices.ts";
import { randomInputs, randomModel } from "../core/random-model.ts";

const modelOf = (itemCount: number) => randomModel({ width: 64, length: 6, blocks: 1, heads: 1, neighbours: 2 }, itemCount, 3);
const NOBODY = { items: new Int32Array(6).fill(-1), kinds: new Uint8Array(6), gaps: new Uint8Array(6), count: 0 };

test("a ranking in slices is the ranking in one go, below and above a slice, and for items left out", async () => {
  for (const itemCount of [1, 500, 20_000]) {
    const model = modelOf(itemCount);
    const skip = new Uint32Array(Math.ceil(itemCount / 32)).fill(0x5a5a5a5a);
    // A clock on which every step takes a whole slice.
    let nowMs = 0;
    const rank = createRankInSlices(() => (nowMs += 5));
    for (const input of [...randomInputs(model, 3, 4), NOBODY]) {
      for (const options of [{ k: 20 }, { k: 20, skip }]) expect(await rank(model, input, options)).toEqual(rankHistory(model, input, options));
    }
  }
});

test("the page is let in after every five milliseconds of work, and never before", async () => {
  const pauses = async (stepMs: number) => {
    const model = modelOf(20_000);
    let opened = 0;
    vi.stubGlobal("MessageChannel", class extends MessageChannel {
      constructor() {
        super();
        opened += 1;
      }
    });
    let nowMs = 0;
    let work = 0;
    await createRankInSlices(() => {
      work += 1;
      return (nowMs += stepMs);
    })(model, randomInputs(model, 1, 4)[0]!, { k: 20 });
    vi.unstubAllGlobals();
    return { opened, work };
  };
  expect((await pauses(0.01)).opened).toBe(0);
  // 20,000 · 64 products are 13 steps; before each of them, after the encoder, the table and the last step the clock is read.
  const every = await pauses(5);
  expect(every.opened).toBe(16);
  // Where a step takes a fifth of a slice, each fifth reading of the clock pauses.
  expect((await pauses(1)).opened).toBe(3);
});
