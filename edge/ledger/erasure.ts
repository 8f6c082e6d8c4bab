/**
 * Erasure of one client: everything that tells of it goes, and anonymous sums stay.
 *
 * It begins with one transaction: what SQLite holds of the client goes at once, and a tombstone, named by a keyed hash,
 * refuses what its outbox may still send. Archived pieces follow (rewrite.ts), as long as it takes R2 to write them anew.
 * Only then is there a receipt. Whatever interrupts it, the request asked again or the alarm goes on from where it was.
 */
import type { ErasureReceipt, ExportErasure } from "../../core/api.ts";
import { OUTBOX_LIFETIME_MS } from "../../core/events.ts";
import { sha256Hex } from "../../core/ids.ts";
import { clientRows, foldItemDays, newestRow, sealedSegment, segmentObject, type LedgerName } from "./archive.ts";
import { DAY_MS, slotOf } from "./clock.ts";
import { abandonCompaction } from "./compact.ts";
import { signReceipt } from "./receipt.ts";
import { rewriteOnce, type SegmentStore } from "./rewrite.ts";
import { keyOfLedger, type KeyOf } from "./secret.ts";

/** Late batches come no later than outboxes keep events; a day more for clocks. */
export const TOMBSTONE_MS = OUTBOX_LIFETIME_MS + DAY_MS;

/** An erasure cannot end: the ledger's index contradicts itself. */
export class StuckErasureError extends Error {
  override name = "StuckErasureError";
}

export interface ErasureWish extends LedgerName {
  clientId: string;
  /** SHA-256 of the client's id, */
  clientSha256: string;
  /** and of the secret that was given; null where the shop itself wishes it. */
  secretSha256: string | null;
  nowMs: number;
  /** Events of the client that the ledger's other shards have deleted; null where another shard answers for the client. */
  elsewhere: number | null;
}

/** Whether this secret is the client's, or the shop itself wishes it. A client that was never heard of has any secret. */
export function isAuthorised(sql: SqlStorage, clientId: string, secretSha256: string | null): boolean {
  const known = secretOf(sql, clientId);
  return secretSha256 === null || known === undefined || isSame(known, secretSha256);
}

/**
 * Begins an erasure, or finds it begun or done already. Part of one transaction of the caller.
 *
 * A client that was never heard of is erased too: its first batch may still be on its way.
 * @returns false when the secret is not the client's; nothing has changed then
 */
export function beginErasure(sql: SqlStorage, wish: ErasureWish): boolean {
  const { clientId, secretSha256, nowMs, elsewhere } = wish;
  if (!isAuthorised(sql, clientId, secretSha256)) return false;
  const keyOf = keyOfLedger(sql);
  const clientKey = keyOf("client", clientId);
  const [begun] = sql.exec<{ home: number }>(`SELECT home FROM erasure WHERE client_key = ?1`, clientKey).toArray();
  if (begun) {
    // The client's bucket has come here since.
    if (elsewhere !== null && begun.home === 0) sql.exec(`UPDATE erasure SET home = 1, receipt = NULL, client_id = ?2, events = events + ?3 WHERE client_key = ?1`, clientKey, clientId, elsewhere);
    return true;
  }
  const untilMs = nowMs + TOMBSTONE_MS;
  const secretHash = secretOf(sql, clientId) ?? secretSha256;
  const events = hasTraces(sql, clientId) ? eraseFromTables(sql, wish, keyOf, untilMs) : 0;
  eraseClaims(sql, clientKey, keyOf, untilMs);
  sql.exec(
    `INSERT INTO erasure (client_key, client_id, secret_hash, until_ms, events, receipt, home) VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6)`,
    clientKey, clientId, secretHash, untilMs, events + (elsewhere ?? 0), elsewhere === null ? 0 : 1,
  );
  return true;
}

/** The hash of a client's secret, null where it never sent one; undefined for a client that was never heard of. */
function secretOf(sql: SqlStorage, clientId: string): string | null | undefined {
  const [row] = sql.exec<{ secret_hash: string | null }>(
    `SELECT secret_hash FROM erasure WHERE client_key = ?1 UNION ALL SELECT secret_hash FROM client WHERE client_id = ?2 LIMIT 1`, keyOfLedger(sql)("client", clientId), clientId).toArray();
  return row?.secret_hash;
}

/** Clients that belong to another shard may have left journalled and archived events here. */
function hasTraces(sql: SqlStorage, clientId: string): boolean {
  return sql.exec(
    `SELECT 1 FROM client WHERE client_id = ?1 UNION ALL SELECT 1 FROM journal WHERE client_id = ?1 UNION ALL SELECT 1 FROM client_segment WHERE client_id = ?1 LIMIT 1`, clientId).toArray().length > 0;
}

/** What an erased client claimed is nobody's any more. */
function eraseClaims(sql: SqlStorage, clientKey: string, keyOf: KeyOf, untilMs: number): void {
  for (const { transaction_id } of sql.exec<{ transaction_id: string }>(`SELECT transaction_id FROM order_claim WHERE client_key = ?1`, clientKey).toArray()) {
    sql.exec(`INSERT OR REPLACE INTO erased_order (order_key, until_ms) VALUES (?1, ?2)`, keyOf("order", transaction_id), untilMs);
    sql.exec(`DELETE FROM order_claim WHERE transaction_id = ?1`, transaction_id);
  }
}

/** Begins the erasure of every client that a person was logged in on, another's among them: whose history that is, nobody can tell apart. */
export function beginPersonErasure(sql: SqlStorage, personKey: string, clients: readonly Omit<ErasureWish, "secretSha256">[]): void {
  const keyOf = keyOfLedger(sql);
  for (const client of clients) {
    beginErasure(sql, { ...client, secretSha256: null });
    sql.exec(`UPDATE erasure SET person_key = ?2 WHERE client_key = ?1`, keyOf("client", client.clientId), personKey);
  }
}

/** The receipt of an erasure; null until it is done. */
export function receiptOf(sql: SqlStorage, clientId: string): ErasureReceipt | null {
  return receipts(sql, "client_key", keyOfLedger(sql)("client", clientId))[0] ?? null;
}

/** Those of a person's erasure: null for each that is not done yet. */
export function receiptsOfPerson(sql: SqlStorage, personKey: string): (ErasureReceipt | null)[] {
  return receipts(sql, "person_key", personKey);
}

function receipts(sql: SqlStorage, column: "client_key" | "person_key", key: string): (ErasureReceipt | null)[] {
  const rows = sql.exec<{ receipt: string | null }>(`SELECT receipt FROM erasure WHERE ${column} = ?1 ORDER BY client_key`, key).toArray();
  return rows.map(({ receipt }) => (receipt === null ? null : (JSON.parse(receipt) as ErasureReceipt)));
}

export function hasUnfinishedErasures(sql: SqlStorage): boolean {
  return sql.exec(`SELECT 1 FROM erasure WHERE receipt IS NULL LIMIT 1`).toArray().length > 0;
}

/**
 * Brings every erasure that has begun to its end.
 * @throws whatever R2 throws: what is done by then stays done
 */
export async function finishErasures(storage: DurableObjectStorage, store: SegmentStore, { shop, shard, nowMs }: LedgerName & { nowMs: number }): Promise<void> {
  const { sql } = storage;
  for (;;) {
    if (await rewriteOnce(storage, store, { shop, shard })) continue;
    const [next] = sql.exec<{ client_key: string; client_id: string; events: number; home: number }>(
      `SELECT client_key, client_id, events, home FROM erasure WHERE receipt IS NULL AND NOT EXISTS (SELECT 1 FROM stale_object)
       AND NOT EXISTS (SELECT 1 FROM client_segment WHERE client_segment.client_id = erasure.client_id) LIMIT 1`).toArray();
    if (!next) {
      if (hasUnfinishedErasures(sql)) throw new StuckErasureError("something of an erased client is left, and no piece of the archive is to be rewritten");
      return;
    }
    const receipt = await signReceipt(sql, { shop, clientSha256: await sha256Hex(next.client_id), erasedAtMs: nowMs, events: next.events });
    storage.transactionSync(() => {
      sql.exec(`UPDATE erasure SET receipt = ?2, client_id = NULL WHERE client_key = ?1`, next.client_key, JSON.stringify(receipt));
      if (next.home === 1) sql.exec(`INSERT INTO erasure_count (slot_ms, count) VALUES (?1, 1) ON CONFLICT (slot_ms) DO UPDATE SET count = count + 1`, slotOf(nowMs));
    });
  }
}

/** Which of these clients have been erased, so that nothing of them is taken any more. */
export function erasedAmong(sql: SqlStorage, clientIds: readonly string[], nowMs: number): Set<string> {
  return tombstones(sql, "client", `SELECT client_key AS key FROM erasure WHERE until_ms > ?1`, clientIds, nowMs);
}

/** Which of these orders an erased client made: a page that is opened again must not count them anew. */
export function erasedOrdersAmong(sql: SqlStorage, transactionIds: readonly string[], nowMs: number): Set<string> {
  return tombstones(sql, "order", `SELECT order_key AS key FROM erased_order WHERE until_ms > ?1`, transactionIds, nowMs);
}

/** Deletes the tombstones that no late batch can meet any more. */
export function forgetErasures(sql: SqlStorage, nowMs: number): void {
  sql.exec(`DELETE FROM erasure WHERE until_ms <= ?1 AND receipt IS NOT NULL`, nowMs);
  sql.exec(`DELETE FROM erased_order WHERE until_ms <= ?1`, nowMs);
}

/** When the next tombstone may go; null without any. */
export function nextForgettingMs(sql: SqlStorage): number | null {
  return sql.exec<{ next: number | null }>(`SELECT min(until_ms) AS next FROM erasure WHERE receipt IS NOT NULL`).one().next;
}

/** @returns the events that were deleted */
function eraseFromTables(sql: SqlStorage, { shop, shard, clientId, clientSha256, nowMs }: ErasureWish, keyOf: KeyOf, untilMs: number): number {
  renameSealed(sql, { shop, shard }, clientId);
  abandonCompaction(sql);
  const rows = clientRows(sql, clientId);
  foldItemDays(sql, rows);
  // The rows stay, empty: their numbers are what readers' cursors count.
  sql.exec(`UPDATE journal SET client_id = '', offset_ms = NULL, first_seq = 0, last_seq = 0, bytes = 0, events = '' WHERE client_id = ?1`, clientId);
  for (const transactionId of ordersOf(sql, clientId)) {
    sql.exec(`DELETE FROM purchase_order WHERE transaction_id = ?1`, transactionId);
    sql.exec(`INSERT OR REPLACE INTO erased_order (order_key, until_ms) VALUES (?1, ?2)`, keyOf("order", transactionId), untilMs);
  }
  sql.exec(`DELETE FROM client_day WHERE client_id = ?1 AND day IN (SELECT day FROM (${DAYS}))`, clientId);
  sql.exec(`DELETE FROM client_person WHERE client_id = ?1`, clientId);
  sql.exec(`DELETE FROM client WHERE client_id = ?1`, clientId);
  const notice = JSON.stringify({ erased: clientSha256, receivedAtMs: nowMs } satisfies ExportErasure);
  sql.exec(
    `INSERT INTO journal (row, client_id, received_at_ms, offset_ms, first_seq, last_seq, bytes, events) VALUES (?1, '', ?2, NULL, 0, 0, ?3, ?4)`,
    newestRow(sql) + 1, nowMs, notice.length, notice,
  );
  return rows.reduce((sum, { events }) => sum + (JSON.parse(events) as unknown[]).length, 0);
}

/** Every day that has rows, by jumps over the key: the table is in the order of days, and has no other index. */
const DAYS = `WITH RECURSIVE days (day) AS (
  SELECT min(day) FROM client_day UNION ALL SELECT (SELECT min(day) FROM client_day WHERE client_day.day > days.day) FROM days WHERE days.day IS NOT NULL
) SELECT day FROM days WHERE day IS NOT NULL`;

/** By the days on which the client ordered: orders have an index by time. */
function ordersOf(sql: SqlStorage, clientId: string): string[] {
  return sql.exec<{ transaction_id: string }>(
    `SELECT transaction_id FROM (SELECT days.day FROM (${DAYS}) AS days JOIN client_day ON client_day.day = days.day AND client_day.client_id = ?1 WHERE client_day.orders > 0) AS ordered
     JOIN purchase_order ON purchase_order.client_id = ?1 AND at_ms >= ordered.day * ${DAY_MS} AND at_ms < (ordered.day + 1) * ${DAY_MS}`, clientId).toArray().map((row) => row.transaction_id);
}

/** A sealed piece that names the client may be in R2 already, though the ledger does not know: it gets another name, and that object goes. */
function renameSealed(sql: SqlStorage, name: LedgerName, clientId: string): void {
  const segment = sealedSegment(sql);
  if (!segment) return;
  const { firstRow, lastRow, object, generation } = segment;
  if (sql.exec(`SELECT 1 FROM journal WHERE client_id = ?1 AND row BETWEEN ?2 AND ?3 LIMIT 1`, clientId, firstRow, lastRow).toArray().length === 0) return;
  sql.exec(`INSERT OR IGNORE INTO stale_object (object) VALUES (?1)`, object);
  sql.exec(`UPDATE segment SET generation = ?2, object = ?3 WHERE first_row = ?1`, firstRow, generation + 1, segmentObject(name, firstRow, lastRow, generation + 1));
}

function tombstones(sql: SqlStorage, what: "client" | "order", select: string, names: readonly string[], nowMs: number): Set<string> {
  const column = what === "client" ? "client_key" : "order_key";
  const found = new Set<string>();
  // Most shops have none most of the time, and need no hash then.
  if (names.length === 0 || sql.exec(`${select} LIMIT 1`, nowMs).toArray().length === 0) return found;
  const keyOf = keyOfLedger(sql);
  for (const name of names) if (sql.exec(`${select} AND ${column} = ?2`, nowMs, keyOf(what, name)).toArray().length > 0) found.add(name);
  return found;
}

/** Compares hashes in a time that depends on neither. A client without a secret cannot be erased by one. */
function isSame(known: string | null, given: string): boolean {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(known ?? ""), encoder.encode(given)];
  return left.length === right.length && crypto.subtle.timingSafeEqual(left, right);
}
