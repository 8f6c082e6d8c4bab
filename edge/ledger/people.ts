/** Who was logged in where: what devices call a person is replaced by a key that only this ledger can make. */
import type { LedgerBatch } from "./contract.ts";
import { keyOfLedger } from "./secret.ts";

/** Replaces, in place, what logins name persons by: hashes of addresses can be guessed, these keys can't. Part of a transaction of the caller. */
export function rekeyLogins(sql: SqlStorage, batches: readonly LedgerBatch[]): void {
  const keyOf = keyOfLedger(sql);
  for (const { events } of batches) {
    for (const event of events) if (event.name === "login" && event.params.user_id !== undefined) event.params.user_id = keyOf("person", event.params.user_id);
  }
}

/** The ledger's name for a person. @param userId as devices send it */
export function personKeyOf(sql: SqlStorage, userId: string): string {
  return keyOfLedger(sql)("person", userId);
}

/** Every client that a person was ever logged in on, those that are being erased for it among them. */
export function clientsOf(sql: SqlStorage, personKey: string): string[] {
  return sql.exec<{ client_id: string }>(`SELECT client_id FROM client_person WHERE person_key = ?1
     UNION SELECT client_id FROM erasure WHERE person_key = ?1 AND client_id IS NOT NULL`, personKey).toArray().map((row) => row.client_id);
}
