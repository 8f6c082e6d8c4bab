/** Public catalogue snapshots: a shop's cards in order of popularity, immutable and named by content. */
import type { CatalogueSnapshot } from "../core/api.ts";
import type { Card } from "../core/catalogue.ts";
import { sha256Hex } from "../core/ids.ts";
import { readModel } from "../core/model/config.ts";
import { cardBytes, HEAD_BYTES, rowBytes, WHOLE_SHOP_PRODUCTS } from "../core/weights/head.ts";
import { parseManifest, type HeadName } from "../core/weights/manifest.ts";
import { readAllCards, writeAllCards, type AllCards } from "./all-cards.ts";
import { createCatalogueWriter, readIndex, readProducts, type CardText } from "./catalogue/store.ts";
import { allCardsObject, currentManifest, snapshotObject, weightsObject } from "./db/models.ts";
import { currentCardsSha256, keepSnapshot, setSnapshot, shopById, type Shop } from "./db/shops.ts";
import type { Env } from "./env.ts";
import { popularItems } from "./shards.ts";

/** Cards that devices are given of a shop whose model has no heads: all of a small shop's, the most popular of a large one's. */
export const MAX_SNAPSHOT_CARDS = 5_000;

/** Products that nobody has acted on come last, in the catalogue's own order. */
export function orderByPopularity(ids: readonly string[], popularIds: readonly string[]): string[] {
  const left = new Set(ids);
  const ordered = popularIds.filter((id) => left.delete(id));
  return [...ordered, ...left];
}

/** Stores the cards and the snapshot of a catalogue that lies in R2, then points the shop at both. @returns the snapshot's SHA-256 */
export async function publishCards(env: Env, shop: Shop, catalogue: { sha256: string; ids: string[]; cards: CardText }, nowMs: number): Promise<string> {
  const name = allCardsObject(shop.id, catalogue.sha256);
  await writeAllCards(env, name, catalogue.ids, catalogue.cards);
  const cards = await cardsAt(env, shop, catalogue.sha256);
  const snapshot = await storeSnapshot(env, shop, cards, await popularItems(env, shop), nowMs);
  await setSnapshot(env.DB, shop.id, catalogue.sha256, snapshot, nowMs);
  return snapshot.sha256;
}

/** Puts a shop's snapshot in today's order of popularity, if that differs from the published one. */
export async function republishSnapshot(env: Env, shopId: string, nowMs: number): Promise<void> {
  const shop = await shopById(env.DB, shopId);
  if (!shop || shop.catalogueSha256 === null) return;
  const products = await cardsAt(env, shop, shop.catalogueSha256);
  const popularIds = await popularItems(env, shop);
  const { cardsSha256 } = await cardsOf(env, shop, products, popularIds);
  if (cardsSha256 === (await currentCardsSha256(env.DB, shop.id))) return;
  const snapshot = await storeSnapshot(env, shop, products, popularIds, nowMs);
  await setSnapshot(env.DB, shop.id, shop.catalogueSha256, snapshot, nowMs, shop.catalogueSha256);
}

/** The cards of a catalogue; written now where it was imported before there were such files. */
async function cardsAt(env: Env, shop: Shop, sha256: string): Promise<AllCards> {
  const name = allCardsObject(shop.id, sha256);
  const stored = await readAllCards(env, name);
  if (stored) return stored;
  const writer = createCatalogueWriter(env, shop.id);
  for await (const product of readProducts(env, shop.id, await readIndex(env, shop.id, sha256))) await writer.add(product);
  const { index, cards } = await writer.finish();
  await writeAllCards(env, name, index.ids, cards);
  return (await readAllCards(env, name))!;
}

async function storeSnapshot(env: Env, shop: Shop, products: AllCards, popularIds: readonly string[], nowMs: number) {
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
async function cardsOf(env: Env, shop: Shop, products: AllCards, popularIds: readonly string[]): Promise<{ first: Card[]; rest: Card[]; cardsSha256: string }> {
  const ordered = orderByPopularity(products.ids, popularIds);
  const card = (id: string) => products.find(id)!;
  const light = await cardsOfHead(env, shop, ordered, card, "light");
  const popular = () => ordered.slice(0, MAX_SNAPSHOT_CARDS).map(card);
  const first = light ?? popular();
  const given = new Set(first.map(({ id }) => id));
  const rest = light ? ((await cardsOfHead(env, shop, ordered, card, "standard")) ?? popular()).filter(({ id }) => !given.has(id)) : [];
  return { first, rest, cardsSha256: await sha256Hex(JSON.stringify(rest.length > 0 ? [first, rest] : first)) };
}

/** The cards of one head of the shop's model, as many as its budget has room for beside the rows; null where the model has no such head. */
async function cardsOfHead(env: Env, shop: Shop, ordered: readonly string[], card: (id: string) => Card, name: HeadName): Promise<Card[] | null> {
  if (ordered.length <= WHOLE_SHOP_PRODUCTS) return null;
  const signed = await currentManifest(env.DB, shop.id);
  const manifest = signed && parseManifest(signed.payload);
  const head = manifest?.ok ? manifest.value.heads?.find((one) => one.name === name) : undefined;
  const object = head && (await env.FILES.get(weightsObject(shop.id, head.sha256)));
  if (!object) return null;
  const bytes = new Uint8Array(await object.arrayBuffer());
  const model = readModel(bytes);
  const cards = ordered.filter((id) => model.indexOf.has(id)).map(card);
  let left = HEAD_BYTES[name] - rowBytes(model, bytes.byteLength);
  return cards.slice(0, cards.findIndex((card) => (left -= cardBytes(card)) < 0) >>> 0);
}
