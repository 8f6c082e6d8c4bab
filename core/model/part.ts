/** Parts of a model: the popular head that devices of a large shop hold, and the head joined by items that came later. */
import { topK } from "../ranking/topk.ts";
import { NO_NEIGHBOUR, type Model } from "./config.ts";

/** Items with what scoring needs of them, cut out of a model; scores within a joined model equal the whole model's. */
export interface ModelItems {
  ids: string[];
  /** [n, D]. */
  rows: Int8Array;
  /** [n]. */
  scales: Float32Array;
  /** [n]. */
  popularity: Float32Array;
  /** Whole co-visitation rows, strongest first, of items that histories hold; they need not be among `ids`. */
  visits: { id: string; ids: string[]; weights: Uint8Array }[];
}

/** All items, most popular first, equally popular ones by index: the head of any size is a beginning of this. */
export function byPopularity(model: Model): number[] {
  return topK(model.popularity, model.itemIds.length);
}

/**
 * A model of some items only. Their co-visitation rows keep those of the items that are in it too; rows get as narrow
 * as the longest of them.
 *
 * @param items indices in `model`; their order is the order of the part
 */
export function cutModel(model: Model, items: readonly number[]): Model {
  const { width: D, neighbours: K } = model.config;
  const placeOf = new Map(items.map((item, place) => [item, place]));
  const rows = new Int8Array(items.length * D);
  const scales = new Float32Array(items.length);
  const popularity = new Float32Array(items.length);
  const visits: VisitRow[] = [];
  items.forEach((item, place) => {
    rows.set(model.rows.subarray(item * D, (item + 1) * D), place * D);
    scales[place] = model.scales[item]!;
    popularity[place] = model.popularity[item]!;
    const row: VisitRow = { places: [], weights: [] };
    for (let k = item * K; k < (item + 1) * K; k += 1) {
      const neighbour = placeOf.get(model.neighbours[k]!);
      if (neighbour === undefined) continue;
      row.places.push(neighbour);
      row.weights.push(model.neighbourWeights[k]!);
    }
    visits.push(row);
  });
  const itemIds = items.map((item) => model.itemIds[item]!);
  return { ...model, ...visitColumns(model, visits), itemIds, indexOf: indexIds(itemIds), rows, scales, popularity };
}

/**
 * A model with more items. Those of `head` keep their indices; of an item that comes several times the first counts.
 *
 * @param more of the same model as the head, e.g. candidates from the edge
 */
export function joinModel(head: Model, more: readonly ModelItems[]): Model {
  const { width: D, neighbours: K } = head.config;
  const itemIds = [...head.itemIds];
  const indexOf = new Map(head.indexOf);
  const added: { from: ModelItems; place: number }[] = [];
  for (const from of more) {
    from.ids.forEach((id, place) => {
      if (indexOf.has(id)) return;
      indexOf.set(id, itemIds.length);
      itemIds.push(id);
      added.push({ from, place });
    });
  }
  const rows = new Int8Array(itemIds.length * D);
  const scales = new Float32Array(itemIds.length);
  const popularity = new Float32Array(itemIds.length);
  rows.set(head.rows);
  scales.set(head.scales);
  popularity.set(head.popularity);
  added.forEach(({ from, place }, n) => {
    const index = head.itemIds.length + n;
    rows.set(from.rows.subarray(place * D, (place + 1) * D), index * D);
    scales[index] = from.scales[place]!;
    popularity[index] = from.popularity[place]!;
  });
  const visits = itemIds.map((_, index) => {
    const row: VisitRow = { places: [], weights: [] };
    for (let k = index * K; index < head.itemIds.length && k < (index + 1) * K && head.neighbours[k] !== NO_NEIGHBOUR; k += 1) {
      row.places.push(head.neighbours[k]!);
      row.weights.push(head.neighbourWeights[k]!);
    }
    return row;
  });
  for (const { id, ids, weights } of more.flatMap((items) => items.visits)) {
    const index = indexOf.get(id);
    if (index === undefined) continue;
    const row: VisitRow = { places: [], weights: [] };
    ids.forEach((neighbour, k) => {
      const place = indexOf.get(neighbour);
      if (place === undefined) return;
      row.places.push(place);
      row.weights.push(weights[k]!);
    });
    visits[index] = row;
  }
  return { ...head, ...visitColumns(head, visits), itemIds, indexOf, rows, scales, popularity };
}

interface VisitRow {
  /** Indices in the part. */
  places: number[];
  weights: number[];
}

function visitColumns({ config }: Model, visits: readonly VisitRow[]): Pick<Model, "config" | "neighbours" | "neighbourWeights"> {
  const K = visits.reduce((longest, { places }) => Math.max(longest, places.length), 0);
  const neighbours = new Uint32Array(visits.length * K).fill(NO_NEIGHBOUR);
  const neighbourWeights = new Uint8Array(visits.length * K);
  visits.forEach(({ places, weights }, index) => {
    neighbours.set(places, index * K);
    neighbourWeights.set(weights, index * K);
  });
  return { config: { ...config, neighbours: K }, neighbours, neighbourWeights };
}

function indexIds(ids: readonly string[]): Map<string, number> {
  return new Map(ids.map((id, index) => [id, index]));
}
