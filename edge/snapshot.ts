/** Public catalogue snapshots: a shop's cards in order of popularity, immutable and named by content. */
import type { CatalogueSnapshot } from "../core/api.ts";
import { toCard, type Card, type Product } from "../core/catalogue.ts";
import { sha256Hex } from "../core/ids.ts";
import { readModel } from "../core/model/config.ts";
import { cardBytes, HEAD_BYTES, rowBytes, WHOLE_SHOP_PRODUCTS } from "../core/weights/head.ts";
import { parseManifest, type HeadName } from "../core/weights/manifest.ts";
import { writeAllCards } from "./all-cards.ts";
import { allCardsObject, catalogueObject, currentManifest, snapshotObject, weightsObject } from "./db/models.ts";
import { currentCardsSha256, keepSnapshot, setSnapshot, shopById, type Shop } from "./db/shops.ts";
import type { Env } from "./env.ts";
import { popularItems } from "./shards.ts";

/** Cards that devices are given of a shop whose model has no heads: all of a small shop's, the most popular of a large one's. */
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
  if (products.length > WHOLE_SHOP_PRODUCTS) await env.FILES.put(allCardsObject(shop.id, catalogueSha256), writeAllCards(products));
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
  const { cardsSha256 } = await cardsOf(env, shop, products, popularIds);
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
  const { first, rest, cardsSha256 } = await cardsOf(env, shop, products, popularIds);
  const store = async (cards: Card[], more?: CatalogueSnapshot["more"]) => {
    const snapshot: CatalogueSnapshot = { shop: shop.id, currency: shop.currency, createdAtMs: nowMs, cards, ...(more && { more }) };
    const bytes = new TextEncoder().encode(JSON.stringify(snapshot));
    const sha256 = await sha256Hex(bytes);
    await env.FILES.put(snapshotObject(shop.id, sha256), bytes);
    return { sha256, bytes: bytes.byteLength, products: cards.length };
  };
  if (rest.length === 0) return { ...(await store(first)), cardsSha256 };
  const more = await store(rest);
  await keepSnapshot(env.DB, shop.id, { ...more, cardsSha256: await sha256Hex(JSON.stringify(rest)) }, nowMs);
  return { ...(await store(first, more)), cardsSha256 };
}

/** What devices are given first, and what those that can afford it are given beside it. */
async function cardsOf(env: Env, shop: Shop, products: readonly Product[], popularIds: readonly string[]): Promise<{ first: Card[]; rest: Card[]; cardsSha256: string }> {
  const ordered = orderByPopularity(products, popularIds);
  const light = await cardsOfHead(env, shop, ordered, "light");
  const popular = () => ordered.slice(0, MAX_SNAPSHOT_CARDS).map(toCard);
  const first = light ?? popular();
  const given = new Set(first.map(({ id }) => id));
  const rest = light ? ((await cardsOfHead(env, shop, ordered, "standard")) ?? popular()).filter(({ id }) => !given.has(id)) : [];
  return { first, rest, cardsSha256: await sha256Hex(JSON.stringify(rest.length > 0 ? [first, rest] : first)) };
}

/** The cards of one head of the shop's model, as many as its budget has room for beside the rows; null where the model has no such head. */
async function cardsOfHead(env: Env, shop: Shop, ordered: readonly Product[], name: HeadName): Promise<Card[] | null> {
  if (ordered.length <= WHOLE_SHOP_PRODUCTS) return null;
  const signed = await currentManifest(env.DB, shop.id);
  const manifest = signed && parseManifest(signed.payload);
  const head = manifest?.ok ? manifest.value.heads?.find((one) => one.name === name) : undefined;
  const object = head && (await env.FILES.get(weightsObject(shop.id, head.sha256)));
  if (!object) return null;
  const bytes = new Uint8Array(await object.arrayBuffer());
  const model = readModel(bytes);
  const cards = ordered.filter(({ id }) => model.indexOf.has(id)).map(toCard);
  let left = HEAD_BYTES[name] - rowBytes(model, bytes.byteLength);
  return cards.slice(0, cards.findIndex((card) => (left -= cardBytes(card)) < 0) >>> 0);
}
