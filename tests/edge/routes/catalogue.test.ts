import { describe, expect, it } from "vitest";
import { routes, type CatalogueReport, type CatalogueSnapshot, type ShopConfig } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { codeOf, createShop, event, startEdge, type TestShop } from "../edge.ts";

const product = (id: string, more: object = {}) => ({ id, title: `Product ${id}`, link: `/p/${id}`, price: 10, ...more });
const put = (shop: TestShop, rows: (object | string)[]) => shop.admin(routes.admin.catalogue(shop.id), { method: "PUT", body: rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n") });
const config = async (shop: TestShop) => (await shop.edge.fetch(routes.config(shop.writeKey))).json<ShopConfig>();
async function snapshot(shop: TestShop): Promise<CatalogueSnapshot> {
  return (await shop.edge.fetch(routes.file((await config(shop)).catalogue!.sha256))).json();
}

describe("a catalogue", () => {
  it("comes in with its good rows, and says where the broken ones are", async () => {
    const shop = await createShop(startEdge());
    const answer = await put(shop, [product("a"), "{broken", product("b", { price: -1 }), { title: "no id" }, product("c", { sale_price: 11 }), product("a"), "", product("d")]);
    const report = await answer.json<CatalogueReport>();
    expect(report).toMatchObject({ imported: 2, rejected: 5 });
    expect(report.errors.map(({ line, path }) => [line, path])).toEqual([[2, "product"], [3, "product.price"], [4, "product.id"], [5, "product.sale_price"], [6, "product.id"]]);
    expect((await snapshot(shop)).cards.map(({ id }) => id)).toEqual(["a", "d"]);
  });

  it("replaces the one before as a whole", async () => {
    const shop = await createShop(startEdge());
    await put(shop, [product("a"), product("b")]);
    await put(shop, [product("b"), product("c")]);
    expect((await snapshot(shop)).cards.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(await (await shop.admin(routes.admin.catalogue(shop.id))).json()).toEqual({ currency: "EUR", products: [product("b"), product("c")] });
  });

  it("stays as it was when a file holds no good row, or is too long", async () => {
    const shop = await createShop(startEdge());
    await put(shop, [product("a")]);
    const before = await config(shop);
    for (const [rows, status, code] of [[[], 422, "no-products"], [["nope", "{}"], 422, "no-products"], [[product("b"), product("c", { description: "x".repeat(70_000) })], 413, "catalogue-too-large"]] as const) {
      const answer = await put(shop, [...rows]);
      expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    }
    expect(await config(shop)).toEqual(before);
  });

  it("keeps stock and cost from shoppers, and gives them back to the merchant", async () => {
    const shop = await createShop(startEdge());
    await put(shop, [product("a", { quantity: 3, cost_of_goods_sold: 4.5, description: "Long" })]);
    expect(await snapshot(shop)).toMatchObject({ shop: shop.id, currency: "EUR", cards: [{ id: "a", title: "Product a", link: "/p/a", price: 10 }] });
    expect(JSON.stringify(await snapshot(shop))).not.toMatch(/quantity|cost_of_goods_sold|description/);
    expect(await (await shop.admin(routes.admin.catalogue(shop.id))).text()).toContain('"cost_of_goods_sold":4.5');
  });

  it("is published under the hash of its bytes, for ever", async () => {
    const shop = await createShop(startEdge());
    await put(shop, [product("a")]);
    const { catalogue } = await config(shop);
    const file = await shop.edge.fetch(routes.file(catalogue!.sha256));
    expect(file.headers.get("cache-control")).toContain("immutable");
    expect(file.headers.get("access-control-allow-origin")).toBe("*");
    const bytes = new Uint8Array(await file.arrayBuffer());
    expect(await sha256Hex(bytes)).toBe(catalogue!.sha256);
    expect(bytes.byteLength).toBe(catalogue!.bytes);
  });

  it("is put in order of popularity after an import, once for the same order", async () => {
    const shop = await createShop(startEdge());
    await put(shop, ["a", "b", "c"].map((id) => product(id)));
    const events = [event(1, "view_item", { items: [{ item_id: "c" }] }), event(2, "purchase", { transaction_id: "T", items: [{ item_id: "b", price: 1 }] })];
    const load = () => shop.admin(routes.admin.import(shop.id), { method: "POST", body: JSON.stringify({ clientId: "client-0001", sentAtMs: 0, events }) });
    await load();
    expect((await snapshot(shop)).cards.map(({ id }) => id)).toEqual(["b", "c", "a"]);
    const before = await config(shop);
    shop.edge.nowMs += 1000;
    await load();
    expect(await config(shop)).toEqual(before);
  });

  it("never shows files that no shop has published", async () => {
    const shop = await createShop(startEdge());
    await put(shop, [product("a", { cost_of_goods_sold: 4.5 })]);
    const whole = await sha256Hex(JSON.stringify([product("a", { cost_of_goods_sold: 4.5 })]));
    for (const name of [whole, "0".repeat(64), "x"]) expect((await shop.edge.fetch(routes.file(name))).status).toBe(404);
  });
});

describe("a shop's configuration", () => {
  it("is the same for every visitor, cacheable for 30 seconds, and 304 when unchanged", async () => {
    const shop = await createShop(startEdge());
    const first = await shop.edge.fetch(routes.config(shop.writeKey));
    expect(first.headers.get("cache-control")).toBe("public, max-age=30");
    expect(first.headers.get("access-control-allow-origin")).toBe("*");
    expect(await first.json()).toMatchObject({ shop: shop.id, currency: "EUR", holdoutShare: 0.1, catalogue: null, manifest: null, placements: [{ id: "home-for-you" }, { id: "product-similar" }, { id: "cart-together" }] });
    const etag = first.headers.get("etag")!;
    expect((await shop.edge.fetch(routes.config(shop.writeKey), { headers: { "if-none-match": etag } })).status).toBe(304);
    await put(shop, [product("a")]);
    expect((await shop.edge.fetch(routes.config(shop.writeKey), { headers: { "if-none-match": etag } })).status).toBe(200);
  });
});
