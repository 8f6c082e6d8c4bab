/** Spreading a shop's ledger over more Durable Objects, or fewer: the operator's, who knows the traffic. */
import { routes, SHARDS_SCHEMA, type ShardsResponse } from "../../core/api.ts";
import { operatorOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { readJson } from "../body.ts";
import { changeLayout, shopById } from "../db/shops.ts";
import { ledgerOf } from "../ledger-stub.ts";
import type { Layout } from "../ledger/layout.ts";
import { refuse } from "../refusal.ts";

export function shardRoutes(app: App, services: Services): void {
  const answer = ({ shards, before }: Layout): ShardsResponse => ({ shards, settled: shards === before });
  const unknown = () => refuse(404, "unknown-shop", "There is no shop of this name here.");

  app.get(routes.admin.shards(":shop"), operatorOnly(), async (c) => {
    const shop = await shopById(c.env.DB, c.req.param("shop") ?? "");
    return shop ? c.json(answer(shop.layout), 200, { "cache-control": "no-store" }) : unknown();
  });

  app.put(routes.admin.shards(":shop"), operatorOnly(), async (c) => {
    const shop = await shopById(c.env.DB, c.req.param("shop") ?? "");
    if (!shop) return unknown();
    const parsed = await readJson(c.req.raw, SHARDS_SCHEMA, "request");
    if (!parsed.ok) return parsed.refusal;
    const { shards } = parsed.value;
    const first = ledgerOf(c.env, shop.id);
    // A shard that is asked before it knows that it is one of several would count everybody.
    await first.prepareShards(shop.id, shards);
    const layout = await changeLayout(c.env.DB, shop.id, shards);
    if (!layout) return refuse(409, "moving", "The clients of this shop are moving already. Ask again when they have arrived.", { retry: true });
    if (layout.shards !== layout.before) await first.reshard({ shop: shop.id, before: layout.before, shards, nowMs: services.now() });
    services.shops.clear();
    return c.json(answer(layout), 202, { "cache-control": "no-store" });
  });
}
