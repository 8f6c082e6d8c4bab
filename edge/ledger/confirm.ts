/** Orders that the shop's own server has confirmed, or taken back: each once, under a key that names nobody. Kept by the first shard. */
import type { ConfirmedOrder } from "../../core/merchant-api.ts";
import { toMinor } from "./money.ts";
import { keyOfLedger } from "./secret.ts";

/** @returns how many orders changed, and how many were known as they are. Part of a transaction of the caller */
export function confirmOrders(sql: SqlStorage, currency: string, orders: readonly ConfirmedOrder[]): { confirmed: number; unchanged: number } {
  const keyOf = keyOfLedger(sql);
  let confirmed = 0;
  for (const { transaction_id, value, atMs, cancelled = false } of orders) {
    const row = [keyOf("order", transaction_id), toMinor(value, 1, currency), atMs, cancelled ? 1 : 0] as const;
    const changed = sql.exec(
      `INSERT INTO confirmed_order (order_key, value, at_ms, cancelled) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (order_key) DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms, cancelled = excluded.cancelled
       WHERE value <> excluded.value OR at_ms <> excluded.at_ms OR cancelled <> excluded.cancelled RETURNING 1`, ...row).toArray().length;
    confirmed += changed;
  }
  return { confirmed, unchanged: orders.length - confirmed };
}

/** Those of a range that count; money in minor units. */
export function readConfirmed(sql: SqlStorage, fromMs: number, toMs: number): { orders: number; revenue: number } {
  return sql.exec<{ orders: number; revenue: number }>(
    `SELECT count(*) AS orders, coalesce(sum(value), 0) AS revenue FROM confirmed_order WHERE at_ms >= ?1 AND at_ms < ?2 AND cancelled = 0`, fromMs, toMs).one();
}
