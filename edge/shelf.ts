/** What the edge ranks with: a shop's public cards and model, kept in the isolate by content. */
import type { CatalogueSnapshot } from "../core/api.ts";
import { readModel, type Model } from "../core/model/config.ts";
import { createShelf, type Shelf } from "../core/ranking/recommend.ts";
import { parseManifest } from "../core/weights/manifest.ts";
import { currentManifest, snapshotObject, weightsObject } from "./db/models.ts";
import type { Shop } from "./db/shops.ts";
import type { Env } from "./env.ts";
import { MissingObjectError } from "./snapshot.ts";

/** Shops whose cards and model one isolate holds: a large shop's take about 10 MB. */
const MAX_SHELVES = 6;

export interface ShelfCache {
  /** The shelf of a shop as its record says; null before its first catalogue. */
  of(env: Env, shop: Shop): Promise<Shelf | null>;
}

export function createShelfCache(): ShelfCache {
  const shelves = new Map<string, { key: string; shelf: Shelf }>();
  return {
    async of(env, shop) {
      if (!shop.snapshot) return null;
      const signed = shop.modelsPaused ? null : await currentManifest(env.DB, shop.id);
      const key = `${shop.snapshot.sha256} ${signed?.signature ?? ""}`;
      const known = shelves.get(shop.id);
      if (known?.key === key) return known.shelf;
      const [snapshot, model] = await Promise.all([readSnapshot(env, shop.id, shop.snapshot.sha256), signed ? readWeights(env, shop.id, signed.payload) : null]);
      const shelf = createShelf(snapshot.cards, model);
      if (shelves.size >= MAX_SHELVES) shelves.delete(shelves.keys().next().value!);
      shelves.set(shop.id, { key, shelf });
      return shelf;
    },
  };
}

async function readSnapshot(env: Env, shop: string, sha256: string): Promise<CatalogueSnapshot> {
  const object = await env.FILES.get(snapshotObject(shop, sha256));
  if (!object) throw new MissingObjectError(`the snapshot ${sha256} of ${shop} is not in R2`);
  return object.json<CatalogueSnapshot>();
}

async function readWeights(env: Env, shop: string, payload: string): Promise<{ model: Model; version: number }> {
  const manifest = parseManifest(payload);
  if (!manifest.ok) throw new Error(`the current manifest of ${shop} does not parse: ${manifest.path} ${manifest.message}`);
  const { weights, version } = manifest.value;
  const object = await env.FILES.get(weightsObject(shop, weights.sha256));
  if (!object) throw new MissingObjectError(`the weights ${weights.sha256} of ${shop} are not in R2`);
  return { model: readModel(new Uint8Array(await object.arrayBuffer())), version };
}
