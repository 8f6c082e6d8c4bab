/** `npm run size`: what a shop's visitors download, against its budget and the last commit's figures; fails over budget. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = join(import.meta.dirname, "../../dist");
const FIGURES = join(import.meta.dirname, "size.json");
const KB = 1024;

interface Sizes {
  raw: number;
  gzip: number;
  brotli: number;
}
interface Bundle {
  name: string;
  /** Files of the bundle, by name; several are loaded together. */
  files: RegExp;
  budget?: { encoding: "gzip" | "brotli"; bytes: number };
}

/** The engine loads one of its two backends; a GPU's is the larger. */
const BUNDLES: Bundle[] = [
  { name: "tag", files: /^tag\.js$/, budget: { encoding: "brotli", bytes: 8 * KB } },
  { name: "reader, on pages of products", files: /^reader-[\w-]{8}\.js$/, budget: { encoding: "brotli", bytes: 6 * KB } },
  { name: "carousel", files: /^carousel-[\w-]{8}\.js$/, budget: { encoding: "brotli", bytes: 25 * KB } },
  { name: "carousel, where Ed25519 is missing", files: /^carousel-ed25519.*\.js$/ },
  { name: "engine", files: /^engine-.*\.js$/, budget: { encoding: "gzip", bytes: 70 * KB } },
  { name: "engine, WASM file", files: /^engine-.*\.wasm$/ },
];

function measure(files: RegExp): Sizes {
  const sizes: Sizes = { raw: 0, gzip: 0, brotli: 0 };
  for (const name of readdirSync(DIST).filter((file) => files.test(file))) {
    const bytes = readFileSync(join(DIST, name));
    sizes.raw += bytes.length;
    sizes.gzip += gzipSync(bytes, { level: 9 }).length;
    sizes.brotli += brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
  }
  return sizes;
}

if (!existsSync(join(DIST, "tag.js"))) {
  console.error("There is nothing in dist/ to measure. Run `npm run build` first.");
  process.exit(1);
}
const before = (existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, "utf8")) : {}) as { [name: string]: Sizes };
const now: { [name: string]: Sizes } = {};
const over: string[] = [];
const rows = [["bundle", "raw", "gzip", "brotli", "budget", "since the last commit"]];
for (const { name, files, budget } of BUNDLES) {
  const sizes = (now[name] = measure(files));
  const past = before[name];
  const encoding = budget?.encoding ?? "brotli";
  const change = past ? sizes[encoding] - past[encoding] : undefined;
  if (budget && sizes[budget.encoding] > budget.bytes) over.push(`${name} is ${sizes[budget.encoding] - budget.bytes} bytes over its budget`);
  rows.push([name, ...[sizes.raw, sizes.gzip, sizes.brotli].map((bytes) => `${bytes}`), budget ? `${budget.bytes} ${budget.encoding}` : "", change === undefined ? "new" : `${change > 0 ? "+" : ""}${change} ${encoding}`]);
}
const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
for (const row of rows) console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "));
if (process.argv.includes("--update")) writeFileSync(FIGURES, `${JSON.stringify(now, null, 2)}\n`);
for (const line of over) console.error(line);
process.exitCode = over.length > 0 ? 1 : 0;
