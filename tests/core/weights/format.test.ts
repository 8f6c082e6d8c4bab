import { expect, test } from "vitest";
import { readTensors, tensorOf, typedTensor, WeightsFormatError, writeTensors, type TensorFile } from "../../../core/weights/format.ts";

const FILE: TensorFile = {
  metadata: { made: "by a test", format: "x" },
  tensors: {
    odd: tensorOf("I8", [3], Int8Array.of(-1, 0, 1)),
    halves: tensorOf("U16", [1, 3], Uint16Array.of(1, 2, 65535)),
    floats: tensorOf("F32", [2, 2], Float32Array.of(1.5, -0, 3e38, 1e-40)),
    none: tensorOf("F32", [0, 4], new Float32Array(0)),
  },
};
const BYTES = writeTensors(FILE);

/** A file of a hand-written header and so many bytes of data. */
function fileOf(header: unknown, dataBytes = 4): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

test("a file survives reading and writing, byte for byte", () => {
  const read = readTensors(BYTES);
  expect({ ...read.metadata }).toEqual(FILE.metadata);
  expect(Object.keys(read.tensors).sort()).toEqual(["floats", "halves", "none", "odd"]);
  expect(typedTensor(read, "floats", "F32", [2, 2])).toEqual(Float32Array.of(1.5, -0, 3e38, 1e-40));
  expect(typedTensor(read, "halves", "U16", [1, null])).toEqual(Uint16Array.of(1, 2, 65535));
  expect(writeTensors(read)).toEqual(BYTES);
});

test("the same content gives the same bytes, in whatever order it was put together", () => {
  const reversed = { metadata: Object.fromEntries(Object.entries(FILE.metadata).reverse()), tensors: Object.fromEntries(Object.entries(FILE.tensors).reverse()) };
  expect(writeTensors(reversed)).toEqual(BYTES);
});

test("the header is what safetensors says: its length in eight bytes, then JSON, padded with spaces", () => {
  const length = Number(new DataView(BYTES.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const text = new TextDecoder().decode(BYTES.subarray(8, 8 + length));
  expect(JSON.parse(text)["floats"]).toEqual({ dtype: "F32", shape: [2, 2], data_offsets: [0, 16] });
});

test("a file that begins in the middle of a buffer is read as well", () => {
  const shifted = new Uint8Array(BYTES.length + 3);
  shifted.set(BYTES, 3);
  expect(typedTensor(readTensors(shifted.subarray(3)), "floats", "F32", [2, 2])[0]).toBe(1.5);
});

test("a file cut off at any byte is refused", () => {
  for (let length = 0; length < BYTES.length; length += 1) expect(() => readTensors(BYTES.slice(0, length)), `${length} bytes`).toThrow(WeightsFormatError);
});

test("a file with a byte too many is refused", () => {
  expect(() => readTensors(new Uint8Array([...BYTES, 0]))).toThrow(WeightsFormatError);
});

test("no flipped bit makes the reader crash", () => {
  for (let at = 0; at < BYTES.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const damaged = BYTES.slice();
      damaged[at]! ^= 1 << bit;
      try {
        readTensors(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsFormatError);
      }
    }
  }
});

const tensor = (change: object) => ({ t: { dtype: "F32", shape: [1], data_offsets: [0, 4], ...change } });
test.each([
  ["a header that is a number", "3"],
  ["a header that is null", "null"],
  ["a header that is not JSON", "{"],
  ["a header that is not UTF-8", "\ud800"],
  ["metadata that is null", { __metadata__: null, ...tensor({}) }],
  ["metadata that is text", { __metadata__: "x", ...tensor({}) }],
  ["a tensor that is null", { t: null }],
  ["a tensor that is a list", { t: [] }],
  ["a type that does not exist", tensor({ dtype: "F64" })],
  ["a type that every object inherits", tensor({ dtype: "toString" })],
  ["no shape", tensor({ shape: undefined })],
  ["a negative size", tensor({ shape: [-1] })],
  ["half a size", tensor({ shape: [0.5, 2] })],
  ["a size of 2^31", tensor({ shape: [2 ** 31, 0], data_offsets: [0, 0] })],
  ["sizes whose product no number holds", tensor({ shape: [2 ** 30, 2 ** 30, 2 ** 30, 2 ** 30] })],
  ["five dimensions", tensor({ shape: [1, 1, 1, 1, 1] })],
  ["offsets that end beyond the file", tensor({ shape: [2], data_offsets: [0, 8] })],
  ["offsets that run backwards", tensor({ shape: [0], data_offsets: [4, 0] })],
  ["one offset", tensor({ data_offsets: [4] })],
  ["a shape that does not fill its bytes", tensor({ shape: [2] })],
  ["tensors that overlap", { a: tensor({}).t, b: tensor({}).t }],
  ["a gap before a tensor", tensor({ shape: [0], data_offsets: [4, 4] })],
])("refuses %s", (_, header) => {
  expect(() => readTensors(fileOf(header))).toThrow(WeightsFormatError);
});

test("a header that claims to be larger than the file, or than a header may be, is refused unread", () => {
  for (const claimed of [BigInt(BYTES.length - 7), 2n ** 20n + 1n, 2n ** 63n]) {
    const bytes = new Uint8Array(claimed === 2n ** 20n + 1n ? 2 ** 21 : BYTES.length);
    bytes.set(BYTES.subarray(0, 200));
    new DataView(bytes.buffer).setBigUint64(0, claimed, true);
    expect(() => readTensors(bytes)).toThrow(/header of/);
  }
});

test("a tensor named like part of every object is only a tensor", () => {
  const read = readTensors(fileOf(`{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`));
  expect(Object.keys(read.tensors)).toEqual(["__proto__"]);
  expect(() => typedTensor(read, "toString", "F32", [1])).toThrow('tensor "toString" is missing');
});

test("asking for another type or shape than the file's is refused with both named", () => {
  const read = readTensors(BYTES);
  expect(() => typedTensor(read, "floats", "I32", [2, 2])).toThrow('tensor "floats" is F32, expected I32');
  expect(() => typedTensor(read, "floats", "F32", [null, 3])).toThrow('tensor "floats" has shape [2, 2], expected [any, 3]');
  expect(() => typedTensor(read, "floats", "F32", [4])).toThrow("expected [4]");
});

test("a tensor whose data does not fit its shape is refused when it is written", () => {
  expect(() => writeTensors({ metadata: {}, tensors: { t: tensorOf("F32", [3], new Float32Array(2)) } })).toThrow("needs 12 bytes, got 8");
});
