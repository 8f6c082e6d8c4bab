/** The ledger's tables. Columns are only ever added. */
import { STAT_SUMS } from "../../core/api.ts";

/** What a client did in a quarter-hour, for counting people. Who bought follows from the orders, whose times may change. */
export const PRESENCE = ["active", "viewed", "carted", "checkout"] as const;
export type Presence = (typeof PRESENCE)[number];

/** Sums kept per client and day beside its presence; money in minor units. */
export const CLIENT_DAY_SUMS = ["events", "orders", "revenue", "attributed_revenue"] as const;
export type ClientDaySum = (typeof CLIENT_DAY_SUMS)[number];

const TABLES = [
  // Facts about the ledger itself: the shop's id.
  `CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,

  // One row per client: what has been received, and what attribution may still need.
  `CREATE TABLE IF NOT EXISTS client (
    client_id TEXT PRIMARY KEY, watermark INTEGER NOT NULL, intervals TEXT NOT NULL, secret_hash TEXT, trail TEXT
  ) STRICT, WITHOUT ROWID`,

  // One row per batch, until it is archived. Events are as the client sent them, redacted; the row number is never used twice.
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
];

export function createTables(sql: SqlStorage): void {
  for (const table of TABLES) sql.exec(table);
}
