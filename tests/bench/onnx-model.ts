/**
 * The shipped model as an ONNX file, so that another runtime can run it: the encoder of `core/model/network.ts`, the
 * product with all rows, and the k best. Written by hand, since it takes a page and the ONNX packages hundreds of them.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto for the field numbers
 */
import { ENTRY_FEATURES, type EncodedHistory } from "../../core/history.ts";
import { TEMPERATURE, type Model } from "../../core/model/config.ts";
import { headSlope, MASKED, NORM_EPSILON } from "../../core/model/constants.ts";
import { entryFeatures } from "../../core/model/network.ts";

const FLOAT = 1;
const INT64 = 7;
const OPSET = 17;

/**
 * Inputs: items int64 [L] (0 where unused), features f32 [L, F], used f32 [1, L], added f32 [N] (what co-visits and
 * popularity add). Outputs: items int64 [k] and scores f32 [k], best first.
 */
export function onnxModel(model: Model, k: number): Uint8Array {
  const { config } = model;
  const { width: D, length: L, heads } = config;
  const N = model.itemIds.length;
  const nodes: Uint8Array[] = [];
  const constants: Uint8Array[] = [];
  let names = 0;
  const op = (type: string, inputs: string[], attributes: Uint8Array[] = [], outputs = [`t${(names += 1)}`]) => {
    nodes.push(message([...inputs.map((input) => text(1, input)), ...outputs.map((output) => text(2, output)), text(4, type), ...attributes.map((each) => bytes(5, each))]));
    return outputs[0]!;
  };
  const constant = (values: Float32Array | BigInt64Array, shape: number[]) => {
    const name = `c${(names += 1)}`;
    constants.push(message([...shape.map((size) => number(1, size)), number(2, values instanceof Float32Array ? FLOAT : INT64), text(8, name), bytes(9, new Uint8Array(values.buffer, values.byteOffset, values.byteLength))]));
    return name;
  };
  const scalar = (value: number) => constant(Float32Array.of(value), [1]);
  const ints = (...values: number[]) => constant(BigInt64Array.from(values, BigInt), [values.length]);
  const weight = (name: string, ...shape: number[]) => constant(model.encoder[name]!, shape);
  const norm = (x: string, name: string) => {
    const meanSquare = op("ReduceMean", [op("Mul", [x, x])], [intsAttribute("axes", [1])]);
    return op("Mul", [op("Div", [x, op("Sqrt", [op("Add", [meanSquare, scalar(NORM_EPSILON)])])]), weight(name, D)]);
  };

  const distance = Float32Array.from({ length: L * L }, (_, i) => Math.max(0, Math.floor(i / L) - (i % L)));
  const causal = Float32Array.from(distance, (_, i) => (i % L <= Math.floor(i / L) ? 0 : MASKED));
  const unused = op("Mul", [op("Sub", [scalar(1), "used"]), scalar(MASKED)]);
  const mask = op("Add", [constant(causal, [L, L]), unused]);
  const table = constant(Float32Array.from(model.rows, (value, i) => value * model.scales[Math.floor(i / D)]!), [N, D]);
  const rows = op("Mul", [op("Gather", [table, "items"]), op("Transpose", ["used"])]);

  let hidden = op("Add", [rows, op("MatMul", ["features", weight("features", ENTRY_FEATURES, D)])]);
  for (let block = 0; block < config.blocks; block += 1) {
    const name = (of: string) => `blocks.${block}.${of}`;
    const normed = norm(hidden, name("attentionNorm"));
    const [query, key, value] = ["query", "key", "value"].map((of) => op("MatMul", [normed, weight(name(of), D, D)])) as [string, string, string];
    const width = D / heads;
    const attended = Array.from({ length: heads }, (_, head) => {
      const part = (x: string) => op("Slice", [x, ints(head * width), ints((head + 1) * width), ints(1)]);
      const logits = op("Mul", [op("MatMul", [part(query), op("Transpose", [part(key)])]), scalar(1 / Math.sqrt(width))]);
      const penalised = op("Add", [op("Sub", [logits, constant(distance.map((each) => each * headSlope(head, heads)), [L, L])]), mask]);
      return op("MatMul", [op("Softmax", [penalised], [intAttribute("axis", -1)]), part(value)]);
    });
    hidden = op("Add", [hidden, op("MatMul", [op("Concat", attended, [intAttribute("axis", 1)]), weight(name("output"), D, D)])]);
    const expanded = op("Relu", [op("Add", [op("MatMul", [norm(hidden, name("feedForwardNorm")), weight(name("expand"), D, 2 * D)]), weight(name("expandBias"), 2 * D)])]);
    hidden = op("Add", [hidden, op("Add", [op("MatMul", [expanded, weight(name("contract"), 2 * D, D)]), weight(name("contractBias"), D)])]);
  }
  hidden = norm(hidden, "finalNorm");

  // The newest place only, which is all that a ranking reads.
  const newest = op("Slice", [hidden, ints(L - 1), ints(L), ints(0)]);
  const recency = Math.log1p(Math.exp(model.encoder["recency"]![0]!));
  const calls = op("Transpose", [op("MatMul", [hidden, weight("pool", D, 1)])]);
  const age = constant(Float32Array.from({ length: L }, (_, place) => recency * (L - 1 - place)), [1, L]);
  const pooled = op("MatMul", [op("Softmax", [op("Add", [op("Sub", [calls, age]), unused])], [intAttribute("axis", -1)]), rows]);
  const session = op("Add", [pooled, op("MatMul", [newest, weight("shift", D, D)])]);
  const square = op("Add", [op("ReduceSum", [op("Mul", [session, session]), ints(1)]), scalar(NORM_EPSILON)]);
  const unit = op("Div", [session, op("Sqrt", [square])]);
  const cosines = op("Reshape", [op("MatMul", [table, op("Transpose", [unit])]), ints(N)]);
  const scores = op("Add", [op("Mul", [cosines, scalar(model.blend[0] / TEMPERATURE)]), "added"]);
  op("TopK", [scores, ints(k)], [], ["best", "indices"]);

  const value = (name: string, type: number, shape: number[]) => message([text(1, name), bytes(2, message([bytes(1, message([number(1, type), bytes(2, message(shape.map((size) => bytes(1, message([number(1, size)])))))]))]))]);
  const graph = message([
    ...nodes.map((node) => bytes(1, node)), text(2, "endcap"), ...constants.map((each) => bytes(5, each)),
    bytes(11, value("items", INT64, [L])), bytes(11, value("features", FLOAT, [L, ENTRY_FEATURES])), bytes(11, value("used", FLOAT, [1, L])), bytes(11, value("added", FLOAT, [N])),
    bytes(12, value("best", FLOAT, [k])), bytes(12, value("indices", INT64, [k])),
  ]);
  return message([number(1, 8), bytes(7, graph), bytes(8, message([number(2, OPSET)]))]);
}

/** The numbers that the graph reads of a history. */
export function onnxInputs(input: EncodedHistory): { items: BigInt64Array; features: Float32Array; used: Float32Array } {
  return { items: BigInt64Array.from(input.items, (item) => BigInt(Math.max(0, item))), ...entryFeatures(input) };
}

/** Protocol buffers' wire format: a field's number and type, then a varint, or a length and its bytes. */
function varint(value: number | bigint): number[] {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return out;
}
function number(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field << 3), ...varint(value)]);
}
function bytes(field: number, value: Uint8Array): Uint8Array {
  return message([Uint8Array.from([...varint((field << 3) | 2), ...varint(value.length)]), value]);
}
function text(field: number, value: string): Uint8Array {
  return bytes(field, new TextEncoder().encode(value));
}
function message(fields: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((sum, field) => sum + field.length, 0));
  let at = 0;
  for (const field of fields) {
    out.set(field, at);
    at += field.length;
  }
  return out;
}
function intAttribute(name: string, value: number): Uint8Array {
  return message([text(1, name), number(3, value), number(20, 2)]);
}
function intsAttribute(name: string, values: number[]): Uint8Array {
  return message([text(1, name), ...values.map((value) => number(8, value)), number(20, 7)]);
}
