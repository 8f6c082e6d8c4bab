/** How every benchmark speaks: rows with the alternative measured in the same run, and a line about the machine. */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

export interface BenchRow {
  what: string;
  metric: string;
  value: number;
  unit: string;
  against?: string;
  againstValue?: number;
  /** value / againstValue. */
  ratio?: number;
}

/** Prints the rows as a table; `--json FILE` among the arguments writes them too. @param blindSpots what this benchmark cannot see */
export function report(title: string, rows: readonly BenchRow[], blindSpots: string, argv = process.argv): void {
  const full = rows.map((row) => (row.againstValue === undefined ? row : { ...row, ratio: row.value / row.againstValue }));
  const cells = full.map((row) => [
    row.what, row.metric, `${format(row.value)} ${row.unit}`,
    row.against === undefined ? "" : `${row.against}: ${row.againstValue === undefined ? "" : `${format(row.againstValue)} ${row.unit}`}`,
    row.ratio === undefined ? "" : `× ${format(row.ratio)}`,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((cell) => cell[column]!.length)));
  console.log(`\n${title}\n${machine()}`);
  for (const cell of cells) console.log(`  ${cell.map((text, column) => text.padEnd(widths[column]!)).join("  ").trimEnd()}`);
  console.log(`  Not seen here: ${blindSpots}`);
  const at = argv.indexOf("--json");
  if (at >= 0 && argv[at + 1]) writeFileSync(argv[at + 1]!, `${JSON.stringify({ rows: full }, null, 2)}\n`);
}

/** Runs the contenders in turn, A B A B …, after a warm-up each; gives every run's milliseconds. */
export async function alternate<K extends string>(runs: number, contenders: { [name in K]: () => unknown }): Promise<{ [name in K]: number[] }> {
  const names = Object.keys(contenders) as K[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as { [name in K]: number[] };
  for (const name of names) await contenders[name]();
  for (let run = 0; run < runs; run += 1) {
    for (const name of names) {
      const start = performance.now();
      await contenders[name]();
      times[name].push(performance.now() - start);
    }
  }
  return times;
}

export function machine(): string {
  const processors = cpus();
  return `  ${processors[0]?.model.trim() ?? "unknown processor"}, ${processors.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
}

function format(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toPrecision(3);
}
