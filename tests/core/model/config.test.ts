import { expect, test } from "vitest";
import { seededRandom } from "../../../core/ids.ts";
import { encoderShapes, quantiseRows, readModel, writeModel } from "../../../core/model/config.ts";
import { readTensors, tensorOf, WeightsFormatError, writeTensors, type TensorFile } from "../../../core/weights/format.ts";
import { randomModel } from "../random-model.ts";

const MODEL = randomModel({ width: 8, length: 5, blocks: 1, heads: 2, neighbours: 3 }, 12, 3);
const BYTES = writeModel(MODEL);

test("a model survives its file, and writing it again gives the same bytes", () => {
  const read = readModel(BYTES);
  expect(read).toEqual(MODEL);
  expect(writeModel(read)).toEqual(BYTES);
});

test("ids in any script survive", () => {
  const itemIds = MODEL.itemIds.map((id, i) => (i === 0 ? "Größe 42/ブルー 🫖" : id));
  expect(readModel(writeModel({ ...MODEL, itemIds })).itemIds).toEqual(itemIds);
});

test("an id that holds a line break is refused when it is written, not when it is read", () => {
  expect(() => writeModel({ ...MODEL, itemIds: MODEL.itemIds.map((id) => `${id}\n`) })).toThrow(WeightsFormatError);
});

const refused: [string, (file: TensorFile) => void][] = [
  ["of another format", (file) => (file.metadata["format"] = "endcap-model/2")],
  ["without a configuration", (file) => delete file.metadata["config"]],
  ["whose configuration is not JSON", (file) => (file.metadata["config"] = "{")],
  ["whose configuration is null", (file) => (file.metadata["config"] = "null")],
  ["wider than any backend reads", (file) => (file.metadata["config"] = JSON.stringify({ ...MODEL.config, width: 128 }))],
  ["whose heads do not divide its width", (file) => (file.metadata["config"] = JSON.stringify({ ...MODEL.config, heads: 3 }))],
  ["with more blocks than it has weights for", (file) => (file.metadata["config"] = JSON.stringify({ ...MODEL.config, blocks: 2 }))],
  ["without its rows", (file) => delete file.tensors["items.rows"]],
  ["whose rows are of another type", (file) => (file.tensors["items.rows"]!.dtype = "U8")],
  ["with a row too few", (file) => (file.tensors["items.rows"] = tensorOf("I8", [11, 8], new Int8Array(88)))],
  ["with one id too many", (file) => (file.tensors["items.ids"] = tensorOf("U8", [3], new TextEncoder().encode("a\nb")))],
  ["with the same id twice", (file) => (file.tensors["items.ids"] = text(MODEL.itemIds.with(1, "item-0").join("\n")))],
  ["whose ids are not UTF-8", (file) => (file.tensors["items.ids"]!.data = file.tensors["items.ids"]!.data.map((byte, i) => (i === 0 ? 0xff : byte)))],
  ["with a neighbour that does not exist", (file) => (file.tensors["covisitation.items"] = tensorOf("U32", [12, 3], new Uint32Array(36).fill(12)))],
  ["with a weight that is not a number", (file) => (file.tensors["encoder.pool"] = tensorOf("F32", [8], new Float32Array(8).fill(NaN)))],
  ["with an infinite scale", (file) => (file.tensors["items.scales"] = tensorOf("F32", [12], new Float32Array(12).fill(Infinity)))],
  ["with a blend of two", (file) => (file.tensors["blend"] = tensorOf("F32", [2], new Float32Array(2)))],
];
test.each(refused)("refuses a model %s", (_, change) => {
  const file = readTensors(BYTES.slice());
  change(file);
  expect(() => readModel(writeTensors(file))).toThrow(WeightsFormatError);
});

test("every single flipped byte of the file gives a model or a named refusal, never a crash", () => {
  let refusals = 0;
  for (let at = 0; at < BYTES.length; at += 1) {
    const damaged = BYTES.slice();
    damaged[at]! ^= 0xff;
    try {
      readModel(damaged);
    } catch (error) {
      expect(error).toBeInstanceOf(WeightsFormatError);
      refusals += 1;
    }
  }
  expect(refusals).toBeGreaterThan(100);
});

test("rounding to int8 errs by half a step at most, and a row of zeros stays one", () => {
  const random = seededRandom(8);
  const values = Float32Array.from({ length: 40 }, (_, i) => (i < 8 ? 0 : random() * 2 - 1));
  const { rows, scales } = quantiseRows(values, 8);
  values.forEach((value, i) => expect(Math.abs(rows[i]! * scales[Math.floor(i / 8)]! - value)).toBeLessThanOrEqual(scales[Math.floor(i / 8)]! / 2 + 1e-7));
  expect(scales[0]).toBe(0);
  for (let row = 1; row < 5; row += 1) expect(Math.max(...rows.subarray(row * 8, row * 8 + 8).map(Math.abs))).toBe(127);
});

test("tensor names are stable: the trainer and devices of another version meet on them", () => {
  expect(encoderShapes({ width: 4, length: 1, blocks: 1, heads: 1, neighbours: 0 })).toEqual([
    ["features", [13, 4]], ["finalNorm", [4]], ["pool", [4]], ["recency", [1]], ["shift", [4, 4]],
    ["blocks.0.attentionNorm", [4]], ["blocks.0.query", [4, 4]], ["blocks.0.key", [4, 4]], ["blocks.0.value", [4, 4]], ["blocks.0.output", [4, 4]],
    ["blocks.0.feedForwardNorm", [4]], ["blocks.0.expand", [4, 8]], ["blocks.0.expandBias", [8]], ["blocks.0.contract", [8, 4]], ["blocks.0.contractBias", [4]],
  ]);
});

function text(value: string) {
  const bytes = new TextEncoder().encode(value);
  return tensorOf("U8", [bytes.length], bytes);
}
