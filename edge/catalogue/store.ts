/**
 * A whole catalogue in R2, private: an index, and the products in parts of about a megabyte, all named by content.
 *
 * No more than a part is ever in memory as text, and no product as an object for longer than it is read: 100,000 products
 * take an isolate about 60 MB, most of it the cards that shoppers are given.
 */
import { parseProduct, toCard, type Product } from "../../core/catalogue.ts";
import { hash32, sha256Hex } from "../../core/ids.ts";
import { catalogueObject } from "../db/models.ts";
import type { Env } from "../env.ts";

const PART_CHARS = 1024 * 1024;

export interface CatalogueIndex {
  parts: { sha256: string; products: number }[];
  /** In the feed's order; those that are about to leave come last. */
  ids: string[];
  /** A hash of each product, by which a version differs from the next. */
  marks: number[];
  /** Products that the feed no longer has, and since when: they stay for the shop's grace, out of stock. */
  leaving: { [id: string]: number };
}
export const NO_CATALOGUE: CatalogueIndex = { parts: [], ids: [], marks: [], leaving: {} };

export interface CatalogueWriter {
  has(id: string): boolean;
  /** @param leavingSinceMs of a product that is only kept for a while */
  add(product: Product, leavingSinceMs?: number): Promise<void>;
  /** Stores what is left and the index. Nothing points at them yet. */
  finish(): Promise<{ sha256: string; index: CatalogueIndex; cards: CardText }>;
}

/** Cards, a line each, in the index's order. */
export interface CardText {
  lines: Uint8Array[];
  bytes: number;
}

export function createCatalogueWriter(env: Env, shop: string): CatalogueWriter {
  const index: CatalogueIndex = { parts: [], ids: [], marks: [], leaving: {} };
  const known = new Set<string>();
  const encoder = new TextEncoder();
  const cards: CardText = { lines: [], bytes: 0 };
  let part: string[] = [];
  let partChars = 0;
  let partCards: string[] = [];
  const flush = async () => {
    if (part.length === 0) return;
    const text = part.join(",\n");
    const sha256 = await sha256Hex(text);
    await env.FILES.put(catalogueObject(shop, sha256), text);
    index.parts.push({ sha256, products: part.length });
    const bytes = encoder.encode(partCards.join(""));
    cards.lines.push(bytes);
    cards.bytes += bytes.byteLength;
    part = [];
    partCards = [];
    partChars = 0;
  };
  return {
    has: (id) => known.has(id),
    async add(product, leavingSinceMs) {
      const text = JSON.stringify(product);
      known.add(product.id);
      index.ids.push(product.id);
      index.marks.push(hash32(text));
      if (leavingSinceMs !== undefined) index.leaving[product.id] = leavingSinceMs;
      part.push(text);
      partCards.push(`\n${JSON.stringify(toCard(product))}`);
      partChars += text.length;
      if (partChars >= PART_CHARS) await flush();
    },
    async finish() {
      await flush();
      const text = JSON.stringify(index);
      const sha256 = await sha256Hex(text);
      await env.FILES.put(catalogueObject(shop, sha256), text);
      return { sha256, index, cards };
    },
  };
}

/** The index of a catalogue. @throws MissingObjectError */
export async function readIndex(env: Env, shop: string, sha256: string | null): Promise<CatalogueIndex> {
  if (sha256 === null) return NO_CATALOGUE;
  const stored = await (await object(env, shop, sha256)).json<CatalogueIndex | Product[]>();
  if (!Array.isArray(stored)) return stored;
  // Before there were parts, a catalogue was one list of products.
  return { parts: [{ sha256, products: stored.length }], ids: stored.map(({ id }) => id), marks: stored.map((product) => hash32(JSON.stringify(product))), leaving: {} };
}

/** The text of the parts, oldest first: products with commas between. @throws MissingObjectError */
export async function* readParts(env: Env, shop: string, { parts }: CatalogueIndex): AsyncGenerator<string> {
  for (const { sha256 } of parts) {
    const text = await (await object(env, shop, sha256)).text();
    yield text.startsWith("[") ? text.slice(1, -1) : text;
  }
}

/** The products, one after another. @throws MissingObjectError */
export async function* readProducts(env: Env, shop: string, index: CatalogueIndex): AsyncGenerator<Product> {
  for await (const text of readParts(env, shop, index)) {
    for (const value of JSON.parse(`[${text}]`) as unknown[]) {
      const product = parseProduct(value);
      if (product.ok) yield product.value;
    }
  }
}

/** An object that D1 points at is gone from R2. */
export class MissingObjectError extends Error {
  override name = "MissingObjectError";
}

async function object(env: Env, shop: string, sha256: string): Promise<R2ObjectBody> {
  const found = await env.FILES.get(catalogueObject(shop, sha256));
  if (!found) throw new MissingObjectError(`${sha256} of the catalogue of ${shop} is not in R2`);
  return found;
}
