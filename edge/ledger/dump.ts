/** A shard's tables, row by row, out and in again: the part of a shop's backup that is a ledger. */

type Row = { [column: string]: SqlStorageValue };
/** Where the next page begins; null after the last. */
export type DumpCursor = { table: string; after: number } | null;
export interface DumpPage {
  table: string;
  rows: Row[];
  next: DumpCursor;
}

const PAGE_BYTES = 512 * 1024;
const MAX_ROWS = 2_000;

/** Every table of a ledger; the platform's own are not among them. */
function tablesOf(sql: SqlStorage): string[] {
  return sql.exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`).toArray().map(({ name }) => name);
}

/** One page of rows. Nothing may change between the first and the last. */
export function dumpPage(sql: SqlStorage, cursor: DumpCursor): DumpPage {
  const tables = tablesOf(sql);
  const { table, after } = cursor ?? { table: tables[0]!, after: 0 };
  const rows: Row[] = [];
  let bytes = 0;
  let more = false;
  for (const row of sql.exec<Row>(`SELECT * FROM ${table} LIMIT ${MAX_ROWS} OFFSET ${after}`)) {
    if (bytes > PAGE_BYTES) {
      more = true;
      break;
    }
    rows.push(row);
    bytes += JSON.stringify(row).length;
  }
  if (more || rows.length === MAX_ROWS) return { table, rows, next: { table, after: after + rows.length } };
  const nextTable = tables[tables.indexOf(table) + 1];
  return { table, rows, next: nextTable === undefined ? null : { table: nextTable, after: 0 } };
}

/** Empties every table, before another ledger's rows come in. Part of a transaction of the caller. */
export function clearTables(sql: SqlStorage): void {
  for (const table of tablesOf(sql)) sql.exec(`DELETE FROM ${table}`);
}

/** @returns the rows put in. Part of a transaction of the caller. @throws Error for a table or column that this code does not have: the backup is a newer one's */
export function restoreRows(sql: SqlStorage, table: string, rows: readonly Row[]): number {
  if (rows.length === 0) return 0;
  if (!tablesOf(sql).includes(table)) throw new Error(`a ledger has no table ${table}: the backup was made by a newer edge`);
  const columns = Object.keys(rows[0]!);
  const known = new Set(sql.exec<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`).toArray().map(({ name }) => name));
  const unknown = columns.find((column) => !known.has(column));
  if (unknown !== undefined) throw new Error(`the table ${table} has no column ${unknown}: the backup was made by a newer edge`);
  sql.exec(
    `INSERT OR REPLACE INTO ${table} (${columns.join(", ")}) SELECT ${columns.map((_, index) => `value ->> ${index}`).join(", ")} FROM json_each(?1)`,
    JSON.stringify(rows.map((row) => columns.map((column) => row[column]!))),
  );
  return rows.length;
}
