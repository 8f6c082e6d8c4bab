/** The model's dimensions and the names, types and shapes of its tensors: the contract between trainer and devices. */
import { ENTRY_FEATURES } from "../history.ts";
import { parse, type Infer } from "../schema.ts";
import { readTensors, tensorOf, typedTensor, WeightsFormatError, writeTensors, type Tensor } from "../weights/format.ts";

/** Softmax temperature of the cosine scores (CORE, Hou et al., SIGIR 2022, arXiv:2204.11067). */
export const TEMPERATURE = 0.07;
/** The widest model. */
export const MAX_WIDTH = 64;
/**
 * Session vectors, of length 1, are multiplied with the int8 rows as whole numbers of this unit. A row of 128 entries is
 * at most 127 · √128 long and no product is longer than its factors' lengths multiplied: 1437 · 2^20 < 2^31, so i32
 * holds every product and every part of its sum. Coarser is not enough: where two backends' encoders differ by a
 * millionth, a value may round to the next level, which with 12 bits moved scores by 1.4e-3 and with 16 by 1.2e-4
 * (measured over 200 histories of 1,200 items).
 */
export const QUERY_UNIT = 2 ** -20;
/** Co-visitation weights are stored in 8 bits, relative to 1. */
export const CO_VISIT_LEVELS = 255;

export const MODEL_CONFIG_SCHEMA = {
  type: "object",
  required: ["width", "length", "blocks", "heads", "neighbours"],
  properties: {
    width: { type: "integer", minimum: 4, maximum: MAX_WIDTH, description: "D: of item rows and session vectors; a multiple of heads" },
    length: { type: "integer", minimum: 1, maximum: 100, description: "L: history entries read" },
    blocks: { type: "integer", minimum: 0, maximum: 4, description: "causal attention blocks" },
    heads: { type: "integer", minimum: 1, maximum: 8 },
    neighbours: { type: "integer", minimum: 0, maximum: 100, description: "K: co-visited items kept per item" },
    visitDecay: { type: "number", minimum: 0, maximum: 1, description: "co-visitation: weight of an entry one place older; fitted to the shop" },
  },
} as const;
export type ModelConfig = Infer<typeof MODEL_CONFIG_SCHEMA>;

/** Weights of one block: pre-norm causal attention, then a ReLU feed-forward of width 2D; each with a residual. Matrices are [in, out]. */
const BLOCK_SHAPES = {
  attentionNorm: ["D"], query: ["D", "D"], key: ["D", "D"], value: ["D", "D"], output: ["D", "D"],
  feedForwardNorm: ["D"], expand: ["D", "2D"], expandBias: ["2D"], contract: ["2D", "D"], contractBias: ["D"],
} as const;
/**
 * Weights around the blocks. `features` embeds an entry's kind and gap, `pool` weighs an entry for the session
 * vector, `recency` (softplus of it, per place) favours newer entries, `shift` adds what the newest entry calls for.
 */
const HEAD_SHAPES = { features: ["F", "D"], finalNorm: ["D"], pool: ["D"], recency: ["1"], shift: ["D", "D"] } as const;
type Size = "D" | "2D" | "F" | "1";

/** Names and shapes of all encoder tensors for a configuration, in a fixed order. */
export function encoderShapes(config: ModelConfig): [name: string, shape: number[]][] {
  const size = (s: Size) => ({ D: config.width, "2D": 2 * config.width, F: ENTRY_FEATURES, "1": 1 })[s];
  const shapes: [string, number[]][] = Object.entries(HEAD_SHAPES).map(([name, shape]) => [name, shape.map(size)]);
  for (let block = 0; block < config.blocks; block += 1) {
    for (const [name, shape] of Object.entries(BLOCK_SHAPES)) shapes.push([`blocks.${block}.${name}`, shape.map(size)]);
  }
  return shapes;
}

/** A model as devices hold it. */
export interface Model {
  config: ModelConfig;
  /** N catalogue ids; the index is the item's index everywhere. */
  itemIds: string[];
  indexOf: Map<string, number>;
  /** int8 unit vectors, [N, D]; row i stands for `rows[i] * scales[i]`. */
  rows: Int8Array;
  scales: Float32Array;
  encoder: { [name: string]: Float32Array };
  /** Co-visited items of each item, strongest first, [N, K]; `NO_NEIGHBOUR` where there are fewer. */
  neighbours: Uint32Array;
  /** Strength in 0..CO_VISIT_LEVELS, [N, K]. */
  neighbourWeights: Uint8Array;
  /** Decayed popularity in [0, 1], on a log scale, [N]. */
  popularity: Float32Array;
  /** How the three parts are added: for network, co-visitation, popularity. */
  blend: [network: number, coVisitation: number, popularity: number];
}
export const NO_NEIGHBOUR = 0xffffffff;
/** NO_NEIGHBOUR in files of catalogues whose indices fit 16 bits: half the bytes for the largest tensor of a shop. */
const NO_NEIGHBOUR_16 = 0xffff;
const narrow = (itemCount: number) => itemCount <= NO_NEIGHBOUR_16;

/** @throws WeightsFormatError if an item id holds a line break, which separates ids in the file */
export function writeModel(model: Model): Uint8Array<ArrayBuffer> {
  const { config, itemIds } = model;
  const count = itemIds.length;
  for (const id of itemIds) if (id.includes("\n")) throw new WeightsFormatError(`item id ${JSON.stringify(id)} holds a line break`);
  const ids = new TextEncoder().encode(itemIds.join("\n"));
  const tensors: { [name: string]: Tensor } = {
    "items.ids": tensorOf("U8", [ids.length], ids),
    "items.rows": tensorOf("I8", [count, config.width], model.rows),
    "items.scales": tensorOf("F32", [count], model.scales),
    "items.popularity": tensorOf("F32", [count], model.popularity),
    "covisitation.items": narrow(count)
      ? tensorOf("U16", [count, config.neighbours], Uint16Array.from(model.neighbours)) // NO_NEIGHBOUR becomes NO_NEIGHBOUR_16.
      : tensorOf("U32", [count, config.neighbours], model.neighbours),
    "covisitation.weights": tensorOf("U8", [count, config.neighbours], model.neighbourWeights),
    blend: tensorOf("F32", [3], Float32Array.from(model.blend)),
  };
  for (const [name, shape] of encoderShapes(config)) tensors[`encoder.${name}`] = tensorOf("F32", shape, model.encoder[name]!);
  return writeTensors({ metadata: { format: "endcap-model/1", config: JSON.stringify(config) }, tensors });
}

/** @throws WeightsFormatError for anything that is not a whole, consistent model */
export function readModel(bytes: Uint8Array<ArrayBuffer>): Model {
  const file = readTensors(bytes);
  if (file.metadata["format"] !== "endcap-model/1") throw new WeightsFormatError(`format is ${file.metadata["format"] ?? "not named"}, expected endcap-model/1`);
  let given: unknown;
  try {
    given = JSON.parse(file.metadata["config"] ?? "");
  } catch {
    throw new WeightsFormatError("config is not JSON");
  }
  const parsed = parse(MODEL_CONFIG_SCHEMA, given, "config");
  if (!parsed.ok) throw new WeightsFormatError(`${parsed.path} ${parsed.message}`);
  const config = parsed.value;
  if (config.width % config.heads !== 0) throw new WeightsFormatError(`width ${config.width} is not a multiple of ${config.heads} heads`);
  const itemIds = readIds(typedTensor(file, "items.ids", "U8", [null]));
  const count = itemIds.length;
  const indexOf = new Map(itemIds.map((id, index) => [id, index]));
  if (indexOf.size !== count) throw new WeightsFormatError("item ids are not unique");
  // The largest tensor after the rows, and read on the page's own thread: by plain loops, ten times as fast as `from`.
  const stored = narrow(count) ? typedTensor(file, "covisitation.items", "U16", [count, config.neighbours]) : typedTensor(file, "covisitation.items", "U32", [count, config.neighbours]);
  const none = narrow(count) ? NO_NEIGHBOUR_16 : NO_NEIGHBOUR;
  const neighbours = new Uint32Array(stored.length);
  for (let i = 0; i < stored.length; i += 1) {
    const index = stored[i]!;
    if (index >= count && index !== none) throw new WeightsFormatError(`neighbour ${index} is beyond ${count} items`);
    neighbours[i] = index === none ? NO_NEIGHBOUR : index;
  }
  const encoder: { [name: string]: Float32Array } = {};
  for (const [name, shape] of encoderShapes(config)) encoder[name] = finite(typedTensor(file, `encoder.${name}`, "F32", shape), `encoder.${name}`);
  const blend = finite(typedTensor(file, "blend", "F32", [3]), "blend");
  return {
    config, itemIds, indexOf, neighbours, encoder,
    rows: typedTensor(file, "items.rows", "I8", [count, config.width]),
    scales: finite(typedTensor(file, "items.scales", "F32", [count]), "items.scales"),
    neighbourWeights: typedTensor(file, "covisitation.weights", "U8", [count, config.neighbours]),
    popularity: finite(typedTensor(file, "items.popularity", "F32", [count]), "items.popularity"),
    blend: [blend[0]!, blend[1]!, blend[2]!],
  };
}

/** Rounds unit rows to int8 with a scale each. @param rows [N, D] */
export function quantiseRows(rows: Float32Array, width: number): { rows: Int8Array; scales: Float32Array } {
  const count = rows.length / width;
  const quantised = new Int8Array(rows.length);
  const scales = new Float32Array(count);
  for (let item = 0; item < count; item += 1) {
    let max = 0;
    for (let d = 0; d < width; d += 1) max = Math.max(max, Math.abs(rows[item * width + d]!));
    if (max === 0) continue;
    scales[item] = max / 127;
    for (let d = 0; d < width; d += 1) quantised[item * width + d] = Math.round((rows[item * width + d]! / max) * 127);
  }
  return { rows: quantised, scales };
}

function readIds(bytes: Uint8Array): string[] {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
  } catch {
    throw new WeightsFormatError("item ids are not UTF-8");
  }
}

function finite(values: Float32Array, name: string): Float32Array {
  for (let i = 0; i < values.length; i += 1) if (!Number.isFinite(values[i]!)) throw new WeightsFormatError(`tensor "${name}" holds ${values[i]!}`);
  return values;
}
