/** Shopify's checkout against the real Worker: the built pixel, in a sandbox like Shopify's, reports the order of the very shopper. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { routes, type ExportLine, type StatsResponse } from "../../../core/api.ts";
import type { EventBatch } from "../../../core/events.ts";
import { openShop } from "../../../demo/loop.ts";
import { demoShop } from "../../../demo/plans.ts";
import { startEdge, type Edge } from "../../../demo/stack.ts";
import { carouselReady, delivered } from "../fixtures.ts";
import { expect, json, test } from "./site.ts";

const PIXEL = readFileSync(join(import.meta.dirname, "../../../dist/shopify-pixel.js"), "utf8");
const PORT = 18140;

let dataDir: string;
let worker: Edge;
test.beforeAll(async () => {
  test.setTimeout(120_000);
  dataDir = mkdtempSync(join(tmpdir(), "endcap-pixel-"));
  worker = await startEdge({ port: PORT, dataDir });
});
test.afterAll(async () => {
  await worker?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

/** A checkout: no theme, only the sandbox with the pixel, to which the page publishes what Shopify would. @param refused where the shopper has said no */
function checkoutPage(origin: string, pixel: string, kept: object, refused?: string): string {
  const sandbox = `<script>
    var subscribers = {}, kept = ${JSON.stringify(kept)};
    ${refused === "privacy-control" ? 'Object.defineProperty(navigator, "globalPrivacyControl", { value: true });' : ""}
    var analytics = { subscribe: function (name, callback) { subscribes(name).push(callback); } };
    var browser = { sessionStorage: {
      getItem: function (key) { return Promise.resolve(key in kept ? kept[key] : null); },
      setItem: function (key, value) { kept[key] = value; return fetch("${origin}/kept", { method: "POST", mode: "no-cors", body: JSON.stringify(kept) }); }
    }, localStorage: { getItem: function (key) { return Promise.resolve(key.indexOf("endcap-choice-") === 0 && ${refused === "panel"} ? '{"analytics":false,"atMs":1}' : null); } } };
    function subscribes(name) { return subscribers[name] = subscribers[name] || []; }
    onmessage = function (message) { subscribes(message.data.name).forEach(function (callback) { callback(message.data); }); };
    ${pixel}
  </script>`;
  return `<!doctype html><html><head><title>Checkout</title></head><body><iframe sandbox="allow-scripts allow-forms" srcdoc="${sandbox.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}"></iframe></body></html>`;
}

async function statsOf({ merchantToken }: { merchantToken: string }, shop: string): Promise<StatsResponse> {
  const answer = await fetch(`${worker.url}${routes.admin.stats(shop)}?fromMs=${Date.now() - 864e5}&toMs=${Date.now() + 1000}`, { headers: { authorization: `Bearer ${merchantToken}` } });
  return (await answer.json()) as StatsResponse;
}

test("an order in Shopify's checkout is counted once, as the shopper's who clicked the carousel @once", async ({ page, site }) => {
  test.setTimeout(120_000);
  const plan = demoShop({ id: "pixel", history: false });
  const { currency } = plan;
  const { credentials } = await openShop({ plan, edge: worker.url, adminToken: worker.adminToken, shopOrigin: site.origin, dataDir });
  const { writeKey, merchantToken, signer } = credentials;
  const cart: { lines: object[]; attributes: { [name: string]: string } } = { lines: [], attributes: {} };
  let kept: { [key: string]: string } = {};
  const theme = (body: string) => `<!doctype html><html lang="en"><head><title>Shop</title><link rel="icon" href="data:,"><script>
    window.Shopify = { routes: { root: "/" }, customerPrivacy: { analyticsProcessingAllowed: function () { return true; }, preferencesProcessingAllowed: function () { return true; } } };
  </script><script async src="${worker.url}/tag.js" data-key="${writeKey}" data-signers="${signer}" data-arm="treatment"></script></head><body>${body}</body></html>`;
  const pixel = PIXEL.replace("EDGE", worker.url).replace("WRITE_KEY", writeKey);
  site.pages = ({ url: { pathname }, body }) => {
    const id = /^\/product\/(.+)/.exec(pathname)?.[1];
    if (pathname === "/cart.js") return json({ token: "cart-1", currency, attributes: cart.attributes, items: cart.lines });
    if (pathname === "/cart/add.js") {
      cart.lines.push(JSON.parse(body) as object);
      return json({});
    }
    if (pathname === "/cart/update.js") {
      Object.assign(cart.attributes, (JSON.parse(body) as { attributes: object }).attributes);
      return json({});
    }
    if (pathname === "/kept") {
      kept = JSON.parse(body) as { [key: string]: string };
      return json({});
    }
    if (pathname.startsWith("/checkouts/")) return checkoutPage(site.origin, pixel, kept);
    if (id) return theme(`<script type="application/ld+json">${JSON.stringify({ "@type": "Product", sku: id, name: "Bought", offers: { price: "12.50", priceCurrency: currency } })}</script><h1>Bought</h1>`);
    return theme('<h1>Home</h1><div id="home-recommendations"></div>');
  };

  await page.goto(site.origin);
  await carouselReady(page);
  const first = page.locator('endcap-carousel[data-endcap="home-for-you"] li').first();
  const itemId = (await first.getAttribute("data-item"))!;
  await first.locator("a").first().click();
  await page.waitForURL((url) => url.pathname !== "/");
  await page.goto(`${site.origin}/product/${itemId}`);
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/cart.js")));
  await page.evaluate((sku) => fetch("/cart/add.js", { method: "POST", body: JSON.stringify({ product_id: 1, variant_id: 11, sku, product_title: "Bought", variant_title: null, vendor: "Hill", final_price: 1250, price: 1250, quantity: 2 }) }).then((answer) => answer.json()), itemId);
  await expect.poll(() => cart.attributes["_endcap"]).toBeTruthy();
  await delivered(page);

  const sent: EventBatch[] = [];
  const origins: (string | undefined)[] = [];
  page.on("request", async (request) => {
    if (!request.url().endsWith(routes.events)) return;
    sent.push(request.postDataJSON() as EventBatch);
    origins.push((await request.allHeaders())["origin"]);
  });
  const checkout = {
    currencyCode: currency, attributes: [{ key: "gift", value: "no" }, { key: "_endcap", value: cart.attributes["_endcap"]! }], subtotalPrice: { amount: 25 }, totalTax: { amount: 4 }, shippingLine: { price: { amount: 3 } },
    email: "ada@example.com", lineItems: [{ quantity: 2, title: "Bought", variant: { id: "gid://shopify/ProductVariant/11", sku: itemId, price: { amount: 12.5 }, product: { id: "gid://shopify/Product/1", vendor: "Hill" } } }],
  };
  await page.goto(`${site.origin}/checkouts/c/1`);
  await publish(page, "checkout_started", checkout);
  await publish(page, "checkout_completed", { ...checkout, order: { id: "gid://shopify/Order/5001" } });
  await expect.poll(() => sent.length).toBe(2);
  await expect.poll(() => Object.values(kept).join().trim().split(" ").length).toBe(2);
  // The checkout is opened again, and the thank-you page too.
  await page.reload();
  await publish(page, "checkout_started", checkout);
  await publish(page, "checkout_completed", { ...checkout, order: { id: "gid://shopify/Order/5001" } });
  // In another tab it sends them again: the edge knows the numbers.
  kept = {};
  await page.reload();
  await publish(page, "checkout_completed", { ...checkout, order: { id: "gid://shopify/Order/5001" } });
  await expect.poll(() => sent.length).toBe(3);
  expect(new Set(origins)).toEqual(new Set(["null"]));
  expect(JSON.stringify(sent)).not.toContain("ada@");

  const admin = (path: string) => fetch(worker.url + path, { headers: { authorization: `Bearer ${merchantToken}` } });
  const stats = () => statsOf(credentials, "pixel");
  await expect.poll(async () => (await stats()).totals.purchase).toBe(1);
  const { totals, funnel, dropped } = await stats();
  expect(totals).toMatchObject({ begin_checkout: 1, purchase: 1, revenue: 25, attributed_orders: 1, attributed_revenue: 25, buyers: 1, shoppers: 1 });
  expect(funnel).toMatchObject({ viewed: 1, carted: 1, checkout: 1, purchased: 1 });
  expect(dropped.filter(({ reason }) => reason !== "unused")).toEqual([{ reason: "conflict", count: 1 }]);
  const lines = (await (await admin(routes.admin.export("pixel"))).text()).split("\n").filter(Boolean).map((line) => JSON.parse(line) as ExportLine);
  expect(new Set(lines.map(({ clientId }) => clientId)).size).toBe(1);
  expect(lines.flatMap(({ events }) => events).find(({ name }) => name === "purchase")).toMatchObject({ source: "shopify", page: { type: "thank_you" }, params: { transaction_id: "5001", value: 25, tax: 4, shipping: 3 } });
});

test("an order of a cart that was joined with nobody counts once, as nobody's, and not at all where its shopper has refused @once", async ({ page, site }) => {
  test.setTimeout(120_000);
  const plan = demoShop({ id: "unjoined", history: false });
  const { credentials } = await openShop({ plan, edge: worker.url, adminToken: worker.adminToken, shopOrigin: site.origin, dataDir });
  let kept: object = {};
  site.pages = ({ url: { pathname }, body }) => {
    if (pathname === "/kept") {
      kept = JSON.parse(body) as object;
      return json({});
    }
    return checkoutPage(site.origin, PIXEL.replace("EDGE", worker.url).replace("WRITE_KEY", credentials.writeKey), kept, pathname.split("/")[2]);
  };
  const sent: EventBatch[] = [];
  page.on("request", (request) => void (request.url().endsWith(routes.events) && sent.push(request.postDataJSON() as EventBatch)));
  const checkout = (attributes: object[], order?: number) => ({
    currencyCode: plan.currency, token: "a-key-to-the-checkout", email: "ada@example.com", attributes, subtotalPrice: { amount: 25 },
    lineItems: [{ quantity: 2, title: "Bought", variant: { id: "gid://shopify/ProductVariant/11", sku: "cup-1", price: { amount: 12.5 } } }], ...(order && { order: { id: `gid://shopify/Order/${order}` } }),
  });
  for (const refused of ["panel", "privacy-control", "join-taken-back"]) {
    await page.goto(`${site.origin}/checkouts/${refused}`);
    await publish(page, "checkout_completed", checkout(refused === "join-taken-back" ? [{ key: "_endcap", value: "" }] : [], 6001));
  }
  await page.goto(`${site.origin}/checkouts/allowed`);
  await publish(page, "checkout_started", checkout([]));
  for (const order of [6002, 6003, 6002]) await publish(page, "checkout_completed", checkout([], order));
  await expect.poll(() => Object.values(kept).join().trim().split(" ").length).toBe(2);
  // In another tab the page is opened again.
  kept = {};
  await page.reload();
  await publish(page, "checkout_completed", checkout([], 6003));
  await expect.poll(() => sent.length).toBe(3);
  expect(JSON.stringify(sent)).not.toMatch(/ada@|a-key-to|6001|cookie/);
  await expect.poll(() => Object.values(kept).join()).toContain("6003");
  const { totals, funnel, dropped } = await statsOf(credentials, "unjoined");
  expect(totals).toMatchObject({ begin_checkout: 0, purchase: 2, revenue: 50, attributed_orders: 0, attributed_revenue: 0, buyers: 2, events: 2 });
  expect(funnel).toMatchObject({ viewed: 0, carted: 0, checkout: 0, purchased: 2 });
  expect(dropped.filter(({ reason }) => reason !== "conflict")).toEqual([]);
});

function publish(page: Page, name: string, checkout: object): Promise<void> {
  return page.evaluate((event) => void (document.querySelector("iframe") as HTMLIFrameElement).contentWindow!.postMessage(event, "*"), { name, timestamp: new Date().toISOString(), data: { checkout } });
}
