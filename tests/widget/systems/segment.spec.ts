/** Shops that tell Segment, or RudderStack, what happens. */
import { delivered } from "../fixtures.ts";
import { expect, html, productJsonLd, settled, test, told } from "./site.ts";

/** A snippet in the shape that both vendors' have: an array whose methods put calls into it. */
const snippet = (global: string) => `<script>
  var stub = window.${global} = [];
  ["track", "page", "identify", "ready", "on"].forEach(function (method) {
    stub[method] = function () { stub.push([method].concat([].slice.call(arguments))); return stub; };
  });
</script>`;
/** The library: takes the snippet's place later, and makes the calls that have waited again. */
const library = (global: string) => `<script>
  window.sent = [];
  window.loadLibrary = function () {
    var waiting = window.${global}.slice();
    var instance = {
      track: function (name, props) { if (this !== instance) throw new Error("called without its library"); sent.push(name); return Promise.resolve(name); },
      page: function () {}, identify: function () {}, on: function () {},
      ready: function (callback) { setTimeout(callback); }
    };
    window.${global} = instance;
    setTimeout(function () { waiting.forEach(function (call) { instance[call[0]].apply(instance, call.slice(1)); }); }, 50);
  };
</script>`;
const TEA = { product_id: "tea-1", sku: "T1", name: "Assam", price: 5, quantity: 1, brand: "Hill", category: "Tea", variant: "100 g" };

for (const global of ["analytics", "rudderanalytics"]) {
  test(`hears what waits in the snippet of ${global}, and what its library does in its place, each call once @once`, async ({ page, site, edge }) => {
    site.pages = ({ url }) => (url.pathname === "/product/assam" ? html(edge, { tag: site.tag, head: `${snippet(global)}<script>${global}.page();${global}.track("Product Viewed", ${JSON.stringify(TEA)});</script>${library(global)}${productJsonLd("T1", "Assam", 5)}`, body: "<h1>Assam</h1>" }) : undefined);
    await page.goto(`${site.origin}/product/assam`);
    await settled(page);
    const call = (...args: unknown[]) => page.evaluate(([name, given]) => (window as unknown as { [name: string]: { track(...args: unknown[]): unknown } })[name as string]!.track(...(given as unknown[])), [global, args] as const);
    await call("Product Added", TEA);
    // The shopper presses before the library makes the calls again that have waited.
    await page.evaluate(() => {
      (window as unknown as { loadLibrary(): void }).loadLibrary();
      dispatchEvent(new Event("pointerdown"));
    });
    await expect.poll(() => page.evaluate(() => (window as unknown as { sent: string[] }).sent)).toEqual(["Product Viewed", "Product Added"]);
    expect(await call("Products Searched", { query: "green tea" })).toBe("Products Searched");
    // The shop hands over the same object twice: two actions.
    await page.evaluate(([name, tea]) => {
      const { track } = { track: (...args: unknown[]) => (window as unknown as { [name: string]: { track(...args: unknown[]): unknown } })[name as string]!.track(...args) };
      track("Product Added to Wishlist", tea);
      track("Product Added to Wishlist", tea);
      track("Something Else", tea);
    }, [global, TEA] as const);
    await call("Checkout Started", { products: [TEA], value: 5, currency: "EUR" });
    await call("Order Completed", { order_id: "O-7", revenue: 5, tax: 1, shipping: 2, total: 8, currency: "EUR", products: [TEA] });
    await expect.poll(() => page.evaluate(() => (window as unknown as { sent: string[] }).sent.length)).toBe(8);
    await delivered(page);
    expect(told(edge)).toEqual([
      "view_item segment 1×tea-1", "add_to_cart segment 1×tea-1", "search segment", "add_to_wishlist segment 1×tea-1", "add_to_wishlist segment 1×tea-1",
      "begin_checkout segment 1×tea-1", "purchase segment 1×tea-1",
    ]);
    expect(edge.counted.find(({ name }) => name === "purchase")!.params).toEqual({ transaction_id: "O-7", value: 5, tax: 1, shipping: 2, currency: "EUR", items: [{ item_id: "tea-1", item_name: "Assam", item_brand: "Hill", item_category: "Tea", item_variant: "100 g", price: 5, quantity: 1 }] });
    expect(edge.counted.find(({ name }) => name === "search")!.params).toEqual({ search_term: "green tea" });
  });
}

test("counts one action once where GA4, Segment and the page's own words all tell of it, under different ids even @once", async ({ page, site, edge }) => {
  const head = `${snippet("analytics")}<script>
    window.dataLayer = []; function gtag() { dataLayer.push(arguments); }
    gtag("event", "view_item", { currency: "EUR", items: [{ item_id: "sku-1", item_name: "Assam", price: 5 }] });
    analytics.track("Product Viewed", { product_id: "17", name: "Assam", price: 5 });
    dataLayer.push({ event: "view_item", ecommerce: { currency: "EUR", items: [{ item_id: "sku-1", item_name: "Assam" }] } });
  </script>${productJsonLd("T1", "Assam", 5)}`;
  const body = `<h1>Assam</h1><form action="/cart/add" onsubmit="return false"><input name="quantity" value="2"><button onclick="analytics.track('Product Added', { product_id: '17', quantity: 2 }); setTimeout(function () { gtag('event', 'add_to_cart', { items: [{ item_id: 'sku-1', quantity: 2 }] }); }, 300)">Add to cart</button></form>`;
  site.pages = () => html(edge, { tag: site.tag, head, body });
  await page.goto(`${site.origin}/product/assam`);
  await settled(page);
  await page.getByRole("button").click();
  await expect.poll(() => page.evaluate(() => (window as unknown as { dataLayer: unknown[] }).dataLayer.length)).toBe(3);
  await page.getByRole("button").click();
  await expect.poll(() => page.evaluate(() => (window as unknown as { dataLayer: unknown[] }).dataLayer.length)).toBe(4);
  await page.goto("about:blank");
  await page.goto(`${site.origin}/elsewhere`);
  await delivered(page);
  expect(told(edge).filter((event) => event.startsWith("add_to_cart"))).toEqual(["add_to_cart segment 2×17", "add_to_cart segment 2×17"]);
  // One on each of the two pages.
  expect(told(edge).filter((event) => event.startsWith("view_item"))).toEqual(["view_item data-layer sku-1", "view_item data-layer sku-1"]);
});
