/** `npm run bench:page`: what a tag costs a shop's page on a slow processor, ours and the peers', beside the page without one. */
import { chromium, type Browser } from "@playwright/test";
import { quantile } from "../../core/metrics.ts";
import { BASE_FLAGS, chromiumPath } from "../browser.ts";
import { PAGES, startSite, type Site } from "./page-site.ts";
import { CATEGORIES, readTrace, type MainThread } from "./page-trace.ts";
import { bundlePeer, installPeers, PEERS } from "./peers.ts";
import { report, type BenchRow } from "./report.ts";

/** A phone's processor, as Lighthouse stands in for one. */
const SLOWDOWN = 4;
const SETTLE_MS = 1_500;
const at = process.argv.indexOf("--runs");
const RUNS = at < 0 ? 9 : Number(process.argv[at + 1]);
const TEN_PAGES = ["home", "list", "product", "product", "list", "product", "list", "product", "product", "home"] as const;
const PORTS = { shop: 18_250, tags: 18_251 };

/** What one page load shows; milliseconds, and bytes as they came over the wire. */
interface Load extends MainThread {
  layoutShift: number;
  lcpMs: number;
  /** From DOMContentLoaded until the tag's interface is there; negative where it was there before, NaN without a tag. */
  readyMs: number;
  /** From the tag's origin, and to it. */
  bytes: number;
  sentBytes: number;
  requests: number;
}

installPeers();
const scripts: { [contender: string]: string } = {};
for (const peer of PEERS) scripts[peer] = await bundlePeer(peer);
const CONTENDERS = ["none", "endcap", ...PEERS];

const site = await startSite(scripts, PORTS);
const browser = await chromium.launch({ executablePath: chromiumPath(), args: BASE_FLAGS });
try {
  const visits: { [contender: string]: Load[][] } = Object.fromEntries(CONTENDERS.map((name) => [name, []]));
  for (let run = -1; run < RUNS; run += 1) {
    for (const contender of CONTENDERS) {
      const visit = await visitShop(browser, site, contender, PAGES);
      if (run >= 0) visits[contender]!.push(visit);
    }
    console.error(run < 0 ? "warmed up" : `run ${run + 1} of ${RUNS}`);
  }
  const long: { [contender: string]: Load[] } = {};
  for (const contender of CONTENDERS.slice(1)) long[contender] = await visitShop(browser, site, contender, TEN_PAGES);
  report(
    `A tag on a shop's page, processor slowed ${SLOWDOWN} times, ${RUNS} cold visits of ${PAGES.length} pages each`, rowsOf(visits, long),
    "networks (everything is on this machine), phones (a desktop's processor is slowed by pauses, its caches are not), a heavy theme's own scripts in the way, carousels and the engine (none of these pages has a place for one). Tasks are in processor time, so what else runs on the machine makes them longer only by cold caches; LCP and readiness are by the clock.",
  );
} finally {
  await browser.close();
  await site.stop();
}

/** One shopper with an empty cache walks through the pages. */
async function visitShop(browser: Browser, site: Site, contender: string, pages: readonly (typeof PAGES)[number][]): Promise<Load[]> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await page.addInitScript(watchPage);
  await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  await session.send("Network.enable");
  let bytes = 0;
  let sentBytes = 0;
  let requests = 0;
  const ofTag = new Set<string>();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (!request.url.startsWith(site.tagOrigin)) return;
    ofTag.add(requestId);
    sentBytes += request.postData?.length ?? 0;
  });
  // From the cache, nothing comes over the wire.
  session.on("Network.requestServedFromCache", ({ requestId }) => void ofTag.delete(requestId));
  session.on("Network.responseReceived", ({ requestId, response }) => {
    if (ofTag.has(requestId) && !response.fromDiskCache) requests += 1;
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (ofTag.has(requestId)) bytes += encodedDataLength;
  });
  const loads: Load[] = [];
  for (const [number, name] of pages.entries()) {
    bytes = sentBytes = requests = 0;
    await browser.startTracing(page, { categories: CATEGORIES });
    await page.goto(site.pageUrl(name, contender, number));
    await page.waitForTimeout(SETTLE_MS);
    const mainThread = readTrace(await browser.stopTracing(), site.tagOrigin);
    const { parsedMs, readyMs = NaN, ...seen } = await page.evaluate(() => (window as unknown as { seen: Seen }).seen);
    loads.push({ ...mainThread, ...seen, readyMs: readyMs - parsedMs, bytes, sentBytes, requests });
  }
  await context.close();
  return loads;
}

interface Seen {
  layoutShift: number;
  lcpMs: number;
  parsedMs: number;
  readyMs?: number;
}
/** Runs in the page before anything else. */
function watchPage(): void {
  const seen: Seen = { layoutShift: 0, lcpMs: 0, parsedMs: 0 };
  const observe = (type: string, take: (entry: never) => void) => new PerformanceObserver((list) => list.getEntries().forEach((entry) => take(entry as never))).observe({ type, buffered: true });
  observe("layout-shift", ({ value, hadRecentInput }: PerformanceEntry & { value: number; hadRecentInput: boolean }) => hadRecentInput || (seen.layoutShift += value));
  observe("largest-contentful-paint", ({ startTime }: PerformanceEntry) => (seen.lcpMs = startTime));
  addEventListener("DOMContentLoaded", () => (seen.parsedMs = performance.now()));
  for (const name of ["endcap", "peer"]) {
    let value: unknown;
    Object.defineProperty(window, name, { configurable: true, get: () => value, set: (given) => ((seen.readyMs ??= performance.now()), (value = given)) });
  }
  Object.assign(window, { seen });
}

/** @param long one visit of ten pages for each tag */
function rowsOf(visits: { [contender: string]: Load[][] }, long: { [contender: string]: Load[] }): BenchRow[] {
  const rows: BenchRow[] = [];
  const values = (contender: string, of: (load: Load) => number, page?: number) => visits[contender]!.flatMap((visit) => (page === undefined ? visit : [visit[page]!])).map(of);
  /** Of each page load with the tag, what it is above the same page's median without. */
  const added = (contender: string, of: (load: Load) => number) => PAGES.flatMap((_, page) => {
    const alone = quantile(values("none", of, page), 0.5);
    return values(contender, of, page).map((value) => value - alone);
  });
  const timings: [metric: string, samples: (contender: string) => number[]][] = [
    ["blocking time that is the tag's", (name) => values(name, ({ ownBlockingMs }) => ownBlockingMs)],
    ["blocking time of the page, added", (name) => added(name, ({ blockingMs }) => blockingMs)],
    ["main-thread time added", (name) => added(name, ({ totalMs }) => totalMs)],
    ["the tag's own script", (name) => values(name, ({ ownMs }) => ownMs)],
    ["its longest task", (name) => values(name, ({ longestOwnMs }) => longestOwnMs)],
    ["LCP", (name) => values(name, ({ lcpMs }) => lcpMs)],
    ["ready after DOMContentLoaded", (name) => values(name, ({ readyMs }) => readyMs)],
  ];
  const counts: [metric: string, unit: string, of: (contender: string) => number][] = [
    ["layout shift, largest", "", (name) => Math.max(...values(name, ({ layoutShift }) => layoutShift))],
    ...PAGES.map((page, index) => [`bytes fetched, page ${index + 1}, ${page}`, "KB", (name: string) => quantile(values(name, ({ bytes }) => bytes, index), 0.5) / 1024] as [string, string, (name: string) => number]),
    ["requests of page 1", "", (name) => quantile(values(name, ({ requests }) => requests, 0), 0.5)],
    ["bytes fetched on ten pages", "KB", (name) => sum(long[name]!.map(({ bytes }) => bytes)) / 1024],
    ["sent on ten pages", "KB", (name) => sum(long[name]!.map(({ sentBytes }) => sentBytes)) / 1024],
    ["requests of ten pages", "", (name) => sum(long[name]!.map(({ requests }) => requests))],
  ];
  rows.push({ what: "no tag", metric: "longest task, median", value: quantile(values("none", ({ longestMs }) => longestMs), 0.5), unit: "ms" });
  rows.push({ what: "no tag", metric: "blocking time, median", value: quantile(values("none", ({ blockingMs }) => blockingMs), 0.5), unit: "ms" });
  rows.push({ what: "no tag", metric: "LCP, median", value: quantile(values("none", ({ lcpMs }) => lcpMs), 0.5), unit: "ms" });
  for (const contender of Object.keys(long)) {
    const row = (metric: string, unit: string, of: (name: string) => number) => rows.push({ what: contender, metric, value: of(contender), unit, ...(contender !== "endcap" && of("endcap") !== 0 && { against: "endcap", againstValue: of("endcap") }) });
    for (const [metric, samples] of timings) for (const [name, p] of [["median", 0.5], ["p95", 0.95]] as const) row(`${metric}, ${name}`, "ms", (of) => quantile(samples(of), p));
    for (const [metric, unit, of] of counts) row(metric, unit, of);
  }
  return rows;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
