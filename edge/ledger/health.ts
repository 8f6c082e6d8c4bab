/** How a shard is: what waits, what failed and is tried again. */
import type { LedgerHealth } from "./contract.ts";
import { hasMoves } from "./reshard.ts";
import { hasUnfinishedErasures } from "./erasure.ts";
import { WHOLE_SHOP } from "./tally.ts";

/** Work that is tried again until it is done. */
export type Chore = "archive" | "erasure" | "move";
export const CHORES: readonly Chore[] = ["archive", "erasure", "move"];
/** After a failure it is tried again this much later, each further one doubling that; somebody waits for an erasure and for a move. */
const RETRY_MS: { readonly [C in Chore]: number } = { archive: 60_000, erasure: 10_000, move: 2_000 };
const MAX_DOUBLINGS = 5;

const factOf = (chore: Chore) => `failing-${chore}`;

/** Notes that a chore failed. @returns when to try it again */
export function noteFailure(sql: SqlStorage, chore: Chore): { attempt: number; retryInMs: number } {
  sql.exec(`INSERT INTO fact (name, value) VALUES (?1, '1') ON CONFLICT (name) DO UPDATE SET value = CAST(value + 1 AS TEXT)`, factOf(chore));
  const attempt = failuresOf(sql, chore);
  return { attempt, retryInMs: RETRY_MS[chore] * 2 ** Math.min(MAX_DOUBLINGS, attempt - 1) };
}

/** Notes that a chore went well. */
export function noteSuccess(sql: SqlStorage, chore: Chore): void {
  sql.exec(`DELETE FROM fact WHERE name = ?1`, factOf(chore));
}

/** Failures in a row; 0 where the last attempt went well. */
function failuresOf(sql: SqlStorage, chore: Chore): number {
  return Number(sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?1`, factOf(chore)).toArray()[0]?.value ?? 0);
}

export function readHealth(sql: SqlStorage): LedgerHealth {
  const one = (query: string, ...given: SqlStorageValue[]) => sql.exec<{ value: number | null }>(query, ...given).one().value ?? 0;
  return {
    events: one(`SELECT sum(events) AS value FROM counter WHERE placement = ?1`, WHOLE_SHOP),
    dropped: sql.exec<{ reason: string; count: number }>(`SELECT reason, sum(count) AS count FROM dropped GROUP BY reason ORDER BY reason`).toArray(),
    clients: one(`SELECT count(*) AS value FROM client`),
    journalRows: one(`SELECT count(*) AS value FROM journal`),
    journalBytes: one(`SELECT sum(bytes) AS value FROM journal`),
    oldestJournalMs: one(`SELECT min(received_at_ms) AS value FROM journal WHERE client_id <> ''`) || null,
    segments: one(`SELECT count(*) AS value FROM segment WHERE archived_at_ms IS NOT NULL`),
    storageBytes: sql.databaseSize,
    erasing: hasUnfinishedErasures(sql),
    moving: hasMoves(sql),
    failures: Object.fromEntries(CHORES.map((chore) => [chore, failuresOf(sql, chore)])) as LedgerHealth["failures"],
  };
}
