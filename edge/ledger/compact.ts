/**
 * Compaction: neighbouring small pieces of the archive become one object, line by line the same.
 *
 * What is merged, and into which object, is written down before that is put, so that nothing is ever in R2 that the ledger
 * does not know of. Then the index points at it, and only then the pieces are deleted.
 */
import { gzip, type LedgerName } from "./archive.ts";
import type { SegmentStore } from "./rewrite.ts";

/** As many pieces as make it worth while: a shop that archives by age alone fills this in two days. */
const MIN_PIECES = 8;
/** An isolate holds a compacted object unpacked, about ten times this. */
export const MAX_COMPACTED_BYTES = 1024 * 1024;

interface Piece {
  first_row: number;
  last_row: number;
  object: string;
  bytes: number | null;
}
interface Compaction {
  /** The pieces' objects, oldest first. */
  pieces: string[];
  object: string;
}

const SEALED_FACT = "compaction";
/** Counts them, so that none writes under a name that another has had. */
const COUNT_FACT = "compactions";

/** Merges one run of small pieces. @returns false when there was none */
export async function compactOnce(storage: DurableObjectStorage, store: SegmentStore, name: LedgerName): Promise<boolean> {
  const { sql } = storage;
  const compaction = sealedCompaction(sql) ?? storage.transactionSync(() => seal(sql, name));
  if (!compaction) return false;
  let text = "";
  for (const piece of compaction.pieces) {
    const object = await store.get(piece);
    if (!object) {
      // Rewritten without an erased client, or lost: exports fail at that, not here.
      storage.transactionSync(() => abandonCompaction(sql));
      return false;
    }
    text += await new Response(object.body.pipeThrough(new DecompressionStream("gzip"))).text();
  }
  const bytes = await gzip(text);
  const { byteLength } = bytes;
  await store.put(compaction.object, bytes);
  storage.transactionSync(() => {
    // An erasure has begun meanwhile, and given this up.
    if (sealedCompaction(sql)?.object !== compaction.object) return;
    const pieces = piecesOf(sql, compaction.pieces);
    if (pieces.length !== compaction.pieces.length) return abandonCompaction(sql);
    const [first, last] = [pieces[0]!.first_row, pieces.at(-1)!.last_row];
    sql.exec(`INSERT OR IGNORE INTO client_segment (client_id, first_row) SELECT client_id, ?1 FROM client_segment WHERE first_row BETWEEN ?1 AND ?2`, first, last);
    sql.exec(`DELETE FROM client_segment WHERE first_row > ?1 AND first_row <= ?2`, first, last);
    sql.exec(`DELETE FROM segment WHERE first_row > ?1 AND first_row <= ?2`, first, last);
    sql.exec(`UPDATE segment SET last_row = ?2, object = ?3, bytes = ?4, generation = 0 WHERE first_row = ?1`, first, last, compaction.object, byteLength);
    for (const { object } of pieces) sql.exec(`INSERT OR IGNORE INTO stale_object (object) VALUES (?1)`, object);
    sql.exec(`DELETE FROM fact WHERE name = ?1`, SEALED_FACT);
  });
  return true;
}

/** Gives up a compaction that has begun, and its object, which may tell of somebody who is erased. Part of a transaction of the caller. */
export function abandonCompaction(sql: SqlStorage): void {
  const compaction = sealedCompaction(sql);
  if (!compaction) return;
  sql.exec(`INSERT OR IGNORE INTO stale_object (object) VALUES (?1)`, compaction.object);
  sql.exec(`DELETE FROM fact WHERE name = ?1`, SEALED_FACT);
}

function sealedCompaction(sql: SqlStorage): Compaction | null {
  const [row] = sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?1`, SEALED_FACT).toArray();
  return row ? (JSON.parse(row.value) as Compaction) : null;
}

function seal(sql: SqlStorage, { shop, shard }: LedgerName): Compaction | null {
  let run: Piece[] = [];
  let bytes = 0;
  const pieces = sql.exec<Piece & { [column: string]: SqlStorageValue }>(`SELECT first_row, last_row, object, bytes FROM segment WHERE archived_at_ms IS NOT NULL ORDER BY first_row`);
  for (const piece of pieces) {
    const size = piece.bytes ?? Infinity;
    if (bytes + size > MAX_COMPACTED_BYTES || (run.length > 0 && run.at(-1)!.last_row + 1 !== piece.first_row)) [run, bytes] = [[], 0];
    if (size > MAX_COMPACTED_BYTES / 2) continue;
    run.push(piece);
    bytes += size;
    if (run.length === MIN_PIECES) break;
  }
  if (run.length < MIN_PIECES) return null;
  sql.exec(`INSERT INTO fact (name, value) VALUES (?1, '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value + 1 AS TEXT)`, COUNT_FACT);
  const count = sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?1`, COUNT_FACT).one().value;
  const compaction: Compaction = { pieces: run.map(({ object }) => object), object: `segments/${shop}/compacted/${shard}-${count.padStart(9, "0")}.ndjson.gz` };
  sql.exec(`INSERT INTO fact (name, value) VALUES (?1, ?2)`, SEALED_FACT, JSON.stringify(compaction));
  return compaction;
}

function piecesOf(sql: SqlStorage, objects: readonly string[]): Piece[] {
  return sql.exec<Piece & { [column: string]: SqlStorageValue }>(
    `SELECT first_row, last_row, object, bytes FROM json_each(?1) AS wanted JOIN segment ON segment.object = wanted.value ORDER BY first_row`, JSON.stringify(objects)).toArray();
}
