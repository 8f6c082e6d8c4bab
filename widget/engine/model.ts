/** Gets the shop's model onto the device: verified by the manifest's signature, kept for when a newer one is refused. */
import { routes, type ShopConfig } from "../../core/api.ts";
import { sha256Hex } from "../../core/ids.ts";
import { readModel, type Model } from "../../core/model/config.ts";
import { WeightsFormatError } from "../../core/weights/format.ts";
import { fileFor } from "../../core/weights/head.ts";
import { openManifest, type HeadName, type Manifest, type ManifestRefusal, type SignedManifest } from "../../core/weights/manifest.ts";
import type { Downloaded, PartsCache } from "./download.ts";
import { createVerify } from "./ed25519.ts";

/** The last good version of each shop's model, with what is needed to judge it again. */
export interface CachedWeights {
  sha256: string;
  version: number;
  manifest: SignedManifest;
  bytes: ArrayBuffer;
}
export interface WeightsCache {
  get(shop: string): Promise<CachedWeights | undefined>;
  put(shop: string, entry: CachedWeights): Promise<void>;
  delete(shop: string): Promise<void>;
  /** Of a version that is on its way. */
  parts: PartsCache;
}

export type ModelRefusal = ManifestRefusal | "no-model" | "insecure-context" | "download-failed" | "size-mismatch" | "hash-mismatch" | "malformed-weights";
export interface Refused {
  ok: false;
  reason: ModelRefusal;
  /** For a person. */
  message: string;
}
export interface LoadedModel {
  ok: true;
  model: Model;
  version: number;
  /** The weights file; `model` holds views into it. */
  bytes: ArrayBuffer;
  /** False where the model is the head of a large shop's. */
  whole: boolean;
  /** Why the published version is not the one that was loaded; the last good one stands in. */
  refused?: Refused;
  /** The published version is another and has not been fetched yet, as was asked; the last good one stands in. */
  newer?: true;
}

export interface LoadOptions {
  config: Pick<ShopConfig, "shop" | "manifest">;
  /** The edge's origin. */
  edge: string;
  /** Fingerprints of the keys that the tag trusts. */
  signers: readonly string[];
  fetch: typeof fetch;
  cache: WeightsCache;
  /** Which part of a large shop's model this device can afford. */
  head: HeadName;
  nowMs: number;
  /** Whether a version that is not on the device may wait, where another good one is. */
  later?: boolean;
  /** The platform's; a test may pass its own. */
  subtle?: SubtleCrypto;
}

/**
 * Loads the published model. The cached version is judged by the same rules as a new one (its signer may have been
 * dropped, it may have expired), and no version below it is accepted. Without a published model (none yet, or paused
 * by the merchant) there is none, cached or not.
 */
export async function loadModel(options: LoadOptions): Promise<LoadedModel | Refused> {
  const { config, signers, cache, head, nowMs, subtle = globalThis.crypto?.subtle } = options;
  if (!config.manifest) return refuse("no-model", "the shop has no published model, or has paused it");
  if (!subtle) return refuse("insecure-context", "signatures can only be checked on pages served over HTTPS");
  const { shop } = config;
  const verify = await createVerify(subtle);
  const judge = (manifest: SignedManifest, minVersion: number) => openManifest(manifest, { fingerprints: signers, shop, minVersion, nowMs }, verify);

  const cached = await cache.get(shop).catch(() => undefined);
  const published = await judge(config.manifest, cached?.version ?? 1);
  let refusal: Refused;
  if (!published.ok) refusal = published;
  else if (cached && cached.sha256 === fileFor(published.manifest, head).sha256) {
    const loaded = await read(published.manifest, head, cached.bytes);
    if (loaded.ok) {
      if (loaded.version !== cached.version) await keep(cache, shop, loaded, fileFor(published.manifest, head), config.manifest);
      return loaded;
    }
    // Damaged on disk: as if it had never been there.
    await cache.delete(shop).catch(() => {});
    const fresh = await fetchModel(published.manifest, options);
    if (fresh.ok) await keep(cache, shop, fresh, fileFor(published.manifest, head), config.manifest);
    return fresh;
  } else {
    const good = options.later && (await lastGood(cached, head, judge));
    if (good) return { ...good, newer: true };
    const loaded = await fetchModel(published.manifest, options);
    if (loaded.ok) {
      await keep(cache, shop, loaded, fileFor(published.manifest, head), config.manifest);
      return loaded;
    }
    refusal = loaded;
  }
  const good = await lastGood(cached, head, judge);
  return good ? { ...good, refused: refusal } : refusal;
}

async function lastGood(cached: CachedWeights | undefined, head: HeadName, judge: (manifest: SignedManifest, minVersion: number) => ReturnType<typeof openManifest>): Promise<LoadedModel | undefined> {
  if (!cached) return undefined;
  const opened = await judge(cached.manifest, 1);
  if (!opened.ok) return undefined;
  const loaded = await read(opened.manifest, head, cached.bytes);
  return loaded.ok ? loaded : undefined;
}

async function fetchModel(manifest: Manifest, { head, edge, fetch, cache: { parts } }: LoadOptions): Promise<LoadedModel | Refused> {
  const { sha256, bytes } = fileFor(manifest, head);
  for (let again = true; ; again = false) {
    let downloaded: Downloaded;
    try {
      // Most pages find the model on the device.
      const { download } = await import("./download.ts");
      downloaded = await download({ url: `${edge}${routes.file(sha256)}`, sha256, bytes, fetch, parts });
    } catch (error) {
      return refuse("download-failed", `the weights of version ${manifest.version} did not arrive: ${String(error)}`);
    }
    const loaded = await read(manifest, head, downloaded.bytes);
    // Whole, or of no use. Wrong parts are not told from a wrong file but by another download.
    await parts.clear().catch(() => {});
    if (loaded.ok || !downloaded.resumed || !again) return loaded;
  }
}

/** Checks size and hash before anything reads the bytes. */
async function read(manifest: Manifest, head: HeadName, bytes: ArrayBuffer): Promise<LoadedModel | Refused> {
  const { version } = manifest;
  const weights = fileFor(manifest, head);
  if (bytes.byteLength !== weights.bytes) return refuse("size-mismatch", `the weights of version ${version} have ${bytes.byteLength} bytes, the manifest says ${weights.bytes}`);
  const sha256 = await sha256Hex(new Uint8Array(bytes));
  if (sha256 !== weights.sha256) return refuse("hash-mismatch", `the weights of version ${version} hash to ${sha256}, the manifest says ${weights.sha256}`);
  try {
    return { ok: true, model: readModel(new Uint8Array(bytes)), version, bytes, whole: weights.whole };
  } catch (error) {
    if (!(error instanceof WeightsFormatError)) throw error;
    return refuse("malformed-weights", `the weights of version ${version}: ${error.message}`);
  }
}

/** A full or forbidden storage must not cost the shopper the model: the next page downloads it again. */
async function keep(cache: WeightsCache, shop: string, { version, bytes }: LoadedModel, { sha256 }: { sha256: string }, signed: SignedManifest): Promise<void> {
  await cache.put(shop, { sha256, version, manifest: signed, bytes }).catch(() => {});
}
function refuse(reason: ModelRefusal, message: string): Refused {
  return { ok: false, reason, message };
}
