/** The shops: who they are, what they allow, and which catalogue is theirs now. */
import type { CreateShopRequest, ShopConfig } from "../../core/api.ts";
import type { Placement } from "../../core/slate.ts";
import type { Layout } from "../ledger/layout.ts";

export interface Shop {
  id: string;
  name: string;
  currency: string;
  locale: string;
  timeZone: string;
  origins: string[];
  signers: string[];
  holdoutShare: number;
  placements: Placement[];
  writeKey: string;
  modelsPaused: boolean;
  createdAtMs: number;
  /** The whole catalogue, private; null before the first one. */
  catalogueSha256: string | null;
  /** Its public cards; null before the first catalogue. */
  snapshot: NonNullable<ShopConfig["catalogue"]> | null;
  /** How long it keeps what tells of single shoppers; null: until they are erased. */
  retentionDays: number | null;
  /** How its ledger is spread over Durable Objects. */
  layout: Layout;
}

interface ShopRow {
  id: string; name: string; currency: string; locale: string; time_zone: string; origins: string; signers: string; holdout_share: number;
  placements: string; write_key: string; models_paused: number; created_at_ms: number; catalogue_sha256: string | null;
  snapshot_sha256: string | null; bytes: number | null; products: number | null;
  ledger_shards: number; ledger_shards_before: number; ledger_shards_ever: number; retention_days: number | null;
}

const SELECT_SHOP = `SELECT shop.*, snapshot.bytes, snapshot.products FROM shop
  LEFT JOIN snapshot ON snapshot.shop = shop.id AND snapshot.sha256 = shop.snapshot_sha256`;

export async function shopById(db: D1Database, id: string): Promise<Shop | null> {
  return toShop(await db.prepare(`${SELECT_SHOP} WHERE shop.id = ?1`).bind(id).first<ShopRow>());
}

export async function shopByWriteKey(db: D1Database, writeKey: string): Promise<Shop | null> {
  return toShop(await db.prepare(`${SELECT_SHOP} WHERE shop.write_key = ?1`).bind(writeKey).first<ShopRow>());
}

export async function shopIds(db: D1Database): Promise<string[]> {
  const { results } = await db.prepare(`SELECT id FROM shop ORDER BY id`).all<{ id: string }>();
  return results.map(({ id }) => id);
}

/** @returns false when the id is taken */
export async function insertShop(db: D1Database, shop: Required<CreateShopRequest> & { writeKey: string; tokenSha256: string; nowMs: number }): Promise<boolean> {
  if (await db.prepare(`SELECT 1 FROM shop WHERE id = ?1`).bind(shop.id).first()) return false;
  await db.batch([
    db.prepare(`INSERT INTO shop (id, name, currency, locale, time_zone, origins, signers, holdout_share, placements, write_key, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`)
      .bind(shop.id, shop.name, shop.currency, shop.locale, shop.timeZone, JSON.stringify(shop.origins), JSON.stringify(shop.signers), shop.holdoutShare, JSON.stringify(shop.placements), shop.writeKey, shop.nowMs),
    db.prepare(`INSERT INTO merchant_token (token_sha256, shop, created_at_ms) VALUES (?1, ?2, ?3)`).bind(shop.tokenSha256, shop.id, shop.nowMs),
  ]);
  return true;
}

export async function setModelsPaused(db: D1Database, shop: string, paused: boolean): Promise<void> {
  await db.prepare(`UPDATE shop SET models_paused = ?2 WHERE id = ?1`).bind(shop, paused ? 1 : 0).run();
}

/** How a shop's ledger is spread, as it is written now. */
export async function currentLayout(db: D1Database, shop: string): Promise<Layout> {
  const row = await db.prepare(`SELECT ledger_shards AS shards, ledger_shards_before AS before, ledger_shards_ever AS ever FROM shop WHERE id = ?1`).bind(shop).first<Layout>();
  return row!;
}

/**
 * Says where clients are to belong from now on.
 * @returns the layout, whose clients may have yet to move; null while those of the change before are moving
 */
export async function changeLayout(db: D1Database, shop: string, shards: number): Promise<Layout | null> {
  return db
    .prepare(`UPDATE shop SET ledger_shards = ?2, ledger_shards_ever = max(ledger_shards_ever, ?2) WHERE id = ?1 AND (ledger_shards = ledger_shards_before OR ledger_shards = ?2)
      RETURNING ledger_shards AS shards, ledger_shards_before AS before, ledger_shards_ever AS ever`)
    .bind(shop, shards)
    .first<Layout>();
}

/** Notes that every client is where it belongs. */
export async function settleLayout(db: D1Database, shop: string): Promise<void> {
  await db.prepare(`UPDATE shop SET ledger_shards_before = ledger_shards WHERE id = ?1`).bind(shop).run();
}

/** What an owner may change of a shop. */
export async function updateShop(db: D1Database, shop: Pick<Shop, "id" | "name" | "locale" | "timeZone" | "origins" | "signers" | "holdoutShare" | "placements" | "retentionDays">): Promise<void> {
  await db
    .prepare(`UPDATE shop SET name = ?2, locale = ?3, time_zone = ?4, origins = ?5, signers = ?6, holdout_share = ?7, placements = ?8, retention_days = ?9 WHERE id = ?1`)
    .bind(shop.id, shop.name, shop.locale, shop.timeZone, JSON.stringify(shop.origins), JSON.stringify(shop.signers), shop.holdoutShare, JSON.stringify(shop.placements), shop.retentionDays)
    .run();
}

/** The secret that a shop's Shopify signs with; null without one. */
export async function shopifySecret(db: D1Database, shop: string): Promise<string | null> {
  const row = await db.prepare(`SELECT shopify_secret FROM shop WHERE id = ?1`).bind(shop).first<{ shopify_secret: string | null }>();
  return row?.shopify_secret ?? null;
}

export async function setShopifySecret(db: D1Database, shop: string, secret: string): Promise<void> {
  await db.prepare(`UPDATE shop SET shopify_secret = ?2 WHERE id = ?1`).bind(shop, secret).run();
}

export interface SnapshotRecord {
  sha256: string;
  bytes: number;
  products: number;
  cardsSha256: string;
}

/** The digest of the current snapshot's cards. */
export async function currentCardsSha256(db: D1Database, shop: string): Promise<string | null> {
  const row = await db.prepare(`SELECT cards_sha256 FROM shop JOIN snapshot ON snapshot.shop = shop.id AND snapshot.sha256 = snapshot_sha256 WHERE shop.id = ?1`).bind(shop).first<{ cards_sha256: string }>();
  return row?.cards_sha256 ?? null;
}

/** Makes a snapshot public that another one names. */
export async function keepSnapshot(db: D1Database, shop: string, snapshot: SnapshotRecord, nowMs: number): Promise<void> {
  await insertSnapshot(db, shop, snapshot, nowMs).run();
}

function insertSnapshot(db: D1Database, shop: string, { sha256, bytes, products, cardsSha256 }: SnapshotRecord, nowMs: number): D1PreparedStatement {
  return db.prepare(`INSERT OR IGNORE INTO snapshot (shop, sha256, bytes, products, cards_sha256, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)`).bind(shop, sha256, bytes, products, cardsSha256, nowMs);
}

/**
 * Points the shop at a snapshot and the catalogue it was made of, in one transaction.
 * @param expectedCatalogue when given, nothing changes if another catalogue has become current meanwhile
 */
export async function setSnapshot(db: D1Database, shop: string, catalogueSha256: string, snapshot: SnapshotRecord, nowMs: number, expectedCatalogue?: string): Promise<void> {
  await db.batch([
    insertSnapshot(db, shop, snapshot, nowMs),
    db.prepare(`UPDATE shop SET catalogue_sha256 = ?2, snapshot_sha256 = ?3 WHERE id = ?1 AND (?4 IS NULL OR catalogue_sha256 = ?4)`)
      .bind(shop, catalogueSha256, snapshot.sha256, expectedCatalogue ?? null),
  ]);
}

function toShop(row: ShopRow | null): Shop | null {
  if (!row) return null;
  return {
    id: row.id,
    name: row.name,
    currency: row.currency,
    locale: row.locale,
    timeZone: row.time_zone,
    origins: JSON.parse(row.origins) as string[],
    signers: JSON.parse(row.signers) as string[],
    holdoutShare: row.holdout_share,
    placements: JSON.parse(row.placements) as Placement[],
    writeKey: row.write_key,
    modelsPaused: row.models_paused !== 0,
    createdAtMs: row.created_at_ms,
    catalogueSha256: row.catalogue_sha256,
    retentionDays: row.retention_days,
    layout: { shards: row.ledger_shards, before: row.ledger_shards_before, ever: row.ledger_shards_ever },
    snapshot: row.snapshot_sha256 === null ? null : { sha256: row.snapshot_sha256, bytes: row.bytes!, products: row.products! },
  };
}
