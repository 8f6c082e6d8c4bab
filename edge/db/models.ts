/** The model registry: signed manifests by version, and which files are public. */
import type { ModelRecord, ModelsResponse } from "../../core/api.ts";
import { canonicalJson, parseManifest, type Evaluation, type Head, type SignedManifest } from "../../core/weights/manifest.ts";

/** The signed manifest that the shop's devices use; null before the first model. */
export async function currentManifest(db: D1Database, shop: string): Promise<SignedManifest | null> {
  const row = await db.prepare(`SELECT manifest FROM model WHERE shop = ?1 ORDER BY version DESC LIMIT 1`).bind(shop).first<{ manifest: string }>();
  return row ? (JSON.parse(row.manifest) as SignedManifest) : null;
}

export async function currentVersion(db: D1Database, shop: string): Promise<number> {
  const row = await db.prepare(`SELECT coalesce(max(version), 0) AS version FROM model WHERE shop = ?1`).bind(shop).first<{ version: number }>();
  return row!.version;
}

/**
 * Makes a model current, in one statement.
 * @returns false when one of the same or a higher version has become current meanwhile
 */
export async function insertModel(db: D1Database, model: { shop: string; version: number; sha256: string; manifest: SignedManifest; nowMs: number }): Promise<boolean> {
  const { meta } = await db
    .prepare(`INSERT INTO model (shop, version, sha256, manifest, published_at_ms) SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM model WHERE shop = ?1 AND version >= ?2)`)
    .bind(model.shop, model.version, model.sha256, JSON.stringify(model.manifest), model.nowMs)
    .run();
  return meta.changes === 1;
}

/** Makes the heads of a model public; the same ones again change nothing. */
export async function insertHeads(db: D1Database, shop: string, version: number, heads: readonly Head[]): Promise<void> {
  await db.batch(heads.map(({ sha256 }) => db.prepare(`INSERT OR IGNORE INTO model_head (shop, version, sha256) VALUES (?1, ?2, ?3)`).bind(shop, version, sha256)));
}

/** Whether these weights were current with these very figures before those that are now: then they have passed the gate, and may come back. */
export async function passedBefore(db: D1Database, shop: string, sha256: string, evaluation: Evaluation): Promise<boolean> {
  const { results } = await db.prepare(`SELECT manifest FROM model WHERE shop = ?1 AND sha256 = ?2 AND sha256 <> (SELECT sha256 FROM model WHERE shop = ?1 ORDER BY version DESC LIMIT 1)`).bind(shop, sha256).all<{ manifest: string }>();
  return results.some(({ manifest }) => {
    const earlier = parseManifest((JSON.parse(manifest) as SignedManifest).payload);
    return earlier.ok && canonicalJson(earlier.value.evaluation) === canonicalJson(evaluation);
  });
}

/** @param version null takes the wish back */
export async function requestModel(db: D1Database, shop: string, version: number | null, nowMs: number): Promise<void> {
  if (version === null) await db.prepare(`DELETE FROM model_request WHERE shop = ?1`).bind(shop).run();
  else await db.prepare(`INSERT INTO model_request (shop, version, requested_at_ms) VALUES (?1, ?2, ?3) ON CONFLICT (shop) DO UPDATE SET version = ?2, requested_at_ms = ?3`).bind(shop, version, nowMs).run();
}

/** What the merchant wants served and is not yet; undefined where there is nothing. */
export async function requestedModel(db: D1Database, shop: string): Promise<ModelsResponse["requested"]> {
  const row = await db
    .prepare(`SELECT r.version, r.requested_at_ms AS requestedAtMs FROM model_request r JOIN model wanted ON wanted.shop = r.shop AND wanted.version = r.version
      WHERE r.shop = ?1 AND wanted.sha256 <> (SELECT sha256 FROM model WHERE shop = ?1 ORDER BY version DESC LIMIT 1)`)
    .bind(shop)
    .first<{ version: number; requestedAtMs: number }>();
  return row ?? undefined;
}

/** Every model that was ever current, newest first. */
export async function listModels(db: D1Database, shop: string): Promise<ModelRecord[]> {
  const { results } = await db.prepare(`SELECT manifest, published_at_ms FROM model WHERE shop = ?1 ORDER BY version DESC`).bind(shop).all<{ manifest: string; published_at_ms: number }>();
  return results.map((row, index) => {
    const manifest = parseManifest((JSON.parse(row.manifest) as SignedManifest).payload);
    if (!manifest.ok) throw new Error(`a published manifest of ${shop} does not parse: ${manifest.path} ${manifest.message}`);
    const { version, createdAtMs, weights, training, evaluation } = manifest.value;
    return { version, createdAtMs, publishedAtMs: row.published_at_ms, sha256: weights.sha256, bytes: weights.bytes, items: training.items, evaluation, training, current: index === 0 };
  });
}

/** Where a public file lies in R2, and what it is; null for files that no shop has published. */
export async function publicFile(db: D1Database, sha256: string): Promise<{ object: string; kind: "weights" | "snapshot" } | null> {
  const row = await db
    .prepare(`SELECT shop, 'weights' AS kind FROM model WHERE sha256 = ?1 UNION ALL SELECT shop, 'weights' AS kind FROM model_head WHERE sha256 = ?1 UNION ALL SELECT shop, 'snapshot' AS kind FROM snapshot WHERE sha256 = ?1 LIMIT 1`)
    .bind(sha256)
    .first<{ shop: string; kind: "weights" | "snapshot" }>();
  return row ? { kind: row.kind, object: row.kind === "weights" ? weightsObject(row.shop, sha256) : snapshotObject(row.shop, sha256) } : null;
}

export function weightsObject(shop: string, sha256: string): string {
  return `weights/${shop}/${sha256}`;
}
export function snapshotObject(shop: string, sha256: string): string {
  return `snapshots/${shop}/${sha256}`;
}
/** The cards of all products of a large shop. */
export function allCardsObject(shop: string, catalogueSha256: string): string {
  return `cards/${shop}/${catalogueSha256}`;
}
/** The whole catalogue of a shop, with what its shoppers must not know. */
export function catalogueObject(shop: string, sha256: string): string {
  return `catalogues/${shop}/${sha256}`;
}
/** Everything of a shop in R2 begins with one of these. */
export function objectPrefixes(shop: string): string[] {
  return ["weights", "snapshots", "cards", "catalogues", "segments"].map((folder) => `${folder}/${shop}/`);
}
