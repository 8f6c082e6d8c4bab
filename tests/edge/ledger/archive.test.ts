import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { EXPORT_CURSOR_HEADER, routes } from "../../../core/api.ts";
import { archiveOnce, type ObjectStore } from "../../../edge/ledger/archive.ts";
import { createShop, env, event, NOON, startEdge, type TestShop } from "../edge.ts";

const views = (from: number, count: number) => Array.from({ length: count }, (_, i) => event(from + i, "view_item", { items: [{ item_id: `product-${(from + i) % 7}` }] }));

/** More than two pieces of the journal. */
async function fill(shop: TestShop): Promise<void> {
  const lines = Array.from({ length: 60 }, (_, i) => JSON.stringify({ clientId: `client-${1000 + (i % 9)}`, sentAtMs: NOON - 7_000, events: views(1 + 10 * Math.floor(i / 9), 10) }));
  await shop.admin(routes.admin.import(shop.id), { method: "POST", body: lines.join("\n") });
  await shop.send("client-live", views(1, 5), { sentAtMs: NOON - 7_000 });
}
async function archiveAll(shop: TestShop): Promise<void> {
  while (await runInDurableObject(shop.ledger(), (_, { storage }) => archiveOnce(storage, env.FILES, { shop: shop.id, minBytes: 20_000, maxAgeMs: 1e12, nowMs: NOON, shard: 0 }))) {
    // One piece a turn.
  }
}

describe("the archive", () => {
  it("changes nothing that an export tells", async () => {
    const shop = await createShop(startEdge());
    await fill(shop);
    const before = await shop.export();
    expect(before.lines).toHaveLength(61);
    await archiveAll(shop);
    const after = await shop.export();
    expect(after.pages).toBeGreaterThan(2);
    expect(after.lines).toEqual(before.lines);
  });

  it("leaves the statistics and the order of products as they were", async () => {
    const shop = await createShop(startEdge());
    await fill(shop);
    const query = `?fromMs=${NOON - 864e5}&toMs=${NOON + 1}`;
    const stats = await shop.stats(query);
    const popular = await shop.popularItems();
    expect(popular).toHaveLength(7);
    await archiveAll(shop);
    expect(await shop.stats(query)).toEqual(stats);
    expect(await shop.popularItems()).toEqual(popular);
  });

  it("writes the same bytes again when R2 answered nothing the first time", async () => {
    const shop = await createShop(startEdge());
    await fill(shop);
    const before = await shop.export();
    const written: { key: string; bytes: Uint8Array }[] = [];
    const failing = (fail: boolean): ObjectStore => ({
      async put(key, value) {
        written.push({ key, bytes: new Uint8Array(value) });
        if (fail) throw new Error("R2 is away");
        await env.FILES.put(key, value);
      },
    });
    const request = { shop: shop.id, minBytes: 20_000, maxAgeMs: 1e12, nowMs: NOON, shard: 0 };
    await runInDurableObject(shop.ledger(), async (_, { storage }) => {
      await expect(archiveOnce(storage, failing(true), request)).rejects.toThrow("R2 is away");
    });
    expect((await shop.export()).lines).toEqual(before.lines);
    // What arrives in between must not slip into the sealed piece.
    await shop.send("client-live", views(6, 5));
    await evictDurableObject(shop.ledger());
    await runInDurableObject(shop.ledger(), (_, { storage }) => archiveOnce(storage, failing(false), request));
    expect(written).toHaveLength(2);
    expect(written[1]).toEqual(written[0]);
    expect((await shop.export()).lines.slice(0, 61)).toEqual(before.lines);
  });

  it("is due by alarm as soon as the journal holds a piece", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-live", views(1, 5));
    expect(await runDurableObjectAlarm(shop.ledger())).toBe(true);
    expect(await segments(shop)).toBe(0);
    const { lines } = await shop.export();
    await shop.admin(routes.admin.import(shop.id), { method: "POST", body: Array.from({ length: 5 }, (_, i) => JSON.stringify({ clientId: `client-${1000 + i}`, sentAtMs: NOON, events: views(1, 400) })).join("\n") });
    // It rings by itself.
    await expect.poll(() => segments(shop), { timeout: 5_000 }).toBe(1);
    expect((await shop.export()).lines.slice(0, 1)).toEqual(lines);
  });

  it("lets a reader who stopped amid the journal go on where it was archived meanwhile", async () => {
    const shop = await createShop(startEdge());
    await fill(shop);
    const { lines } = await shop.export();
    await archiveAll(shop);
    for (const cursor of [0, 1, 17, 44, 61]) expect((await shop.export(String(cursor))).lines).toEqual(lines.slice(cursor));
  });

  it("never uses a row's number again once the journal is empty", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-live", views(1, 5));
    await runInDurableObject(shop.ledger(), (_, { storage }) => archiveOnce(storage, env.FILES, { shop: shop.id, minBytes: 1, maxAgeMs: 0, nowMs: NOON, shard: 0 }));
    const { cursor } = await shop.export();
    await shop.send("client-live", views(6, 5));
    expect((await shop.export(cursor)).lines.map(({ events }) => events[0]!.seq)).toEqual([6]);
  });

  it("gives a reader who is up to date the same cursor again", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-live", views(1, 5));
    const { cursor } = await shop.export();
    const again = await shop.admin(`${routes.admin.export(shop.id)}?cursor=${cursor}`);
    expect(again.headers.get(EXPORT_CURSOR_HEADER)).toBe(cursor);
    expect(await again.text()).toBe("");
  });
});

function segments(shop: TestShop): Promise<number> {
  return runInDurableObject(shop.ledger(), (_, { storage }) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM segment WHERE archived_at_ms IS NOT NULL`).one().n);
}
