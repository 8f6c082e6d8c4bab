/**
 * Claims: which client an order belongs to, where a shop's clients are on several shards.
 *
 * An order is its first teller's, whoever else opens its thank-you page. One shard sees that in its own orders; several
 * agree by asking the shard that holds the order's bucket before they count it.
 */
import { erasedOrdersAmong } from "./erasure.ts";
import { keyOfLedger } from "./secret.ts";

export interface Claim {
  transactionId: string;
  clientId: string;
}

/** @returns for each claim whether the order is that client's: made now, or before. Part of a transaction of the caller */
export function claimOrders(sql: SqlStorage, claims: readonly Claim[], nowMs: number): boolean[] {
  const keyOf = keyOfLedger(sql);
  const erased = erasedOrdersAmong(sql, claims.map(({ transactionId }) => transactionId), nowMs);
  return claims.map(({ transactionId, clientId }) => {
    if (erased.has(transactionId)) return false;
    const clientKey = keyOf("client", clientId);
    sql.exec(`INSERT OR IGNORE INTO order_claim (transaction_id, client_key) VALUES (?1, ?2)`, transactionId, clientKey);
    return sql.exec<{ client_key: string }>(`SELECT client_key FROM order_claim WHERE transaction_id = ?1`, transactionId).one().client_key === clientKey;
  });
}

/** Claims every order that there is, before the first clients leave an only shard. Part of a transaction of the caller. */
export function claimAllOrders(sql: SqlStorage): void {
  const keyOf = keyOfLedger(sql);
  for (const { transaction_id, client_id } of sql.exec<{ transaction_id: string; client_id: string }>(`SELECT transaction_id, client_id FROM purchase_order`).toArray()) {
    sql.exec(`INSERT OR IGNORE INTO order_claim (transaction_id, client_key) VALUES (?1, ?2)`, transaction_id, keyOf("client", client_id));
  }
}

