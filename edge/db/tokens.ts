/** Who may act for a shop: merchant tokens, one-time login tokens, sessions. All are stored as SHA-256. */
import { createId, sha256Hex } from "../../core/ids.ts";

/** A new secret of 128 random bits. */
export function createToken(): string {
  return createId();
}

export async function shopOfMerchantToken(db: D1Database, token: string): Promise<string | null> {
  return shopOf(await db.prepare(`SELECT shop FROM merchant_token WHERE token_sha256 = ?1`).bind(await sha256Hex(token)).first<{ shop: string }>());
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
  await db.batch(["login_token", "session"].map((table) => db.prepare(`DELETE FROM ${table} WHERE expires_at_ms <= ?1`).bind(nowMs)));
}

function shopOf(row: { shop: string } | null): string | null {
  return row?.shop ?? null;
}
