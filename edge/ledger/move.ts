/**
 * A shard's side of moving clients: it lets buckets go, or takes them in.
 *
 * What moves is what counting a client needs: its row, its days, its orders and logins, and the claims on orders of the
 * bucket. What has been summed up, journalled and archived stays where it was counted; readers add it up. A bucket is let
 * go first, so that its clients' batches wait for its next shard; its rows are deleted here once they are safe there.
 */
import { erasedAmong } from "./erasure.ts";
import { BUCKETS, bucketOf } from "./layout.ts";
import { RECEIPT_KEY_FACT, receiptKey } from "./receipt.ts";
import { keyOfLedger, SECRET_FACT } from "./secret.ts";

/** What moves, by table: its key, and the column whose hash says to which bucket a row belongs; `null`: every shard has all of them. */
const MOVING = {
  client: { key: ["client_id"], bucket: "client_id" },
  client_day: { key: ["day", "client_id"], bucket: "client_id" },
  purchase_order: { key: ["transaction_id"], bucket: "client_id" },
  client_person: { key: ["person_key", "client_id"], bucket: "client_id" },
  order_claim: { key: ["transaction_id"], bucket: "transaction_id" },
  erasure: { key: ["client_key"], bucket: null },
  erased_order: { key: ["order_key"], bucket: null },
} as const satisfies { [table: string]: { key: readonly string[]; bucket: string | null } };
type MovingTable = keyof typeof MOVING;
const TABLES = Object.keys(MOVING) as MovingTable[];
/** Rows read for one page; few of them belong to the buckets that move. */
const ROWS_PER_PAGE = 5_000;

type Row = { [column: string]: SqlStorageValue };
type Cursor = { table: MovingTable; after: SqlStorageValue[] | null };
/** A part of what moves, and where the next one begins; null after the last. */
export interface MovingPage {
  table: MovingTable;
  rows: Row[];
  next: Cursor | null;
}

const HELD_FACT = "held";
/** Which of the shop's shards this is; absent in the first. */
export const SHARD_FACT = "shard";

export function shardNumber(sql: SqlStorage): number {
  const [row] = sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?1`, SHARD_FACT).toArray();
  return row ? Number(row.value) : 0;
}

/** The buckets whose clients this shard counts; null for all of them, as an only shard does. */
export function heldBuckets(sql: SqlStorage): Set<number> | null {
  const [row] = sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?1`, HELD_FACT).toArray();
  return row ? new Set(JSON.parse(row.value) as number[]) : null;
}

/** What a new shard has to know of the first one. @returns facts by name */
export async function sharedFacts(sql: SqlStorage): Promise<{ [name: string]: string }> {
  keyOfLedger(sql)("client", "");
  await receiptKey(sql);
  const rows = sql.exec<{ name: string; value: string }>(`SELECT name, value FROM fact WHERE name IN (?1, ?2)`, SECRET_FACT, RECEIPT_KEY_FACT).toArray();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** Makes this a shard beside others; it holds no bucket until some arrive. Done once, again it changes nothing. Part of a transaction of the caller. */
export function joinShards(sql: SqlStorage, facts: { readonly [name: string]: string }): void {
  for (const [name, value] of Object.entries({ [HELD_FACT]: "[]", ...facts })) sql.exec(`INSERT OR IGNORE INTO fact (name, value) VALUES (?1, ?2)`, name, value);
}

/** An only shard holds all buckets by name from now on. Part of a transaction of the caller. */
export function nameHeldBuckets(sql: SqlStorage): void {
  if (heldBuckets(sql) === null) setHeld(sql, Array.from({ length: BUCKETS }, (_, bucket) => bucket));
}

/** Counts no client of these buckets any more. Part of a transaction of the caller. */
export function letGo(sql: SqlStorage, buckets: readonly number[]): void {
  setHeld(sql, [...heldBuckets(sql)!].filter((bucket) => !buckets.includes(bucket)));
}

/** One page of what moves with these buckets. @param from where the page before ended; null to begin */
export function readMoving(sql: SqlStorage, buckets: readonly number[], from: Cursor | null): MovingPage {
  const { table, after } = from ?? { table: TABLES[0]!, after: null };
  const { key, bucket } = MOVING[table];
  const where = after === null ? "" : `WHERE (${key.join(", ")}) > (${key.map(() => "?").join(", ")})`;
  const read = sql.exec<Row>(`SELECT * FROM ${table} ${where} ORDER BY ${key.join(", ")} LIMIT ${ROWS_PER_PAGE}`, ...(after ?? [])).toArray();
  const last = read.at(-1);
  const nextTable = TABLES[TABLES.indexOf(table) + 1];
  const next = last && read.length === ROWS_PER_PAGE ? { table, after: key.map((column) => last[column]!) } : nextTable ? { table: nextTable, after: null } : null;
  const wanted = new Set(buckets);
  const rows = bucket === null ? read : read.filter((row) => wanted.has(bucketOf(row[bucket] as string)));
  return { table, rows, next };
}

/** Keeps a page until all have come. Part of a transaction of the caller. @param page its number; 0 begins anew */
export function stage(sql: SqlStorage, page: number, { table, rows }: MovingPage): void {
  if (page === 0) sql.exec(`DELETE FROM arriving`);
  if (rows.length > 0) sql.exec(`INSERT OR REPLACE INTO arriving (page, table_name, rows) VALUES (?1, ?2, ?3)`, page, table, JSON.stringify(rows));
}

/** Deletes what has moved away. Part of a transaction of the caller. */
export function dropMoved(sql: SqlStorage, buckets: readonly number[]): void {
  for (const table of TABLES) {
    const { key, bucket } = MOVING[table];
    if (bucket === null) continue;
    for (let from: Cursor | null = { table, after: null }; from !== null && from.table === table; ) {
      const { rows, next }: MovingPage = readMoving(sql, buckets, from);
      for (const row of rows) sql.exec(`DELETE FROM ${table} WHERE ${key.map((column) => `${column} = ?`).join(" AND ")}`, ...key.map((column) => row[column]!));
      from = next;
    }
  }
}

/** Takes in what has arrived, and counts the clients of these buckets from now on. Part of a transaction of the caller. */
export function takeIn(sql: SqlStorage, buckets: readonly number[], nowMs: number): void {
  const pages = sql.exec<{ table_name: MovingTable; rows: string }>(`SELECT table_name, rows FROM arriving ORDER BY page`).toArray();
  for (const tombstones of [true, false]) {
    for (const { table_name, rows } of pages) {
      if ((MOVING[table_name].bucket === null) !== tombstones) continue;
      let arrived = JSON.parse(rows) as Row[];
      if (!tombstones && table_name !== "order_claim") {
        // Erased here while they were on their way.
        const erased = erasedAmong(sql, [...new Set(arrived.map((row) => row["client_id"] as string))], nowMs);
        arrived = arrived.filter((row) => !erased.has(row["client_id"] as string));
      }
      if (arrived.length === 0) continue;
      const columns = Object.keys(arrived[0]!);
      sql.exec(
        `INSERT OR ${tombstones ? "IGNORE" : "REPLACE"} INTO ${table_name} (${columns.join(", ")}) SELECT ${columns.map((_, index) => `value ->> ${index}`).join(", ")} FROM json_each(?1)`,
        JSON.stringify(arrived.map((row) => columns.map((column) => row[column]!))),
      );
    }
  }
  sql.exec(`DELETE FROM arriving`);
  setHeld(sql, [...new Set([...(heldBuckets(sql) ?? []), ...buckets])]);
}

function setHeld(sql: SqlStorage, buckets: readonly number[]): void {
  sql.exec(`INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)`, HELD_FACT, JSON.stringify([...buckets].sort((a, b) => a - b)));
}
