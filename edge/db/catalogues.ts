/** The versions of shops' catalogues, and the addresses that some are fetched from. */
import type { CatalogueFeed, CatalogueReport, CatalogueVersion } from "../../core/api.ts";
import type { FeedFormat } from "../../core/feeds/feed.ts";

/** Notes a version that has become current. @returns its number, from 1 */
export async function recordVersion(db: D1Database, shop: string, version: { sha256: string; source: "upload" | "feed"; report: CatalogueReport; nowMs: number }): Promise<number> {
  const row = await db
    .prepare(`INSERT INTO catalogue_version (shop, version, sha256, source, report, created_at_ms)
      SELECT ?1, coalesce(max(version), 0) + 1, ?2, ?3, ?4, ?5 FROM catalogue_version WHERE shop = ?1 RETURNING version`)
    .bind(shop, version.sha256, version.source, JSON.stringify(version.report), version.nowMs)
    .first<{ version: number }>();
  return row!.version;
}

/** The newest first, at most 100. */
export async function listVersions(db: D1Database, shop: string): Promise<CatalogueVersion[]> {
  const { results } = await db
    .prepare(`SELECT version, source, report, created_at_ms FROM catalogue_version WHERE shop = ?1 ORDER BY version DESC LIMIT 100`)
    .bind(shop)
    .all<{ version: number; source: "upload" | "feed"; report: string; created_at_ms: number }>();
  return results.map(({ version, source, report, created_at_ms }) => ({ version, source, createdAtMs: created_at_ms, report: { ...(JSON.parse(report) as CatalogueReport), version } }));
}

interface FeedRow {
  shop: string; url: string; format: FeedFormat | null; every_minutes: number; grace_days: number; etag: string | null; last_modified: string | null;
  next_at_ms: number; last_at_ms: number | null; last_outcome: string | null; last_message: string | null; failures: number;
}

/** A feed with what its server said of the version fetched last. */
export interface StoredFeed extends CatalogueFeed {
  shop: string;
  etag: string | null;
  lastModified: string | null;
}

export async function feedOf(db: D1Database, shop: string): Promise<StoredFeed | null> {
  const row = await db.prepare(`SELECT * FROM catalogue_feed WHERE shop = ?1`).bind(shop).first<FeedRow>();
  return row && toFeed(row);
}

/** How often in a row each shop's feed could not be taken. */
export async function feedFailures(db: D1Database): Promise<{ shop: string; failures: number }[]> {
  return (await db.prepare(`SELECT shop, failures FROM catalogue_feed ORDER BY shop`).all<{ shop: string; failures: number }>()).results;
}

/** Those whose time has come, the longest waiting first. */
export async function dueFeeds(db: D1Database, nowMs: number): Promise<StoredFeed[]> {
  const { results } = await db.prepare(`SELECT * FROM catalogue_feed WHERE next_at_ms <= ?1 ORDER BY next_at_ms LIMIT 50`).bind(nowMs).all<FeedRow>();
  return results.map(toFeed);
}

export async function setFeed(db: D1Database, shop: string, feed: Pick<CatalogueFeed, "url" | "format" | "everyMinutes" | "graceDays">, nowMs: number): Promise<void> {
  await db
    .prepare(`INSERT OR REPLACE INTO catalogue_feed (shop, url, format, every_minutes, grace_days, next_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)`)
    .bind(shop, feed.url, feed.format, feed.everyMinutes, feed.graceDays, nowMs)
    .run();
}

export async function deleteFeed(db: D1Database, shop: string): Promise<void> {
  await db.prepare(`DELETE FROM catalogue_feed WHERE shop = ?1`).bind(shop).run();
}

/** Notes how a fetch went, and when the next is due. */
export async function noteFetch(db: D1Database, shop: string, fetched: { atMs: number; nextAtMs: number; outcome: string; message: string | null; failures: number; etag: string | null; lastModified: string | null }): Promise<void> {
  await db
    .prepare(`UPDATE catalogue_feed SET last_at_ms = ?2, next_at_ms = ?3, last_outcome = ?4, last_message = ?5, failures = ?6, etag = ?7, last_modified = ?8 WHERE shop = ?1`)
    .bind(shop, fetched.atMs, fetched.nextAtMs, fetched.outcome, fetched.message, fetched.failures, fetched.etag, fetched.lastModified)
    .run();
}

function toFeed(row: FeedRow): StoredFeed {
  return {
    shop: row.shop, url: row.url, format: row.format, everyMinutes: row.every_minutes, graceDays: row.grace_days, etag: row.etag, lastModified: row.last_modified,
    nextAtMs: row.next_at_ms, lastAtMs: row.last_at_ms, lastOutcome: row.last_outcome, lastMessage: row.last_message, failures: row.failures,
  };
}
