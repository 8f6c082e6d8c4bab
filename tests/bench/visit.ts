/**
 * `npm run bench:visit`: ten pages of a shop with carousels, by a shopper whose browser keeps what it has seen: what they
 * fetch, what they cost in processor time, and when the carousel is painted, with the engine and without it. Then the
 * edge is cut off, and the home page opened again.
 */
import { readdirSync, readFileSync } from "node:fs";
import { chromium, type Browser, type Page } from "@playwright/test";
import { quantile } from "../../core/metrics.ts";
import { BASE_FLAGS, chromiumPath, USER_AGENT } from "../browser.ts";
import { report, type BenchRow } from "./report.ts";
import { startVisitSite, type VisitSite } from "./visit-site.ts";

/** Products looked at; undefined is the home page. */
const TEN_PAGES = [undefined, 40, 41, 300, undefined, 41, 77, 300, 500, undefined];
const REPEATS = 8;
const SETTLE_MS = 2_500;
const PORTS = { shop: 18_260, edge: 18_261 };
/** Clock ticks a second of `/proc/<pid>/stat`: sysconf(_SC_CLK_TCK), 100 on Linux. */
const TICKS = 100;

/** What the browser may fetch of the engine, and what the tag is told. */
const CONTENDERS: { [name: string]: { tag: string | null; engine: boolean } } = {
  "no tag": { tag: null, engine: false },
  "plain loops in the carousel, no engine": { tag: "", engine: false },
  "as it is by default": { tag: "", engine: true },
  "engine on every page, WASM": { tag: 'data-backend="wasm"', engine: true },
};

interface Visit {
  kilobytes: number;
  processorS: number;
  /** From DOMContentLoaded until the frame with the carousel is out, by the clock, page by page. */
  paintedMs: number[];
  cutOffMs: number[];
  /** What the page's main thread did of it, where nothing else may run between. */
  cutOffWorkMs: number[];
}

async function visit(name: string): Promise<Visit> {
  const { tag, engine } = CONTENDERS[name]!;
  const site = await startVisitSite({ ports: PORTS });
  Object.assign(site, { tag, engine });
  const server = await chromium.launchServer({ executablePath: chromiumPath(), args: [...BASE_FLAGS, `--user-agent=${USER_AGENT}`] });
  try {
    const browser = await chromium.connect(server.wsEndpoint());
    const page = await (await browser.newContext()).newPage();
    await page.addInitScript(watchPaint);
    await page.goto("about:blank");
    const before = processorSeconds(server.process().pid!);
    const paintedMs: number[] = [];
    for (const product of TEN_PAGES) paintedMs.push((await open(page, site, product)).paintedMs);
    const processorS = processorSeconds(server.process().pid!) - before;
    const kilobytes = site.sentBytes / 1024;
    await site.stopEdge();
    const cutOff: { paintedMs: number; workMs: number }[] = [];
    for (let run = 0; tag !== null && run < REPEATS; run += 1) cutOff.push(await open(page, site, undefined, browser));
    return { kilobytes, processorS, paintedMs, cutOffMs: cutOff.map((seen) => seen.paintedMs), cutOffWorkMs: cutOff.map(({ workMs }) => workMs) };
  } finally {
    await server.close();
    await site.stop();
  }
}

async function open(page: Page, site: VisitSite, product: number | undefined, traced?: Browser): Promise<{ paintedMs: number; workMs: number }> {
  await traced?.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  await page.goto(site.pageUrl(product));
  await page.waitForTimeout(SETTLE_MS);
  const workMs = traced ? workBetween(await traced.stopTracing()) : NaN;
  return { paintedMs: await page.evaluate(() => { const [painted] = performance.getEntriesByName("painted"); const [parsed] = performance.getEntriesByName("parsed"); return painted && parsed ? painted.startTime - parsed.startTime : NaN; }), workMs };
}

/** Runs in the page before anything else: marks DOMContentLoaded, and the frame in which the first carousel has cards. */
function watchPaint(): void {
  addEventListener("DOMContentLoaded", () => performance.mark("parsed"));
  const attachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.call(this, init);
    const observer = new MutationObserver(() => {
      if (!root.querySelector("li")) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        // A message comes after the frame's own work.
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => performance.mark("painted");
        port2.postMessage(null);
      });
    });
    observer.observe(root, { childList: true, subtree: true });
    return root;
  };
}

interface TraceEvent { name: string; ph: string; pid: number; tid: number; ts: number; dur?: number; tdur?: number }
/** Milliseconds of processor time that the page's main thread spent on tasks between the marks. */
function workBetween(trace: Buffer): number {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const parsed = traceEvents.find(({ name }) => name === "parsed");
  const painted = traceEvents.find(({ name, pid }) => name === "painted" && pid === parsed?.pid);
  if (!parsed || !painted) return NaN;
  const tasks = traceEvents.filter(({ name, ph, pid, tid, ts }) => ph === "X" && /RunTask$/.test(name) && pid === parsed.pid && tid === parsed.tid && ts >= parsed.ts && ts <= painted.ts);
  return tasks.reduce((sum, { tdur = 0 }) => sum + tdur, 0) / 1000;
}

/** Of a process and all that it has started, so far. */
function processorSeconds(root: number): number {
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      return [{ pid: Number(pid), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
    } catch {
      return [];
    }
  });
  const family = new Set([root]);
  // Children may be listed before their parents.
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return processes.filter(({ pid }) => family.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS;
}

const rows: BenchRow[] = [];
const visits: { [name: string]: Visit } = {};
for (const name of Object.keys(CONTENDERS)) {
  visits[name] = await visit(name);
  console.error(`visited: ${name}`);
}
for (const [name, { kilobytes, processorS, paintedMs, cutOffMs, cutOffWorkMs }] of Object.entries(visits)) {
  const alone = visits["no tag"]!;
  const row = (metric: string, value: number, unit: string, against?: number) => rows.push({ what: name, metric, value, unit, ...(against !== undefined && against !== 0 && name !== "no tag" && { against: "no tag", againstValue: against }) });
  row("fetched from the edge on ten pages", kilobytes, "KB");
  row("processor time of the whole browser on ten pages", processorS, "s", alone.processorS);
  if (name === "no tag") continue;
  row("carousel painted after DOMContentLoaded, first page", paintedMs[0]!, "ms");
  row("the same, the other nine, median", quantile(paintedMs.slice(1), 0.5), "ms");
  row("the same, edge cut off, home page again, median", quantile(cutOffMs, 0.5), "ms");
  row("main thread's processor time from there to the paint, median", quantile(cutOffWorkMs, 0.5), "ms");
}
report("A visit of ten pages", rows, "networks (everything is on this machine), GPUs (there is none, so the default chooses plain loops once it has measured). Paints are by the clock: on a machine that is busy with other work they come later; processor time counts this browser only.");
