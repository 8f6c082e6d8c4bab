/** What the tag records and how it arrives, in a real browser: complete, once, and never before consent. */
import { SHOP_EVENT_SCHEMAS } from "../../core/events.ts";
import { createId } from "../../core/ids.ts";
import { carouselReady, delivered, diagnostics, expect, gtag, GRANTED, push, test } from "./fixtures.ts";

const TEA = { item_id: "tea-1", item_name: "Tea no. 1", price: "5.00", quantity: 1 };

/** Numbers that a client has neither sent nor reported void, below its highest one. */
function missing(edge: { counted: { seq: number; clientId: string }[]; voids: { from: number; to: number }[] }): number[] {
  const known = new Set(edge.counted.map(({ seq }) => seq));
  for (const { from, to } of edge.voids) for (let seq = from; seq <= to; seq += 1) known.add(seq);
  return Array.from({ length: Math.max(0, ...known) }, (_, index) => index + 1).filter((seq) => !known.has(seq));
}

test("records one purchase flow exactly, however the shop tells it @once", async ({ page, shop, edge }) => {
  shop.options = { tag: `${GRANTED} data-checkout="on"`, head: "" };
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  // The data layer says what JSON-LD says already; then the same cart in both ways of writing.
  await gtag(page, "event", "view_item", { currency: "EUR", items: [TEA] });
  await push(page, { event: "add_to_cart", ecommerce: { currency: "EUR", value: 5, items: [TEA] } });
  await gtag(page, "event", "add_to_cart", { currency: "EUR", value: 5, items: [TEA] });
  await page.goto(`${shop.origin}/cart`);
  await push(page, { event: "view_cart", ecommerce: { currency: "EUR", items: [TEA] } });
  await page.goto(`${shop.origin}/checkout`);
  await push(page, { event: "begin_checkout", ecommerce: { currency: "EUR", items: [TEA] } });
  const order = { event: "purchase", ecommerce: { transaction_id: "T-1", currency: "EUR", value: 5, items: [TEA] } };
  await page.goto(`${shop.origin}/thank-you`);
  await push(page, order);
  await page.reload();
  await push(page, order);
  await delivered(page);
  const shopEvents = edge.counted.filter(({ name }) => name in SHOP_EVENT_SCHEMAS && name !== "page_view").map(({ name }) => name);
  expect(shopEvents).toEqual(["view_item", "add_to_cart", "view_cart", "begin_checkout", "purchase"]);
  expect(edge.names().filter((name) => name === "page_view")).toHaveLength(5);
  expect(edge.counted.find(({ name }) => name === "add_to_cart")!.params).toMatchObject({ value: 5, items: [{ item_id: "tea-1", price: 5 }] });
  expect(new Set(edge.counted.map(({ clientId }) => clientId)).size).toBe(1);
  expect(new Set(edge.counted.map(({ sessionId }) => sessionId)).size).toBe(1);
  expect(edge.conflicts).toEqual([]);
  expect(missing(edge)).toEqual([]);
});

test("stores nothing and posts nothing before consent, then keeps what this page has seen @once", async ({ page, shop, edge }) => {
  shop.options = { tag: "", head: "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)};gtag('consent','default',{analytics_storage:'denied',personalization_storage:'denied'})</script>" };
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  await push(page, { event: "add_to_cart", ecommerce: { items: [TEA] } });
  expect(await page.evaluate(async () => [(await indexedDB.databases()).length, localStorage.length, sessionStorage.length, document.cookie])).toEqual([0, 0, 0, ""]);
  expect(edge.requests.filter((request) => !request.startsWith("GET "))).toEqual([]);
  await gtag(page, "consent", "update", { analytics_storage: "granted", personalization_storage: "granted" });
  await expect.poll(() => edge.names()).toContain("add_to_cart");
  await delivered(page);
  expect(edge.names()).toContain("page_view");
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name).sort())).toEqual(["endcap-files-wk_tea", "endcap-wk_tea"]);
});

test("uploads nothing under Global Privacy Control, and still ranks by what it sees @once", async ({ page, shop, edge }) => {
  await page.addInitScript(() => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }));
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  await page.goto(shop.origin);
  await carouselReady(page);
  expect((await diagnostics(page)).consent).toEqual({ analytics: false, personalization: true });
  expect(edge.requests.filter((request) => !request.startsWith("GET "))).toEqual([]);
});

test("keeps events while the edge is down, and delivers them without another page load @once", async ({ page, shop, edge }) => {
  edge.fault = () => "unavailable";
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  await expect.poll(() => edge.requests.filter((request) => request.startsWith("POST ")).length).toBeGreaterThan(1);
  expect(edge.counted).toEqual([]);
  edge.fault = () => "none";
  await delivered(page);
  expect(edge.names().filter((name) => name === "view_item")).toHaveLength(1);
  expect((await diagnostics(page)).dropped).toEqual({});
});

test("tells support how many events wait, also when they are more than a batch @once", async ({ page, shop, edge }) => {
  edge.fault = () => "unavailable";
  await page.goto(shop.origin);
  await carouselReady(page);
  const waiting = async () => (await diagnostics(page)).outboxEvents;
  const before = await waiting();
  expect(await page.evaluate(async () => (await Promise.all(Array.from({ length: 120 }, (_, i) => window.endcap!.track("select_item", { items: [{ item_id: `tea-${i}` }] })))).filter((result) => (result as { ok: boolean }).ok).length)).toBe(120);
  // What the page sees of itself meanwhile comes to a few more.
  await expect.poll(waiting).toBeGreaterThanOrEqual(before + 120);
  expect(await waiting()).toBeLessThan(before + 140);
});

test("counts each event once when every first answer is lost after the commit @once", async ({ page, shop, edge }) => {
  const lost = new Set<string>();
  edge.fault = ({ events }) => {
    const fresh = events.some(({ seq }) => !lost.has(String(seq)));
    for (const { seq } of events) lost.add(String(seq));
    return fresh ? "commit-then-drop" : "none";
  };
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  await push(page, { event: "add_to_cart", ecommerce: { items: [TEA] } });
  await delivered(page);
  const numbers = edge.counted.map(({ seq }) => seq);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(edge.names().filter((name) => name === "add_to_cart")).toHaveLength(1);
  expect(edge.conflicts).toEqual([]);
});

test("gives no number twice to two tabs that record at the same time @once", async ({ page, context, shop, edge }) => {
  const other = await context.newPage();
  await Promise.all([page.goto(shop.origin), other.goto(shop.origin)]);
  await Promise.all([carouselReady(page), carouselReady(other)]);
  const record = (tab: typeof page, name: string) => tab.evaluate(async (product) => {
    const { endcap } = window as unknown as { endcap: { track(name: string, params: object): Promise<{ ok: boolean }> } };
    const results = await Promise.all(Array.from({ length: 60 }, (_, i) => endcap.track("add_to_wishlist", { items: [{ item_id: `${product}-${i}` }] })));
    return results.every(({ ok }) => ok);
  }, name);
  expect(await Promise.all([record(page, "a"), record(other, "b")])).toEqual([true, true]);
  await delivered(page);
  expect(edge.names().filter((name) => name === "add_to_wishlist")).toHaveLength(120);
  expect(edge.conflicts).toEqual([]);
  await Promise.all([page.goto("about:blank"), other.goto("about:blank")]);
  await page.goto(shop.origin);
  await carouselReady(page);
  await delivered(page);
  await expect.poll(() => missing(edge)).toEqual([]);
});

test("keeps events when the tab closes during a flush @once", async ({ page, context, shop, edge }) => {
  let closing = true;
  edge.fault = () => (closing ? "silent" : "none");
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  await push(page, { event: "add_to_cart", ecommerce: { items: [TEA] } });
  await expect.poll(() => edge.requests.some((request) => request.startsWith("POST "))).toBe(true);
  await page.close();
  closing = false;
  const next = await context.newPage();
  await next.goto(shop.origin);
  await carouselReady(next);
  await delivered(next);
  expect(edge.names().filter((name) => name === "add_to_cart")).toHaveLength(1);
  expect(edge.conflicts).toEqual([]);
});

test("sends what a page recorded in its last moment before it is closed @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  await delivered(page);
  await push(page, { event: "add_to_cart", ecommerce: { items: [TEA] } });
  await page.goto("about:blank");
  await expect.poll(() => edge.names()).toContain("add_to_cart");
});

test("splits a batch that the edge calls too large @once", async ({ page, shop, edge }) => {
  edge.fault = ({ events }) => (events.length > 2 ? "too-large" : "none");
  await page.goto(shop.origin);
  await carouselReady(page);
  await page.evaluate(() => {
    const { endcap } = window as unknown as { endcap: { track(name: string, params: object): Promise<unknown> } };
    for (let i = 0; i < 9; i += 1) void endcap.track("add_to_wishlist", { items: [{ item_id: `thing-${i}` }] });
  });
  await delivered(page);
  expect(edge.names().filter((name) => name === "add_to_wishlist")).toHaveLength(9);
  expect((await diagnostics(page)).dropped).toEqual({});
});

test("gives up an event that the edge will never take, counts it, and delivers the others @once", async ({ page, shop, edge }) => {
  edge.fault = ({ events }) => (events.some(({ params }) => JSON.stringify(params).includes("poison")) ? "malformed" : "none");
  await page.goto(shop.origin);
  await carouselReady(page);
  await page.evaluate(() => {
    const { endcap } = window as unknown as { endcap: { track(name: string, params: object): Promise<unknown> } };
    for (const id of ["one", "poison", "two"]) void endcap.track("add_to_wishlist", { items: [{ item_id: id }] });
  });
  await delivered(page);
  expect(edge.names().filter((name) => name === "add_to_wishlist")).toHaveLength(2);
  expect((await diagnostics(page)).dropped).toEqual({ rejected: 1 });
  await expect.poll(() => edge.voids.map(({ reason }) => reason)).toContain("rejected");
});

test("begins a new identity where the shop has erased the old one, and sends nothing more of that @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  await delivered(page);
  const erased = edge.counted[0]!.clientId;
  edge.fault = ({ clientId }) => (clientId === erased ? "erased" : "none");
  const track = (id: string) => page.evaluate((item_id) => void (window as unknown as { endcap: { track(name: string, params: object): Promise<unknown> } }).endcap.track("add_to_wishlist", { items: [{ item_id }] }), id);
  await track("before");
  await expect.poll(() => edge.requests.filter((request) => request === "POST /v1/events").length).toBeGreaterThan(1);
  await expect.poll(async () => {
    await track("after");
    return edge.counted.some(({ clientId, name }) => clientId !== erased && name === "add_to_wishlist");
  }, { intervals: [1_500], timeout: 30_000 }).toBe(true);
  expect(edge.counted.filter(({ params }) => JSON.stringify(params).includes('"before"'))).toEqual([]);
  await expect.poll(async () => (await diagnostics(page)).outboxEvents).toBe(0);
});

test("delivers a list of two hundred products, with less about each @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  const items = Array.from({ length: 200 }, (_, i) => ({ item_id: `thing-${i}`, item_name: "x".repeat(400), price: i }));
  await push(page, { event: "view_item_list", ecommerce: { item_list_id: "all", items } });
  // None of them is on the page, which is looked through before the list is told as it is.
  await expect.poll(() => edge.names()).toContain("view_item_list");
  const { params } = edge.counted.find(({ name }) => name === "view_item_list")! as { params: { items: object[] } };
  expect(params.items).toHaveLength(200);
  expect(params.items[7]).toEqual({ item_id: "thing-7", price: 7 });
});

test("names the slate of a click in what follows it, and takes e-mail addresses out of searches @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  const [first] = await carouselReady(page);
  await page.locator("endcap-carousel li a").first().click();
  await page.waitForURL(`**/product/${first}`);
  await carouselReady(page, "product-similar");
  await push(page, { event: "add_to_cart", ecommerce: { items: [{ item_id: first }] } });
  await push(page, { event: "search", search_term: "tea for ann@example.org 0170 1234567" });
  await delivered(page);
  const click = edge.counted.find(({ name }) => name === "rec_click")!.params as { slate_id: string };
  for (const name of ["view_item", "add_to_cart", "rec_add_to_cart"]) expect(edge.counted.find((event) => event.name === name)!.params).toMatchObject({ slate_id: click.slate_id, placement: "home-for-you" });
  expect(edge.counted.find(({ name }) => name === "search")!.params).toEqual({ search_term: "tea for [email] [number]" });
});

test("counts a slate as viewed after a second in view, once @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  await expect.poll(() => edge.names(), { timeout: 15_000 }).toContain("rec_view");
  const rendered = edge.counted.find(({ name }) => name === "rec_render")!.params;
  expect(edge.counted.find(({ name }) => name === "rec_view")!.params).toEqual(rendered);
});

test("wipes the device on request, in all tabs @once", async ({ page, context, shop, edge }) => {
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  const other = await context.newPage();
  await other.goto(shop.origin);
  await carouselReady(other);
  await delivered(page);
  await page.evaluate(() => (window as unknown as { endcap: { forget(): Promise<void> } }).endcap.forget());
  await expect.poll(() => page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  const before = edge.counted.length;
  await push(other, { event: "add_to_cart", ecommerce: { items: [{ item_id: createId() }] } });
  await other.close();
  await page.close();
  const next = await context.newPage();
  await next.goto(shop.origin);
  await carouselReady(next);
  await delivered(next);
  expect(edge.counted.slice(before).map(({ name }) => name)).not.toContain("add_to_cart");
  expect(new Set(edge.counted.map(({ clientId }) => clientId)).size).toBe(2);
});
