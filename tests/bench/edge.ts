/**
 * `npm run bench:edge`: what the edge takes, straight to workerd, beside what one would write first; what a million events write,
 * and so cost; what a recommendation and a large catalogue need. `--only <part>` runs one of them: ingest, bill, scoring-10k, scoring-100k.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { routes, type CatalogueReport, type CreateShopResponse } from "../../core/api.ts";
import { seededRandom, sha256Hex } from "../../core/ids.ts";
import { writeModel } from "../../core/model/config.ts";
import { fingerprint, signManifest } from "../../core/weights/manifest.ts";
import { randomHistory, randomModel } from "../core/random-model.ts";
import { manifestOf } from "../core/weights/manifest-of.ts";
import { ADMIN_TOKEN, openWorkerd, type Workerd } from "../faults/edge/workerd.ts";
import { alternate, report, type BenchRow } from "./report.ts";

const SHOP_ORIGIN = "https://shop.example";
const CONNECTIONS = 8;
const RUNS = 5;
/** POSTs of one run, by events in each. */
const POSTS = new Map([[1, 160], [20, 80], [50, 40]]);
/** An insert an event is so much slower that a part of the POSTs tells as much. */
const EACH_SHARE = 1 / 8;
const VARS = { RATE_LIMIT_PER_KEY: "1e9", RATE_LIMIT_PER_CLIENT: "1e9", RATE_LIMIT_PER_NETWORK: "1e9", DAILY_EVENTS_PER_CLIENT: "1e9", ADMIN_TOKEN };
const EDGE = { config: "wrangler.toml", main: "edge/index.ts", migrations: "edge/migrations" };
const PLAIN = { config: "tests/bench/plain-ingest/wrangler.toml", main: "tests/bench/plain-ingest/worker.ts", migrations: "tests/bench/plain-ingest/migrations" };
/** US dollars a million, from the platform's price list of 2026; what plans include is left out. */
const PRICES = { workerRequests: 0.3, workerCpuMs: 0.02, ledgerRequests: 0.15, rowsWritten: 1, rowsRead: 0.001, r2Writes: 4.5 };
const EVENTS_PER_POST = 20;

const PARTS: { [name: string]: () => Promise<BenchRow[]> } = { ingest, bill, "scoring-10k": () => scoring(10_000), "scoring-100k": () => scoring(100_000) };
const { only = "" } = parseArgs({ options: { only: { type: "string" }, json: { type: "string" } } }).values;

const folder = mkdtempSync(join(tmpdir(), "endcap-bench-edge-"));
const running = new Set<Workerd>();
const open = async (name: string, worker?: typeof EDGE, vars: { [name: string]: string } = VARS) => {
  const workerd = await openWorkerd({ folder: join(folder, name), vars, worker });
  running.add(workerd);
  return workerd;
};
try {
  const rows: BenchRow[] = [];
  for (const [name, part] of Object.entries(PARTS)) if (name.includes(only)) rows.push(...(await part()));
  report("Edge", rows, "client and servers share these cores; D1, R2 and Durable Objects are local SQLite and files; Analytics Engine throws data points away here, so /collect stores nothing; times of a recommendation hold the loopback");
} finally {
  for (const workerd of running) await workerd.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function ingest(): Promise<BenchRow[]> {
  const edge = await open("edge", EDGE);
  const plain = await open("plain", PLAIN, {});
  const { writeKey } = await createShop(edge, "bench", ["0".repeat(32)]);
  const rows: BenchRow[] = [];
  for (const [size, posts] of POSTS) {
    const latencies: { [name: string]: number[] } = { edge: [], bare: [], each: [], collect: [] };
    const contender = (name: string, send: (clientId: string, seq: number) => Promise<Response>, requests = posts) => async () => {
      let left = requests;
      await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
        const clientId = `client-${crypto.randomUUID().slice(0, 12)}`;
        for (let seq = 1; left > 0; seq += size) {
          left -= 1;
          const startMs = performance.now();
          await (await must(send(clientId, seq))).arrayBuffer();
          latencies[name]!.push(performance.now() - startMs);
        }
      }));
    };
    const post = (url: string, clientId: string, seq: number) => fetch(url, {
      method: "POST", headers: { origin: SHOP_ORIGIN, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "content-type": "text/plain" },
      body: JSON.stringify({ key: writeKey, clientId, sentAtMs: Date.now(), events: events(seq, size) }),
    });
    const times = await alternate(RUNS, {
      edge: contender("edge", (clientId, seq) => post(edge.url + routes.events, clientId, seq)),
      bare: contender("bare", (clientId, seq) => post(`${plain.url}/v1/events`, clientId, seq)),
      each: contender("each", (clientId, seq) => post(`${plain.url}/v1/events/each`, clientId, seq), posts * EACH_SHARE),
      // It takes one hit a request.
      ...(size === 1 && { collect: contender("collect", (clientId, seq) => fetch(`${plain.url}/collect?sid=bench&h=shop.example&p=/products/${seq}&r=${clientId}`)) }),
    } as { [name: string]: () => Promise<void> });
    const rate = (name: string) => (1000 * size * posts * (name === "each" ? EACH_SHARE : 1)) / quantile(times[name]!, 0.5);
    const what = `${size} event${size === 1 ? "" : "s"} a POST`;
    for (const [name, called] of [["bare", "bare multi-row insert, D1"], ["each", "Hono + D1, an insert an event"], ["collect", "/collect on Analytics Engine"]] as const) {
      if (times[name]) rows.push({ what, metric: "taken", value: rate("edge"), unit: "events/s", against: called, againstValue: rate(name) });
    }
    for (const q of [0.5, 0.99]) rows.push({ what, metric: `answered, p${100 * q}`, value: quantile(latencies["edge"]!, q), unit: "ms", against: "bare multi-row insert, D1", againstValue: quantile(latencies["bare"]!, q) });
  }
  return rows;
}

/** Rows are counted as the platform counts them, with the archive at work: what it has moved to R2 it deletes, which are writes too. */
async function bill(): Promise<BenchRow[]> {
  const workerd = await open("counted", undefined, { ...VARS, ARCHIVE_SEGMENT_BYTES: "30000", ARCHIVE_AGE_MS: "1e12" });
  const { writeKey } = await createShop(workerd, "bill", ["0".repeat(32)]);
  const counted = async () => (await (await must(fetch(`${workerd.url}/test/rows`))).json()) as { read: number; written: number };
  const rows: BenchRow[] = [];
  const perEvent = new Map<number, { written: number; read: number; cpuMs: number }>();
  for (const size of [1, EVENTS_PER_POST, 50]) {
    const before = await counted();
    const cpuBefore = workerd.usage().cpuMs;
    const posts = 200;
    for (let sent = 0; sent < posts; sent += 1) {
      const clientId = `client-${size}-${1000 + (sent % 40)}`;
      const seq = 1 + size * Math.floor(sent / 40);
      await must(fetch(workerd.url + routes.events, { method: "POST", headers: { origin: SHOP_ORIGIN, "user-agent": "Mozilla/5.0 Chrome/140.0" }, body: JSON.stringify({ key: writeKey, clientId, sentAtMs: Date.now(), events: events(seq, size) }) }));
    }
    const cpuMs = workerd.usage().cpuMs - cpuBefore;
    const after = await counted();
    const count = size * posts;
    perEvent.set(size, { written: (after.written - before.written) / count, read: (after.read - before.read) / count, cpuMs: cpuMs / count });
    rows.push({ what: `${size} event${size === 1 ? "" : "s"} a POST`, metric: "rows written a million events, archive included", value: (1e6 * (after.written - before.written)) / count, unit: "rows" });
  }
  const { written, read, cpuMs } = perEvent.get(EVENTS_PER_POST)!;
  for (const perMinute of [1e3, 1e5, 1e7]) {
    const millions = (perMinute * 60 * 24 * 30) / 1e6;
    const requests = millions / EVENTS_PER_POST;
    const dollars = requests * (PRICES.workerRequests + PRICES.ledgerRequests) + millions * (cpuMs * PRICES.workerCpuMs + written * PRICES.rowsWritten + read * PRICES.rowsRead);
    rows.push({ what: `${perMinute.toLocaleString("en")} events a minute, ${EVENTS_PER_POST} a POST`, metric: "the platform's bill, beyond what plans include", value: dollars, unit: "US$ a month" });
  }
  return rows;
}

/** A recommendation for a history, and the import before it, in a workerd of their own. */
async function scoring(products: number): Promise<BenchRow[]> {
  const workerd = await open(`scoring-${products}`, EDGE);
  const keys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = new Uint8Array((await crypto.subtle.exportKey("raw", keys.publicKey)) as ArrayBuffer);
  const { writeKey, merchantToken } = await createShop(workerd, "scoring", [await fingerprint(publicKey)]);
  const headers = { authorization: `Bearer ${merchantToken}` };
  const model = randomModel({ width: 64, length: 20, blocks: 1, heads: 2, neighbours: 20 }, products, 3);
  const idleBytes = workerd.usage().peakBytes;
  const catalogue = model.itemIds.map((id) => JSON.stringify({ id, title: `Product ${id}, as shops call them`, link: `/products/${id}`, image_link: `/pictures/${id}.webp`, price: 10, brand: "Someone & Daughters", description: "What a shop says of a product. ".repeat(8) })).join("\n");
  const importStartMs = performance.now();
  const imported = (await (await must(fetch(workerd.url + routes.admin.catalogue("scoring"), { method: "PUT", headers, body: catalogue }))).json()) as CatalogueReport;
  const importMs = performance.now() - importStartMs;
  if (imported.imported !== products) throw new Error(`${imported.imported} of ${products} products were imported`);
  const importBytes = workerd.usage().peakBytes;
  const weights = writeModel(model);
  await must(fetch(workerd.url + routes.admin.weights("scoring", await sha256Hex(weights)), { method: "PUT", headers, body: weights }));
  const manifest = await manifestOf("scoring", weights, { items: products, nowMs: Date.now() });
  const signed = await signManifest(manifest, publicKey, async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", keys.privateKey, message)));
  await must(fetch(workerd.url + routes.admin.models("scoring"), { method: "POST", headers, body: JSON.stringify(signed) }));
  const random = seededRandom(7);
  const recommend = async () => {
    const history = randomHistory(model, 20, random).map(({ item_id, kind }, i) => ({ item_id, kind, ageMs: 1000 * (20 - i) }));
    const startMs = performance.now();
    await (await must(fetch(workerd.url + routes.recommend, { method: "POST", headers: { origin: SHOP_ORIGIN }, body: JSON.stringify({ key: writeKey, placement: "home-for-you", history }) }))).arrayBuffer();
    return performance.now() - startMs;
  };
  const coldMs = await recommend();
  for (let i = 0; i < 20; i += 1) await recommend();
  const requests = 100;
  const cpuBefore = workerd.usage().cpuMs;
  const times: number[] = [];
  for (let i = 0; i < requests; i += 1) times.push(await recommend());
  const cpuMs = (workerd.usage().cpuMs - cpuBefore) / requests;
  const what = `${products.toLocaleString("en")} products`;
  await workerd.stop();
  running.delete(workerd);
  return [
    { what, metric: "a recommendation's processor time, mean", value: cpuMs, unit: "ms" },
    { what, metric: "a recommendation, p50", value: quantile(times, 0.5), unit: "ms" },
    { what, metric: "a recommendation, p99", value: quantile(times, 0.99), unit: "ms" },
    { what, metric: "the first one, weights and cards read from R2", value: coldMs, unit: "ms" },
    { what, metric: "catalogue imported and published", value: importMs / 1000, unit: "s" },
    { what, metric: "memory of workerd beyond idle, at most, import", value: (importBytes - idleBytes) / 2 ** 20, unit: "MB" },
  ];
}

async function createShop({ url }: Workerd, id: string, signers: string[]): Promise<CreateShopResponse> {
  const answer = await must(fetch(url + routes.admin.shops, { method: "POST", headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, body: JSON.stringify({ id, name: id, currency: "EUR", origins: [SHOP_ORIGIN], signers }) }));
  return (await answer.json()) as CreateShopResponse;
}

function events(firstSeq: number, count: number): object[] {
  const atMs = Date.now();
  return Array.from({ length: count }, (_, i) => ({
    seq: firstSeq + i, name: i % 4 === 0 ? "page_view" : i % 4 === 3 ? "add_to_cart" : "view_item", occurredAtMs: atMs + i, sessionId: "session-0001", page: { type: "product", path: `/products/${i}` },
    params: i % 4 === 0 ? { page_title: "A product of this shop" } : { currency: "EUR", value: 30, items: [{ item_id: `product-${(firstSeq * 31 + i) % 1200}`, item_name: "A product", item_category: "Kitchen", price: 30, quantity: 1 }] },
  }));
}

async function must(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  return response;
}
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}
