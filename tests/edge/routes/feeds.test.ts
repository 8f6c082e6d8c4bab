import { describe, expect, it } from "vitest";
import { routes, type CatalogueExport, type CatalogueFeed, type CatalogueReport, type CatalogueSnapshot, type CatalogueVersionsResponse, type ShopConfig } from "../../../core/api.ts";
import type { Fetch } from "../../../edge/catalogue/fetch-feed.ts";
import { keepHouse } from "../../../edge/housekeeping.ts";
import { codeOf, createShop, env, NOON, startEdge, type TestShop } from "../edge.ts";

const line = (id: string, more: object = {}) => JSON.stringify({ id, title: `Product ${id}`, link: `/p/${id}`, price: 10, ...more });
const put = async (shop: TestShop, body: BodyInit, query = "") => shop.admin(`${routes.admin.catalogue(shop.id)}${query}`, { method: "PUT", body });
const exported = async (shop: TestShop) => (await (await shop.admin(routes.admin.catalogue(shop.id))).json<CatalogueExport>()).products;
const cards = async (shop: TestShop) => {
  const { catalogue } = await (await shop.edge.fetch(routes.config(shop.writeKey))).json<ShopConfig>();
  return (await (await shop.edge.fetch(routes.file(catalogue!.sha256))).json<CatalogueSnapshot>()).cards;
};

describe("an uploaded catalogue", () => {
  it("may be a Merchant Center feed, packed, and says where its faults stand", async () => {
    const shop = await createShop(startEdge());
    const xml = `<rss><channel>\n<item><id>a</id><title>A</title><link>/a</link><price>5 EUR</price></item>\n<item><id>b</id><title>B</title><link>/b</link><price>5 USD</price></item></channel></rss>`;
    const packed = await new Response(new Blob([xml]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    const report = await (await put(shop, packed)).json<CatalogueReport>();
    expect(report).toMatchObject({ imported: 1, rejected: 1, version: 1, errors: [{ line: 3, column: 48, path: "product.price" }] });
    expect(await exported(shop)).toEqual([{ id: "a", title: "A", link: "/a", price: 5 }]);
  });

  it("that was cut off, or is no catalogue, changes nothing", async () => {
    const shop = await createShop(startEdge());
    await put(shop, line("a"));
    for (const [body, code] of [["<rss><channel><item><id>b</id><title>B</title><link>/b</link><price>5</price></item>", "feed-broken"], ["some,other\ntable,x", "unknown-format"]] as const) {
      const answer = await put(shop, body);
      expect([answer.status, await codeOf(answer)]).toEqual([422, code]);
    }
    expect(await codeOf(await put(shop, "x", "?format=excel"))).toBe("unknown-format");
    expect((await exported(shop)).map(({ id }) => id)).toEqual(["a"]);
  });

  it("makes a version that says what came, changed and went; the same one again makes none", async () => {
    const shop = await createShop(startEdge());
    await put(shop, [line("a"), line("b"), line("c")].join("\n"));
    const second = [line("a"), line("b", { price: 11 }), line("d")].join("\n");
    await put(shop, second);
    await put(shop, second);
    const { versions } = await (await shop.admin(routes.admin.catalogueVersions(shop.id))).json<CatalogueVersionsResponse>();
    expect(versions.map(({ version, source, report: { added, changed, removed } }) => [version, source, added.ids, changed.ids, removed.ids])).toEqual([
      [2, "upload", ["d"], ["b"], ["c"]],
      [1, "upload", ["a", "b", "c"], [], []],
    ]);
  });

  it("keeps products that are gone from it, out of stock, until their grace is over", async () => {
    const shop = await createShop(startEdge());
    await put(shop, [line("a"), line("b")].join("\n"));
    const report = await (await put(shop, line("a"), "?graceDays=3")).json<CatalogueReport>();
    expect(report).toMatchObject({ leaving: { count: 1, ids: ["b"] }, removed: { count: 0 } });
    expect((await cards(shop)).map(({ id, availability }) => [id, availability])).toEqual([["a", undefined], ["b", "out_of_stock"]]);
    shop.edge.nowMs += 2 * 864e5;
    await put(shop, line("a", { price: 3 }), "?graceDays=3");
    expect(await cards(shop)).toHaveLength(2);
    // Back again, it is in stock as if it had never gone.
    await put(shop, [line("a"), line("b")].join("\n"), "?graceDays=3");
    expect((await cards(shop))[1]).not.toHaveProperty("availability");
    await put(shop, line("a"), "?graceDays=3");
    shop.edge.nowMs += 3 * 864e5;
    expect(await (await put(shop, line("a"), "?graceDays=3")).json()).toMatchObject({ removed: { ids: ["b"] }, leaving: { count: 0 } });
    expect(await cards(shop)).toHaveLength(1);
  });
});

describe("a catalogue that is fetched", () => {
  async function shopWithFeed(fetch: Fetch, feed: object): Promise<TestShop> {
    const shop = await createShop(startEdge(NOON, {}, fetch));
    const answer = await shop.admin(routes.admin.catalogueFeed(shop.id), { method: "PUT", body: JSON.stringify(feed) });
    expect(answer.status).toBe(200);
    return shop;
  }
  const fetchNow = async (shop: TestShop) => (await shop.admin(routes.admin.catalogueFetch(shop.id), { method: "POST" })).json<CatalogueFeed>();

  it("is asked for by the clock, and only taken when its server says that it has changed", async () => {
    const asked: (string | null)[] = [];
    const server: Fetch = async (_, init) => {
      const known = new Headers(init?.headers).get("if-none-match");
      asked.push(known);
      return known === '"v1"' ? new Response(null, { status: 304 }) : new Response(line("a"), { headers: { etag: '"v1"' } });
    };
    const shop = await shopWithFeed(server, { url: "https://shop.example/feed.jsonl", everyMinutes: 60 });
    await keepHouse(env, NOON, server);
    await keepHouse(env, NOON + 59 * 60_000, server);
    await keepHouse(env, NOON + 60 * 60_000, server);
    expect(asked).toEqual([null, '"v1"']);
    expect((await exported(shop)).map(({ id }) => id)).toEqual(["a"]);
    expect(await (await shop.admin(routes.admin.catalogueFeed(shop.id))).json()).toMatchObject({ lastOutcome: "not-modified", failures: 0, nextAtMs: NOON + 120 * 60_000 });
    await shop.admin(routes.admin.catalogueFeed(shop.id), { method: "DELETE" });
    await keepHouse(env, NOON + 864e5, server);
    expect(asked).toHaveLength(2);
  });

  it("is read page by page from a Shopify shop", async () => {
    const all = Array.from({ length: 501 }, (_, i) => ({ id: i + 1, title: `Mug ${i}`, handle: `mug-${i}`, variants: [{ price: "3.00", available: true }] }));
    const pages: string[] = [];
    const shop = await shopWithFeed(async (url) => {
      const { searchParams } = new URL(url);
      pages.push(searchParams.get("page")!);
      const at = 250 * (Number(searchParams.get("page")) - 1);
      return Response.json({ products: all.slice(at, at + 250) });
    }, { url: "https://shop.example/products.json" });
    expect(await fetchNow(shop)).toMatchObject({ lastOutcome: "imported", lastMessage: null });
    expect(pages).toEqual(["1", "2", "3", "4"]);
    expect((await exported(shop)).map(({ id }) => id)).toEqual(all.map(({ id }) => String(id)));
  });

  it("stays as it was when its server fails, or lacks most of what there was; it is asked less often then, and the shop is told", async () => {
    let body: string | number = Array.from({ length: 30 }, (_, i) => line(`p${i}`)).join("\n");
    const shop = await shopWithFeed(async () => (typeof body === "number" ? new Response("", { status: body }) : new Response(body)), { url: "https://shop.example/feed", everyMinutes: 15, graceDays: 0 });
    expect((await fetchNow(shop)).lastOutcome).toBe("imported");
    body = 503;
    expect(await fetchNow(shop)).toMatchObject({ lastOutcome: "refused", lastMessage: expect.stringContaining("503"), failures: 1, nextAtMs: NOON + 15 * 60_000 });
    body = line("p1");
    expect(await fetchNow(shop)).toMatchObject({ lastOutcome: "too-many-leaving", failures: 2, nextAtMs: NOON + 30 * 60_000 });
    expect(await exported(shop)).toHaveLength(30);
  });

  it("is never one of this machine's own network", async () => {
    const shop = await createShop(startEdge());
    for (const url of ["http://localhost/feed", "http://127.0.0.1/feed", "http://[::1]/feed", "file:///etc/passwd", "https://user@shop.example/feed", "nonsense"]) {
      const answer = await shop.admin(routes.admin.catalogueFeed(shop.id), { method: "PUT", body: JSON.stringify({ url }) });
      expect([url, answer.status, await codeOf(answer)]).toEqual([url, 400, "invalid-feed"]);
    }
  });
});
