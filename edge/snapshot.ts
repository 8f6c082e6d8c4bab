/** Public catalogue snapshots: a shop's cards in order of popularity, immutable and named by content. */
import type { CatalogueSnapshot } from "../core/api.ts";
import { toCard, type Card, type Product } from "../core/catalogue.ts";
import { sha256Hex } from "../core/ids.ts";
import { catalogueObject, snapshotObject } from "./db/models.ts";
import { currentCardsSha256, setSnapshot, shopById, type Shop } from "./db/shops.ts";
import type { Env } from "./env.ts";
import { popularItems } from "./shards.ts";

/** Cards that devices are given: all of a small shop's, the popular head of a large one's. */
export const MAX_SNAPSHOT_CARDS = 5_000;

/** Products that nobody has acted on come last, in the catalogue's own order. */
export function orderByPopularity<T extends { id: string }>(products: readonly T[], popularIds: readonly string[]): T[] {
  const byId = new Map(products.map((product) => [product.id, product]));
  const ordered: T[] = [];
  for (const id of popularIds) {
    const product = byId.get(id);
    if (product && byId.delete(id)) ordered.push(product);
  }
  return [...ordered, ...byId.values()];
}

/** Stores a new whole catalogue and its snapshot, then points the shop at both. @returns the snapshot's SHA-256 */
export async function publishCatalogue(env: Env, shop: Shop, products: readonly Product[], nowMs: number): Promise<string> {
  const text = JSON.stringify(products);
  const catalogueSha256 = await sha256Hex(text);
  await env.FILES.put(catalogueObject(shop.id, catalogueSha256), text);
  const popularIds = await popularItems(env, shop);
  const snapshot = await storeSnapshot(env, shop, products, popularIds, nowMs);
  await setSnapshot(env.DB, shop.id, catalogueSha256, snapshot, nowMs);
  return snapshot.sha256;
}

/** Puts a shop's snapshot in today's order of popularity, if that differs from the published one. */
export async function republishSnapshot(env: Env, shopId: string, nowMs: number): Promise<void> {
  const shop = await shopById(env.DB, shopId);
  if (!shop || shop.catalogueSha256 === null) return;
  const products = await readCatalogue(env, shop);
  const popularIds = await popularItems(env, shop);
  const { cardsSha256 } = await cardsOf(products, popularIds);
  if (cardsSha256 === (await currentCardsSha256(env.DB, shop.id))) return;
  const snapshot = await storeSnapshot(env, shop, products, popularIds, nowMs);
  await setSnapshot(env.DB, shop.id, shop.catalogueSha256, snapshot, nowMs, shop.catalogueSha256);
}

/** The whole catalogue, as it was given; empty before the first. */
export async function readCatalogue(env: Env, shop: Shop): Promise<Product[]> {
  if (shop.catalogueSha256 === null) return [];
  const object = await env.FILES.get(catalogueObject(shop.id, shop.catalogueSha256));
  if (!object) throw new MissingObjectError(`the catalogue ${shop.catalogueSha256} of ${shop.id} is not in R2`);
  return object.json<Product[]>();
}

/** An object that D1 points at is gone from R2. */
export class MissingObjectError extends Error {
  override name = "MissingObjectError";
}

async function storeSnapshot(env: Env, shop: Shop, products: readonly Product[], popularIds: readonly string[], nowMs: number) {
  const { cards, cardsSha256 } = await cardsOf(products, popularIds);
  const snapshot: CatalogueSnapshot = { shop: shop.id, currency: shop.currency, createdAtMs: nowMs, cards };
  const bytes = new TextEncoder().encode(JSON.stringify(snapshot));
  const sha256 = await sha256Hex(bytes);
  await env.FILES.put(snapshotObject(shop.id, sha256), bytes);
  return { sha256, bytes: bytes.byteLength, products: cards.length, cardsSha256 };
}

async function cardsOf(products: readonly Product[], popularIds: readonly string[]): Promise<{ cards: Card[]; cardsSha256: string }> {
  const cards = orderByPopularity(products, popularIds).slice(0, MAX_SNAPSHOT_CARDS).map(toCard);
  return { cards, cardsSha256: await sha256Hex(JSON.stringify(cards)) };
}
