/** All that one shard keeps of a client, for the person it belongs to. */
import { clientRows, exportLine, isBatch } from "./archive.ts";

export interface Subject {
  /** Rows of tables, as they stand. */
  rows: { table: string; row: { [column: string]: SqlStorageValue } }[];
  /** Batches that are not archived yet, as lines of an export. */
  lines: string[];
  /** Archived pieces that hold batches of the client, among others'. */
  objects: string[];
}

const TABLES = ["client", "client_day", "purchase_order", "client_person"] as const;

export function readSubject(sql: SqlStorage, clientId: string): Subject {
  const rows = TABLES.flatMap((table) => sql.exec<{ [column: string]: SqlStorageValue }>(`SELECT * FROM ${table} WHERE client_id = ?1`, clientId).toArray().map((row) => ({ table, row })));
  // It authorises erasure; nobody but the device needs it.
  for (const { row } of rows) delete row["secret_hash"];
  return {
    rows,
    lines: clientRows(sql, clientId).filter(isBatch).map((row) => JSON.stringify(exportLine(row))),
    objects: sql.exec<{ object: string }>(`SELECT object FROM client_segment JOIN segment USING (first_row) WHERE client_id = ?1 AND archived_at_ms IS NOT NULL ORDER BY first_row`, clientId).toArray().map(({ object }) => object),
  };
}
