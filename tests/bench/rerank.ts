/** `npm run bench:rerank`: how long a click takes to re-rank the shop, and what the engine weighs. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { chromium } from "@playwright/test";
import { quantile } from "../../core/metrics.ts";
import { BASE_FLAGS, chromiumPath, SOFTWARE_WEBGPU_FLAGS } from "../browser.ts";
import { startSite } from "../widget/engine/site.ts";
import { report, type BenchRow } from "./report.ts";
import type { Bench, Times } from "./rerank-page.ts";

declare const bench: Bench;

const RUNS = 40;
const SIZES = [1200, 10_000];
/** Each of our backends beside what one would otherwise use in its place. */
const AGAINST: { [contender: string]: string } = { webgpu: "stock webgpu", wasm: "stock wasm", loops: "stock wasm" };

const rows: BenchRow[] = [];
const site = await startSite({ pageModule: join(import.meta.dirname, "rerank-page.ts"), tfjs: "stock" });
const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...BASE_FLAGS, ...SOFTWARE_WEBGPU_FLAGS] });
try {
  const page = await browser.newPage();
  await page.goto(site.pageUrl());
  await page.waitForFunction(() => "bench" in globalThis);
  for (const itemCount of SIZES) {
    const times = await page.evaluate(([url, count, runs]) => bench.rerank(url, count, runs), [site.engineUrl, itemCount, RUNS] as const);
    for (const [contender, against] of Object.entries(AGAINST)) rows.push(...compare(`re-rank ${itemCount} items, ${contender}`, times, contender, against));
  }
  const products = await page.evaluate(([count, runs]) => bench.products(count, runs), [10_000, RUNS] as const);
  rows.push(...compare("10000 × 48 products, int8 loops", products, "loops", "stock wasm"));

  const engine = readdirSync(site.folder).filter((name) => name.endsWith(".js"));
  const parts = { "plain loops": /^engine-[\w-]{8}\.js$/, "plain loops + WebGPU": /^engine-(encoder-|webgpu-)?[\w-]{8}\.js$/, "plain loops + WASM, without its binary": /^engine-(encoder-|wasm-)?[\w-]{8}\.js$/ };
  const stockPage = readdirSync(join(site.folder, "page")).filter((name) => name.endsWith(".js")).map((name) => join(site.folder, "page", name));
  for (const [what, pattern] of Object.entries(parts)) {
    const files = engine.filter((name) => pattern.test(name)).map((name) => join(site.folder, name));
    for (const [metric, pack] of Object.entries({ gzip: gzip, brotli: brotliCompressSync })) {
      const weigh = (paths: string[]) => paths.reduce((sum, path) => sum + pack(readFileSync(path)).length, 0) / 1024;
      rows.push({ what: `engine, ${what}`, metric, value: weigh(files), unit: "KB", against: "stock tfjs, WebGPU + WASM, and this page", againstValue: weigh(stockPage) });
    }
  }
} finally {
  await browser.close();
  await site.stop();
}
report("Re-rank: a click's history in, the top 20 out, on the page", rows, "that ours runs in a worker, at the cost of a message each way, while stock tfjs holds the page's own thread; real GPUs (this WebGPU is SwiftShader on the CPU, where the engine would choose plain loops), phones, times below Chromium's clock of 0.1 ms.");

function compare(what: string, times: Times, contender: string, against: string): BenchRow[] {
  return ([["median", 0.5], ["p95", 0.95]] as const).map(([metric, p]) => ({
    what, metric, value: quantile(times[contender]!, p), unit: "ms", against, againstValue: quantile(times[against]!, p),
  }));
}
function gzip(bytes: Uint8Array): Uint8Array {
  return gzipSync(bytes, { level: 9 });
}
