/**
 * `npm run bench:pages -- <folder>`: how well the page reader understands captured product pages, beside published systems.
 *
 * The folder holds `<hash>.html.gz` and `truth.json`, the format of Zyte's product extraction benchmark (2021).
 * @see https://github.com/zytedata/product-extraction-benchmark
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { chromium, type Browser } from "@playwright/test";
import type { EventSource } from "../../core/events.ts";
import { BASE_FLAGS, chromiumPath, USER_AGENT } from "../browser.ts";
import { report, type BenchRow } from "./report.ts";

const ATTRIBUTES = ["price", "sku", "availability"] as const;
type Attribute = (typeof ATTRIBUTES)[number];
type Answer = { [attribute in Attribute]?: string };
type Truth = { [attribute in Attribute]?: string[] } & { url?: string[] | string };

/** F1 of the answers published with the data set: on its 140 pages, and on the 50 of them that the reader was written beside. */
const PUBLISHED: { [system: string]: { all: { [attribute in Attribute]: number }; fifty: { [attribute in Attribute]: number } } } = {
  Zyte: { all: { price: 0.918, sku: 0.841, availability: 0.957 }, fifty: { price: 0.837, sku: 0.842, availability: 0.96 } },
  Diffbot: { all: { price: 0.824, sku: 0.765, availability: 0.943 }, fifty: { price: 0.719, sku: 0.787, availability: 0.94 } },
  extruct: { all: { price: 0.685, sku: 0.537, availability: 0.626 }, fifty: { price: 0.525, sku: 0.556, availability: 0.658 } },
};

/** SHA-256 of those 50 pages' names, its beginning. */
const FIFTY = "4d9d072dc048f08e";

/** Where the built chunks are served from. */
const EDGE = "https://edge.invalid";
/** Long enough for a large page's inline scripts on a busy machine. */
const LOAD_TIMEOUT_MS = 20_000;

interface Outcome {
  hash: string;
  url: string;
  answer: Answer;
  sources: { [attribute in Attribute]?: EventSource };
  faults: string[];
  milliseconds: number;
}

const folder = process.argv[2];
if (!folder || folder.startsWith("--") || !existsSync(join(folder, "truth.json"))) {
  console.error("bench:pages needs a folder of captured pages (<hash>.html.gz) with their truth.json: npm run bench:pages -- <folder>");
  process.exit(2);
}
const dist = join(import.meta.dirname, "../../dist");
const chunk = existsSync(dist) ? readdirSync(dist).find((name) => /^reader-[\w-]{8}\.js$/.test(name)) : undefined;
if (!chunk) {
  console.error("There is no reader in dist/. Run `npm run build` first.");
  process.exit(2);
}
const readerUrl = `${EDGE}/${chunk}`;
const truths = JSON.parse(readFileSync(join(folder, "truth.json"), "utf8")) as { [hash: string]: Truth };

const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...BASE_FLAGS, `--user-agent=${USER_AGENT}`] });
const outcomes: Outcome[] = [];
try {
  for (const [hash, truth] of Object.entries(truths)) outcomes.push(await readCapture(browser, hash, truth));
} finally {
  await browser.close();
}

/**
 * Opens one captured page at its own address, with nothing else within reach, and has the reader look at it. Its inline
 * scripts run, as on a visit; on the 50 pages the figures are the same without them.
 */
async function readCapture(browser: Browser, hash: string, truth: Truth): Promise<Outcome> {
  const html = gunzipSync(readFileSync(join(folder!, `${hash}.html.gz`))).toString();
  const canonical = /<link[^>]+rel=["']?canonical["']?[^>]*href=["']?(https?:[^"'\s>]+)/i.exec(html)?.[1];
  const url = [truth.url].flat()[0] ?? canonical ?? `https://shop.invalid/${hash}`;
  const context = await browser.newContext({ bypassCSP: true, serviceWorkers: "block" });
  const faults: string[] = [];
  const started: Outcome = { hash, url, answer: {}, sources: {}, faults, milliseconds: 0 };
  try {
    const page = await context.newPage();
    let served = false;
    await context.route("**/*", (route) => {
      const request = route.request();
      if (request.url().startsWith(EDGE)) return route.fulfill({ contentType: "text/javascript", headers: { "access-control-allow-origin": "*" }, path: join(dist, new URL(request.url()).pathname) });
      if (!request.isNavigationRequest() || request.frame() !== page.mainFrame()) return route.abort();
      // A page whose scripts lead elsewhere stays.
      if (served) return route.fulfill({ status: 204 });
      served = true;
      return route.fulfill({ contentType: "text/html; charset=utf-8", body: html });
    });
    // Scripts of the captures fail without their network; what counts is ours.
    page.on("pageerror", (error) => error.stack?.includes(EDGE) && faults.push(String(error)));
    page.on("dialog", (dialog) => void dialog.dismiss());
    await page.goto(url, { waitUntil: "domcontentloaded", timeout: LOAD_TIMEOUT_MS });
    const seen = await page.evaluate(async (url) => {
      const { readPage } = (await import(url)) as typeof import("../../widget/reader/reader.ts");
      const startMs = performance.now();
      const reading = await readPage({ document, location, globals: window as never });
      return { ...reading, milliseconds: performance.now() - startMs };
    }, readerUrl);
    const { product, provenance, milliseconds } = seen;
    if (product) {
      const price = product.sale_price ?? product.price;
      started.answer = { ...(price !== undefined && { price: String(price) }), ...(product.id && { sku: product.id }), ...(product.availability && { availability: product.availability === "out_of_stock" ? "OutOfStock" : "InStock" }) };
      started.sources = { price: provenance.price, sku: provenance.id, availability: provenance.availability };
    }
    started.milliseconds = milliseconds;
  } catch (error) {
    faults.push(String(error));
  } finally {
    await context.close();
  }
  return started;
}

/** The benchmark's own rule. @returns true positives, false positives and false negatives */
function judge(attribute: Attribute, truth: readonly string[] | undefined, answer: string | undefined): [number, number, number] {
  const given = answer ?? (attribute === "availability" ? "InStock" : undefined);
  const known = truth && truth.length > 0;
  if (given === undefined) return [0, 0, known ? 1 : 0];
  const right = known && truth.some((value) => (attribute === "price" ? Number(value) === Number(given) : value === given));
  return right ? [1, 0, 0] : [0, 1, known ? 1 : 0];
}

const rows: BenchRow[] = [];
const isFifty = createHash("sha256").update(Object.keys(truths).sort().join()).digest("hex").startsWith(FIFTY);
for (const attribute of ATTRIBUTES) {
  const sums = [0, 0, 0];
  for (const { hash, answer } of outcomes) judge(attribute, truths[hash]![attribute], answer[attribute]).forEach((count, index) => (sums[index]! += count));
  const [right, wrong, missed] = sums as [number, number, number];
  const [precision, recall] = [right / (right + wrong), right / (right + missed)];
  const f1 = (2 * right) / (2 * right + wrong + missed);
  rows.push({ what: attribute, metric: "precision", value: precision, unit: "" }, { what: attribute, metric: "recall", value: recall, unit: "" });
  for (const [system, { all, fifty }] of Object.entries(PUBLISHED)) {
    rows.push({ what: attribute, metric: "F1", value: f1, unit: "", against: `${system}, 140 pages`, againstValue: all[attribute] });
    if (isFifty) rows.push({ what: attribute, metric: "F1", value: f1, unit: "", against: `${system}, these 50 pages`, againstValue: fifty[attribute] });
  }
  const shares = new Map<string, number>();
  for (const { sources } of outcomes) shares.set(sources[attribute] ?? "none", (shares.get(sources[attribute] ?? "none") ?? 0) + 1 / outcomes.length);
  for (const [source, share] of [...shares].sort((one, other) => other[1] - one[1])) rows.push({ what: attribute, metric: `share told by ${source}`, value: share, unit: "" });
}
const faulty = outcomes.filter(({ faults }) => faults.length > 0);
rows.push({ what: "errors", metric: `on ${outcomes.length} pages`, value: faulty.reduce((sum, { faults }) => sum + faults.length, 0), unit: "" });
const times = outcomes.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
rows.push({ what: "reading", metric: "median", value: times[times.length >> 1] ?? 0, unit: "ms" }, { what: "reading", metric: "slowest", value: times.at(-1) ?? 0, unit: "ms" });

if (process.argv.includes("--errors")) {
  for (const { hash, url, answer, sources } of outcomes) {
    const bad = ATTRIBUTES.filter((attribute) => judge(attribute, truths[hash]![attribute], answer[attribute])[0] === 0);
    for (const attribute of bad) console.log(`${hash.slice(0, 8)} ${attribute}: ${answer[attribute]} (${sources[attribute]}), truth ${JSON.stringify(truths[hash]![attribute])} ${url}`);
  }
}
for (const { hash, faults } of faulty) console.error(hash, faults.join("\n"));
report("Captured product pages: what the reader understands", rows, "style sheets and pictures, which the captures lack; scripts beyond the pages' own inline ones.");
process.exitCode = faulty.length > 0 ? 1 : 0;
