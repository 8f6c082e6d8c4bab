/** The carousel on a shop's page, in a real browser: what it shows, when it changes, and what it must not do to the shop. */
import type { Page } from "@playwright/test";
import { carouselReady, delivered, diagnostics, expect, GRANTED, itemsIn, ofCategory, push, test } from "./fixtures.ts";

const STRICT = "default-src 'none'; script-src EDGE; connect-src EDGE; img-src SHOP data:; style-src SHOP; require-trusted-types-for 'script'";

/** Collects what the page reports as wrong from now on: errors, rejections and policy violations. */
function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("pageerror", (error) => found.push(String(error)));
  page.on("console", (message) => message.type() === "error" && found.push(message.text()));
  return found;
}

test("shows popular products to a new shopper, and re-ranks in an open tab when another tab looks at products, without the edge", async ({ page, context, shop, edge }) => {
  await page.goto(shop.origin);
  const before = await carouselReady(page);
  expect(before).toHaveLength(12);
  expect(ofCategory(before, "tea")).toBeLessThanOrEqual(3);

  const other = await context.newPage();
  for (const product of ["tea-1", "tea-2", "tea-3"]) {
    await other.goto(`${shop.origin}/product/${product}`);
    await carouselReady(other, "product-similar");
  }
  await context.route(`${edge.origin}/**`, (route) => route.abort());
  await expect.poll(async () => ofCategory(await itemsIn(page), "tea")).toBeGreaterThanOrEqual(6);
});

test("re-ranks in the page itself when the cart changes, without the edge", async ({ page, context, shop, edge }) => {
  await page.goto(shop.origin);
  const before = await carouselReady(page);
  await context.route(`${edge.origin}/**`, (route) => route.abort());
  await push(page, { event: "add_to_cart", ecommerce: { items: [{ item_id: "honey-4" }] } });
  await expect.poll(async () => ofCategory(await itemsIn(page), "honey")).toBeGreaterThan(ofCategory(before, "honey") + 3);
  expect(await itemsIn(page)).not.toContain("honey-4");
});

test("draws a new page without the edge, from what the browser keeps @once", async ({ page, shop, edge }) => {
  await page.goto(`${shop.origin}/product/cups-1`);
  await carouselReady(page, "product-similar");
  await page.goto(`${shop.origin}/product/cups-2`);
  await carouselReady(page, "product-similar");
  // Not by routing, which would keep the browser from its own cache.
  await edge.stop();
  await page.goto(shop.origin);
  expect(ofCategory(await carouselReady(page), "cups")).toBeGreaterThanOrEqual(6);
});

test("takes a dismissed product away, puts another in its place, and remembers @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  const before = await carouselReady(page);
  const second = before[1]!;
  await page.locator("endcap-carousel li").nth(1).hover();
  await page.getByRole("button", { name: /^Not this/ }).nth(1).click();
  await expect.poll(() => itemsIn(page)).not.toContain(second);
  const after = await itemsIn(page);
  expect(after.slice(0, 11)).toEqual(before.filter((id) => id !== second).slice(0, 11));
  expect(after).toHaveLength(12);
  await page.reload();
  expect(await carouselReady(page)).not.toContain(second);
  await delivered(page);
  expect(edge.counted.find(({ name }) => name === "rec_dismiss")!.params).toMatchObject({ items: [{ item_id: second, position: 1 }] });
});

test("can be used with the keyboard, and says what it is @once", async ({ page, shop }) => {
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  const region = page.getByRole("region", { name: "You may also like" });
  await expect(region.getByRole("listitem")).toHaveCount(await region.locator("li").count());
  await region.getByRole("link").first().focus();
  await page.keyboard.press("Tab");
  await expect(region.getByRole("button", { name: /^Why this/ }).first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(region.getByText(/similar to Tea no. 1/)).toBeVisible();
  await page.keyboard.press("Tab");
  const first = (await itemsIn(page, "product-similar"))[0]!;
  await page.keyboard.press("Enter");
  await expect.poll(() => itemsIn(page, "product-similar")).not.toContain(first);
  await expect(region.getByRole("link").first()).toBeFocused();
});

test("tells the shop's own scripts what of the history speaks for each product @once", async ({ page, shop }) => {
  for (const id of ["tea-1", "coffee-1"]) {
    await page.goto(`${shop.origin}/product/${id}`);
    await carouselReady(page, "product-similar");
    await delivered(page);
  }
  const ask = (placement: string) => page.evaluate((given) => (window as unknown as { endcap: { recommend(options: object): Promise<{ items: { item_id: string; because: { item_id: string; share: number }[] }[] }> } }).endcap.recommend({ placement: given }), placement);
  for (const { because } of (await ask("product-similar")).items) expect(because).toEqual([{ item_id: "coffee-1", share: 1 }]);
  for (const { item_id, because } of (await ask("home-for-you")).items) {
    expect(because.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(because[0]!.item_id).toBe(item_id.startsWith("tea-") ? "tea-1" : "coffee-1");
  }
});

test("hides the arrows at the ends and turns a page of cards in between @once", async ({ page, shop }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  const [back, more] = [page.getByRole("button", { name: "Back" }), page.getByRole("button", { name: "More" })];
  await expect(back).toBeHidden();
  await more.click();
  await expect(back).toBeVisible();
  await expect(async () => {
    if (await more.isVisible()) await more.click();
    await expect(more).toBeHidden({ timeout: 1_000 });
  }).toPass();
  await back.click();
  await expect(more).toBeVisible();
});

test("keeps the keyboard's place when an arrow hides under it @once", async ({ page, shop }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  const more = page.getByRole("button", { name: "More" });
  await expect(async () => {
    if (await more.isVisible()) await more.press("Enter");
    await expect(more).toBeHidden({ timeout: 1_000 });
  }).toPass();
  await expect(page.getByRole("button", { name: "Back" })).toBeFocused();
});

test("works under a strict content policy with trusted types, and breaks none of it", async ({ page, shop }) => {
  const found = complaints(page);
  shop.options = { tag: GRANTED, policy: STRICT };
  await page.goto(shop.origin);
  expect(await carouselReady(page)).toHaveLength(12);
  const height = await page.locator("endcap-carousel li").first().evaluate((card) => card.getBoundingClientRect().height);
  expect(height).toBeGreaterThan(200);
  // The engine's worker is what such a policy forbids; the page ranks without it.
  await push(page, { event: "add_to_cart", ecommerce: { items: [{ item_id: "tea-1" }] } }).catch(() => {});
  expect(found.filter((text) => !/worker/i.test(text))).toEqual([]);
});

test("shows nothing to the comparison group, and records that it would have @once", async ({ page, shop, edge }) => {
  shop.options = { tag: `${GRANTED} data-arm="holdout"` };
  await page.goto(shop.origin);
  await expect.poll(() => edge.names()).toContain("rec_render");
  expect(edge.counted.find(({ name }) => name === "rec_render")!.params).toMatchObject({ arm: "holdout", items: [], placement: "home-for-you" });
  await expect(page.locator("endcap-carousel")).toBeHidden();
});

test("throws nothing into a shop that has changed the browser's own functions @once", async ({ page, shop, edge }) => {
  const found = complaints(page);
  shop.options = {
    tag: GRANTED,
    head: `<script>
      Array.prototype.toJSON = function () { return "an array, says Prototype.js"; };
      Array.prototype.first = function () { return this[0]; };
      window.fetch = () => { throw new Error("the shop has its own ideas of fetch"); };
    </script>`,
  };
  await page.goto(`${shop.origin}/product/tea-1`);
  await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
  await push(page, { event: "view_item", ecommerce: { items: "none" } });
  await push(page, { event: "purchase", ecommerce: null });
  const answer = await page.evaluate(() => (window as unknown as { endcap: { track(name: unknown, params: unknown): Promise<unknown> } }).endcap.track(7, null));
  expect(answer).toEqual({ ok: false, reason: "unknown-event" });
  expect(found).toEqual([]);
  expect((await diagnostics(page)).faults.length).toBeGreaterThan(0);
  expect(edge.conflicts).toEqual([]);
});

test("moves nothing on the page while it is drawn @once", async ({ page, shop }) => {
  await page.addInitScript(() => {
    const shifts: number[] = ((window as unknown as { shifts: number[] }).shifts = []);
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => shifts.push((entry as unknown as { value: number }).value))).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(shop.origin);
  await carouselReady(page);
  await page.goto(`${shop.origin}/tall`);
  const host = page.locator("endcap-carousel");
  await expect.poll(() => host.evaluate((element) => element.getBoundingClientRect().height)).toBeGreaterThan(300);
  const reserved = await host.evaluate((element) => element.getBoundingClientRect().height);
  await host.scrollIntoViewIfNeeded();
  await expect(host.locator("li")).toHaveCount(12);
  expect(await host.evaluate((element) => element.getBoundingClientRect().height)).toBe(reserved);
  expect(await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts.reduce((sum, shift) => sum + shift, 0))).toBe(0);
});

test("loads no carousel for a place that is far from view @once", async ({ page, shop, edge }) => {
  await page.goto(`${shop.origin}/tall`);
  await expect.poll(() => edge.requests.some((request) => request.includes("/v1/config/"))).toBe(true);
  await expect.poll(() => page.locator("endcap-carousel").evaluate((element) => element.getBoundingClientRect().height)).toBeGreaterThan(300);
  expect(edge.requests.filter((request) => request.includes("/carousel-"))).toEqual([]);
});

test("follows a single-page shop to its next page @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  await page.evaluate(() => {
    history.pushState({}, "", "/product/kettles-1");
    document.querySelector("main")!.replaceChildren(Object.assign(document.createElement("div"), { id: "product-recommendations" }));
    (window as unknown as { dataLayer: object[] }).dataLayer.push({ event: "view_item", ecommerce: { items: [{ item_id: "kettles-1" }] } });
  });
  const similar = await carouselReady(page, "product-similar");
  expect(ofCategory(similar, "kettles")).toBeGreaterThanOrEqual(8);
  await delivered(page);
  expect(edge.counted.filter(({ name }) => name === "page_view").map(({ page }) => page!.path)).toEqual(["/", "/product/kettles-1"]);
  expect(edge.counted.filter(({ name }) => name === "view_item")).toHaveLength(1);
});

test("writes its heading as the shop writes its own, unless the shop says otherwise @once", async ({ page, shop }) => {
  const look = (selector: string) => page.locator(selector).evaluate((heading) => {
    const { fontFamily, fontWeight, fontSize, letterSpacing, color } = getComputedStyle(heading);
    return { fontFamily, fontWeight, fontSize, letterSpacing, color };
  });
  await page.goto(shop.origin);
  await carouselReady(page);
  const own = await look("main > h2");
  expect(own.fontSize).toBe("28px");
  expect(await look("endcap-carousel h2")).toEqual(own);
  await page.addStyleTag({ content: "main { --endcap-heading-size: 19px; --endcap-heading-color: rgb(1, 2, 3) }" });
  expect(await look("endcap-carousel h2")).toEqual({ ...own, fontSize: "19px", color: "rgb(1, 2, 3)" });
});
