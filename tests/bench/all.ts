/** `npm run bench`: every benchmark in turn; `--json FILE` collects their rows. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchRow } from "./report.ts";

/** Three are not among them, since they need data of others: `npm run bench:simulator`, `npm run bench:pages` and `npm run bench:quality`. */
const BENCHMARKS = ["demo-quality", "training", "prepare", "engine", "page", "visit", "adaptation", "stages", "ingest", "edge", "delivery"];

const folder = mkdtempSync(join(tmpdir(), "endcap-bench-"));
const rows: (BenchRow & { benchmark: string })[] = [];
let failed = 0;
for (const benchmark of BENCHMARKS) {
  const file = join(folder, `${benchmark}.json`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, `${benchmark}.ts`), "--json", file], { stdio: "inherit" });
  if (status !== 0) {
    console.error(`bench:${benchmark} ended with code ${status}`);
    failed += 1;
    continue;
  }
  rows.push(...(JSON.parse(readFileSync(file, "utf8")) as { rows: BenchRow[] }).rows.map((row) => ({ benchmark, ...row })));
}
rmSync(folder, { recursive: true });
const at = process.argv.indexOf("--json");
if (at >= 0 && process.argv[at + 1]) writeFileSync(process.argv[at + 1]!, `${JSON.stringify({ rows }, null, 2)}\n`);
process.exit(failed > 0 ? 1 : 0);
