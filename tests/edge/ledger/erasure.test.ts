import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { routes, type ErasureReceipt, type PersonErasure } from "../../../core/api.ts";
import { OUTBOX_LIFETIME_MS } from "../../../core/events.ts";
import { fromBase64Url, sha256Hex } from "../../../core/ids.ts";
import { canonicalJson } from "../../../core/weights/manifest.ts";
import type { Env } from "../../../edge/env.ts";
import { archiveOnce } from "../../../edge/ledger/archive.ts";
import type { ErasureAnswer } from "../../../edge/ledger/contract.ts";
import { TOMBSTONE_MS } from "../../../edge/ledger/erasure.ts";
import type { SegmentStore } from "../../../edge/ledger/rewrite.ts";
import { verifyEd25519 } from "../../../edge/verify.ts";
import { click, codeOf, createShop, env, event, NOON, pageViews, SHOP_ORIGIN, startEdge, type TestShop } from "../edge.ts";

// Many requests a test, on machines that are busy.
vi.setConfig({ testTimeout: 30_000 });

const LEAVER = "client-leaver-0001";
const SECRET = "a-secret-only-this-device-knows";
const PERSON = "e".repeat(64);
const STAYER = "client-stayer-0001";

const views = (from: number, count: number, atMs = NOON - 60_000) => Array.from({ length: count }, (_, i) => event(from + i, "view_item", { items: [{ item_id: `product-${(from + i) % 7}` }] }, atMs));

/** Two archived pieces and a journal, all of which tell of the leaver and of others. */
async function livelyShop(nowMs = NOON): Promise<TestShop> {
  const shop = await createShop(startEdge(nowMs));
  const secretHash = await sha256Hex(SECRET);
  for (let piece = 0; piece < 3; piece += 1) {
    await shop.send(LEAVER, [
      ...views(1 + 10 * piece, 5, nowMs - 60_000),
      click(6 + 10 * piece, "product-1", "home-for-you", nowMs - 60_000),
      event(7 + 10 * piece, "purchase", { transaction_id: `order-of-leaver-${piece}`, items: [{ item_id: "product-1", price: 10 }] }, nowMs - 30_000),
      event(8 + 10 * piece, "login", { user_id: PERSON }, nowMs - 60_000),
    ], { secretHash });
    await shop.send(STAYER, [...views(1 + 10 * piece, 5, nowMs - 60_000), event(6 + 10 * piece, "purchase", { transaction_id: `order-of-stayer-${piece}`, items: [{ item_id: "product-2", price: 20 }] }, nowMs - 30_000)], { secretHash: await sha256Hex("another secret") });
    await shop.send(`client-other-${piece}`, views(1, 3, nowMs - 60_000));
    if (piece < 2) await archive(shop, nowMs);
  }
  return shop;
}
async function archive(shop: TestShop, nowMs = NOON, store: Pick<SegmentStore, "put"> = env.FILES): Promise<void> {
  await runInDurableObject(shop.ledger(), (_, { storage }) => archiveOnce(storage, store, { shop: shop.id, shard: 0, minBytes: 1e9, maxAgeMs: 0, nowMs }));
}
function forget(shop: TestShop, secret = SECRET, clientId = LEAVER, headers: { [name: string]: string } = {}): Promise<Response> {
  return shop.edge.fetch(routes.erasure, { method: "POST", headers: { origin: SHOP_ORIGIN, "content-type": "text/plain", ...headers }, body: JSON.stringify({ key: shop.writeKey, clientId, secret }) });
}
/** All that the edge holds of a shop, as text: every table of its ledger, and every object in R2, unpacked. */
async function everything(shop: TestShop): Promise<string> {
  const tables = await runInDurableObject(shop.ledger(), (_, { storage }) => {
    const names = storage.sql.exec<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'`).toArray().map(({ name }) => name);
    return JSON.stringify(names.map((name) => [name, storage.sql.exec(`SELECT * FROM ${name}`).toArray()]));
  });
  const texts = [tables];
  for (const key of await objects(shop)) {
    const object = (await env.FILES.get(key))!;
    texts.push(key, await new Response(object.body.pipeThrough(new DecompressionStream("gzip"))).text());
  }
  return texts.join("\n");
}
async function objects(shop: TestShop): Promise<string[]> {
  return (await env.FILES.list({ prefix: `segments/${shop.id}/` })).objects.map(({ key }) => key);
}
/** What may be left of somebody in text. */
const TRACES = [LEAVER, SECRET, PERSON, "order-of-leaver"];
const receiptIn = (answer: Response) => answer.json<ErasureReceipt>();

/** Lets R2 fail in a shop's ledger from now on, at the call that `fails` picks. */
async function withStore(shop: TestShop, store: Partial<SegmentStore>): Promise<void> {
  const set = (files: Partial<SegmentStore>) => runInDurableObject(shop.ledger(), (ledger) => {
    (ledger as unknown as { env: Partial<Env> }).env = { ...env, FILES: files as R2Bucket };
  });
  await set({ get: (key) => env.FILES.get(key), put: (key, value) => env.FILES.put(key, value), delete: (key) => env.FILES.delete(key), ...store });
  onTestFinished(() => set(env.FILES));
}
const away = () => Promise.reject(new Error("R2 is away"));

describe("erasing a client", () => {
  it("leaves no trace of it in any table or object, and everything of everybody else", async () => {
    const shop = await livelyShop();
    const before = await shop.export();
    const held = await everything(shop);
    // The search can find what it looks for; the person was never there as the device names it.
    expect(TRACES.map((trace) => held.includes(trace))).toEqual([true, false, false, true]);
    const answer = await forget(shop);
    expect(answer.status).toBe(200);
    const left = await everything(shop);
    for (const trace of TRACES) expect(left).not.toContain(trace);
    expect(await objects(shop)).toHaveLength(2);
    const after = await shop.export();
    expect(after.lines).toEqual(before.lines.filter(({ clientId }) => clientId !== LEAVER));
    expect(after.erased).toEqual([await sha256Hex(LEAVER)]);
  });

  it("leaves the shop's sums and its order of products as they were, and one person less behind them", async () => {
    const shop = await livelyShop();
    const [before, popular] = [await shop.stats(), await shop.popularItems()];
    await forget(shop);
    const after = await shop.stats();
    expect(after).toEqual({
      ...before,
      totals: { ...before.totals, shoppers: before.totals.shoppers - 1, buyers: before.totals.buyers - 1 },
      series: before.series.map((bucket, index) => (index === 0 ? bucket : { ...bucket, shoppers: bucket.shoppers - (bucket.events > 0 ? 1 : 0) })),
      funnel: { ...before.funnel, viewed: before.funnel.viewed - 1, purchased: before.funnel.purchased - 1 },
      liveShoppers: before.liveShoppers - 1,
      erasures: 1,
    });
    expect(await shop.popularItems()).toEqual(popular);
  });

  it("attests it with a signature that anybody can check, and the number of events that went", async () => {
    const shop = await livelyShop();
    const { receipt, signature, publicKey } = await receiptIn(await forget(shop));
    expect(receipt).toEqual({ shop: shop.id, clientSha256: await sha256Hex(LEAVER), erasedAtMs: NOON, events: 24 });
    const check = (told: object) => verifyEd25519(fromBase64Url(publicKey), fromBase64Url(signature), new TextEncoder().encode(canonicalJson(told)) as Uint8Array<ArrayBuffer>);
    expect(await check(receipt)).toBe(true);
    expect(await check({ ...receipt, events: 25 })).toBe(false);
  });

  it("answers the same when asked again, days later too, and to the shop", async () => {
    const shop = await livelyShop();
    const first = await receiptIn(await forget(shop));
    shop.edge.nowMs += OUTBOX_LIFETIME_MS;
    await evictDurableObject(shop.ledger());
    expect(await receiptIn(await forget(shop))).toEqual(first);
    expect(await receiptIn(await shop.admin(routes.admin.client(shop.id, LEAVER), { method: "DELETE" }))).toEqual(first);
    expect((await shop.stats(`?fromMs=${NOON - 864e5}&toMs=${shop.edge.nowMs}`)).erasures).toBe(1);
  });

  it("is refused with another secret, before and after, and nothing has changed then", async () => {
    const shop = await livelyShop();
    const held = await everything(shop);
    for (const wrong of ["", "another secret", SECRET.toUpperCase()]) {
      const answer = await forget(shop, wrong);
      expect([answer.status, await codeOf(answer)]).toEqual([403, "wrong-secret"]);
    }
    expect(await everything(shop)).toBe(held);
    await forget(shop);
    expect((await forget(shop, "another secret")).status).toBe(403);
  });

  it("is refused for a client that never told of a secret, and may be done by the shop", async () => {
    const shop = await createShop(startEdge());
    await shop.send(LEAVER, pageViews(1));
    expect((await forget(shop, "")).status).toBe(403);
    const answer = await shop.admin(routes.admin.client(shop.id, LEAVER), { method: "DELETE" });
    expect((await receiptIn(answer)).receipt.events).toBe(1);
    expect(await everything(shop)).not.toContain(LEAVER);
  });

  it("gives a client that nobody heard of a receipt too, and refuses the batch that it overtook", async () => {
    const shop = await createShop(startEdge());
    const { receipt } = await receiptIn(await forget(shop));
    expect(receipt.events).toBe(0);
    expect((await shop.post({ key: shop.writeKey, clientId: LEAVER, sentAtMs: NOON, events: pageViews(1) })).status).toBe(410);
    // Nothing was ever exported of it, so that nobody has to be told.
    expect((await shop.export()).erased).toEqual([]);
  });

  it("refuses what the client's outbox sends later, until no outbox can have it any more, and forgets it then", async () => {
    const shop = await livelyShop();
    await forget(shop);
    const post = () => shop.post({ key: shop.writeKey, clientId: LEAVER, sentAtMs: shop.edge.nowMs, events: pageViews(99) });
    const late = await post();
    expect([late.status, await codeOf(late)]).toEqual([410, "client-erased"]);
    const imported = await shop.admin(routes.admin.import(shop.id), { method: "POST", body: JSON.stringify({ clientId: LEAVER, sentAtMs: NOON, events: pageViews(99) }) });
    expect(await imported.json()).toMatchObject({ accepted: 0, rejected: 1, errors: [{ line: 1, seq: 99, code: "client-erased" }] });
    expect((await shop.stats()).dropped).toEqual([]);
    shop.edge.nowMs = NOON + TOMBSTONE_MS - 1;
    expect((await post()).status).toBe(410);
    shop.edge.nowMs = NOON + TOMBSTONE_MS;
    expect((await post()).status).toBe(200);
    // The alarm, by the real clock, finds the tombstone long past its time.
    await runDurableObjectAlarm(shop.ledger());
    expect(await rowsOf(shop, "erasure")).toBe(0);
    expect(await rowsOf(shop, "erased_order")).toBe(0);
  });

  it("counts no order anew when its page is opened again by whom the shopper is afterwards", async () => {
    const shop = await livelyShop();
    await forget(shop);
    const { totals } = await shop.stats();
    await shop.send("client-reborn-01", [event(1, "purchase", { transaction_id: "order-of-leaver-0", items: [{ item_id: "product-1", price: 10 }] })]);
    await shop.send("client-reborn-01", [event(2, "purchase", { transaction_id: "order-of-reborn", items: [{ item_id: "product-1", price: 10 }] })]);
    expect((await shop.stats()).totals).toMatchObject({ purchase: totals.purchase + 1, revenue: totals.revenue + 10 });
  });

  it("takes no more than a few wishes a minute from one client, and says when to come back", async () => {
    const shop = await livelyShop();
    for (let i = 0; i < 6; i += 1) expect((await forget(shop, "guess")).status).toBe(403);
    const answer = await forget(shop);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    shop.edge.nowMs += 60_000;
    expect((await forget(shop)).status).toBe(200);
  });
});

describe("an export, while clients are erased", () => {
  it("goes on at every cursor that a reader may hold", async () => {
    const shop = await livelyShop();
    const { lines, cursor } = await shop.export();
    const last = Number(cursor);
    await forget(shop);
    for (let held = 0; held <= last; held += 1) {
      const rest = await shop.export(String(held));
      expect(rest.lines).toEqual(lines.slice(held).filter(({ clientId }) => clientId !== LEAVER));
      expect(rest.erased).toEqual([await sha256Hex(LEAVER)]);
    }
    // And what comes and is archived later has its place: behind the notice, which has one too.
    await shop.send(STAYER, pageViews(98));
    const grown = [...lines, null, ...(await shop.export(String(last + 1))).lines];
    await archive(shop);
    for (let held = 0; held <= last + 2; held += 1) expect((await shop.export(String(held))).lines).toEqual(grown.slice(held).filter((line) => line !== null && line.clientId !== LEAVER));
    await shop.send(STAYER, pageViews(99));
    expect((await shop.export(String(last + 2))).lines.map(({ events }) => events[0]!.seq)).toEqual([99]);
  });

  it("follows a piece that is put elsewhere between looking it up and reading it", async () => {
    const shop = await livelyShop();
    const { lines } = await shop.export();
    let erased: Promise<Response> | null = null;
    const files = { get: async (key: string) => {
      erased ??= forget(shop);
      await erased;
      return env.FILES.get(key);
    } } as unknown as R2Bucket;
    const page = await startEdge(NOON, { FILES: files }).fetch(routes.admin.export(shop.id), { headers: { authorization: `Bearer ${shop.merchantToken}` } });
    expect(page.status).toBe(200);
    expect((await page.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line) as object)).toEqual(lines.slice(0, 3).filter(({ clientId }) => clientId !== LEAVER));
  });
});

describe("an erasure that is interrupted", () => {
  const places: [name: string, broken: (nth: number) => Partial<SegmentStore>, calls: number][] = [
    ["reading a piece", (nth) => ({ get: failingAt(nth, (key) => env.FILES.get(key)) }), 2],
    ["writing a piece", (nth) => ({ put: failingAt(nth, (key: string, value: ArrayBuffer) => env.FILES.put(key, value)) }), 2],
    ["writing a piece whose answer is lost", (nth) => ({ put: failingAt(nth, (key: string, value: ArrayBuffer) => env.FILES.put(key, value), true) }), 2],
    ["deleting a stale piece", (nth) => ({ delete: failingAt(nth, (key) => env.FILES.delete(key)) }), 2],
    ["deleting a stale piece whose answer is lost", (nth) => ({ delete: failingAt(nth, (key) => env.FILES.delete(key), true) }), 2],
  ];
  it.each(places.flatMap(([name, broken, calls]) => Array.from({ length: calls }, (_, nth) => [name, nth, broken] as const)))("at %s (number %i) says so, gives no receipt, and ends when asked again", async (_, nth, broken) => {
    const shop = await livelyShop();
    const { lines } = await shop.export();
    await withStore(shop, broken(nth));
    const answer = await forget(shop);
    expect([answer.status, await codeOf(answer)]).toEqual([503, "erasure-pending"]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    // What SQLite held is gone already, and nothing more is taken.
    expect((await shop.post({ key: shop.writeKey, clientId: LEAVER, sentAtMs: NOON, events: pageViews(99) })).status).toBe(410);
    // Whatever it holds in memory goes, as at a kill.
    await evictDurableObject(shop.ledger());
    const { receipt } = await receiptIn(await forget(shop));
    expect(receipt.events).toBe(24);
    const left = await everything(shop);
    for (const trace of TRACES) expect(left).not.toContain(trace);
    expect(await objects(shop)).toHaveLength(2);
    expect((await shop.export()).lines).toEqual(lines.filter(({ clientId }) => clientId !== LEAVER));
    expect((await shop.stats()).erasures).toBe(1);
  });

  it("writes the same bytes under the same name at every attempt, also when somebody else is erased in between", async () => {
    const shop = await livelyShop();
    const written: [key: string, bytes: string][] = [];
    await withStore(shop, { put: async (key, value) => (written.push([key, await sha256Hex(new Uint8Array(value))]), away()) });
    expect((await forget(shop)).status).toBe(503);
    expect((await forget(shop, "another secret", STAYER)).status).toBe(503);
    expect(written).toHaveLength(2);
    expect(written[1]).toEqual(written[0]);
    await withStore(shop, {});
    await forget(shop);
    await forget(shop, "another secret", STAYER);
    const left = await everything(shop);
    for (const trace of [...TRACES, STAYER, "order-of-stayer"]) expect(left).not.toContain(trace);
    expect((await shop.export()).lines.map(({ clientId }) => clientId)).toEqual(["client-other-0", "client-other-1", "client-other-2"]);
  });

  it("is not kept from its end by a piece that R2 has lost", async () => {
    const shop = await livelyShop();
    await env.FILES.delete((await objects(shop))[0]!);
    expect((await receiptIn(await forget(shop))).receipt.events).toBe(16);
    const left = await everything(shop);
    for (const trace of TRACES) expect(left).not.toContain(trace);
  });

  it("is brought to its end by the alarm, when nobody asks again", async () => {
    const shop = await livelyShop(Date.now());
    await withStore(shop, { put: away });
    expect((await forget(shop)).status).toBe(503);
    await withStore(shop, {});
    expect(await runDurableObjectAlarm(shop.ledger())).toBe(true);
    const left = await everything(shop);
    for (const trace of TRACES) expect(left).not.toContain(trace);
    expect((await receiptIn(await forget(shop))).receipt.events).toBe(24);
  });

  it("deletes the object of a piece whose writing R2 had not answered for, which may hold the client", async () => {
    const shop = await livelyShop();
    const before = await shop.export();
    await expect(archive(shop, NOON, { put: async (key, value) => (await env.FILES.put(key, value), away()) })).rejects.toThrow("R2 is away");
    expect(await objects(shop)).toHaveLength(3);
    await forget(shop);
    expect(await objects(shop)).toHaveLength(2);
    const left = await everything(shop);
    for (const trace of TRACES) expect(left).not.toContain(trace);
    await archive(shop);
    expect(await objects(shop)).toHaveLength(3);
    expect((await shop.export()).lines).toEqual(before.lines.filter(({ clientId }) => clientId !== LEAVER));
  });

  it("begins while a piece is on its way to R2, and keeps what is written there from counting", async () => {
    const shop = await livelyShop();
    const before = await shop.export();
    const secretSha256 = await sha256Hex(SECRET);
    let answer: ErasureAnswer | "elsewhere" | undefined;
    // The archive is at work in the ledger itself, as at an alarm; R2 has the old bytes after the erasure has begun.
    await runInDurableObject(shop.ledger(), async (ledger) => {
      let erasing: Promise<void> | undefined;
      const files = { get: (key: string) => env.FILES.get(key), delete: (key: string) => env.FILES.delete(key), put: async (key: string, value: ArrayBuffer) => {
        erasing ??= ledger.erase({ shop: shop.id, clientId: LEAVER, secretSha256, nowMs: NOON, elsewhere: 0 }).then((given) => void (answer = given));
        await new Promise((resolve) => setTimeout(resolve));
        return env.FILES.put(key, value);
      } };
      Object.assign(ledger, { env: { ...env, FILES: files }, maxAgeMs: () => 0 });
      await ledger.alarm();
      await erasing;
    });
    expect(answer).toMatchObject({ state: "done", receipt: { receipt: { events: 24 } } });
    const left = await everything(shop);
    for (const trace of TRACES) expect(left).not.toContain(trace);
    expect((await shop.export()).lines).toEqual(before.lines.filter(({ clientId }) => clientId !== LEAVER));
  });
});

describe("persons", () => {
  it("are known by keys of the ledger's own, which differ from shop to shop", async () => {
    const keys: unknown[] = [];
    for (const shop of [await livelyShop(), await livelyShop()]) {
      const logins = (await shop.export()).lines.flatMap(({ events }) => events).filter(({ name }) => name === "login");
      expect(logins).toHaveLength(3);
      keys.push(...new Set(logins.map(({ params }) => (params as { user_id: string }).user_id)));
    }
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([...keys, PERSON]).size).toBe(3);
  });

  it("count a login once that is delivered twice, under its key", async () => {
    const shop = await createShop(startEdge());
    const login = event(1, "login", { user_id: PERSON });
    await shop.send(LEAVER, [login]);
    expect(await shop.send(LEAVER, [login])).toMatchObject({ accepted: 0, duplicate: 1, conflicts: [] });
  });

  it("are erased on every device at the shop's wish, with the same receipts when it asks again", async () => {
    const shop = await livelyShop();
    await shop.send("client-phone-0001", [event(1, "login", { user_id: PERSON }), ...views(2, 3)]);
    await archive(shop);
    const erase = () => shop.admin(routes.admin.person(shop.id, PERSON), { method: "DELETE" });
    const { receipts } = await (await erase()).json<PersonErasure>();
    expect(receipts.map(({ receipt }) => receipt.events).sort((a, b) => a - b)).toEqual([4, 24]);
    expect((await (await erase()).json<PersonErasure>()).receipts).toEqual(receipts);
    const left = await everything(shop);
    for (const trace of [...TRACES, "client-phone-0001"]) expect(left).not.toContain(trace);
    expect(await (await shop.admin(routes.admin.person(shop.id, "f".repeat(64)), { method: "DELETE" })).json()).toEqual({ receipts: [] });
  });

  it("lose only the device that asks: its secret says nothing about the others", async () => {
    const shop = await livelyShop();
    await shop.send("client-phone-0001", [event(1, "login", { user_id: PERSON }), ...views(2, 3)]);
    await forget(shop);
    expect((await shop.export()).lines.filter(({ clientId }) => clientId === "client-phone-0001")).toHaveLength(1);
  });
});

describe("a ledger of the first version", () => {
  it("gets the columns that it lacks, and keeps what it holds", async () => {
    const shop = await livelyShop();
    const before = await shop.export();
    // Whatever still reads from it is closed.
    await evictDurableObject(shop.ledger());
    await runInDurableObject(shop.ledger(), (_, { storage }) => {
      for (const [table, column] of [["client", "refused"], ["segment", "generation"], ["client_day", "troubles"], ["counter", "conflicts"]]) storage.sql.exec(`ALTER TABLE ${table} DROP COLUMN ${column}`);
      for (const table of ["erasure", "erased_order", "rewrite", "stale_object", "erasure_count", "client_person"]) storage.sql.exec(`DROP TABLE ${table}`);
    });
    await evictDurableObject(shop.ledger());
    expect((await shop.export()).lines).toEqual(before.lines);
    expect((await forget(shop)).status).toBe(200);
    expect(await everything(shop)).not.toContain(LEAVER);
  });
});

/** A call that fails once, at its nth time. @param done does the work before it fails */
function failingAt<A extends unknown[], R>(nth: number, call: (...given: A) => Promise<R>, done = false): (...given: A) => Promise<R> {
  let calls = 0;
  return async (...given) => {
    calls += 1;
    if (calls - 1 !== nth) return call(...given);
    if (done) await call(...given);
    return away();
  };
}
function rowsOf(shop: TestShop, table: string): Promise<number> {
  return runInDurableObject(shop.ledger(), (_, { storage }) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n);
}
