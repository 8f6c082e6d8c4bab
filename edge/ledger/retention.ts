/** Retention: what tells of single shoppers goes when a shop no longer wants to keep it; sums stay. */
import { DAY_MS, dayOf } from "./clock.ts";

/**
 * Forgets what was received before a time: archived events, shoppers' days, orders. What is kept of a client is its number
 * alone, so that nothing of it counts twice. Part of a transaction of the caller; R2's objects go with the next erasing or alarm.
 * @returns whether there was anything to forget
 */
export function forgetBefore(sql: SqlStorage, beforeMs: number): boolean {
  const pieces = sql.exec<{ first_row: number; object: string }>(`SELECT first_row, object FROM segment WHERE archived_at_ms < ?1`, beforeMs).toArray();
  for (const { first_row, object } of pieces) {
    sql.exec(`INSERT OR IGNORE INTO stale_object (object) VALUES (?1)`, object);
    sql.exec(`INSERT OR IGNORE INTO stale_object (object) SELECT object FROM rewrite WHERE first_row = ?1`, first_row);
    for (const table of ["rewrite", "client_segment", "segment"]) sql.exec(`DELETE FROM ${table} WHERE first_row = ?1`, first_row);
  }
  // A day whose last moment is before that time.
  const day = dayOf(beforeMs - DAY_MS + 1);
  const days = sql.exec(`DELETE FROM client_day WHERE day < ?1 RETURNING 1`, day).toArray().length;
  const orders = sql.exec(`DELETE FROM purchase_order WHERE at_ms < ?1 RETURNING 1`, beforeMs).toArray().length;
  return pieces.length + days + orders > 0;
}
