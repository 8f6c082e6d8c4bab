/** The device's own ways: storage that goes away or is missing, pages that come back, arms, and being forgotten. */
import { MAX_CART_ITEMS_SENT, RECOMMEND_SCHEMA, routes, type RecommendRequest } from "../../core/api.ts";
import { parse } from "../../core/schema.ts";
import { drawArm, type DrawnSlate } from "../../core/slate.ts";
import { CARDS, SHOP } from "./shop/assortment.ts";
import { carouselReady, delivered, diagnostics, expect, itemsIn, ofCategory, push, test } from "./fixtures.ts";

const track = (id: string) => (window as unknown as { endcap: { track(name: string, params: object): Promise<unknown> } }).endcap.track("add_to_wishlist", { items: [{ item_id: id }] });

test("opens a lost database handle again, once, and loses nothing @once", async ({ page, shop, edge }) => {
  await page.addInitScript(() => {
    const opened: IDBDatabase[] = ((window as unknown as { opened: IDBDatabase[] }).opened = []);
    const open = indexedDB.open.bind(indexedDB);
    indexedDB.open = (name, version) => {
      const request = open(name, version);
      request.addEventListener("success", () => opened.push(request.result));
      return request;
    };
  });
  await page.goto(shop.origin);
  await carouselReady(page);
  await delivered(page);
  const ours = () => page.evaluate(() => (window as unknown as { opened: IDBDatabase[] }).opened.filter(({ name }) => name === "endcap-wk_tea").length);
  expect(await ours()).toBe(1);
  await page.evaluate(() => (window as unknown as { opened: IDBDatabase[] }).opened.forEach((handle) => handle.close()));
  expect(await page.evaluate(track, "tea-1")).toMatchObject({ ok: true });
  expect(await page.evaluate(track, "tea-2")).toMatchObject({ ok: true });
  await delivered(page);
  expect(edge.names().filter((name) => name === "add_to_wishlist")).toHaveLength(2);
  expect(await ours()).toBe(2);
  expect((await diagnostics(page)).dropped).toEqual({});
});

test("delivers from memory where the browser has no database, and says that it is not kept @once", async ({ page, shop, edge }) => {
  await page.addInitScript(() => {
    indexedDB.open = () => {
      throw new DOMException("not in this window", "SecurityError");
    };
  });
  await page.goto(shop.origin);
  await carouselReady(page);
  expect(await page.evaluate(track, "tea-1")).toEqual({ ok: false, reason: "not-durable" });
  await expect.poll(() => edge.names()).toContain("add_to_wishlist");
  expect((await diagnostics(page)).durable).toBe(false);
});

test("re-ranks a page that comes back from the back/forward cache, and goes on numbering @once", async ({ page, context, shop, edge }) => {
  await page.goto(shop.origin);
  const before = await carouselReady(page);
  expect(ofCategory(before, "kettles")).toBeLessThanOrEqual(3);
  // Browsers under automation keep no pages, so the page is told what they would tell it.
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  const other = await context.newPage();
  for (const product of ["kettles-1", "kettles-2", "kettles-3"]) {
    await other.goto(`${shop.origin}/product/${product}`);
    await carouselReady(other, "product-similar");
  }
  await delivered(other);
  await other.close();
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await expect.poll(async () => ofCategory(await itemsIn(page), "kettles")).toBeGreaterThanOrEqual(6);
  expect(await page.evaluate(track, "tea-1")).toMatchObject({ ok: true });
  await delivered(page);
  await expect.poll(() => edge.names()).toContain("add_to_wishlist");
  expect(edge.counted.filter(({ name, page }) => name === "page_view" && page!.path === "/")).toHaveLength(2);
  expect(edge.conflicts).toEqual([]);
  const numbers = edge.counted.map(({ seq }) => seq);
  expect(new Set(numbers).size).toBe(numbers.length);
});

for (const [consent, files, asked] of [["granted", "missing", true], ["", "missing", false], ["granted", "served", false]] as const) {
  test(`${asked ? "asks" : "never asks"} the edge to rank ${consent ? "with" : "without"} consent where the catalogue is ${files} @once`, async ({ page, shop, edge }) => {
    const requests: { history?: unknown[] }[] = [];
    shop.options = { tag: consent ? `data-consent="${consent}"` : "" };
    if (files === "missing") await page.route(`${edge.origin}${routes.file("")}*`, (route) => route.abort());
    await page.route(`${edge.origin}${routes.recommend}`, (route) => {
      requests.push(route.request().postDataJSON() as never);
      const cards = CARDS.slice(0, 12);
      const slate: DrawnSlate = { slate_id: "slate-of-the-edge", placement: "home-for-you", strategy: "for_you", model_version: 3, arm: "treatment", cards, items: cards.map(({ id }, position) => ({ item_id: id, position, score: 1, propensity: 1 })) };
      return route.fulfill({ json: slate, headers: { "access-control-allow-origin": "*" } });
    });
    await page.goto(shop.origin);
    if (files === "missing" && !asked) {
      await expect.poll(async () => (await diagnostics(page)).faults.some(({ where }) => where === "catalogue")).toBe(true);
      await expect(page.locator("endcap-carousel")).toBeHidden();
    } else expect(await carouselReady(page)).toHaveLength(12);
    expect(requests.length > 0).toBe(asked);
  });
}

test("names no more of a large cart than the edge takes, the newest @once", async ({ page, shop, edge }) => {
  const requests: RecommendRequest[] = [];
  await page.route(`${edge.origin}${routes.file("")}*`, (route) => route.abort());
  await page.route(`${edge.origin}${routes.recommend}`, (route) => {
    requests.push(route.request().postDataJSON() as RecommendRequest);
    return route.fulfill({ status: 503, headers: { "access-control-allow-origin": "*" } });
  });
  await page.goto(`${shop.origin}/cart`);
  const items = Array.from({ length: MAX_CART_ITEMS_SENT + 1 }, (_, i) => ({ item_id: `thing-${i}` }));
  await push(page, { event: "view_cart", ecommerce: { items } });
  await delivered(page);
  await page.goto(shop.origin);
  await expect.poll(() => requests.at(-1)?.cart).toEqual(items.slice(1).map(({ item_id }) => item_id));
  for (const request of requests) expect(parse(RECOMMEND_SCHEMA, request)).toMatchObject({ ok: true });
});

test("draws each visitor's arm as the edge and the trainer would @once", async ({ browser, shop, edge }) => {
  edge.config.holdoutShare = 0.5;
  const visitors = await Promise.all(Array.from({ length: 6 }, () => browser.newContext()));
  await Promise.all(visitors.map(async (context) => (await context.newPage()).goto(shop.origin)));
  await expect.poll(() => new Set(edge.counted.filter(({ name }) => name === "rec_render").map(({ clientId }) => clientId)).size, { timeout: 15_000 }).toBe(6);
  await Promise.all(visitors.map((context) => context.close()));
  const renders = edge.counted.filter(({ name }) => name === "rec_render");
  for (const { clientId, params } of renders) expect((params as { arm: string }).arm).toBe(drawArm(SHOP, clientId, 0.5));
});

test("leaves nothing on the device after it was asked to forget, on this page and the next before consent @once", async ({ page, shop }) => {
  const left = () => page.evaluate(async () => [(await indexedDB.databases()).map(({ name }) => name), Object.keys(localStorage), Object.keys(sessionStorage), document.cookie]);
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  await delivered(page);
  expect((await left())[0]).toHaveLength(2);
  await page.evaluate(() => (window as unknown as { endcap: { forget(): Promise<void> } }).endcap.forget());
  await push(page, { event: "add_to_cart", ecommerce: { items: [{ item_id: "tea-2" }] } });
  await expect.poll(left).toEqual([[], [], [], ""]);
  shop.options = { tag: "" };
  await page.goto(shop.origin);
  await carouselReady(page);
  expect(await left()).toEqual([[], [], [], ""]);
});
