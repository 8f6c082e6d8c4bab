import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { routes } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { archiveOnce } from "../../../edge/ledger/archive.ts";
import { compactOnce } from "../../../edge/ledger/compact.ts";
import { keepHouse } from "../../../edge/housekeeping.ts";
import { createShop, env, event, NOON, pageViews, startEdge, type TestShop } from "../edge.ts";

/** Ten pieces of one batch each. */
async function manyPieces(shop: TestShop): Promise<void> {
  const secretHash = await sha256Hex("secret");
  for (let i = 0; i < 10; i += 1) {
    await shop.send(`client-000${i % 3}`, [event(3 * i + 1, "view_item", { items: [{ item_id: `p${i}` }] }), ...pageViews(3 * i + 2, 3 * i + 3)], { secretHash });
    await runInDurableObject(shop.ledger(), (_, { storage }) => archiveOnce(storage, env.FILES, { shop: shop.id, shard: 0, minBytes: 1, maxAgeMs: 0, nowMs: NOON }));
  }
}
const compact = (shop: TestShop, files: Pick<R2Bucket, "get" | "put" | "delete"> = env.FILES) =>
  runInDurableObject(shop.ledger(), (_, { storage }) => compactOnce(storage, files as R2Bucket, { shop: shop.id, shard: 0 }));
const objects = async (shop: TestShop) => (await env.FILES.list({ prefix: `segments/${shop.id}/` })).objects.map(({ key }) => key);

describe("compaction", () => {
  it("makes one object of eight, and changes nothing that readers see, wherever they stopped", async () => {
    const shop = await createShop(startEdge());
    await manyPieces(shop);
    const before = await shop.export();
    expect(before.pages).toBe(10);
    expect(await compact(shop)).toBe(true);
    const after = await shop.export();
    expect(after.lines).toEqual(before.lines);
    expect(after.pages).toBe(3);
    for (const cursor of ["3", "8", "9"]) expect((await shop.export(cursor)).lines).toEqual(before.lines.slice(Number(cursor)));
    expect(await compact(shop)).toBe(false);
    await runInDurableObject(shop.ledger(), (ledger) => ledger.alarm());
    expect(await objects(shop)).toHaveLength(3);
  });

  it("goes on after R2 has refused it", async () => {
    const shop = await createShop(startEdge());
    await manyPieces(shop);
    const before = await shop.export();
    const away = { ...files, put: () => Promise.reject(new Error("R2 is away")) } as unknown as R2Bucket;
    await expect(compact(shop, away)).rejects.toThrow("R2 is away");
    expect((await shop.export()).lines).toEqual(before.lines);
    expect(await compact(shop)).toBe(true);
    expect((await shop.export()).lines).toEqual(before.lines);
  });

  it("leaves nothing in R2 of a client who is erased while it runs, or after", async () => {
    for (const when of ["amid", "after"]) {
      const shop = await createShop(startEdge());
      await manyPieces(shop);
      const erase = () => shop.post({ key: shop.writeKey, clientId: "client-0001", secret: "secret" }, {}, routes.erasure);
      let erased: Response | undefined;
      // The object is in R2, and the ledger has not heard of it yet.
      await compact(shop, { ...files, put: async (key: string, value: ArrayBuffer) => {
        const put = await env.FILES.put(key, value);
        if (when === "amid") erased = await erase();
        return put;
      } } as unknown as R2Bucket);
      erased ??= await erase();
      expect([when, erased.status]).toEqual([when, 200]);
      for (const key of await objects(shop)) {
        const text = await new Response((await env.FILES.get(key))!.body.pipeThrough(new DecompressionStream("gzip"))).text();
        expect([key, text.includes("client-0001")]).toEqual([key, false]);
      }
      expect((await shop.export()).lines.map(({ clientId }) => clientId)).toEqual(["client-0000", "client-0002", "client-0000", "client-0002", "client-0000", "client-0002", "client-0000"]);
    }
  });
});
const nothing = () => Promise.reject(new Error("nothing is fetched"));
const files = { get: (key: string) => env.FILES.get(key), put: (key: string, value: ArrayBuffer) => env.FILES.put(key, value), delete: (key: string) => env.FILES.delete(key) };

describe("retention", () => {
  it("forgets shoppers when the shop's time is up, keeps the sums, and counts nothing of them twice", async () => {
    const shop = await createShop(startEdge());
    await manyPieces(shop);
    await shop.send("client-0009", [event(1, "purchase", { transaction_id: "T", items: [{ item_id: "a", price: 5 }] })]);
    await env.DB.prepare("UPDATE shop SET retention_days = 30 WHERE id = ?1").bind(shop.id).run();
    await keepHouse(env, NOON + 29 * 864e5, nothing);
    expect((await shop.export()).lines).toHaveLength(11);
    await keepHouse(env, NOON + 32 * 864e5, nothing);
    await runInDurableObject(shop.ledger(), (ledger) => ledger.alarm());
    // What is not archived yet is younger by its nature: the archive is due after hours.
    expect((await shop.export()).lines.map(({ clientId }) => clientId)).toEqual(["client-0009"]);
    expect(await objects(shop)).toEqual([]);
    expect((await shop.stats()).totals).toMatchObject({ events: 31, purchase: 1, revenue: 5, shoppers: 0, buyers: 0 });
    expect(await shop.send("client-0000", pageViews(2))).toMatchObject({ duplicate: 1, accepted: 0 });
  });
});
