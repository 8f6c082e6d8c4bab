/** Models and histories with the structure of real ones, made from a seed: for tests and benchmarks of scoring. */
import { GAP_BOUNDS_MS, HISTORY_KINDS, encodeHistory, type EncodedHistory, type HistoryEntry } from "../../core/history.ts";
import { seededRandom } from "../../core/ids.ts";
import { CO_VISIT_LEVELS, encoderShapes, NO_NEIGHBOUR, quantiseRows, type Model, type ModelConfig } from "../../core/model/config.ts";

/** Items lie in clusters, as a shop's categories do; popularity falls off as in Zipf's law; neighbours are of the same cluster. */
export function randomModel(config: ModelConfig, itemCount: number, seed: number): Model {
  const random = seededRandom(seed);
  const { width: D, neighbours: K } = config;
  const clusters = Math.max(1, Math.round(itemCount / 30));
  const centres = Float32Array.from({ length: clusters * D }, () => normal(random));
  const vectors = new Float32Array(itemCount * D);
  const clusterOf = Array.from({ length: itemCount }, () => Math.floor(random() * clusters));
  for (let item = 0; item < itemCount; item += 1) {
    let square = 0;
    for (let d = 0; d < D; d += 1) square += (vectors[item * D + d] = centres[clusterOf[item]! * D + d]! + 0.7 * normal(random)) ** 2;
    for (let d = 0; d < D; d += 1) vectors[item * D + d]! /= Math.sqrt(square);
  }
  const encoder: Model["encoder"] = {};
  for (const [name, shape] of encoderShapes(config)) {
    const size = shape.reduce((a, b) => a * b, 1);
    const norm = /Norm$/.test(name);
    encoder[name] = Float32Array.from({ length: size }, () => (norm ? 1 : 0) + normal(random) * (norm ? 0.1 : 0.5 / Math.sqrt(shape[0]!)));
  }
  const neighbours = new Uint32Array(itemCount * K).fill(NO_NEIGHBOUR);
  const neighbourWeights = new Uint8Array(itemCount * K);
  const members = Array.from({ length: clusters }, (): number[] => []);
  clusterOf.forEach((cluster, item) => members[cluster]!.push(item));
  for (let item = 0; item < itemCount; item += 1) {
    const alike = members[clusterOf[item]!]!.filter((other) => other !== item).slice(0, Math.floor(random() * (K + 1)));
    alike.forEach((other, k) => {
      neighbours[item * K + k] = other;
      neighbourWeights[item * K + k] = Math.max(1, Math.round((CO_VISIT_LEVELS * random()) / (k + 1)));
    });
  }
  const itemIds = Array.from({ length: itemCount }, (_, i) => `item-${i}`);
  return {
    config, itemIds, encoder, neighbours, neighbourWeights,
    indexOf: new Map(itemIds.map((id, index) => [id, index])),
    ...quantiseRows(vectors, D),
    popularity: Float32Array.from({ length: itemCount }, (_, i) => Math.log1p(itemCount / (i + 1)) / Math.log1p(itemCount)),
    blend: [1, 1.5, 0.5],
  };
}

/** A shopper's recorded history: mostly popular items, mostly views, gaps from seconds to weeks. */
export function randomHistory(model: Model, length: number, random: () => number): HistoryEntry[] {
  let atMs = 1_700_000_000_000;
  return Array.from({ length }, () => {
    atMs += Math.floor(GAP_BOUNDS_MS[Math.floor(random() * GAP_BOUNDS_MS.length)]! * 2 * random());
    return { item_id: model.itemIds[Math.floor(random() ** 2 * model.itemIds.length)]!, kind: HISTORY_KINDS[Math.floor(random() ** 2 * HISTORY_KINDS.length)]!, atMs };
  });
}

/** Histories of one to somewhat more entries than the model reads, encoded. */
export function randomInputs(model: Model, count: number, seed: number): EncodedHistory[] {
  const random = seededRandom(seed);
  const { length } = model.config;
  return Array.from({ length: count }, () => encodeHistory(randomHistory(model, 1 + Math.floor(random() * (length + 5)), random), (id) => model.indexOf.get(id), length));
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
