/** Shops that tell nothing at all, and what may never be read of any shop. */
import type { Page } from "@playwright/test";
import type { Edge } from "../shop/edge.ts";
import { delivered, diagnostics, push } from "../fixtures.ts";
import { expect, html, productJsonLd, settled, test, told, type Site } from "./site.ts";

function openShop(site: Site, edge: Edge, pages: { [path: string]: { body: string; head?: string; lang?: string } }): void {
  site.pages = ({ url }) => {
    const found = pages[url.pathname];
    return found && html(edge, { tag: site.tag, ...found });
  };
}
const TEA = `${productJsonLd("tea-1", "Assam", 5)}<h1>Assam</h1><form action="/korb" onsubmit="return false"><select name="qty"><option>1</option><option selected>3</option></select><button>In den Warenkorb</button></form>
  <ul><li class="card"><a href="/product/cup">Cup</a><button type="button">In den Warenkorb</button></li></ul>`;
const THANKS = "<h1>Vielen Dank!</h1><p>Ihre Bestellnummer lautet: DE-20931</p><table><tr><td>Zwischensumme</td><td>15,00 €</td></tr><tr><td>Gesamtsumme (inkl. 19 % MwSt.)</td><td>1.019,90 €</td></tr></table>";

test("infers cart, checkout and order from the page's own buttons and words, at the lowest trust @once", async ({ page, site, edge }) => {
  openShop(site, edge, {
    "/product/assam": { body: TEA, lang: "de" },
    "/warenkorb": { body: '<h1>Warenkorb</h1><a href="/product/self-checkout-scale">Self-checkout scale</a><button onclick="location.href=\'/kasse\'">Zur Kasse</button>', lang: "de" },
    "/kasse": { body: "<h1>Kasse</h1><input name=street>", lang: "de" },
    "/thank-you": { body: THANKS, lang: "de" },
  });
  await page.goto(`${site.origin}/product/assam`);
  await settled(page);
  await expect.poll(() => edge.names()).toContain("view_item");
  // Another product's button, in a list.
  await page.locator("li button").click();
  await page.reload();
  await settled(page);
  await expect.poll(() => edge.names().filter((name) => name === "view_item")).toHaveLength(2);
  await page.locator("form button").click();
  await page.goto(`${site.origin}/warenkorb`);
  await settled(page);
  await page.getByRole("button").click();
  await page.waitForURL("**/kasse");
  await page.goto(`${site.origin}/thank-you`);
  await expect.poll(() => edge.names(), { timeout: 10_000 }).toContain("purchase");
  await page.reload();
  await settled(page);
  await page.goto(`${site.origin}/thank-you?again`);
  await settled(page);
  await page.goto(`${site.origin}/product/assam`);
  await settled(page);
  await delivered(page);
  expect(told(edge)).toEqual(["view_item json-ld tea-1", "view_item json-ld tea-1", "add_to_cart page 3×tea-1", "begin_checkout page 3×tea-1", "purchase page 3×tea-1", "view_item json-ld tea-1"]);
  expect(edge.counted.find(({ name }) => name === "add_to_cart")!.params).toMatchObject({ value: 15, currency: "EUR", items: [{ item_id: "tea-1", price: 5, quantity: 3 }] });
  expect(edge.counted.find(({ name }) => name === "purchase")!.params).toEqual({ transaction_id: "DE-20931", value: 1019.9, currency: "EUR", items: [{ item_id: "tea-1", quantity: 3 }] });
});

test("reads an order from what the page says of it in schema.org's words, unless the data layer tells it @once", async ({ page, site, edge }) => {
  const order = { "@context": "https://schema.org", "@type": "Order", orderNumber: "1001", price: "25.00", priceCurrency: "GBP", acceptedOffer: [{ "@type": "Offer", price: "12.50", itemOffered: { "@type": "Product", sku: "cup-2", name: "Cup" }, eligibleQuantity: { "@type": "QuantitativeValue", value: 2 } }] };
  const script = `<script type="application/ld+json">${JSON.stringify(order)}</script>`;
  openShop(site, edge, { "/order-confirmed": { body: `<h1>Thanks</h1>${script}` }, "/order-confirmed/2": { body: `<h1>Thanks</h1>${script.replace("1001", "1002")}` } });
  await page.goto(`${site.origin}/order-confirmed`);
  await expect.poll(() => edge.names(), { timeout: 10_000 }).toContain("purchase");
  await page.goto(`${site.origin}/order-confirmed/2`);
  await settled(page);
  await push(page, { event: "purchase", ecommerce: { transaction_id: "#1002", currency: "GBP", value: 25, items: [{ item_id: "CUP", quantity: 2 }] } });
  await page.reload();
  await settled(page);
  await page.goto(`${site.origin}/order-confirmed`);
  await settled(page);
  await page.goto(`${site.origin}/nowhere`);
  site.pages = () => html(edge, { tag: site.tag, body: "<h1>Elsewhere</h1>" });
  await page.goto(`${site.origin}/elsewhere`);
  await delivered(page);
  expect(told(edge)).toEqual(["purchase json-ld 2×cup-2", "purchase data-layer 2×CUP"]);
  expect(edge.counted.find(({ name }) => name === "purchase")!.params).toEqual({ transaction_id: "1001", value: 25, currency: "GBP", items: [{ item_id: "cup-2", item_name: "Cup", price: 12.5, quantity: 2 }] });
});

test("understands Universal Analytics' pushes, under new names too @once", async ({ page, site, edge }) => {
  openShop(site, edge, { "/": { body: "<h1>Home</h1>", head: `<script>window.dataLayer = [
    { ecommerce: { currencyCode: "EUR", impressions: [{ id: "a", list: "Home", position: 1 }, { id: "b", list: "Home", position: 2 }] } },
    { event: "productDetail", ecommerce: { currencyCode: "EUR", detail: { products: [{ id: "a", name: "Assam", category: "Tea/Black", price: "5.00" }] } } },
    { event: "add_to_cart", ecommerce: { currencyCode: "EUR", add: { products: [{ id: "a", quantity: 1 }] } } },
    { event: "checkout", ecommerce: { checkout: { actionField: { step: 1 }, products: [{ id: "a", quantity: 1 }] } } },
    { event: "checkout", ecommerce: { checkout: { actionField: { step: 2 }, products: [{ id: "a", quantity: 1 }] } } },
    { event: "order", ecommerce: { currencyCode: "EUR", purchase: { actionField: { id: "T-9", revenue: "5.00" }, products: [{ id: "a", price: "5.00", quantity: 1 }] } } },
    { ecommerce: null }
  ];</script>` } });
  await page.goto(`${site.origin}/`);
  await expect.poll(() => edge.names(), { timeout: 10_000 }).toContain("purchase");
  await delivered(page);
  await expect.poll(() => edge.names(), { timeout: 15_000 }).toContain("view_item_list");
  expect(told(edge).sort()).toEqual(["add_to_cart data-layer 1×a", "begin_checkout data-layer 1×a", "purchase data-layer 1×a", "view_item data-layer a", "view_item_list data-layer a b"]);
  expect(edge.counted.find(({ name }) => name === "view_item")!.params).toEqual({ currency: "EUR", items: [{ item_id: "a", item_name: "Assam", item_category: "Tea", item_category2: "Black", price: 5 }] });
});

test("believes what the shop says of its product before what is read, and reads the rest @once", async ({ page, site, edge }) => {
  openShop(site, edge, { "/product/assam": { body: `${productJsonLd("tea-1", "Assam", 5)}<h1>Assam</h1>`, head: '<script>addEventListener("DOMContentLoaded", function wait() { window.endcap ? endcap.product({ price: 4, item_brand: "Hill" }) : setTimeout(wait, 5); });</script>' } });
  await page.goto(`${site.origin}/product/assam`);
  await expect.poll(() => edge.names()).toContain("view_item");
  await delivered(page);
  expect(told(edge)).toEqual(["view_item api tea-1"]);
  expect(edge.counted.find(({ name }) => name === "view_item")!.params).toEqual({ currency: "EUR", value: 4, items: [{ item_id: "tea-1", item_name: "Assam", item_brand: "Hill", price: 4 }] });
});

test.describe("data layers that are not as they should be", () => {
  for (const [what, script] of Object.entries({
    "a frozen one": "window.dataLayer = Object.freeze([{ event: 'add_to_wishlist', ecommerce: { items: [{ item_id: 'a' }] } }])",
    "one behind a proxy": "window.dataLayer = new Proxy([{ event: 'add_to_wishlist', ecommerce: { items: [{ item_id: 'a' }] } }], {})",
    "one that comes again": "window.dataLayer = []; addEventListener('load', function () { window.dataLayer = [{ event: 'add_to_wishlist', ecommerce: { items: [{ item_id: 'a' }] } }]; document.body.click(); })",
  })) {
    test(`${what} is read and stays the shop's own @once`, async ({ page, site, edge }) => {
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      openShop(site, edge, { "/": { body: "<h1>Home</h1>", head: `<script>${script}</script>` } });
      await page.goto(`${site.origin}/`);
      await expect.poll(() => edge.names()).toContain("add_to_wishlist");
      await delivered(page);
      expect(told(edge)).toEqual(["add_to_wishlist data-layer a"]);
      expect(errors).toEqual([]);
    });
  }
});

/** Counts what is asked of the page from before its first script. */
async function spy(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counts = { listeners: 0, reads: 0, writes: 0 };
    Object.assign(window, { counts });
    for (const target of [EventTarget.prototype]) {
      const { addEventListener } = target;
      target.addEventListener = function (...args) {
        counts.listeners += 1;
        return addEventListener.apply(this, args as never);
      };
    }
    for (const [holder, name] of [[HTMLInputElement.prototype, "value"], [Node.prototype, "textContent"], [HTMLElement.prototype, "innerText"]] as const) {
      const property = Object.getOwnPropertyDescriptor(holder, name)!;
      Object.defineProperty(holder, name, { ...property, get(this: unknown) {
        counts.reads += 1;
        return property.get!.call(this) as unknown;
      } });
    }
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function (...args) {
      counts.writes += 1;
      return setItem.apply(this, args);
    };
  });
}
const CARD_FORM = '<h1>Pay</h1><form><input name="n" autocomplete="cc-number"><button>Pay now</button></form>';

test.describe("payment pages", () => {
  for (const [what, path, body, tag] of [
    ["a checkout", "/checkout/address", "<h1>Address</h1><input name=street>", ""],
    ["a card form under any address", "/order/step-3", CARD_FORM, 'data-checkout="on"'],
    ["a payment provider's frame under any address", "/order/step-3", '<h1>Pay</h1><iframe title="Secure card payment input frame" srcdoc=""></iframe>', 'data-checkout="on"'],
  ] as const) {
    test(`on ${what} the tag listens to nothing, reads nothing, asks for nothing and sends nothing @once`, async ({ page, site, edge }) => {
      await spy(page);
      // Behind the form, as where a tag manager puts it: what stands there has been parsed.
      site.pages = () => `<!doctype html><html lang="en"><head><title>Pay</title><link rel="icon" href="data:,"><script>window.dataLayer = [{ event: "begin_checkout", ecommerce: {} }]</script></head><body>${body}${html(edge, { tag: `${site.tag} ${tag}`, body: "" }).match(/<script async.*?<\/script>/)![0]}</body></html>`;
      await page.goto(`${site.origin}${path}`, { waitUntil: "load" });
      await page.locator("h1").click();
      await page.evaluate(() => (window as unknown as { dataLayer: object[] }).dataLayer.push({ event: "add_payment_info", ecommerce: {} }));
      await page.goto("about:blank");
      expect(edge.requests).toEqual(["GET /tag.js"]);
      await page.goto(`${site.origin}${path}`, { waitUntil: "load" });
      expect(await page.evaluate(() => (window as unknown as { counts: object }).counts)).toEqual({ listeners: 0, reads: 0, writes: 0 });
      expect(await page.evaluate(() => "endcap" in window)).toBe(false);
    });
  }

  test("a card form under any address silences the tag, also where it began before the form was there @once", async ({ page, site, edge }) => {
    site.pages = ({ url }) => html(edge, { tag: site.tag, body: url.pathname === "/" ? "<h1>Home</h1>" : CARD_FORM });
    await page.goto(`${site.origin}/order/step-3`);
    await page.locator("input").click();
    await page.locator("input").fill("4111 1111 1111 1111");
    await push(page, { event: "add_payment_info", ecommerce: {} });
    await page.goto(site.origin);
    await delivered(page);
    expect(new Set(edge.counted.map((event) => event.page?.path))).toEqual(new Set(["/"]));
  });

  test("a card form that a single-page shop shows later silences the tag, and the thank-you page wakes it @once", async ({ page, site, edge }) => {
    openShop(site, edge, { "/cart": { body: "<h1>Cart</h1><main></main>" } });
    await page.goto(`${site.origin}/cart`);
    await settled(page);
    await page.evaluate((form) => {
      history.pushState(null, "", "/pay");
      document.querySelector("main")!.append(new DOMParser().parseFromString(form, "text/html").body);
    }, CARD_FORM);
    await push(page, { event: "add_payment_info", ecommerce: {} });
    await page.evaluate(() => {
      document.querySelector("main")!.replaceChildren();
      history.pushState(null, "", "/thank-you");
    });
    await push(page, { event: "purchase", ecommerce: { transaction_id: "T-1", items: [{ item_id: "a" }] } });
    await expect.poll(() => edge.names()).toContain("purchase");
    await delivered(page);
    expect((await diagnostics(page)).faults).toEqual([]);
    expect(told(edge)).toEqual(["purchase data-layer a"]);
    expect(edge.counted.filter(({ name }) => name === "page_view").map((event) => event.page?.path)).toEqual(["/cart", "/thank-you"]);
  });
});
