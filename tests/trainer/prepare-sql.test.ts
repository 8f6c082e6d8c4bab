import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DAY_MS } from "../../core/calendar.ts";
import { seededRandom } from "../../core/ids.ts";
import { EARLIEST_MS, MAX_CLIENT_ENTRIES, MAX_DAILY_VIEWS } from "../../trainer/cleaning.ts";
import { loadFromFiles } from "../../trainer/load.ts";

const SQL = readFileSync(join(import.meta.dirname, "../../trainer/data/prepare.sql"), "utf8");

it("cleans by the trainer's own numbers", () => {
  const numbers = [...SQL.replace(/--.*$/gm, "").matchAll(/\d+/g)].map(([number]) => Number(number)).filter((number) => number > 1);
  expect(new Set(numbers)).toEqual(new Set([EARLIEST_MS, DAY_MS, MAX_DAILY_VIEWS, MAX_CLIENT_ENTRIES]));
});

interface DuckDb {
  DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<{ run(sql: string): Promise<unknown> }> }> };
}
/** Not a dependency of this project, since its lock file cannot name its builds for all systems. */
const NAME = "@duckdb/node-api";
const duckdb = await (import(NAME) as Promise<DuckDb>).catch(() => undefined);

it.skipIf(!duckdb)(`leaves the trainer the same histories as the raw log does${duckdb ? "" : ` (skipped: npm i --no-save ${NAME})`}`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "endcap-"));
  try {
    const random = seededRandom(1);
    const startMs = Date.UTC(2026, 0, 1);
    const rows = Array.from({ length: 4000 }, (_, i) => `c${Math.floor(random() * 100)},${random() < 0.9 ? "view_item" : "add_to_cart"},p${Math.floor(random() * 120)},${startMs + i * 60_000}`);
    const program = Array.from({ length: MAX_DAILY_VIEWS + 1 }, (_, i) => `program,view_item,p${i % 100},${startMs + i * 20_000}`);
    const busy = Array.from({ length: MAX_CLIENT_ENTRIES + 300 }, (_, i) => `busy,view_item,p${i % 97},${startMs + i * 3_600_000}`);
    const raw = join(folder, "raw.csv");
    writeFileSync(raw, ["client_id,event,item_id,timestamp", ...rows, ...rows.slice(0, 50), ...program, ...busy, "c1,view_item,p1,100000000", ""].join("\n"));
    const connection = await (await duckdb!.DuckDBInstance.create(":memory:")).connect();
    await connection.run(`CREATE VIEW acts AS SELECT client_id AS client, event, item_id, "timestamp" AS at_ms, NULL::DOUBLE AS price, 1 AS quantity, NULL::VARCHAR AS transaction_id FROM read_csv('${raw}')`);
    const cleaned = join(folder, "acts.csv");
    await connection.run(`COPY (${SQL}) TO '${cleaned}'`);
    const [before, after] = await Promise.all([raw, cleaned].map((data) => loadFromFiles({ files: { data }, nowMs: startMs + 90 * DAY_MS, print: () => undefined })));
    expect(before!.report).toMatchObject({ botClients: 1, clippedEntries: 300, duplicateEvents: 50, wrongTimes: 1 });
    expect(after!.report).toMatchObject({ botClients: 0, clippedEntries: 0, duplicateEvents: 0, wrongTimes: 0 });
    expect(after!.shoppers.map(({ clientId, history }) => [clientId, history])).toEqual(before!.shoppers.map(({ clientId, history }) => [clientId, history]));
    expect(after!.split).toEqual(before!.split);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
