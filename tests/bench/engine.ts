/** `npm run bench:engine`: what the engine weighs, how soon a click shows, and whether every backend ranks alike; beside other runtimes. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { chromium, type Browser, type Page } from "@playwright/test";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { sha256Hex } from "../../core/ids.ts";
import { quantile } from "../../core/metrics.ts";
import { ENTRY_FEATURES } from "../../core/history.ts";
import { encoderShapes, writeModel } from "../../core/model/config.ts";
import { encodeSessions, entryFeatures } from "../../core/model/network.ts";
import { encodeSession } from "../../core/model/score.ts";
import { BASE_FLAGS, chromiumPath, SOFTWARE_WEBGPU_FLAGS } from "../browser.ts";
import { createSigner, MANIFEST } from "../core/weights/signer.ts";
import { randomInputs, randomModel } from "../core/random-model.ts";
import { startSite, type Site } from "../widget/engine/site.ts";
import type { Bench, Swaps, Times } from "./engine-page.ts";
import { CATEGORIES, readTrace } from "./page-trace.ts";
import { installPeers, RUNTIMES } from "./peers.ts";
import { report, type BenchRow } from "./report.ts";

declare const bench: Bench;

const CLICKS = 60;
const RUNS = 40;
const GPU_RUNS = 6;
const HISTORIES = 1000;
const QUERIES = 1000;
const RERANKS = 10_000;
const GPU_RERANKS = 300;
const VISITS = 15;
const VISITED_ITEMS = 5_000;
/** A phone's processor, as Lighthouse stands in for one. */
const SLOWDOWN = 4;
const ORT_FILES = /^(ort\.(wasm|webgpu)\.min|ort-wasm-simd-threaded(\.asyncify)?)\.(mjs|wasm)$/;

installPeers(RUNTIMES);
const site = await startSite({
  pageModule: join(import.meta.dirname, "engine-page.ts"),
  tfjs: "stock",
  extra: {
    // The engine on an adapter that does not say that it is software.
    "hardware.js": (engineFile) => `import "./as-hardware.js"; import "./${engineFile}";`,
    "as-hardware.js": () => "Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });",
  },
});
const ort = join(RUNTIMES, "node_modules/onnxruntime-web/dist");
mkdirSync(join(site.folder, "ort"));
for (const name of readdirSync(ort).filter((file) => ORT_FILES.test(file))) copyFileSync(join(ort, name), join(site.folder, "ort", name));
const ortUrl = `${site.edge}/ort`;
const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...BASE_FLAGS, ...SOFTWARE_WEBGPU_FLAGS] });

/** `--only clicks,start` leaves out the other parts. */
const PARTS = ["weight", "clicks", "runtimes", "parity", "memory", "start", "tasks", "network"] as const;
const only = process.argv[process.argv.indexOf("--only") + 1];
const wants = (part: (typeof PARTS)[number]) => !process.argv.includes("--only") || only!.split(",").includes(part);
const rows: BenchRow[] = [];
const missing: string[] = [];
try {
  if (wants("weight")) rows.push(...weigh(site));
  const page = await openPage(browser, site);
  if (wants("clicks")) for (const itemCount of [10_000, 100_000]) rows.push(...(await clicks(page, itemCount)));
  if (wants("runtimes")) rows.push(...(await runtimes(page)));
  if (wants("parity")) rows.push(...(await parity(page)));
  if (wants("memory")) rows.push(...(await memory(page)));
  await page.close();
  if (wants("start")) rows.push(...(await repeatVisits(browser)));
  if (wants("tasks")) rows.push(...(await longestTask(browser)));
  if (wants("network")) rows.push(...networkParity());
} finally {
  await browser.close();
  await site.stop();
}
report("The engine", rows, `real GPUs (this WebGPU is SwiftShader, on the CPU) and phones; times below Chromium's clock of 0.1 ms; other programs on this machine, which make every time longer.${missing.length > 0 ? ` Did not run: ${missing.join("; ")}.` : ""}`);

async function openPage(browser: Browser, site: Site): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(site.pageUrl());
  await page.waitForFunction(() => "bench" in globalThis);
  return page;
}

/** What a visitor downloads, and what the other runtime would be. */
function weigh({ folder }: Site): BenchRow[] {
  const ours = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const weightOf = (paths: readonly string[]) => paths.reduce((sum, path) => sum + brotli(readFileSync(path)), 0) / 1024;
  const parts = { "plain loops": /^engine-[\w-]{8}\.js$/, "plain loops + WebGPU": /^engine-(encoder-|webgpu-)?[\w-]{8}\.js$/, "plain loops + WASM, without its binary": /^engine-(encoder-|wasm-)?[\w-]{8}\.js$/ };
  const theirs = { "plain loops": "wasm", "plain loops + WebGPU": "webgpu", "plain loops + WASM, without its binary": "wasm" };
  return Object.entries(parts).map(([what, pattern]) => ({
    what: `chunk, ${what}`, metric: "brotli", value: weightOf(ours.filter((name) => pattern.test(name)).map((name) => join(folder, name))), unit: "KB",
    against: `onnxruntime-web, ${theirs[what as keyof typeof theirs]}, without its binary`, againstValue: weightOf([join(ort, `ort.${theirs[what as keyof typeof theirs]}.min.mjs`)]),
  }));
}

async function clicks(page: Page, itemCount: number): Promise<BenchRow[]> {
  const { times, headItems, chosen } = await page.evaluate(([url, count, runs]) => bench.clicks(url, count, runs), [site.engineUrl, itemCount, CLICKS] as const);
  console.error(`${itemCount} products: the default budget holds ${headItems}; chosen: ${chosen.encode} encode, ${chosen.score} score`);
  return Object.entries(times).flatMap(([name, measured]) => percentiles(measured).map(({ metric, value }) => ({ what: `click → new order, ${itemCount} products, ${name}`, metric, value, unit: "ms" })));
}

async function runtimes(page: Page): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const against: { [contender: string]: string[] } = { "loops on the page": ["onnxruntime wasm", "stock tfjs wasm"], loops: ["onnxruntime wasm", "stock tfjs wasm"], wasm: ["onnxruntime wasm", "stock tfjs wasm"], webgpu: ["onnxruntime webgpu", "stock tfjs webgpu"] };
  for (const itemCount of [1200, 10_000]) {
    const measured = await page.evaluate(([url, ortUrl, count, runs, gpuRuns]) => bench.runtimes(url, ortUrl, count, runs, gpuRuns), [site.engineUrl, ortUrl, itemCount, RUNS, GPU_RUNS] as const);
    for (const each of measured.missing) if (!missing.includes(each)) missing.push(each);
    for (const [contender, others] of Object.entries(against)) {
      for (const other of others) if (measured.times[`next click, ${contender}`] && measured.times[`next click, ${other}`]) rows.push(...compare(`next click → top 20, ${itemCount} items, ${contender}`, measured.times, `next click, ${contender}`, `next click, ${other}`));
      for (const other of others) if (measured.times[contender] && measured.times[other]) rows.push(...compare(`whole history → top 20, ${itemCount} items, ${contender === "loops" || contender === "wasm" || contender === "webgpu" ? `${contender} in the worker` : contender}`, measured.times, contender, other));
    }
  }
  return rows;
}

async function parity(page: Page): Promise<BenchRow[]> {
  const adapter = await page.evaluate(async () => {
    const info = (await navigator.gpu.requestAdapter())!.info;
    return [info.vendor, info.architecture, info.device].filter(Boolean).join(" ");
  });
  const ask = (url: string, given: Parameters<Bench["parity"]>[1], histories: number) => page.evaluate(([engineUrl, options, count]) => bench.parity(engineUrl, options, 1200, count), [url, given, histories] as const);
  const scoring = await ask(`${site.edge}/hardware.js`, { remembered: { chosen: { encode: "loops", score: "webgpu" }, measurements: [], adapter } }, QUERIES);
  if (scoring.backend.score !== "webgpu") throw new Error(`The kernel did not serve: ${JSON.stringify(scoring.backend)}`);
  const rows: BenchRow[] = [{ what: `scoring, WebGPU against plain loops, ${QUERIES} queries`, metric: "top 20 that differ", value: scoring.different, unit: "of them" }];
  for (const forced of ["webgpu", "wasm", "loops"] as const) {
    const result: Swaps = await ask(site.engineUrl, { forced }, HISTORIES);
    const what = `end to end, ${forced} against plain loops, ${HISTORIES} histories`;
    rows.push({ what, metric: "swaps beyond 1e-4", value: result.faults, unit: "places" }, { what, metric: "swaps", value: result.swaps, unit: "places" }, { what, metric: "largest gap of a swap", value: result.largestGap, unit: "" });
  }
  return rows;
}

async function memory(page: Page): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [forced, count] of [["wasm", RERANKS], ["webgpu", GPU_RERANKS]] as const) {
    const { first, last } = await page.evaluate(([url, name, times]) => bench.memory(url, name, times), [site.engineUrl, forced, count] as const);
    for (const [metric, unit] of [["tensors", ""], ["bytes", "B"]] as const) rows.push({ what: `after ${count} re-ranks, ${forced}`, metric, value: last[metric], unit, against: "after the first", againstValue: first[metric] });
  }
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    return ((await session.send("Runtime.getHeapUsage")) as { usedSize: number }).usedSize / 2 ** 20;
  };
  await page.evaluate(([url]) => bench.rerank(url, 1000), [site.engineUrl] as const);
  const before = await heap();
  await page.evaluate(([url, count]) => bench.rerank(url, count), [site.engineUrl, RERANKS] as const);
  rows.push({ what: `after ${RERANKS} re-ranks, plain loops`, metric: "page's heap", value: await heap(), unit: "MB", against: "before them", againstValue: before });
  return rows;
}

/** A returning shopper's pages: everything from the browser's caches and IndexedDB. */
async function repeatVisits(browser: Browser): Promise<BenchRow[]> {
  const signer = await createSigner();
  const file = writeModel(randomModel({ width: 48, length: 20, blocks: 1, heads: 2, neighbours: 20 }, VISITED_ITEMS, 7));
  const sha256 = await sha256Hex(file);
  const manifest = await signer.publish({ ...MANIFEST, version: 1, weights: { sha256, bytes: file.length } });
  const page = await openPage(browser, site);
  await page.evaluate((entry) => bench.keep(entry), { sha256, version: 1, manifest, itemCount: VISITED_ITEMS });
  const ours: Times = { total: [], model: [], worker: [] };
  const theirs: number[] = [];
  for (let visit = -2; visit < VISITS; visit += 1) {
    await page.reload();
    await page.waitForFunction(() => "bench" in globalThis);
    const measured = await page.evaluate(([url, signed, signers, nowMs]) => bench.repeatVisit(url, signed, [...signers], nowMs), [site.engineUrl, manifest, [signer.fingerprint], MANIFEST.createdAtMs + 1] as const);
    await page.reload();
    await page.waitForFunction(() => "bench" in globalThis);
    const onnx = await page.evaluate(([url, count]) => bench.onnxStart(url, count), [ortUrl, VISITED_ITEMS] as const);
    if (visit < 0) continue;
    ours["total"]!.push(measured.totalMs);
    ours["model"]!.push(measured.modelMs);
    ours["worker"]!.push(measured.workerMs);
    theirs.push(onnx);
  }
  await page.close();
  const what = `start on a repeat visit, ${VISITED_ITEMS} products`;
  return [
    ...percentiles(ours["total"]!).map(({ metric, value }, i) => ({ what, metric, value, unit: "ms", against: "onnxruntime-web wasm, its model ready", againstValue: percentiles(theirs)[i]!.value })),
    ...percentiles(ours["model"]!).map(({ metric, value }) => ({ what: `${what}: weights from disk, signature, hash`, metric, value, unit: "ms" })),
    ...percentiles(ours["worker"]!).map(({ metric, value }) => ({ what: `${what}: worker and first ranking`, metric, value, unit: "ms" })),
  ];
}

/** What of a start and a hundred re-ranks the page's own thread feels, on a slow processor. */
async function longestTask(browser: Browser): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [what, where] of [["in the worker", "worker"], ["on the page, in slices", "page"]] as const) {
    const page = await openPage(browser, site);
    await page.evaluate(() => bench.settle());
    const session = await page.context().newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
    await browser.startTracing(page, { categories: CATEGORIES });
    // A script of the page's, by which the trace tells its thread.
    await page.addScriptTag({ content: "globalThis.traced = true;" });
    await page.evaluate(([url, given]) => bench.work(url, given, 100), [site.engineUrl, where] as const);
    const { longestMs } = readTrace(await browser.stopTracing(), site.edge);
    await page.close();
    rows.push({ what: `start and 100 re-ranks of 10,000 products ${what}, processor slowed ${SLOWDOWN} times`, metric: "longest task", value: longestMs, unit: "ms" });
  }
  return rows;
}

/** The plain loops' session vectors beside those of the network that the trainer trains, on the same weights. */
function networkParity(): BenchRow[] {
  const model = randomModel({ width: 48, length: 20, blocks: 1, heads: 2, neighbours: 0 }, 1200, 7);
  const { config } = model;
  const { width: D, length: L } = config;
  const weights = Object.fromEntries(encoderShapes(config).map(([name, shape]) => [name, tf.tensor(model.encoder[name]!, shape)]));
  let largest = 0;
  for (const input of randomInputs(model, 200, 41)) {
    const network = tf.tidy(() => {
      const rows = Float32Array.from({ length: L * D }, (_, i) => {
        const item = input.items[Math.floor(i / D)]!;
        return item < 0 ? 0 : model.rows[item * D + (i % D)]! * model.scales[item]!;
      });
      const { features, used } = entryFeatures(input);
      return encodeSessions(config, weights, tf.tensor3d(rows, [1, L, D]), tf.tensor3d(features, [1, L, ENTRY_FEATURES]), tf.tensor2d(used, [1, L])).dataSync().slice(-D);
    });
    const own = encodeSession(model, input);
    // Of the cosines with all items, against the largest of them.
    const cosine = (session: ArrayLike<number>, item: number) => own.reduce((sum, _, d) => sum + session[d]! * model.rows[item * D + d]! * model.scales[item]!, 0);
    let reach = 0;
    let apart = 0;
    for (let item = 0; item < 1200; item += 1) {
      reach = Math.max(reach, Math.abs(cosine(network, item)));
      apart = Math.max(apart, Math.abs(cosine(network, item) - cosine(own, item)));
    }
    largest = Math.max(largest, apart / reach);
  }
  return [{ what: "scores, plain loops against the trainer's network, 200 histories", metric: "largest difference, relative", value: largest, unit: "" }];
}

function percentiles(times: number[]): { metric: string; value: number }[] {
  return [{ metric: "median", value: quantile(times, 0.5) }, { metric: "p95", value: quantile(times, 0.95) }];
}
function compare(what: string, times: Times, contender: string, against: string): BenchRow[] {
  const [ours, theirs] = [percentiles(times[contender]!), percentiles(times[against]!)];
  return ours.map(({ metric, value }, i) => ({ what, metric, value, unit: "ms", against: against.replace("next click, ", ""), againstValue: theirs[i]!.value }));
}
function brotli(bytes: Uint8Array): number {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }).length;
}
