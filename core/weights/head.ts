/** How much of a large shop devices are given ahead: the popular head of its model and of its cards, within a budget of bytes. */
import type { Card } from "../catalogue.ts";
import { byPopularity, cutModel } from "../model/part.ts";
import { encoderShapes, writeModel, type Model } from "../model/config.ts";
import { HEAD_NAMES, type Head, type HeadName, type Manifest } from "./manifest.ts";

/** Shops of up to this many products ship whole. */
export const WHOLE_SHOP_PRODUCTS = 2_000;
/**
 * Bytes of a head's rows (with everything else that a file holds per item) and cards together, before compression. The
 * encoder, the same for any catalogue, comes on top.
 */
export const HEAD_BYTES: { readonly [N in HeadName]: number } = { light: 128 * 1024, standard: 512 * 1024 };
/** A device with less memory than this, in GiB as `navigator.deviceMemory` tells it, is given the light head. */
const SMALL_MEMORY_GIB = 2;

/** What a browser tells of what it can afford; browsers that tell nothing are given the standard head. */
export function headFor({ saveData, deviceMemory }: { saveData?: boolean; deviceMemory?: number }): HeadName {
  return saveData || (deviceMemory !== undefined && deviceMemory < SMALL_MEMORY_GIB) ? "light" : "standard";
}

/** The file that a device of this kind reads, and whether it is all of the model. */
export function fileFor({ weights, heads }: Pick<Manifest, "weights" | "heads">, name: HeadName): { sha256: string; bytes: number; whole: boolean } {
  const head = heads?.find((one) => one.name === name);
  return head ? { sha256: head.sha256, bytes: head.bytes, whole: false } : { ...weights, whole: true };
}

/** The bytes of a head with so many items; the same model always gives the same. */
export function headFile(model: Model, items: number): Uint8Array<ArrayBuffer> {
  return writeModel(cutModel(model, byPopularity(model).slice(0, items)));
}

/** What a file of a model spends on its items: all but the encoder. */
export function rowBytes({ config }: Pick<Model, "config">, fileBytes: number): number {
  return fileBytes - encoderShapes(config).reduce((sum, [, shape]) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
}

/** What a card takes in a snapshot, with the comma after it. */
export function cardBytes(card: Card): number {
  return new TextEncoder().encode(JSON.stringify(card)).byteLength + 1;
}

/**
 * How many items each head of a model takes; no head where the budget has room for all of them.
 *
 * @param cardOf undefined for products that the catalogue no longer has
 */
export function planHeads(model: Model, cardOf: (itemId: string) => Card | undefined): Pick<Head, "name" | "items">[] {
  if (model.itemIds.length <= WHOLE_SHOP_PRODUCTS) return [];
  const order = byPopularity(model);
  const fits = (items: number, budget: number) => {
    let cards = 0;
    for (let n = 0; n < items && cards <= budget; n += 1) {
      const card = cardOf(model.itemIds[order[n]!]!);
      if (card) cards += cardBytes(card);
    }
    return cards <= budget && cards + rowBytes(model, headFile(model, items).byteLength) <= budget;
  };
  return HEAD_NAMES.map((name) => {
    let [low, high] = [1, model.itemIds.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (fits(middle, HEAD_BYTES[name])) low = middle;
      else high = middle - 1;
    }
    return { name, items: low };
  }).filter(({ items }) => items < model.itemIds.length);
}
