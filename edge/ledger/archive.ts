/**
 * The archive: pieces of the journal as immutable gzip NDJSON objects in R2, read back in the order they were counted.
 *
 * A piece is sealed (its range of rows written down) before its object is put, so every retry writes the same bytes
 * under the same name. Only R2's answer deletes rows.
 */
import type { ExportLine } from "../../core/api.ts";
import { HISTORY_KINDS, entriesOf, type HistoryKind } from "../../core/history.ts";
import type { ShopEvent } from "../../core/events.ts";
import { dayOf, eventTime } from "./clock.ts";
import type { ExportPage } from "./contract.ts";
import { upsert } from "./tally.ts";

/** Bytes of journal that one page of an export holds, about. */
const PAGE_BYTES = 3_000_000;

interface JournalRow {
  row: number;
  /** Empty for a line of the export that is no batch: an erasure's notice, or nothing where something was erased. */
  client_id: string;
  received_at_ms: number;
  offset_ms: number | null;
  events: string;
}
/** Which ledger archives: no two may write under one name. */
export interface LedgerName {
  shop: string;
  /** From 0. */
  shard: number;
}
export interface SealedSegment {
  firstRow: number;
  lastRow: number;
  object: string;
  generation: number;
}

/** The part of an R2 bucket that the archive needs. */
export interface ObjectStore {
  put(key: string, value: ArrayBuffer): Promise<unknown>;
}

/**
 * Moves one piece of the journal to the archive.
 * @param request.minBytes seals nothing new that is smaller, unless its oldest row is older than `maxAgeMs`
 * @returns false when there was nothing to move
 */
export async function archiveOnce(storage: DurableObjectStorage, store: ObjectStore, request: LedgerName & { minBytes: number; maxAgeMs: number; nowMs: number }): Promise<boolean> {
  const { sql } = storage;
  const segment = sealedSegment(sql) ?? storage.transactionSync(() => seal(sql, request));
  if (!segment) return false;
  const rows = readRows(sql, segment.firstRow, segment.lastRow);
  const bytes = await gzip(rows.map(exportText).join(""));
  const { byteLength } = bytes;
  await store.put(segment.object, bytes);
  storage.transactionSync(() => {
    // Something in it was erased while R2 was writing: that object is stale, the piece has another name now.
    if (sealedSegment(sql)?.object !== segment.object) return;
    const batches = rows.filter(isBatch);
    sql.exec(`UPDATE segment SET archived_at_ms = ?1, bytes = ?3 WHERE first_row = ?2`, request.nowMs, segment.firstRow, byteLength);
    sql.exec(
      `INSERT OR IGNORE INTO client_segment (client_id, first_row) SELECT value, ?2 FROM json_each(?1)`,
      JSON.stringify([...new Set(batches.map(({ client_id }) => client_id))]), segment.firstRow,
    );
    foldItemDays(sql, batches);
    sql.exec(`DELETE FROM journal WHERE row <= ?1`, segment.lastRow);
  });
  return true;
}

/** The last row that was ever written: numbers are never used twice. */
export function newestRow(sql: SqlStorage): number {
  return sql.exec<{ last: number }>(`SELECT max(coalesce((SELECT max(row) FROM journal), 0), coalesce((SELECT max(last_row) FROM segment), 0)) AS last`).one().last;
}

/** What a piece is called in R2; each rewriting has a name of its own. */
export function segmentObject({ shop, shard }: LedgerName, firstRow: number, lastRow: number, generation: number): string {
  const padded = (row: number) => String(row).padStart(12, "0");
  return `segments/${shop}/${shard > 0 ? `shard-${shard}/` : ""}${padded(firstRow)}-${padded(lastRow)}${generation > 0 ? `.${generation}` : ""}.ndjson.gz`;
}

/** Counts what rows of the journal say of products, before the rows go: what is popular must not change by that. */
export function foldItemDays(sql: SqlStorage, rows: readonly JournalRow[]): void {
  sql.exec(FOLD_ITEM_DAYS, JSON.stringify(itemDays(rows.map(exportLine))));
}

/** The journal's rows of one client. */
export function clientRows(sql: SqlStorage, clientId: string): JournalRow[] {
  return sql.exec<JournalRow & Columns>(`SELECT row, client_id, received_at_ms, offset_ms, events FROM journal WHERE client_id = ?1 ORDER BY row`, clientId).toArray();
}

/** One page of everything counted, archived pieces first. @param cursor the last row that the reader has; 0 to begin */
export function exportPage(sql: SqlStorage, cursor: number): ExportPage {
  const [segment] = sql.exec<{ first_row: number; last_row: number; object: string }>(
    `SELECT first_row, last_row, object FROM segment WHERE archived_at_ms IS NOT NULL AND last_row > ?1 ORDER BY first_row LIMIT 1`, cursor).toArray();
  const newest = newestRow(sql);
  if (segment) {
    return { kind: "segment", object: segment.object, skipLines: Math.max(0, cursor - segment.first_row + 1), nextCursor: segment.last_row, more: newest > segment.last_row };
  }
  let text = "";
  let nextCursor = cursor;
  for (const row of sql.exec<JournalRow & Columns>(`SELECT row, client_id, received_at_ms, offset_ms, events FROM journal WHERE row > ?1 ORDER BY row`, cursor)) {
    text += exportText(row);
    nextCursor = row.row;
    if (text.length >= PAGE_BYTES) break;
  }
  return { kind: "lines", text, nextCursor, more: newest > nextCursor };
}

/** Actions per product and day of a piece of the journal, each batch's once: day, item, kind, count. */
export function itemDays(lines: readonly ExportLine[]): [day: number, itemId: string, kind: HistoryKind, count: number][] {
  const counts = new Map<string, [number, string, HistoryKind, number]>();
  for (const { events } of lines) {
    // Once a batch: who repeats an action says no more by it, and rows are the same before and after archiving.
    const told = new Set<string>();
    for (const event of events) {
      for (const { item_id, kind, atMs } of entriesOf(event)) {
        const day = dayOf(atMs);
        const key = `${day} ${HISTORY_KINDS.indexOf(kind)} ${item_id}`;
        if (told.has(key)) continue;
        told.add(key);
        const row = counts.get(key);
        if (row) row[3] += 1;
        else counts.set(key, [day, item_id, kind, 1]);
      }
    }
  }
  return [...counts.values()];
}

/** The journal's remainder, as it will be archived. */
export function journalLines(sql: SqlStorage): ExportLine[] {
  return readRows(sql, 0, Number.MAX_SAFE_INTEGER).filter(isBatch).map(exportLine);
}

/** How a line of an archived piece begins that is a batch of this client. */
export function lineStart(clientId: string): string {
  return `{"clientId":${JSON.stringify(clientId)},`;
}

type Columns = { [column: string]: SqlStorageValue };
export function isBatch(row: JournalRow): boolean {
  return row.client_id !== "";
}

const FOLD_ITEM_DAYS = upsert("item_day", ["day", "item_id", "kind"], [["count", "count + excluded.count"]]);

/** A row as exports and archives tell it: every event at the time it counted at. */
export function exportLine(row: JournalRow): ExportLine {
  const events = JSON.parse(row.events) as ShopEvent[];
  const clock = { receivedAtMs: row.received_at_ms, offsetMs: row.offset_ms };
  for (const event of events) event.occurredAtMs = eventTime(event.occurredAtMs, clock);
  return { clientId: row.client_id, receivedAtMs: row.received_at_ms, events };
}

/** The same as a line of NDJSON; imported events are stored as they are told, and what is no batch is a line already. */
function exportText(row: JournalRow): string {
  if (!isBatch(row)) return `${row.events}\n`;
  if (row.offset_ms !== null) return `${JSON.stringify(exportLine(row))}\n`;
  return `${lineStart(row.client_id)}"receivedAtMs":${row.received_at_ms},"events":${row.events}}\n`;
}

function readRows(sql: SqlStorage, firstRow: number, lastRow: number): JournalRow[] {
  return sql.exec<JournalRow & Columns>(
    `SELECT row, client_id, received_at_ms, offset_ms, events FROM journal WHERE row BETWEEN ?1 AND ?2 ORDER BY row`, firstRow, lastRow).toArray();
}

/** A piece whose object may or may not have been written. */
export function sealedSegment(sql: SqlStorage): SealedSegment | null {
  const [row] = sql.exec<{ first_row: number; last_row: number; object: string; generation: number }>(`SELECT first_row, last_row, object, generation FROM segment WHERE archived_at_ms IS NULL`).toArray();
  return row ? { firstRow: row.first_row, lastRow: row.last_row, object: row.object, generation: row.generation } : null;
}

function seal(sql: SqlStorage, { shop, shard, minBytes, maxAgeMs, nowMs }: LedgerName & { minBytes: number; maxAgeMs: number; nowMs: number }): SealedSegment | null {
  let firstRow = 0;
  let lastRow = 0;
  let bytes = 0;
  let oldestMs = Infinity;
  for (const row of sql.exec<{ row: number; bytes: number; received_at_ms: number }>(`SELECT row, bytes, received_at_ms FROM journal ORDER BY row`)) {
    firstRow ||= row.row;
    lastRow = row.row;
    bytes += row.bytes;
    oldestMs = Math.min(oldestMs, row.received_at_ms);
    if (bytes >= minBytes) break;
  }
  if (firstRow === 0 || (bytes < minBytes && oldestMs > nowMs - maxAgeMs)) return null;
  const object = segmentObject({ shop, shard }, firstRow, lastRow, 0);
  sql.exec(`INSERT INTO segment (first_row, last_row, object, archived_at_ms) VALUES (?1, ?2, ?3, NULL)`, firstRow, lastRow, object);
  return { firstRow, lastRow, object, generation: 0 };
}

export async function gzip(text: string): Promise<ArrayBuffer> {
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}
