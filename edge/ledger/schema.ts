/** The ledger's tables. Columns are only ever added. */
import { STAT_SUMS } from "../../core/api.ts";
import { EVENT_SOURCES, type EventSource } from "../../core/events.ts";

/** What a client did in a quarter-hour, for counting people. Who bought follows from the orders, whose times may change. */
export const PRESENCE = ["active", "viewed", "carted", "checkout"] as const;
export type Presence = (typeof PRESENCE)[number];

/** Sums kept per client and day beside its presence; money in minor units. `troubles` are events that broken pages make in floods. */
export const CLIENT_DAY_SUMS = ["events", "orders", "revenue", "attributed_revenue", "troubles", "clicks"] as const;
export type ClientDaySum = (typeof CLIENT_DAY_SUMS)[number];

/** The column that counts the events of a source. */
export const SOURCE_SUMS = EVENT_SOURCES.map((source) => [source, `source_${source.replaceAll("-", "_")}`] as const) as readonly (readonly [EventSource, `source_${string}`])[];
/** How well the shop's pages are understood: columns beside the sums, so that they cost no row of their own. */
export const HEALTH_SUMS = [...SOURCE_SUMS.map(([, column]) => column), "conflicts", "empty_searches"] as const;
export type HealthSum = (typeof HEALTH_SUMS)[number];

const TABLES = [
  // Facts about the ledger itself: the shop's id, its secret, the key of its receipts.
  `CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,

  // One row per client: what has been received, and what attribution may still need.
  `CREATE TABLE IF NOT EXISTS client (
    client_id TEXT PRIMARY KEY, watermark INTEGER NOT NULL, intervals TEXT NOT NULL, secret_hash TEXT, trail TEXT
  ) STRICT, WITHOUT ROWID`,

  // One row per batch, until it is archived. Events are as the client sent them, redacted; the row number is never used twice.
  // A row without a client is a line of the export that says something else, or nothing (see archive.ts).
  `CREATE TABLE IF NOT EXISTS journal (
    row INTEGER PRIMARY KEY, client_id TEXT NOT NULL, received_at_ms INTEGER NOT NULL, offset_ms INTEGER,
    first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, bytes INTEGER NOT NULL, events TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX IF NOT EXISTS journal_by_client ON journal (client_id)`,

  // Sums per quarter-hour, for the shop (placement '') and for each placement; money in minor units.
  `CREATE TABLE IF NOT EXISTS counter (
    slot_ms INTEGER NOT NULL, placement TEXT NOT NULL, ${STAT_SUMS.map((sum) => `${sum} INTEGER NOT NULL DEFAULT 0`).join(", ")},
    PRIMARY KEY (slot_ms, placement)
  ) STRICT, WITHOUT ROWID`,

  // One row per client and UTC day. Presence is a bit per quarter-hour, 48 before noon and 48 after, so that any range
  // of quarter-hours, and any time zone's day, counts each person exactly once.
  `CREATE TABLE IF NOT EXISTS client_day (
    day INTEGER NOT NULL, client_id TEXT NOT NULL, arm TEXT, newest_at_ms INTEGER NOT NULL,
    ${PRESENCE.map((flag) => `${flag}_am INTEGER NOT NULL DEFAULT 0, ${flag}_pm INTEGER NOT NULL DEFAULT 0`).join(", ")},
    ${CLIENT_DAY_SUMS.map((sum) => `${sum} INTEGER NOT NULL DEFAULT 0`).join(", ")},
    PRIMARY KEY (day, client_id)
  ) STRICT, WITHOUT ROWID`,

  // Orders by the shop's transaction id; their lines are JSON (see orders.ts).
  `CREATE TABLE IF NOT EXISTS purchase_order (
    transaction_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, at_ms INTEGER NOT NULL, lines TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS purchase_order_by_time ON purchase_order (at_ms, client_id)`,

  // What was not counted, by reason and the quarter-hour of its arrival.
  `CREATE TABLE IF NOT EXISTS dropped (
    slot_ms INTEGER NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (slot_ms, reason)
  ) STRICT, WITHOUT ROWID`,

  // Archived pieces of the journal; a piece is sealed before its object is written, so that a retry writes the same bytes.
  `CREATE TABLE IF NOT EXISTS segment (
    first_row INTEGER PRIMARY KEY, last_row INTEGER NOT NULL, object TEXT NOT NULL, archived_at_ms INTEGER
  ) STRICT`,
  `CREATE TABLE IF NOT EXISTS client_segment (
    client_id TEXT NOT NULL, first_row INTEGER NOT NULL, PRIMARY KEY (client_id, first_row)
  ) STRICT, WITHOUT ROWID`,

  // Actions per product and day, folded in when a piece of the journal is archived.
  `CREATE TABLE IF NOT EXISTS item_day (
    day INTEGER NOT NULL, item_id TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (day, item_id, kind)
  ) STRICT, WITHOUT ROWID`,

  // Who was logged in on which client, by keys that only this ledger can make.
  `CREATE TABLE IF NOT EXISTS client_person (
    person_key TEXT NOT NULL, client_id TEXT NOT NULL, PRIMARY KEY (person_key, client_id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS client_person_by_client ON client_person (client_id)`,

  // Erasures, under way and done: the tombstones that refuse late batches. A client's id is gone once nothing else of it is left.
  `CREATE TABLE IF NOT EXISTS erasure (
    client_key TEXT PRIMARY KEY, client_id TEXT, secret_hash TEXT, person_key TEXT, until_ms INTEGER NOT NULL, events INTEGER NOT NULL, receipt TEXT
  ) STRICT, WITHOUT ROWID`,
  // Orders of erased clients, as long as a page may still repeat them.
  `CREATE TABLE IF NOT EXISTS erased_order (order_key TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
  // A new generation of an archived piece, sealed before its object is written, and the clients that it leaves out.
  `CREATE TABLE IF NOT EXISTS rewrite (first_row INTEGER PRIMARY KEY, object TEXT NOT NULL, clients TEXT NOT NULL) STRICT`,
  // Objects that nothing points at any more and that R2 may still hold.
  `CREATE TABLE IF NOT EXISTS stale_object (object TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`,
  // Which client an order belongs to, where a shop's clients are on several shards.
  `CREATE TABLE IF NOT EXISTS order_claim (transaction_id TEXT PRIMARY KEY, client_key TEXT NOT NULL) STRICT, WITHOUT ROWID`,
  // What another shard has sent of clients that are to be kept here, until all of it has come.
  `CREATE TABLE IF NOT EXISTS arriving (page INTEGER PRIMARY KEY, table_name TEXT NOT NULL, rows TEXT NOT NULL) STRICT`,
  // Of the first shard: buckets that have yet to move, and how far each move has come.
  `CREATE TABLE IF NOT EXISTS bucket_move (
    move INTEGER PRIMARY KEY, from_shard INTEGER NOT NULL, to_shard INTEGER NOT NULL, buckets TEXT NOT NULL, step TEXT NOT NULL
  ) STRICT`,
  // Orders that the shop's own server has confirmed, by keys that only this ledger can make; money in minor units.
  `CREATE TABLE IF NOT EXISTS confirmed_order (
    order_key TEXT PRIMARY KEY, value INTEGER NOT NULL, at_ms INTEGER NOT NULL, cancelled INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX IF NOT EXISTS confirmed_order_by_time ON confirmed_order (at_ms)`,
  // Erasures done, counted by quarter-hour.
  `CREATE TABLE IF NOT EXISTS erasure_count (slot_ms INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT`,
];

/** Columns that ledgers on disk may lack, being older than these. */
const ADDED_COLUMNS: readonly (readonly [table: string, column: string, definition: string])[] = [
  ...[...STAT_SUMS, ...HEALTH_SUMS].map((sum) => ["counter", sum, "INTEGER NOT NULL DEFAULT 0"] as const),
  ...CLIENT_DAY_SUMS.map((sum) => ["client_day", sum, "INTEGER NOT NULL DEFAULT 0"] as const),
  // Hashes of what was refused and had no number to be known by again; JSON, newest last.
  ["client", "refused", "TEXT"],
  // Of the object in R2; unknown of the oldest.
  ["segment", "bytes", "INTEGER"],
  ["segment", "generation", "INTEGER NOT NULL DEFAULT 0"],
  // Whether the client belongs to this shard, which then answers for its erasure.
  ["erasure", "home", "INTEGER NOT NULL DEFAULT 1"],
];

/** Makes what is missing, in a new ledger as in one that older code has filled. */
export function createTables(sql: SqlStorage): void {
  for (const table of TABLES) sql.exec(table);
  const known = new Map<string, Set<string>>();
  for (const [table, column, definition] of ADDED_COLUMNS) {
    let columns = known.get(table);
    if (!columns) known.set(table, (columns = new Set(sql.exec<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`).toArray().map(({ name }) => name))));
    if (!columns.has(column)) sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`);
  }
}
