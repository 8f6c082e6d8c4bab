/**
 * Archived pieces of the journal, written anew without the lines of erased clients.
 *
 * The new object's name and whom it leaves out are sealed before it is put, so that every retry writes the same bytes.
 * Then the ledger's index points at it, and only then the old object is deleted. An erased line leaves a blank one
 * behind: lines are counted by readers' cursors.
 */
import type { ExportLine } from "../../core/api.ts";
import { log } from "../log.ts";
import { gzip, lineStart, segmentObject, type LedgerName, type ObjectStore } from "./archive.ts";

/** The part of an R2 bucket that rewriting needs. */
export interface SegmentStore extends ObjectStore {
  get(key: string): Promise<{ body: ReadableStream } | null>;
  delete(key: string): Promise<void>;
}

interface Rewriting {
  first_row: number;
  /** The object to read, */
  object: string;
  generation: number;
  /** and the one to write; a generation further. */
  next: string;
  /** JSON list of client ids. */
  clients: string;
}

/**
 * Deletes one stale object, or rewrites one piece that still tells of an erased client.
 * @returns false when there was nothing to do
 */
export async function rewriteOnce(storage: DurableObjectStorage, store: SegmentStore, name: LedgerName): Promise<boolean> {
  const { sql } = storage;
  const [stale] = sql.exec<{ object: string }>(`SELECT object FROM stale_object LIMIT 1`).toArray();
  if (stale) {
    await store.delete(stale.object);
    sql.exec(`DELETE FROM stale_object WHERE object = ?1`, stale.object);
    return true;
  }
  const rewriting = sealed(sql) ?? storage.transactionSync(() => seal(sql, name));
  if (!rewriting) return false;
  const { first_row, object, generation, next } = rewriting;
  const clients = JSON.parse(rewriting.clients) as string[];
  const leave = () => {
    sql.exec(`DELETE FROM client_segment WHERE first_row = ?2 AND client_id IN (SELECT value FROM json_each(?1))`, rewriting.clients, first_row);
    sql.exec(`DELETE FROM rewrite WHERE first_row = ?1`, first_row);
  };
  const old = await store.get(object);
  if (!old) {
    // Exports fail at it; but what is lost tells of nobody, and must keep nobody from being erased elsewhere.
    log("error", "segment-missing", { shop: name.shop, shard: name.shard });
    storage.transactionSync(leave);
    return true;
  }
  const { text, events } = withoutClients(await new Response(old.body.pipeThrough(new DecompressionStream("gzip"))).text(), clients);
  const bytes = await gzip(text);
  const { byteLength } = bytes;
  await store.put(next, bytes);
  storage.transactionSync(() => {
    sql.exec(`UPDATE segment SET object = ?2, generation = ?3, bytes = ?4 WHERE first_row = ?1`, first_row, next, generation + 1, byteLength);
    sql.exec(`INSERT OR IGNORE INTO stale_object (object) VALUES (?1)`, object);
    clients.forEach((clientId, index) => sql.exec(`UPDATE erasure SET events = events + ?2 WHERE client_id = ?1`, clientId, events[index]!));
    leave();
  });
  return true;
}

/** Empties the lines of these clients. @returns how many events each of them had */
function withoutClients(text: string, clientIds: readonly string[]): { text: string; events: number[] } {
  const starts = clientIds.map(lineStart);
  const events = clientIds.map(() => 0);
  const kept = text.split("\n").map((line) => {
    const client = starts.findIndex((start) => line.startsWith(start));
    if (client < 0) return line;
    events[client]! += (JSON.parse(line) as ExportLine).events.length;
    return "";
  });
  return { text: kept.join("\n"), events };
}

/** A rewriting whose object may or may not have been written. */
function sealed(sql: SqlStorage): Rewriting | null {
  const [row] = sql.exec<Rewriting & { [column: string]: SqlStorageValue }>(
    `SELECT rewrite.first_row, segment.object, segment.generation, rewrite.object AS next, rewrite.clients FROM rewrite JOIN segment USING (first_row) LIMIT 1`).toArray();
  return row ?? null;
}

/** The next piece that tells of an erased client; all that are being erased leave it at once. */
function seal(sql: SqlStorage, name: LedgerName): Rewriting | null {
  const [segment] = sql.exec<{ first_row: number; last_row: number; generation: number }>(
    `SELECT segment.first_row, last_row, generation FROM erasure JOIN client_segment USING (client_id) JOIN segment USING (first_row) ORDER BY segment.first_row LIMIT 1`).toArray();
  if (!segment) return null;
  sql.exec(
    `INSERT INTO rewrite (first_row, object, clients)
     SELECT ?1, ?2, json_group_array(client_id) FROM (SELECT erasure.client_id FROM erasure JOIN client_segment USING (client_id) WHERE first_row = ?1 ORDER BY client_id)`,
    segment.first_row, segmentObject(name, segment.first_row, segment.last_row, segment.generation + 1),
  );
  return sealed(sql);
}
