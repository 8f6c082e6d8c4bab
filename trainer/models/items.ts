/** The item tower: a product's id and its content, folded into one unit row. */
import { categoryPath, currentPrice, type Product } from "../../core/catalogue.ts";
import { hash32, seededRandom } from "../../core/ids.ts";
import { createParameter, updateRows, type Parameter } from "./adam.ts";

/** Hash buckets for title words; a collision makes two words one. */
const TITLE_BUCKETS = 2048;
/** Longer titles say no more about what a product is. */
const MAX_TITLE_WORDS = 12;
const PRICE_BUCKETS = 10;
const INITIAL_SCALE = 0.1;
const UNIT_EPSILON = 1e-12;

/** Which content features each product has, as one list of offsets and one of feature indices. */
export interface ItemContent {
  /** Product i has the features from `offsets[i]` to `offsets[i + 1]`; [N + 1]. */
  offsets: Uint32Array;
  features: Uint32Array;
  /** How much each of them counts in its product's row; rare ones more (IDF), their squares adding up to 1 for a product. */
  shares: Float32Array;
  /** Different features in the catalogue. */
  count: number;
}

/** Category levels, brand, price (by quantile of the catalogue) and title words. Features of one product only, or of all, say nothing and are left out. */
export function contentOf(products: readonly Product[]): ItemContent {
  const prices = products.map(currentPrice).sort((a, b) => a - b);
  const bounds = Array.from({ length: PRICE_BUCKETS - 1 }, (_, i) => prices[Math.floor(((i + 1) * prices.length) / PRICE_BUCKETS)]!);
  const names = products.map((product) => featureNames(product, bounds));
  const uses = new Map<string, number>();
  for (const list of names) for (const name of list) uses.set(name, (uses.get(name) ?? 0) + 1);
  const indexOf = new Map<string, number>();
  for (const [name, count] of uses) if (count > 1 && count < products.length) indexOf.set(name, indexOf.size);
  const offsets = new Uint32Array(products.length + 1);
  const features: number[] = [];
  const shares: number[] = [];
  names.forEach((list, item) => {
    const known = [...list].filter((name) => indexOf.has(name));
    const weights = known.map((name) => Math.log(products.length / uses.get(name)!));
    const length = Math.hypot(...weights);
    known.forEach((name, i) => {
      features.push(indexOf.get(name)!);
      shares.push(weights[i]! / length);
    });
    offsets[item + 1] = features.length;
  });
  return { offsets, features: Uint32Array.from(features), shares: Float32Array.from(shares), count: indexOf.size };
}

function featureNames(product: Product, priceBounds: readonly number[]): Set<string> {
  const names = new Set<string>();
  const levels = categoryPath(product.product_type ?? product.google_product_category);
  for (let depth = 1; depth <= levels.length; depth += 1) names.add(`category ${levels.slice(0, depth).join(" > ").toLowerCase()}`);
  if (product.brand) names.add(`brand ${product.brand.toLowerCase()}`);
  if (product.item_group_id) names.add(`group ${product.item_group_id}`);
  if (product.price > 0) names.add(`price ${priceBounds.filter((bound) => currentPrice(product) >= bound).length}`);
  const words = product.title.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  for (const word of words.slice(0, MAX_TITLE_WORDS)) names.add(`word ${hash32(word) % TITLE_BUCKETS}`);
  return names;
}

/** Rows of all products, trainable. */
export interface ItemTower {
  readonly width: number;
  /** Writes the unit rows of items, one after the other. @param useId false for an item that content alone must stand for */
  rows(items: ArrayLike<number>, out: Float32Array, useId?: (item: number) => boolean): void;
  /** Adds the gradient with respect to the rows that `rows` wrote last for these items. */
  addGradient(items: ArrayLike<number>, gradient: Float32Array, useId?: (item: number) => boolean): void;
  /** Gives an item a row, by its id where content says less or more. Only for items that were acted on. */
  place(item: number, row: Float32Array): void;
  /** All that is trained; gradients are empty between updates. */
  readonly parameters: readonly Parameter[];
  /** Applies what was added since the last update. */
  update(rate: number): void;
}

/** @param known 1 for items that were acted on in training, read anew each time: only they use their id row, all others stand by their content */
export function createItemTower(content: ItemContent, count: number, width: number, known: Uint8Array, seed: number, decay: number): ItemTower {
  const random = seededRandom(seed);
  const ids = createParameter(initial(random, count * width), width);
  const features = createParameter(initial(random, Math.max(1, content.count) * width), width);
  const touchedIds = new Set<number>();
  const touchedFeatures = new Set<number>();

  /** The sum before it is made a unit vector. */
  function sum(item: number, useId: boolean, out: Float32Array): void {
    if (useId && known[item]) for (let d = 0; d < width; d += 1) out[d] = ids.values[item * width + d]!;
    else out.fill(0);
    const from = content.offsets[item]!;
    const to = content.offsets[item + 1]!;
    for (let f = from; f < to; f += 1) {
      const at = content.features[f]! * width;
      const share = content.shares[f]!;
      for (let d = 0; d < width; d += 1) out[d] = out[d]! + share * features.values[at + d]!;
    }
  }

  const raw = new Float32Array(width);
  const back = new Float32Array(width);
  return {
    width,
    parameters: [ids, features],
    place(item, row) {
      sum(item, false, raw);
      for (let d = 0; d < width; d += 1) ids.values[item * width + d] = row[d]! - raw[d]!;
    },
    rows(items, out, useId = always) {
      for (let i = 0; i < items.length; i += 1) {
        sum(items[i]!, useId(items[i]!), raw);
        const norm = lengthOf(raw);
        for (let d = 0; d < width; d += 1) out[i * width + d] = raw[d]! / norm;
      }
    },
    addGradient(items, gradient, useId = always) {
      for (let i = 0; i < items.length; i += 1) {
        const item = items[i]!;
        const withId = useId(item);
        sum(item, withId, raw);
        const norm = lengthOf(raw);
        // Through x / |x|: the part along the row falls away.
        let along = 0;
        for (let d = 0; d < width; d += 1) along += gradient[i * width + d]! * (raw[d]! / norm);
        for (let d = 0; d < width; d += 1) back[d] = (gradient[i * width + d]! - along * (raw[d]! / norm)) / norm;
        if (withId && known[item]) accumulate(ids, item, back, 1, touchedIds);
        const from = content.offsets[item]!;
        const to = content.offsets[item + 1]!;
        for (let f = from; f < to; f += 1) accumulate(features, content.features[f]!, back, content.shares[f]!, touchedFeatures);
      }
    },
    update(rate) {
      updateRows(ids, rate, sorted(touchedIds), decay);
      updateRows(features, rate, sorted(touchedFeatures), decay);
      touchedIds.clear();
      touchedFeatures.clear();
    },
  };
}

function accumulate(parameter: Parameter, row: number, gradient: Float32Array, share: number, touched: Set<number>): void {
  const { gradient: sums, width } = parameter;
  for (let d = 0; d < width; d += 1) sums[row * width + d] = sums[row * width + d]! + share * gradient[d]!;
  touched.add(row);
}
function lengthOf(x: Float32Array): number {
  let square = 0;
  for (let d = 0; d < x.length; d += 1) square += x[d]! * x[d]!;
  return Math.sqrt(square + UNIT_EPSILON);
}
function initial(random: () => number, length: number): Float32Array {
  return Float32Array.from({ length }, () => (random() * 2 - 1) * INITIAL_SCALE);
}
function always(): boolean {
  return true;
}
function sorted(rows: Set<number>): Uint32Array {
  return Uint32Array.from(rows).sort();
}
