/** How many events a second the edge takes, durably, beside the plain Worker that one would write first. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { routes, type CreateShopResponse } from "../../core/api.ts";
import { startEdge, type Edge } from "../../demo/stack.ts";
import { startDirectly } from "./direct-workerd.ts";
import { alternate, report, type BenchRow } from "./report.ts";

const PORTS = { edge: 4441, plain: 4442 };
const PLAIN = { config: "tests/bench/plain-ingest/wrangler.toml", migrations: "tests/bench/plain-ingest/migrations" };
const SHOP_ORIGIN = "http://shop.example";
/** Runs take a second through wrangler dev, and a fifth of that without. */
const RUNS = { wrangler: 3, direct: 9 };
const CONNECTIONS = 8;
/** POSTs of one run, by events in each. */
const POSTS = new Map([[1, 160], [20, 100], [50, 60]]);
const IMPORT_EVENTS = 20_000;
const IMPORT_EVENTS_PER_POST = 2_000;

const dataDir = mkdtempSync(join(tmpdir(), "endcap-ingest-"));
const dataDirs = { edge: join(dataDir, "edge"), plain: join(dataDir, "plain") };
const vars = { RATE_LIMIT_PER_KEY: "1e9", RATE_LIMIT_PER_CLIENT: "1e9", RATE_LIMIT_PER_NETWORK: "1e9", DAILY_EVENTS_PER_CLIENT: "1e9" };
/** What must be ended, should something fail. */
const running = new Set<{ stop(): Promise<void> }>();
try {
  const edge = await started(startEdge({ port: PORTS.edge, dataDir: dataDirs.edge, assets: join(dataDir, "assets"), vars }));
  const plain = await started(startEdge({ port: PORTS.plain, dataDir: dataDirs.plain, worker: PLAIN }));
  const { writeKey, merchantToken } = await createShop(edge);
  const rows = await measure("through wrangler dev", edge.url, plain.url, writeKey, RUNS.wrangler);
  await stopAll();

  const directEdge = await started(startDirectly({ dataDir: dataDirs.edge, vars }));
  const directPlain = await started(startDirectly({ dataDir: dataDirs.plain, worker: PLAIN }));
  rows.push(...(await measure("straight to workerd", directEdge.url, directPlain.url, writeKey, RUNS.direct)));
  const imports = importBodies();
  const start = performance.now();
  for (const body of imports) await must(fetch(`${directEdge.url}${routes.admin.import("bench")}`, { method: "POST", headers: { authorization: `Bearer ${merchantToken}` }, body }));
  rows.push({ what: `import, ${IMPORT_EVENTS_PER_POST} events a POST, straight to workerd`, metric: "import", value: (1000 * IMPORT_EVENTS) / (performance.now() - start), unit: "events/s" });

  report("Ingest", rows, "client and servers share these cores; D1 and Durable Objects are local SQLite, not Cloudflare's; wrangler dev has a proxy in front of workerd that costs several times what workerd does on small POSTs, so the rows without it say what the Worker itself takes");
} finally {
  await stopAll();
  rmSync(dataDir, { recursive: true, force: true });
}

async function started<S extends { stop(): Promise<void> }>(starting: Promise<S>): Promise<S> {
  const server = await starting;
  running.add(server);
  return server;
}
async function stopAll(): Promise<void> {
  for (const server of running) await server.stop();
  running.clear();
}

async function measure(way: string, edge: string, plain: string, key: string, runs: number): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [size, posts] of POSTS) {
    const times = await alternate(runs, { edge: () => run(edge, key, size, posts), plain: () => run(plain, key, size, posts) });
    const rate = (milliseconds: number) => (1000 * size * posts) / milliseconds;
    const what = `${size} event${size === 1 ? "" : "s"} a POST, ${way}`;
    rows.push({ what, metric: "ingest, median", value: rate(median(times.edge)), unit: "events/s", against: "plain Hono + D1", againstValue: rate(median(times.plain)) });
    rows.push({ what, metric: "ingest, slowest run", value: rate(Math.max(...times.edge)), unit: "events/s", against: "plain Hono + D1", againstValue: rate(Math.max(...times.plain)) });
  }
  return rows;
}

async function createShop({ url, adminToken }: Edge): Promise<CreateShopResponse> {
  const answer = await must(fetch(`${url}${routes.admin.shops}`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ id: "bench", name: "Bench", currency: "EUR", origins: [SHOP_ORIGIN], signers: ["0".repeat(32)] }),
  }));
  return (await answer.json()) as CreateShopResponse;
}

/** Posts fresh batches over a few connections; every client goes on with its own numbers. */
async function run(url: string, key: string, size: number, posts: number): Promise<void> {
  let left = posts;
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    const clientId = `client-${crypto.randomUUID().slice(0, 12)}`;
    for (let seq = 1; left > 0; seq += size) {
      left -= 1;
      const body = JSON.stringify({ key, clientId, sentAtMs: Date.now(), events: events(seq, size, Date.now()) });
      const answer = await must(fetch(`${url}${routes.events}`, { method: "POST", headers: { origin: SHOP_ORIGIN, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "content-type": "text/plain" }, body }));
      const { accepted } = (await answer.json()) as { accepted: number };
      if (accepted !== size) throw new Error(`${url} took ${accepted} of ${size} events`);
    }
  }));
}

function importBodies(): string[] {
  const monthAgo = Date.now() - 30 * 864e5;
  return Array.from({ length: IMPORT_EVENTS / IMPORT_EVENTS_PER_POST }, (_, post) =>
    Array.from({ length: IMPORT_EVENTS_PER_POST / 10 }, (_, i) => JSON.stringify({ clientId: `shopper-${post}-${i}`, sentAtMs: monthAgo, events: events(1, 10, monthAgo + i * 60_000) })).join("\n"));
}

function events(firstSeq: number, count: number, atMs: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    seq: firstSeq + i,
    name: i % 4 === 0 ? "page_view" : i % 4 === 3 ? "add_to_cart" : "view_item",
    occurredAtMs: atMs + i,
    sessionId: "session-0001",
    page: { type: "product", path: `/products/${i}` },
    params: i % 4 === 0 ? { page_title: "A product of this shop" } : { currency: "EUR", value: 30, items: [{ item_id: `product-${(firstSeq * 31 + i) % 1200}`, item_name: "A product", item_category: "Kitchen", price: 30, quantity: 1 }] },
  }));
}

async function must(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${await response.text()}`);
  return response;
}
function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
