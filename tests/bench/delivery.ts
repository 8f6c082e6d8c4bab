/**
 * `npm run bench:delivery`: what arrives of events when servers, tabs and browsers fail, of ours and of other capture
 * libraries'. `--only <words>` measures those contenders whose name holds them.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync } from "node:zlib";
import type { Page } from "@playwright/test";
import type { CreateShopResponse } from "../../core/api.ts";
import { tagSnippet } from "../../core/tag.ts";
import { buildBundles, startEdge } from "../../demo/stack.ts";
import { openBrowser, removeProfile, type KillableBrowser } from "../faults/browser.ts";
import { createShop, readLedger } from "../faults/ledger.ts";
import { seeded } from "../faults/random.ts";
import { openWay, type WayMode } from "../faults/way.ts";
import { startCollector, type CollectorMode } from "./collector.ts";
import { bundlePeer, installPeers, PEER_MODES, PEERS, type PeerMode } from "./peers.ts";
import { report, type BenchRow } from "./report.ts";

const PORTS = { edge: 18230, way: 18231, collector: 18232, shop: 18233 };
const EVENTS = 51;
/** After the fault, a library has as long as it goes on delivering, and this long without anything arriving. */
const PATIENCE_MS = 16_000;
const ENOUGH_MS = 90_000;
/** For what arrives a second time, when all has arrived once. */
const ECHO_MS = 3_000;

/** Ours or another library: how its script gets onto a page, how its server fails, and what that server has. */
interface Contender {
  name: string;
  script: string;
  /** Size of the script, compressed as it is served. */
  brotliBytes: number;
  begin(trial: number): Promise<void>;
  fail(mode: CollectorMode): void;
  /** How many times each marker's event is there. */
  stored(): Promise<Map<string, number>>;
}

interface Desk {
  contender: Contender;
  /** Starts the browser, or starts it again on the same profile. */
  start(): Promise<KillableBrowser>;
  /** A new tab, on the shop's page with the library running. */
  open(): Promise<Page>;
}
interface Fault {
  name: string;
  events: number;
  /** Ends with a page of the shop open, or about to be opened, and the server in order. */
  run(desk: Desk): Promise<void>;
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const capture = (page: Page, from: number, count: number) => page.evaluate(`captureMany(${from}, ${count})`);

const FAULTS: readonly Fault[] = [
  { name: "nothing fails", events: EVENTS, run: async ({ open }) => void (await capture(await open(), 0, EVENTS)) },
  {
    name: "server down, tab closes", events: EVENTS,
    async run({ contender, open }) {
      const page = await open();
      contender.fail("refuse");
      await capture(page, 0, EVENTS);
      await pause(1_500);
      await page.close();
      contender.fail("answer");
      await open();
    },
  },
  {
    name: "navigation in the same tick", events: EVENTS,
    async run({ open }) {
      const page = await open();
      await page.evaluate(`captureMany(0, ${EVENTS}); location.href = "/next"`).catch(() => {});
      await page.waitForURL("**/next");
    },
  },
  {
    name: "two tabs, server down for a while", events: EVENTS,
    async run({ contender, open }) {
      const pages = [await open(), await open()] as const;
      contender.fail("refuse");
      await Promise.all([capture(pages[0], 0, 26), capture(pages[1], 26, EVENTS - 26)]);
      await pause(1_500);
      await Promise.all(pages.map((page) => page.close()));
      contender.fail("answer");
      await open();
    },
  },
  { name: "burst of 500 in one tick", events: 500, run: async ({ open }) => void (await capture(await open(), 0, 500)) },
  {
    name: "503, then recovery", events: EVENTS,
    async run({ contender, open }) {
      const page = await open();
      contender.fail("unavailable");
      await capture(page, 0, EVENTS);
      await pause(5_000);
      contender.fail("answer");
      // Some send what is left with the next page's view.
      await page.goto(`${shopOrigin}/next`);
    },
  },
  {
    name: "taken, then the socket drops", events: EVENTS,
    async run({ contender, open }) {
      const page = await open();
      contender.fail("take-then-drop");
      await capture(page, 0, EVENTS);
      await pause(4_000);
      contender.fail("answer");
      await page.goto(`${shopOrigin}/next`);
    },
  },
  {
    name: "server down, browser killed", events: EVENTS,
    async run({ contender, open, start }) {
      const browser = await start();
      const page = await open();
      contender.fail("refuse");
      await capture(page, 0, EVENTS);
      await pause(1_500);
      await browser.kill();
      contender.fail("answer");
      await start();
      await open();
    },
  },
];

const PAGE_SCRIPT = `
addEventListener("error", (event) => console.error(event.message));
function captureMany(from, count) {
  for (let i = from; i < from + count; i += 1) {
    if (globalThis.peer) peer.track("bench-" + i);
    else void endcap.track("select_item", { items: [{ item_id: "bench-" + i }] });
  }
}`;

const { only = "" } = parseArgs({ options: { only: { type: "string" } }, strict: false }).values as { only?: string };
installPeers();
await buildBundles();
const dataDir = mkdtempSync(join(tmpdir(), "endcap-delivery-"));
const edge = await startEdge({ port: PORTS.edge, dataDir });
const way = await openWay({ port: PORTS.way, edge: edge.url, random: seeded("delivery") });
const collector = await startCollector(PORTS.collector);
const scripts = new Map<string, string>();
let snippet = "";
const shop = createServer(({ url = "/" }, response) => {
  const script = scripts.get(url);
  response.writeHead(200, { "content-type": script === undefined ? "text/html; charset=utf-8" : "text/javascript; charset=utf-8" });
  response.end(script ?? `<!doctype html><html lang="en"><head><title>A shop</title><script>${PAGE_SCRIPT}</script>${snippet}</head><body><h1>A shop</h1></body></html>`);
});
await new Promise<void>((listening) => shop.listen(PORTS.shop, "localhost", listening));
const shopOrigin = `http://localhost:${PORTS.shop}`;

function endcap(): Contender {
  let created: CreateShopResponse;
  const modes: { [mode in CollectorMode]: WayMode } = { answer: { kind: "pass" }, refuse: { kind: "refuse" }, unavailable: { kind: "status", status: 503 }, "take-then-drop": { kind: "commit-then-drop", first: false } };
  const tag = readFileSync(resolve(import.meta.dirname, "../../dist/tag.js"));
  const contender: Contender = {
    name: "endcap",
    script: "",
    brotliBytes: brotliCompressSync(tag).length,
    async begin(trial) {
      created = await createShop({ edgeUrl: edge.url, adminToken: edge.adminToken }, `delivery-${trial}`, shopOrigin);
      contender.script = tagSnippet(way.url, created.writeKey, [], { consent: "granted" });
    },
    fail: (mode) => void (way.mode = modes[mode]),
    async stored() {
      const times = new Map<string, number>();
      for (const { marker } of (await readLedger(edge.url, created.shop, created.merchantToken)).events) if (marker !== undefined) times.set(marker, (times.get(marker) ?? 0) + 1);
      return times;
    },
  };
  return contender;
}
async function peer(name: (typeof PEERS)[number], mode: PeerMode): Promise<Contender> {
  const code = await bundlePeer(name);
  scripts.set(`/${name}.js`, code);
  return {
    name: mode === "default" ? name : `${name}, ${mode}`,
    script: `<script src="/${name}.js" data-collector="${collector.url}" data-mode="${mode}"></script>`,
    brotliBytes: brotliCompressSync(code).length,
    begin: async () => collector.received.clear(),
    fail: (next) => void (collector.mode = next),
    stored: async () => new Map([...collector.received].map(([marker, ids]) => [marker, ids.size])),
  };
}

/** @returns how many events came, and how many of them more than once */
async function tryFault(contender: Contender, fault: Fault, trial: number): Promise<{ delivered: number; doubled: number }> {
  const profile = mkdtempSync(join(tmpdir(), "endcap-delivery-profile-"));
  await contender.begin(trial);
  snippet = contender.script;
  contender.fail("answer");
  let browser = await openBrowser(profile);
  try {
    let fresh = true;
    await fault.run({
      contender,
      // The first start has been made already.
      start: async () => (fresh ? ((fresh = false), browser) : (browser = await openBrowser(profile))),
      async open() {
        const page = await browser.context.newPage();
        await page.goto(shopOrigin);
        await page.waitForFunction(`globalThis.peer || globalThis.endcap`);
        // What starts up in the background has started up.
        await pause(700);
        return page;
      },
    });
    const startMs = Date.now();
    let times = await contender.stored();
    for (let lastMs = startMs; times.size < fault.events && Date.now() - lastMs < PATIENCE_MS && Date.now() - startMs < ENOUGH_MS; ) {
      await pause(250);
      const next = await contender.stored();
      if (next.size > times.size) lastMs = Date.now();
      times = next;
    }
    await pause(ECHO_MS);
    times = await contender.stored();
    return { delivered: times.size, doubled: [...times.values()].filter((count) => count > 1).length };
  } finally {
    await browser.kill();
    removeProfile(profile);
  }
}

try {
  const all = [endcap()];
  for (const name of PEERS) for (const mode of PEER_MODES) all.push(await peer(name, mode));
  const contenders = all.filter(({ name }) => name.includes(only));
  const rows: BenchRow[] = [];
  const table: string[][] = [["", ...contenders.map(({ name }) => name)]];
  let trial = 0;
  for (const fault of FAULTS) {
    const line = [`${fault.name} (${fault.events})`];
    for (const contender of contenders) {
      const { delivered, doubled } = await tryFault(contender, fault, (trial += 1));
      line.push(`${delivered} / ${fault.events - delivered} / ${doubled}`);
      const what = `${fault.name}, ${contender.name}`;
      rows.push({ what, metric: "lost", value: fault.events - delivered, unit: "events" }, { what, metric: "doubled", value: doubled, unit: "events" });
      console.log(`  ${what}: ${line.at(-1)}`);
    }
    table.push(line);
  }
  table.push(["script, bytes brotli", ...contenders.map(({ brotliBytes }) => String(brotliBytes))]);
  for (const { name, brotliBytes } of contenders) rows.push({ what: name, metric: "script, brotli", value: brotliBytes, unit: "bytes" });
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  console.log(`\nDelivered / lost / doubled\n${table.map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}`).join("\n")}`);
  console.log(`  Each page begins with a page view, as each library's documentation has it.
  "durable" is what each library's documentation offers against loss: Snowplow keepalive requests and a longer localStorage queue,
  PostHog no limit of events a second, Segment keepalive requests, RudderStack a longer queue with more attempts.
  The peers' events count by the ids that they send along, as their servers tell what was sent again.`);
  report("Delivery", rows, "one browser, one machine; a peer's own server may do what this collector does not; each has 16 s without an arrival before the rest is held to be lost");
} finally {
  shop.closeAllConnections();
  shop.close();
  await collector.close();
  await way.close();
  await edge.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
