/**
 * `npm run size`: what a shop's visitors download, against its budget, the last commit's figures and what others ship;
 * fails over budget.
 */
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
interface Budget {
  encoding: "gzip" | "brotli";
  bytes: number;
  /** Where it is meant to go. */
  goal?: number;
}
interface Bundle {
  name: string;
  /** Files of the bundle, by name; several are loaded together. */
  files: RegExp;
  budget?: Budget;
}

/** Bundles with a budget or a name of their own; every other chunk in dist/ has a line too. */
const BUNDLES: Bundle[] = [
  { name: "tag", files: /^tag\.js$/ },
  { name: "reader", files: /^reader-.*\.js$/, budget: { encoding: "brotli", bytes: 6 * KB } },
  { name: "carousel", files: /^carousel-[\w-]{8}\.js$/, budget: { encoding: "brotli", bytes: 25 * KB } },
  { name: "carousel, where Ed25519 is missing", files: /^carousel-ed25519.*\.js$/ },
  // It loads one of its two backends; a GPU's is the larger.
  { name: "engine", files: /^engine-.*\.js$/, budget: { encoding: "gzip", bytes: 70 * KB } },
  { name: "engine, WASM file", files: /^engine-.*\.wasm$/ },
];
/** What pages of a kind fetch, added up: each file is compressed by itself. */
const PAGES: { name: string; bundles: string[]; budget: Budget }[] = [
  { name: "a page without a carousel", bundles: ["tag"], budget: { encoding: "brotli", bytes: 8 * KB, goal: 6 * KB } },
  { name: "a product page without a carousel", bundles: ["tag", "reader"], budget: { encoding: "brotli", bytes: 14 * KB } },
];
/** In KB, brotli, as published or measured elsewhere and at other times: for the order of magnitude. */
const OTHERS = [["Counterscale", 1.6], ["Plausible", 2.2], ["Snowplow", 15.6], ["Rudder", 29.5], ["PostHog", 103]] as const;

function measure(files: readonly string[]): Sizes {
  const sizes: Sizes = { raw: 0, gzip: 0, brotli: 0 };
  for (const name of files) {
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
const rows = [["bundle", "raw", "gzip", "brotli", "budget", "left", "since the last commit"]];

function add(name: string, sizes: Sizes, budget?: Budget): void {
  now[name] = sizes;
  const past = before[name];
  const encoding = budget?.encoding ?? "brotli";
  const change = past && sizes[encoding] - past[encoding];
  const left = budget && budget.bytes - sizes[encoding];
  if (left !== undefined && left < 0) over.push(`${name}: ${-left} bytes over its budget`);
  rows.push([
    name, `${sizes.raw}`, `${sizes.gzip}`, `${sizes.brotli}`, budget ? `${budget.bytes} ${encoding}${budget.goal ? `, goal ${budget.goal}` : ""}` : "",
    left === undefined ? "" : `${left}`, change === undefined ? "new" : `${change > 0 ? "+" : ""}${change} ${encoding}`,
  ]);
}

const shipped = readdirSync(DIST).filter((file) => /\.(js|wasm)$/.test(file));
const others = new Map<string, string[]>();
for (const file of shipped.filter((name) => !BUNDLES.some(({ files }) => files.test(name)))) {
  // A chunk's further files carry its name in front of their own.
  const name = file.replace(/-[\w-]{8}\.js$|\.js$/, "");
  others.set(name, [...(others.get(name) ?? []), file]);
}
for (const { name, files, budget } of BUNDLES) add(name, measure(shipped.filter((file) => files.test(file))), budget);
for (const [name, files] of [...others].sort(([a], [b]) => (a < b ? -1 : 1))) add(name, measure(files));
for (const { name, bundles, budget } of PAGES) {
  const parts = bundles.map((bundle) => now[bundle]!);
  const sum = (encoding: keyof Sizes) => parts.reduce((total, sizes) => total + sizes[encoding], 0);
  add(`${name} (${bundles.join(" + ")})`, { raw: sum("raw"), gzip: sum("gzip"), brotli: sum("brotli") }, budget);
}

const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
for (const row of rows) console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "));
console.log(`\nOthers' scripts in KB (brotli; published, or measured elsewhere and on other dates): ${OTHERS.map(([name, size]) => `${name} ${size}`).join(", ")}. Ours, on a page without a carousel: ${(now["tag"]!.brotli / KB).toFixed(1)}.`);
if (process.argv.includes("--update")) writeFileSync(FIGURES, `${JSON.stringify(now, null, 2)}\n`);
for (const line of over) console.error(line);
process.exitCode = over.length > 0 ? 1 : 0;
