import { expect, it } from "vitest";
import { routes, type CatalogueSnapshot, type ShopConfig } from "../../core/api.ts";
import { insertSession, shopOfSession } from "../../edge/db/tokens.ts";
import { keepHouse } from "../../edge/housekeeping.ts";
import { createShop, env, event, NOON, startEdge } from "./edge.ts";

it("puts catalogues in the order of what shoppers did since, and throws expired sessions away", async () => {
  const shop = await createShop(startEdge());
  const rows = ["a", "b"].map((id) => JSON.stringify({ id, title: id, link: `/${id}`, price: 1 }));
  await shop.admin(routes.admin.catalogue(shop.id), { method: "PUT", body: rows.join("\n") });
  await shop.send("client-0001", [event(1, "view_item", { items: [{ item_id: "b" }] })]);
  await insertSession(env.DB, shop.id, "over", NOON);
  await insertSession(env.DB, shop.id, "running", NOON + 1);
  await keepHouse(env, NOON, () => Promise.reject(new Error("nothing is fetched")));
  const { catalogue } = await (await shop.edge.fetch(routes.config(shop.writeKey))).json<ShopConfig>();
  const { cards } = await (await shop.edge.fetch(routes.file(catalogue!.sha256))).json<CatalogueSnapshot>();
  expect(cards.map(({ id }) => id)).toEqual(["b", "a"]);
  expect(await shopOfSession(env.DB, "running", NOON)).toBe(shop.id);
  expect((await env.DB.prepare("SELECT count(*) AS n FROM session").first<{ n: number }>())!.n).toBe(1);
});
