/** A ledger of several shards beside its twin of one, which is told the same: what owners read must be the same. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { routes, type ErasureReceipt, type ShardsResponse } from "../../../core/api.ts";
import type { EventBatch, ShopEvent } from "../../../core/events.ts";
import { seededRandom, sha256Hex } from "../../../core/ids.ts";
import { archiveOnce } from "../../../edge/ledger/archive.ts";
import { bucketOf, shardOfBucket } from "../../../edge/ledger/layout.ts";
import { click, codeOf, createShop, env, event, NOON, pageViews, startEdge, type TestEdge, type TestShop } from "../edge.ts";

const OPERATOR = { authorization: "Bearer operator-secret" };
/** Alarms go by the machine's own clock: by another, they would forget who has been erased. */
const NOW = Date.now();
const SECRET = "the-secret-of-every-device";

function setShards(shop: TestShop, shards: unknown, edge: TestEdge = shop.edge): Promise<Response> {
  return edge.fetch(routes.admin.shards(shop.id), { method: "PUT", headers: OPERATOR, body: JSON.stringify({ shards }) });
}
async function settled(shop: TestShop): Promise<void> {
  await expect.poll(async () => {
    await runDurableObjectAlarm(shop.ledger());
    return (await (await shop.edge.fetch(routes.admin.shards(shop.id), { headers: OPERATOR })).json<ShardsResponse>()).settled;
  }, { timeout: 10_000 }).toBe(true);
}
/** Clients of a shard, among however many. */
function clientOf(shard: number, shards: number, nth = 0): string {
  for (let i = 0; ; i += 1) if (shardOfBucket(bucketOf(`client-${1000 + i}`), shards) === shard && (nth -= 1) < 0) return `client-${1000 + i}`;
}
async function archive(shop: TestShop, shard: number): Promise<void> {
  await runInDurableObject(shop.ledger(shard), async (_, { storage }) => {
    while (await archiveOnce(storage, env.FILES, { shop: shop.id, minBytes: 4_000, maxAgeMs: 1e12, nowMs: NOON, shard })) {
      // One piece a turn.
    }
  });
}
/** The export without the order of clients, which shards do not keep, and without their names of persons: twins have not one secret. */
async function exported(shop: TestShop) {
  const { lines, erased } = await shop.export();
  const text = lines.map((line) => JSON.stringify(line).replace(/("user_id":)"\w{64}"/g, "$1")).sort();
  return { text, erased: [...new Set(erased)].sort() };
}
async function figures(shop: TestShop, nowMs = NOW) {
  const { shop: _, ...stats } = await shop.stats(`?fromMs=${nowMs - 4 * 864e5}&toMs=${nowMs + 864e5}`);
  return { ...stats, popular: await shop.popularItems() };
}

describe("a ledger of several shards", () => {
  it("tells what its twin of one tells, before, amid and after its clients move, and once some are erased", async () => {
    const random = seededRandom(5);
    const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
    const twins = [await createShop(startEdge(NOW), { currency: "KWD" }), await createShop(startEdge(NOW), { currency: "KWD" })] as const;
    const [one, many] = twins;
    const clients = Array.from({ length: 24 }, (_, i) => `client-${2000 + i}`);
    const next = new Map(clients.map((clientId) => [clientId, 1]));
    const sent: { batch: Partial<EventBatch> & { clientId: string } }[] = [];
    const make = (clientId: string, seq: number): ShopEvent => {
      const atMs = NOW - Math.floor(random() * 3 * 864e5);
      return pick([
        () => event(seq, "view_item", { items: [{ item_id: `p${Math.floor(random() * 9)}` }] }, atMs),
        () => event(seq, "add_to_cart", { items: [{ item_id: `p${Math.floor(random() * 9)}` }] }, atMs),
        () => click(seq, `p${Math.floor(random() * 9)}`, pick(["home-for-you", "product-similar"]), atMs),
        // A few orders are told of by several clients: they are the first one's.
        () => event(seq, "purchase", { transaction_id: `T${Math.floor(random() * 60)}`, currency: "KWD", items: [{ item_id: `p${Math.floor(random() * 9)}`, price: 0.1 + Math.floor(random() * 900) / 1000, quantity: 1 + Math.floor(random() * 3) }] }, atMs),
        () => event(seq, "login", { user_id: "c".repeat(63) + (Number(clientId.slice(-1)) % 3) }, atMs),
        () => event(seq, "view_search_results", { search_term: "lamp", results: 0 }, atMs),
      ])();
    };
    const secretHash = await sha256Hex(SECRET);
    const tell = async (rounds: number) => {
      for (let round = 0; round < rounds; round += 1) {
        const again = random() < 0.2 ? pick(sent) : undefined;
        const clientId = again?.batch.clientId ?? pick(clients);
        const from = next.get(clientId)! + (random() < 0.1 ? 2 : 0);
        const batch = again?.batch ?? { clientId, sentAtMs: NOW, secretHash, events: Array.from({ length: 1 + Math.floor(random() * 4) }, (_, i) => make(clientId, from + i)) };
        if (!again) {
          next.set(clientId, from + batch.events!.length);
          sent.push({ batch });
        }
        const [left, right] = await Promise.all(twins.map(async (shop) => {
          const answer = await shop.post({ key: shop.writeKey, ...batch });
          return { status: answer.status, body: answer.status === 200 ? await answer.json<object>() : await codeOf(answer) };
        }));
        expect(right).toEqual(left);
      }
    };
    const compare = async () => {
      expect(await figures(many)).toEqual(await figures(one));
      expect(await exported(many)).toEqual(await exported(one));
    };
    await tell(60);
    expect((await setShards(many, 3)).status).toBe(202);
    await settled(many);
    await compare();
    expect((await figures(one)).totals.purchase).toBeGreaterThan(10);
    await tell(80);
    await archive(one, 0);
    for (const shard of [0, 1, 2]) await archive(many, shard);
    await tell(20);
    await compare();
    // Fewer: one shard keeps what it has counted, and has no client any more.
    await setShards(many, 2);
    await settled(many);
    await tell(40);
    await compare();
    for (const leaver of [clients[0]!, clients[7]!]) {
      const receipts = await Promise.all(twins.map(async (shop) => (await shop.post({ key: shop.writeKey, clientId: leaver, secret: SECRET }, {}, routes.erasure)).json<ErasureReceipt>()));
      expect(receipts[1]!.receipt).toEqual({ ...receipts[0]!.receipt, shop: many.id });
      expect(receipts[0]!.receipt.events).toBeGreaterThan(5);
    }
    const people = await Promise.all(twins.map(async (shop) => (await shop.admin(routes.admin.person(shop.id, "c".repeat(63) + 2), { method: "DELETE" })).json<{ receipts: ErasureReceipt[] }>()));
    const sizes = people.map(({ receipts }) => receipts.map(({ receipt: { clientSha256, events } }) => [clientSha256, events]).sort());
    expect(sizes[1]).toEqual(sizes[0]);
    expect(sizes[0]!.length).toBeGreaterThan(1);
    await compare();
    await tell(40);
    await setShards(many, 5);
    await settled(many);
    await tell(40);
    await compare();
  }, 60_000);

  it("counts each number once while buckets move under a Worker that does not know it yet", async () => {
    const shop = await createShop(startEdge());
    const stale = startEdge();
    const clientId = clientOf(1, 2);
    const post = (edge: TestEdge, ...seqs: number[]) => edge.fetch(routes.events, { method: "POST", headers: { origin: "https://shop.example", "user-agent": "Mozilla/5.0 Chrome/140.0" }, body: JSON.stringify({ key: shop.writeKey, clientId, sentAtMs: NOON, events: [...pageViews(...seqs.slice(1)), event(seqs[0]!, "purchase", { transaction_id: "T1", items: [{ item_id: "a", price: 2 }] })] }) });
    expect((await post(stale, 1, 2)).status).toBe(200);
    await setShards(shop, 2);
    await settled(shop);
    // Its cache says one shard for half a minute.
    expect(await (await post(stale, 1, 2)).json()).toMatchObject({ accepted: 0, duplicate: 2 });
    expect(await (await post(stale, 3, 4)).json()).toMatchObject({ accepted: 2, watermark: 4 });
    expect((await shop.stats()).totals).toMatchObject({ events: 4, purchase: 1, shoppers: 1 });
  });

  it("asks to come again while a client is between two shards, and loses nothing by it", async () => {
    const shop = await createShop(startEdge());
    const [staying, leaving] = [clientOf(0, 2), clientOf(1, 2)];
    await shop.send(staying, pageViews(1));
    await shop.send(leaving, pageViews(1));
    // Its buckets are let go, and the move stops there.
    await shop.ledger().prepareShards(shop.id, 2);
    await runInDurableObject(shop.ledger(), async (ledger, { storage }) => {
      await ledger.reshard({ shop: shop.id, before: 1, shards: 2, nowMs: Date.now() + 3_600_000 });
      await storage.deleteAlarm();
      await ledger.letGo([bucketOf(leaving)]);
    });
    await env.DB.prepare("UPDATE shop SET ledger_shards = 2, ledger_shards_ever = 2 WHERE id = ?1").bind(shop.id).run();
    expect((await shop.send(staying, pageViews(2))).accepted).toBe(1);
    const refused = await shop.post({ key: shop.writeKey, clientId: leaving, sentAtMs: NOON, events: pageViews(2) });
    expect([refused.status, await codeOf(refused), refused.headers.has("retry-after")]).toEqual([503, "overloaded", true]);
    expect((await shop.admin(routes.admin.stats(shop.id))).status).toBe(503);
    await runInDurableObject(shop.ledger(), (ledger) => ledger.alarm());
    expect(await shop.send(leaving, pageViews(2))).toMatchObject({ accepted: 1, watermark: 2 });
    expect((await shop.stats()).totals).toMatchObject({ events: 4, shoppers: 2 });
  });

  it("goes on from any step at which a move was interrupted, and does none twice", async () => {
    const shop = await createShop(startEdge());
    for (let nth = 0; nth < 6; nth += 1) await shop.send(clientOf(nth % 2, 2, nth), [...pageViews(1, 2), event(3, "purchase", { transaction_id: `T${nth}`, items: [{ item_id: "a", price: 1 }] })]);
    const before = await figures(shop, NOON);
    let calls = 0;
    for (let failing = 0; ; failing += 1) {
      if (failing === 0) await setShards(shop, 2);
      calls = 0;
      await runInDurableObject(shop.ledger(), async (ledger) => {
        const direct = ledger as unknown as { shardOf(shop: string, index: number): object };
        const real = Object.getPrototypeOf(ledger).shardOf as (shop: string, index: number) => object;
        direct.shardOf = (name, index) => new Proxy(real.call(ledger, name, index), {
          get: (target, method) => async (...given: unknown[]) => {
            const answer = await (target as { [name: string]: (...given: unknown[]) => unknown })[method as string]!(...given);
            // Done, and the answer is lost; each time one call later.
            if ((calls += 1) === failing + 1) throw new Error("the shard went away");
            return answer;
          },
        });
        await ledger.alarm();
        direct.shardOf = real;
      });
      const { settled } = await (await shop.edge.fetch(routes.admin.shards(shop.id), { headers: OPERATOR })).json<ShardsResponse>();
      if (settled) break;
      if (failing > 300) throw new Error("the move never ends");
    }
    expect(await figures(shop, NOON)).toEqual(before);
    expect(before.totals).toMatchObject({ events: 18, purchase: 6, shoppers: 6 });
    for (let nth = 0; nth < 6; nth += 1) expect(await shop.send(clientOf(nth % 2, 2, nth), pageViews(3, 4))).toMatchObject({ watermark: 4, accepted: 1 });
  }, 30_000);

  it("is the operator's to spread, one change at a time", async () => {
    const shop = await createShop(startEdge());
    for (const shards of [0, 65, 1.5, "2", null]) expect((await setShards(shop, shards)).status).toBe(400);
    expect((await shop.admin(routes.admin.shards(shop.id), { method: "PUT", body: '{"shards":2}' })).status).toBe(401);
    await env.DB.prepare("UPDATE shop SET ledger_shards = 2 WHERE id = ?1").bind(shop.id).run();
    expect(await codeOf(await setShards(shop, 3))).toBe("moving");
  });
});
