/** Signs a model and hands it to the edge: the weights first, then the one request that makes them current. */
import { DAY_MS } from "../core/calendar.ts";
import { toCard, type Product } from "../core/catalogue.ts";
import { sha256Hex } from "../core/ids.ts";
import type { Model } from "../core/model/config.ts";
import { headFile, planHeads } from "../core/weights/head.ts";
import { openManifest, signManifest, type Head, type Manifest, type SignedManifest } from "../core/weights/manifest.ts";
import type { ModelRecord } from "../core/api.ts";
import type { EdgeClient } from "./edge-client.ts";
import { verify, type SigningKey } from "./keys.ts";

/** A model that nobody renews stops being served after this. */
const LIFETIME_MS = 90 * DAY_MS;

/** The heads of a large shop's model, for its devices; none of a small one's. @param products the shop's catalogue, whose cards share the heads' budget */
export async function headsOf(model: Model, products: readonly Product[]): Promise<Head[]> {
  const cards = new Map(products.map((product) => [product.id, toCard(product)]));
  return Promise.all(planHeads(model, (id) => cards.get(id)).map(async ({ name, items }) => {
    const file = headFile(model, items);
    return { name, items, sha256: await sha256Hex(file), bytes: file.byteLength };
  }));
}

/** @throws Error if our own signature does not verify, which only a damaged key file can cause */
export async function makeManifest(content: Omit<Manifest, "format" | "createdAtMs" | "expiresAtMs" | "weights">, weights: Uint8Array<ArrayBuffer>, key: SigningKey, nowMs: number): Promise<SignedManifest> {
  const manifest: Manifest = {
    ...content,
    format: "endcap-manifest/1",
    createdAtMs: nowMs,
    expiresAtMs: nowMs + LIFETIME_MS,
    weights: { sha256: await sha256Hex(weights), bytes: weights.byteLength },
  };
  const signed = await signManifest(manifest, key.publicKey, key.sign);
  const opened = await openManifest(signed, { fingerprints: [key.fingerprint], shop: manifest.shop, minVersion: manifest.version, nowMs }, verify);
  if (!opened.ok) throw new Error(`The manifest just signed does not verify (${opened.reason}: ${opened.message}): is the key file damaged?`);
  return signed;
}

/**
 * Publishes. Weights without a manifest are never served, so an interruption in between changes nothing for the shop.
 * @throws EdgeError with the edge's reason when it refuses
 */
export async function publish(client: Pick<EdgeClient, "putWeights" | "publishModel">, shop: string, signed: SignedManifest, weights: Uint8Array<ArrayBuffer>): Promise<ModelRecord> {
  await client.putWeights(shop, await sha256Hex(weights), weights);
  return client.publishModel(shop, signed);
}
