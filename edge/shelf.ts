/** What the edge ranks with: a shop's public cards and model, kept in the isolate by content. */
import type { CatalogueSnapshot } from "../core/api.ts";
import type { Card } from "../core/catalogue.ts";
import { readModel, type Model } from "../core/model/config.ts";
import { createShelf, type Shelf } from "../core/ranking/recommend.ts";
import { parseManifest, type Head } from "../core/weights/manifest.ts";
import { readAllCards } from "./all-cards.ts";
import { allCardsObject, currentManifest, snapshotObject, weightsObject } from "./db/models.ts";
import type { Shop } from "./db/shops.ts";
import type { Env } from "./env.ts";
import { MissingObjectError } from "./catalogue/store.ts";

/** Cards and models that one isolate of 128 MB holds; a shop of 100,000 products takes most of it. */
const MAX_SHELF_BYTES = 48 * 1024 * 1024;

/** A shop's shelf at the edge: its cards are those that devices are given, while `cardOf` knows all products. */
export interface EdgeShelf extends Shelf {
  /** Items in each head of the model, most popular first; empty where devices hold all of it. */
  heads: Pick<Head, "name" | "items">[];
}

export interface ShelfCache {
  /** The shelf of a shop as its record says; null before its first catalogue. */
  of(env: Env, shop: Shop): Promise<EdgeShelf | null>;
}

export function createShelfCache(): ShelfCache {
  const shelves = new Map<string, { key: string; bytes: number; shelf: EdgeShelf }>();
  return {
    async of(env, shop) {
      if (!shop.snapshot) return null;
      const signed = shop.modelsPaused ? null : await currentManifest(env.DB, shop.id);
      const key = `${shop.snapshot.sha256} ${signed?.signature ?? ""}`;
      const known = shelves.get(shop.id);
      if (known?.key === key) return known.shelf;
      // Before others are read, so that old and new are not held at once.
      shelves.delete(shop.id);
      const [cards, all, weights] = await Promise.all([
        readCards(env, shop.id, shop.snapshot.sha256),
        shop.catalogueSha256 && readAllCards(env, allCardsObject(shop.id, shop.catalogueSha256)),
        signed && readWeights(env, shop.id, signed.payload),
      ]);
      const shelf = createShelf(cards, weights, all || undefined);
      const entry = { key, bytes: shop.snapshot.bytes + (all ? all.bytes : 0) + (weights?.bytes ?? 0), shelf: { ...shelf, heads: weights?.heads ?? [] } };
      let bytes = entry.bytes;
      for (const held of shelves.values()) bytes += held.bytes;
      for (const [oldest, held] of shelves) {
        if (bytes <= MAX_SHELF_BYTES) break;
        shelves.delete(oldest);
        bytes -= held.bytes;
      }
      shelves.set(shop.id, entry);
      return entry.shelf;
    },
  };
}

/** Those that devices are given, most popular first. */
async function readCards(env: Env, shop: string, sha256: string): Promise<Card[]> {
  const { cards, more } = await readSnapshot(env, shop, sha256);
  return more ? [...cards, ...(await readSnapshot(env, shop, more.sha256)).cards] : cards;
}

async function readSnapshot(env: Env, shop: string, sha256: string): Promise<CatalogueSnapshot> {
  const object = await env.FILES.get(snapshotObject(shop, sha256));
  if (!object) throw new MissingObjectError(`the snapshot ${sha256} of ${shop} is not in R2`);
  return object.json<CatalogueSnapshot>();
}

async function readWeights(env: Env, shop: string, payload: string): Promise<{ model: Model; version: number; heads: Head[]; bytes: number }> {
  const manifest = parseManifest(payload);
  if (!manifest.ok) throw new Error(`the current manifest of ${shop} does not parse: ${manifest.path} ${manifest.message}`);
  const { weights, heads = [], version } = manifest.value;
  const object = await env.FILES.get(weightsObject(shop, weights.sha256));
  if (!object) throw new MissingObjectError(`the weights ${weights.sha256} of ${shop} are not in R2`);
  return { model: readModel(new Uint8Array(await object.arrayBuffer())), version, heads, bytes: weights.bytes };
}
