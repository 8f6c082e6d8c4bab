import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Product } from "../../core/catalogue.ts";
import { tagSnippet } from "../../core/tag.ts";
import { DEMO_CATALOGUE_SEED, generateCatalogue } from "../../demo/catalogue/generate.ts";
import { setQuantity, totals, type Cart } from "../../demo/shop/cart.ts";
import { dataBlock, html } from "../../demo/shop/html.ts";
import { productPicture } from "../../demo/shop/pictures.ts";
import { createShop, type ShopServer } from "../../demo/shop/server.ts";
import { arrangeShelves, pathOf, sieveFrom, sift } from "../../demo/shop/shelves.ts";

const products = generateCatalogue({ seed: DEMO_CATALOGUE_SEED });
const EDGE = "http://localhost:8787";
const tag = tagSnippet(EDGE, "wk_test", ["ab".repeat(16)]);
const EVIL = `"><script>alert(1)</script><img src=x onerror=alert(2)>`;
const GIFTS: Product[] = [
  { id: "85123A", title: "WHITE HANGING HEART T-LIGHT HOLDER", link: "/products/85123A", price: 2.55 },
  { id: "22423", title: "REGENCY CAKESTAND 3 TIER", link: "https://gifts.example/p/22423", price: 12.75 },
  { id: "x/1 &", title: `Card ${EVIL}`, link: "/products/evil", price: 1 },
];

let shop: ShopServer, gifts: ShopServer, base: string, giftBase: string;
beforeAll(async () => {
  shop = createShop({ products, currency: "GBP", locale: "en-GB", name: "Larkmoor", tag });
  gifts = createShop({ products: GIFTS, currency: "GBP", locale: "en-GB", name: "Gift & Co", tag: null });
  base = `http://localhost:${await shop.listen(0)}`;
  giftBase = `http://localhost:${await gifts.listen(0)}`;
});
afterAll(async () => {
  await shop.close();
  await gifts.close();
});

/** A visitor without JavaScript: keeps cookies, follows redirects, posts forms. */
function visitor(origin: string) {
  let cookie = "";
  const request = async (path: string, form?: Record<string, string>, accept = "text/html"): Promise<{ status: number; body: string; path: string; headers: Headers }> => {
    const response = await fetch(origin + path, { method: form ? "POST" : "GET", redirect: "manual", headers: { cookie, accept }, body: form ? new URLSearchParams(form) : null });
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return response.status === 303 ? request(response.headers.get("location")!) : { status: response.status, body: await response.text(), path, headers: response.headers };
  };
  return request;
}
const blocks = (body: string, type: string) => [...body.matchAll(new RegExp(`<script type="${type}"[^>]*>(.*?)</script>`, "gs"))].map((match) => JSON.parse(match[1]!) as Record<string, never>);
const pageEvents = (body: string) => (blocks(body, "application/json")[0] as unknown as { events: { event: string; ecommerce?: Record<string, unknown> }[] }).events;
const structured = (body: string, type: string) => blocks(body, "application/ld\\+json").find((entry) => entry["@type"] === type) as Record<string, unknown> | undefined;
const buyable = products.find(({ availability, quantity, item_group_id }) => availability === "in_stock" && quantity! > 20 && item_group_id)!;

describe("the shop's pages", () => {
  it.each([["/", 200], ["/d/kitchen", 200], ["/c/knives", 200], ["/c/knives?sort=price-up&stock=1&brand=Quillon&page=99", 200], ["/browse", 200], ["/browse/a", 200], ["/offers", 200], ["/search?q=mug", 200], ["/search?q=zzzz", 200], ["/search", 200], ["/cart", 200], ["/account", 200], ["/nothing-here", 404], ["/d/nowhere", 404], ["/thank-you/1234", 404], ["/c/constructor", 404], ["/%ff", 400]])("answers %s with %i", async (path, status) => {
    const { status: got, body } = await visitor(base)(path);
    expect(got).toBe(status);
    expect(body).toContain("</html>");
    expect(body.match(/<h1/g), "one heading").toHaveLength(1);
  });

  it("serves every product of the catalogue at its link, with its picture", async () => {
    for (let i = 0; i < products.length; i += 97) {
      const product = products[i]!;
      const { status, body } = await visitor(base)(product.link);
      expect(status).toBe(200);
      const ld = structured(body, "Product") as { name: string; sku: string; offers: { price: string; priceCurrency: string; availability: string; url: string } };
      expect(ld).toMatchObject({ name: product.title, sku: product.id, offers: { price: (product.sale_price ?? product.price).toFixed(2), priceCurrency: "GBP", url: base + product.link } });
      expect(ld.offers.availability.endsWith("/InStock")).toBe(product.availability === "in_stock");
      expect((await fetch(base + product.image_link!)).headers.get("content-type")).toBe("image/svg+xml");
    }
  });

  it("describes itself with JSON-LD: breadcrumbs, lists, the organisation", async () => {
    const { body } = await visitor(base)("/c/tents");
    expect(structured(body, "Organization")).toMatchObject({ name: "Larkmoor" });
    expect((structured(body, "BreadcrumbList") as { itemListElement: { name: string }[] }).itemListElement.map(({ name }) => name)).toEqual(["Home", "Camping", "Tents"]);
    const list = structured(body, "ItemList") as { numberOfItems: number; itemListElement: { url: string }[] };
    expect(list.itemListElement).toHaveLength(list.numberOfItems);
    expect((await fetch(list.itemListElement[0]!.url)).status).toBe(200);
  });

  it("has the places where recommendations may stand, and the tag everywhere but on the payment step", async () => {
    const ask = visitor(base);
    expect((await ask("/")).body).toContain(`<div id="home-recommendations"></div>`);
    expect((await ask(buyable.link)).body).toContain(`<div id="product-recommendations"></div>`);
    expect((await ask("/cart")).body).toContain(`<div id="cart-recommendations"></div>`);
    await ask("/cart/add", { id: buyable.id });
    expect((await ask("/checkout")).body).toContain(tag);
    const payment = await ask("/checkout", { name: "Ada", email: "ada@example.com", street: "1 Lane", postcode: "AB1", city: "Town", tier: "standard" });
    expect(payment.path).toBe("/checkout/payment");
    expect(payment.body).not.toContain(EDGE);
    const thanks = await ask("/checkout/payment", { payment: "demo" });
    expect(thanks.path).toMatch(/^\/thank-you\//);
    expect(thanks.body).toContain(tag);
  });

  it("allows scripts of its own and of the tag's origin, and no inline script", async () => {
    const { headers, body } = await visitor(base)("/");
    const policy = headers.get("content-security-policy")!;
    expect(policy).toContain(`script-src 'self' ${EDGE};`);
    expect(policy).toContain(`worker-src blob: ${EDGE};`);
    for (const [, attributes, inner] of body.matchAll(/<script([^>]*)>(.*?)<\/script>/gs)) if (!attributes!.includes("json")) expect(inner, attributes).toBe("");
    expect(body).not.toMatch(/\son[a-z]+=/);
    for (const [, address] of body.matchAll(/(?:src|href)="(https?:\/\/[^"]+)"/g)) expect(address).toBe(`${EDGE}/tag.js`);
  });

  it("refuses forms where there are none, other methods, and bodies without end", async () => {
    expect((await fetch(`${base}/`, { method: "POST", body: "a=b" })).status).toBe(405);
    expect((await fetch(`${base}/cart`, { method: "DELETE" })).status).toBe(405);
    expect((await fetch(`${base}/cart/add`, { method: "POST", body: "a".repeat(20_000) })).status).toBe(413);
  });
});

describe("what visitors type", () => {
  it.each(["/search?q=", "/c/knives?min=5&brand=", "/c/knives?sort=", "/nothing/"])("is never markup in %s", async (path) => {
    const { body } = await visitor(base)(path + encodeURIComponent(EVIL));
    expect(body).not.toContain("<script>alert");
    expect(body).not.toContain("<img src=x");
  });

  it("is never markup in forms that come back", async () => {
    const ask = visitor(base);
    await ask("/cart/add", { id: buyable.id });
    const { status, body } = await ask("/checkout", { name: EVIL, email: "no address", street: EVIL, postcode: EVIL, city: "" });
    expect(status).toBe(422);
    expect(body).not.toContain("<script>alert");
    expect(body).toContain("This does not look like an e-mail address.");
  });

  it("is never markup in titles, JSON-LD or the page's data", async () => {
    const { body } = await visitor(giftBase)("/products/evil");
    expect(body).not.toContain("<script>alert");
    expect((structured(body, "Product") as { name: string }).name).toBe(`Card ${EVIL}`);
    expect(dataBlock("application/json", { a: "</script>" }).markup).not.toContain("</script></script>");
    expect(html`<b title="${`a"b'c`}">${["<", html`<i></i>`, null, false, 0]}</b>`.markup).toBe(`<b title="a&quot;b&#39;c">&lt;<i></i>0</b>`);
  });
});

describe("the cart", () => {
  const mug: Product = { id: "mug", title: "Mug", link: "/mug", price: 10.1, sale_price: 0.1, quantity: 4 };
  const tent: Product = { id: "tent", title: "Tent", link: "/tent", price: 59.7, quantity: 2 };
  const gone: Product = { id: "gone", title: "Gone", link: "/gone", price: 5, availability: "out_of_stock", quantity: 3 };
  const byId = (id: string) => [mug, tent, gone].find((product) => product.id === id);

  it("adds up in whole cents and charges delivery below the limit only", () => {
    const cart: Cart = new Map();
    setQuantity(cart, mug, 3);
    expect(totals(cart, byId)).toMatchObject({ count: 3, subtotal: 0.3, shipping: 4.95, total: 5.25 });
    setQuantity(cart, tent, 1);
    expect(totals(cart, byId)).toMatchObject({ subtotal: 60, shipping: 0, total: 60 });
    expect(totals(cart, byId, "express")).toMatchObject({ shipping: 9.95, total: 69.95 });
    expect(totals(new Map(), byId)).toMatchObject({ count: 0, shipping: 0, total: 0 });
  });

  it("never holds more than there is, and says what changed", () => {
    const cart: Cart = new Map();
    expect(setQuantity(cart, mug, 9)).toBe(4);
    expect(setQuantity(cart, mug, 9)).toBe(0);
    expect(setQuantity(cart, mug, 1)).toBe(-3);
    expect(setQuantity(cart, mug, -5)).toBe(-1);
    expect(setQuantity(cart, gone, 1)).toBe(0);
    expect(cart.size).toBe(0);
  });

  it("tells the data layer on the next page when forms are sent without JavaScript", async () => {
    const ask = visitor(base);
    const cart = await ask("/cart/add", { id: buyable.id, quantity: "2" });
    expect(cart.path).toBe("/cart");
    expect(pageEvents(cart.body).map(({ event }) => event)).toEqual(["add_to_cart", "view_cart"]);
    expect(pageEvents((await ask("/cart")).body).map(({ event }) => event)).toEqual(["view_cart"]);
    expect(pageEvents((await ask("/cart/remove", { id: buyable.id })).body)).toMatchObject([{ event: "remove_from_cart", ecommerce: { items: [{ item_id: buyable.id, quantity: 2 }] } }]);
  });

  it("refuses what does not exist", async () => {
    expect((await visitor(base)("/cart/add", { id: "nothing" }, "application/json")).status).toBe(404);
    expect((await visitor(base)("/cart/add", { id: buyable.id, quantity: "many" }, "application/json")).status).toBe(422);
  });

  it("shows an order to nobody but who placed it", async () => {
    const ask = visitor(base);
    await ask("/cart/add", { id: buyable.id });
    await ask("/checkout", { name: "Ada", email: "ada@example.com", street: "1 Lane", postcode: "AB1", city: "Town" });
    const { path } = await ask("/checkout/payment", { payment: "invoice" });
    expect((await ask(path)).status).toBe(200);
    expect((await visitor(base)(path)).status).toBe(404);
    expect((await ask("/thank-you/00000000-0000")).status, "nor one order under another's number").toBe(404);
    expect((await ask("/account")).body).toContain(path);
    expect((await ask("/cart")).body).toContain("It is empty so far.");
  });
});

describe("shelves", () => {
  const shelves = arrangeShelves(products);

  it("finds what is meant: plural for singular, words in any order, all of them", () => {
    expect(shelves.search("knives").some(({ title }) => title.includes("Knife"))).toBe(true);
    for (const { title, color, product_type } of shelves.search("mug enamel")) expect(`${title} ${color} ${product_type}`.toLowerCase()).toMatch(/(?=.*mug)(?=.*enamel)/);
    expect(shelves.search("mug zzzz")).toEqual([]);
  });

  it("filters by price, maker and stock, sorts and pages", () => {
    const all = shelves.department("kitchen")!.products;
    const { products: page, found, pages } = sift(all, sieveFrom(new URLSearchParams("min=20&max=60&stock=1&sort=price-down&page=2")));
    const prices = page.map((product) => product.sale_price ?? product.price);
    expect(found).toBeGreaterThan(24);
    expect(pages).toBe(Math.ceil(found / 24));
    expect(prices).toEqual([...prices].sort((a, b) => b - a));
    for (const product of page) expect(product.availability).toBe("in_stock");
    for (const price of prices) expect(price >= 20 && price <= 60).toBe(true);
    const brand = all[0]!.brand!;
    expect(sift(all, sieveFrom(new URLSearchParams({ brand }))).products.every((product) => product.brand === brand)).toBe(true);
  });
});

describe("a catalogue without categories, makers or pictures", () => {
  it("shows best sellers in the order given, A to Z, and search", async () => {
    const ask = visitor(giftBase);
    const home = (await ask("/")).body;
    const order = [...home.matchAll(/data-item="([^"]+)"/g)].map((match) => match[1]);
    expect(order).toEqual(["85123A", "22423", "x/1 &amp;"]);
    expect((await ask("/browse/w")).body).toContain("WHITE HANGING HEART");
    expect((await ask("/search?q=cakestand")).body).toContain("REGENCY CAKESTAND");
    expect((await ask("/p/22423")).status, "a link on another origin is served by its path").toBe(200);
    expect((await ask(pathOf(GIFTS[0]!))).body).not.toContain("undefined");
  });

  it("draws a picture for every title, whatever its id holds", async () => {
    for (const product of GIFTS) {
      const response = await fetch(`${giftBase}/images/${encodeURIComponent(product.id)}.svg`);
      expect(response.status).toBe(200);
      expect(await response.text()).not.toMatch(/undefined|NaN|alert/);
    }
    expect((await fetch(`${giftBase}/images/none.svg`)).status).toBe(404);
  });
});

describe("pictures", () => {
  it("are well-formed, complete and the same every time, for every product", () => {
    for (const product of products) {
      const picture = productPicture(product);
      expect(picture, product.title).not.toMatch(/undefined|NaN|\[object/);
      expect(productPicture(product)).toBe(picture);
      // No attribute twice: a browser shows nothing of an SVG that has one.
      for (const [element] of picture.matchAll(/<[a-z][^>]*>/gi)) {
        const names = [...element.matchAll(/\s([\w-]+)=/g)].map((match) => match[1]);
        expect(new Set(names).size, element).toBe(names.length);
      }
    }
  });
});
