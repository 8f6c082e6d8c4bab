import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { routes, type ErasureReceipt, type ShardsResponse } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { merchantPaths } from "../../../core/merchant-api.ts";
import { objectPrefixes } from "../../../edge/db/models.ts";
import { RECORDS } from "../../../edge/routes/backup.ts";
import { archiveOnce } from "../../../edge/ledger/archive.ts";
import { clearTables } from "../../../edge/ledger/dump.ts";
import { codeOf, createShop, env, event, pageViews, startEdge, type TestShop } from "../edge.ts";

const OPERATOR = { authorization: "Bearer operator-secret" };
/** Alarms go by the machine's own clock. */
const NOW = Date.now();

async function livelyShop(): Promise<TestShop> {
  const shop = await createShop(startEdge(NOW));
  const secretHash = await sha256Hex("secret");
  await shop.admin(routes.admin.catalogue(shop.id), { method: "PUT", body: ["a", "b"].map((id) => JSON.stringify({ id, title: id, link: `/${id}`, price: 1 })).join("\n") });
  for (let i = 0; i < 8; i += 1) await shop.send(`client-100${i}`, [event(1, "view_item", { items: [{ item_id: "b" }] }, NOW - 5e6), event(2, "purchase", { transaction_id: `T${i}`, items: [{ item_id: "a", price: 1.1 }] }, NOW - 1e6), event(3, "login", { user_id: "d".repeat(64) }, NOW)], { secretHash });
  await runInDurableObject(shop.ledger(), (_, { storage }) => archiveOnce(storage, env.FILES, { shop: shop.id, shard: 0, minBytes: 1000, maxAgeMs: 0, nowMs: NOW }));
  await shop.edge.fetch(routes.admin.shards(shop.id), { method: "PUT", headers: OPERATOR, body: '{"shards":2}' });
  await expect.poll(async () => {
    await runDurableObjectAlarm(shop.ledger());
    return (await (await shop.edge.fetch(routes.admin.shards(shop.id), { headers: OPERATOR })).json<ShardsResponse>()).settled;
  }, { timeout: 10_000 }).toBe(true);
  for (let i = 0; i < 8; i += 1) await shop.send(`client-100${i}`, pageViews(4, 5));
  await shop.post({ key: shop.writeKey, clientId: "client-1003", secret: "secret" }, {}, routes.erasure);
  return shop;
}
/** All that its owner, its devices and its trainer read. */
async function everything(shop: TestShop) {
  return {
    record: await (await shop.admin(routes.admin.shop(shop.id))).json(),
    config: await (await shop.edge.fetch(routes.config(shop.writeKey))).json<{ catalogue: { sha256: string } }>(),
    stats: await shop.stats(`?fromMs=${NOW - 864e5}&toMs=${NOW + 864e5}`),
    export: await shop.export(),
    catalogue: await (await shop.admin(routes.admin.catalogue(shop.id))).json(),
    popular: await shop.popularItems(),
  };
}
/** As on an account where the shop never was. */
async function forget(shop: TestShop): Promise<void> {
  for (const table of ["merchant_token", "snapshot", "model", "model_head", "model_request", "catalogue_version", "catalogue_feed", "shop"]) await env.DB.prepare(`DELETE FROM ${table} WHERE ${table === "shop" ? "id" : "shop"} = ?1`).bind(shop.id).run();
  for (const prefix of objectPrefixes(shop.id)) for (const { key } of (await env.FILES.list({ prefix })).objects) await env.FILES.delete(key);
  for (const shard of [0, 1]) await runInDurableObject(shop.ledger(shard), (_, { storage }) => clearTables(storage.sql));
}
const restore = (text: string) => startEdge(NOW).fetch(merchantPaths.restore, { method: "POST", headers: OPERATOR, body: text });

describe("a shop's backup", () => {
  it("makes the same shop on another account: keys, tokens, figures, cursors, receipts, and what may be counted again", async () => {
    const shop = await livelyShop();
    const before = await everything(shop);
    const receipt = await (await shop.post({ key: shop.writeKey, clientId: "client-1003", secret: "secret" }, {}, routes.erasure)).json<ErasureReceipt>();
    const backup = await (await shop.edge.fetch(merchantPaths.backup(shop.id), { headers: OPERATOR })).text();
    expect(backup).not.toContain(shop.merchantToken);
    await forget(shop);
    const answer = await restore(backup);
    expect([answer.status, (await answer.json<{ objects: number }>()).objects]).toEqual([201, expect.any(Number)]);
    const again: TestShop = { ...shop, edge: startEdge(NOW) };
    expect(await everything(again)).toEqual(before);
    expect(before.stats.totals).toMatchObject({ events: 24, purchase: 8, shoppers: 7 });
    expect(await (await shop.post({ key: shop.writeKey, clientId: "client-1003", secret: "secret" }, {}, routes.erasure)).json()).toEqual(receipt);
    expect(await shop.send("client-1001", pageViews(5, 6))).toMatchObject({ accepted: 1, duplicate: 1, watermark: 6 });
    expect((await shop.post({ key: shop.writeKey, clientId: "client-1003", sentAtMs: NOW, events: pageViews(9) })).status).toBe(410);
    expect((await restore(backup)).status).toBe(409);
  }, 30_000);

  it("that was cut off, or is another thing, makes no shop", async () => {
    const shop = await livelyShop();
    const backup = await (await shop.edge.fetch(merchantPaths.backup(shop.id), { headers: OPERATOR })).text();
    await forget(shop);
    const lines = backup.trimEnd().split("\n");
    for (const text of ["", "{}", lines.slice(0, -1).join("\n"), lines.filter((_, index) => index !== 3).join("\n"), backup.replaceAll(`"segments/${shop.id}/`, '"segments/another/')]) {
      const answer = await restore(text);
      expect([answer.status, await codeOf(answer)]).toEqual([422, "backup-broken"]);
      expect((await shop.edge.fetch(routes.config(shop.writeKey))).status).toBe(404);
    }
    expect((await restore(backup)).status).toBe(201);
  }, 30_000);

  it("is of one moment: batches wait while it is read, and come again", async () => {
    const shop = await livelyShop();
    const hold = await shop.ledger().freeze();
    const refused = await shop.post({ key: shop.writeKey, clientId: "client-1000", sentAtMs: NOW, events: pageViews(6) });
    expect([refused.status, refused.headers.has("retry-after")]).toEqual([503, true]);
    await shop.ledger().thaw(hold);
    expect((await shop.send("client-1000", pageViews(6))).accepted).toBe(1);
  }, 30_000);

  it("holds every record of a shop but its sessions and login links", async () => {
    const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'd1%'").all<{ name: string }>();
    expect(results.map(({ name }) => name).filter((name) => name !== "session" && name !== "login_token").sort()).toEqual([...RECORDS].sort());
  });

  it("is the operator's, not the merchant's", async () => {
    const shop = await createShop(startEdge(NOW));
    expect((await shop.admin(merchantPaths.backup(shop.id))).status).toBe(401);
    expect((await shop.admin(merchantPaths.restore, { method: "POST", body: "" })).status).toBe(401);
  });
});
