import { expect, test } from "vitest";
import { encodeHistory } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { TEMPERATURE } from "../../../core/model/config.ts";
import { MAX_CHOICES, MAX_SHIFT, shiftOf, shiftScore, type Choice } from "../../../core/ranking/adaptation.ts";
import { randomModel } from "../random-model.ts";

const MODEL = randomModel({ width: 16, length: 8, blocks: 1, heads: 2, neighbours: 6 }, 200, 5);
const INPUT = encodeHistory([{ item_id: "item-3", kind: "view", atMs: 1 }], (id) => MODEL.indexOf.get(id), 8);
const SHOWN = ["item-10", "item-20", "item-30", "item-40"];
const went = (item_id: string, more: Partial<Choice> = {}): Choice => ({ item_id, shown: SHOWN, ...more });
const lengthOf = (shift: Float32Array) => Math.hypot(...shift);
const moved = (choices: Choice[], id: string) => shiftScore(MODEL, shiftOf(MODEL, choices, INPUT)!, MODEL.indexOf.get(id)!);

test("without choices, or without any that the model knows, there is nothing to add", () => {
  expect(shiftOf(MODEL, [], INPUT)).toBeNull();
  expect(shiftOf(MODEL, [went("gone")], INPUT)).toBeNull();
  expect(shiftOf(MODEL, [went("item-10", { shown: ["item-10", "gone"] })], INPUT)).toBeNull();
});

test("what was gone on to rises against what was shown beside it, whether it was among them or not", () => {
  for (const chosen of ["item-10", "item-150"]) {
    expect(moved([went(chosen)], chosen)).toBeGreaterThan(0);
    const others = SHOWN.filter((id) => id !== chosen).map((id) => moved([went(chosen)], id));
    expect(others.reduce((sum, value) => sum + value, 0) / others.length).toBeLessThan(moved([went(chosen)], chosen));
  }
});

test("what was dismissed sinks, and what is like it with it", () => {
  const item = MODEL.indexOf.get("item-10")!;
  const cosine = (other: number) => MODEL.rows.subarray(other * 16, other * 16 + 16).reduce((sum, value, d) => sum + value * MODEL.rows[item * 16 + d]! * MODEL.scales[item]! * MODEL.scales[other]!, 0);
  const alike = MODEL.itemIds.filter((id, other) => id !== "item-10" && cosine(other) > 0.5);
  expect(alike.length).toBeGreaterThan(0);
  for (const id of ["item-10", ...alike]) expect(moved([went("item-10", { dismissed: true })], id)).toBeLessThan(0);
});

test("no number of choices moves any product by more than the bound", () => {
  const random = seededRandom(2);
  const anyOf = () => MODEL.itemIds[Math.floor(random() * 200)]!;
  for (let run = 0; run < 30; run += 1) {
    const choices = Array.from({ length: 1 + run * 3 }, () => went(run % 2 ? anyOf() : "item-10", { dismissed: random() < 0.5, shown: [anyOf(), anyOf(), anyOf()] }));
    const shift = shiftOf(MODEL, choices, INPUT);
    if (!shift) continue;
    expect(lengthOf(shift)).toBeLessThanOrEqual(MAX_SHIFT + 1e-6);
    // Rows of length 1 are rounded to 8 bits.
    for (let item = 0; item < 200; item += 1) expect(Math.abs(shiftScore(MODEL, shift, item))).toBeLessThanOrEqual((MODEL.blend[0] / TEMPERATURE) * MAX_SHIFT * 1.02);
  }
});

test("only the newest choices count, the newer the more, and the same ones always give the same layer", () => {
  const many = Array.from({ length: MAX_CHOICES }, () => went("item-20"));
  expect(shiftOf(MODEL, [went("item-150"), ...many], INPUT)).toEqual(shiftOf(MODEL, many, INPUT));
  expect(moved([went("item-10"), went("item-150")], "item-150")).toBeGreaterThan(moved([went("item-150"), went("item-10")], "item-150"));
});
