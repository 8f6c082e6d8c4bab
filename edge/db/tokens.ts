/** Who may act for a shop: merchant tokens, one-time login tokens, sessions. All are stored as SHA-256. */
import { createId, sha256Hex } from "../../core/ids.ts";
import { SCOPES, type Scope, type TokenRecord } from "../../core/merchant-api.ts";

/** A new secret of 128 random bits. */
export function createToken(): string {
  return createId();
}

/** What is known of a token that is good now. */
export interface Grant {
  shop: string;
  scopes: readonly Scope[];
}

/** How much of a token's SHA-256 names it: enough to tell a shop's tokens apart, and no help in guessing one. */
const ID_DIGITS = 16;

export async function grantOfMerchantToken(db: D1Database, token: string, nowMs: number): Promise<Grant | null> {
  const row = await db
    .prepare(`SELECT shop, scopes FROM merchant_token WHERE token_sha256 = ?1 AND (expires_at_ms IS NULL OR expires_at_ms > ?2)`)
    .bind(await sha256Hex(token), nowMs)
    .first<{ shop: string; scopes: string | null }>();
  return row && { shop: row.shop, scopes: row.scopes === null ? SCOPES : (JSON.parse(row.scopes) as Scope[]) };
}

/** A shop's tokens that are good now, the oldest first. */
export async function listTokens(db: D1Database, shop: string, nowMs: number): Promise<TokenRecord[]> {
  const { results } = await db
    .prepare(`SELECT substr(token_sha256, 1, ${ID_DIGITS}) AS id, name, scopes, created_at_ms, expires_at_ms FROM merchant_token
      WHERE shop = ?1 AND (expires_at_ms IS NULL OR expires_at_ms > ?2) ORDER BY created_at_ms, token_sha256`)
    .bind(shop, nowMs)
    .all<{ id: string; name: string; scopes: string | null; created_at_ms: number; expires_at_ms: number | null }>();
  return results.map(({ id, name, scopes, created_at_ms, expires_at_ms }) => ({ id, name, scopes: scopes === null ? [...SCOPES] : (JSON.parse(scopes) as Scope[]), createdAtMs: created_at_ms, expiresAtMs: expires_at_ms }));
}

/** @returns the token's id */
export async function insertMerchantToken(db: D1Database, shop: string, token: string, record: Omit<TokenRecord, "id">): Promise<string> {
  const hash = await sha256Hex(token);
  await db
    .prepare(`INSERT INTO merchant_token (token_sha256, shop, created_at_ms, name, scopes, expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)`)
    .bind(hash, shop, record.createdAtMs, record.name, record.scopes.length === SCOPES.length ? null : JSON.stringify(record.scopes), record.expiresAtMs)
    .run();
  return hash.slice(0, ID_DIGITS);
}

/** Lets a token end, now or later. @returns false when the shop has none of this id */
export async function endToken(db: D1Database, shop: string, id: string, atMs: number): Promise<boolean> {
  const { meta } = await db
    .prepare(`UPDATE merchant_token SET expires_at_ms = min(coalesce(expires_at_ms, ?3), ?3) WHERE shop = ?1 AND substr(token_sha256, 1, ${ID_DIGITS}) = ?2`)
    .bind(shop, id, atMs)
    .run();
  return meta.changes > 0;
}

export async function insertLoginToken(db: D1Database, shop: string, token: string, expiresAtMs: number): Promise<void> {
  await db.prepare(`INSERT INTO login_token (token_sha256, shop, expires_at_ms) VALUES (?1, ?2, ?3)`).bind(await sha256Hex(token), shop, expiresAtMs).run();
}

/** Uses a login token up. @returns its shop, for the first use in time only */
export async function takeLoginToken(db: D1Database, token: string, nowMs: number): Promise<string | null> {
  return shopOf(await db.prepare(`DELETE FROM login_token WHERE token_sha256 = ?1 AND expires_at_ms > ?2 RETURNING shop`).bind(await sha256Hex(token), nowMs).first<{ shop: string }>());
}

export async function insertSession(db: D1Database, shop: string, token: string, expiresAtMs: number): Promise<void> {
  await db.prepare(`INSERT INTO session (token_sha256, shop, expires_at_ms) VALUES (?1, ?2, ?3)`).bind(await sha256Hex(token), shop, expiresAtMs).run();
}

export async function shopOfSession(db: D1Database, token: string, nowMs: number): Promise<string | null> {
  return shopOf(await db.prepare(`SELECT shop FROM session WHERE token_sha256 = ?1 AND expires_at_ms > ?2`).bind(await sha256Hex(token), nowMs).first<{ shop: string }>());
}

export async function deleteSession(db: D1Database, token: string): Promise<void> {
  await db.prepare(`DELETE FROM session WHERE token_sha256 = ?1`).bind(await sha256Hex(token)).run();
}

export async function deleteExpired(db: D1Database, nowMs: number): Promise<void> {
  await db.batch(["login_token", "session", "merchant_token"].map((table) => db.prepare(`DELETE FROM ${table} WHERE expires_at_ms <= ?1`).bind(nowMs)));
}

function shopOf(row: { shop: string } | null): string | null {
  return row?.shop ?? null;
}
