/** The whole loop, as a shopper and a merchant live it: shop and edge on different origins, in real Chromium. */
import { expect, test, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { routes } from "../../core/api.ts";
import { currentPrice } from "../../core/catalogue.ts";
import { PAGE_EVENT_SCHEMAS, type EventName, type ShopEvent } from "../../core/events.ts";
import { demoShop } from "../../demo/plans.ts";
import type {} from "../../widget/main.ts";
import { startStack, type OpenedShop, type Stack } from "./stack.ts";

const PORTS = { edge: 8801, proxy: 8802, trained: 4341, quiet: 4342 };
/** How long a shopper's events may take to arrive: the outbox waits a moment, then longer after each failure. */
const DELIVERY = { timeout: 60_000 };

/** What the quiet shop's visit below makes, in no order. */
const EXPECTED_VISIT: EventName[] = [
  "page_view", "rec_render", "rec_view", "rec_click",
  "page_view", "view_item", "rec_render", "add_to_cart", "rec_add_to_cart",
  "page_view", "view_item", "rec_render", "add_to_cart",
  "page_view", "view_cart", "rec_render", "begin_checkout",
  "page_view", "add_shipping_info",
  "page_view", "purchase",
];

/** How many of these there are depends on how long one looks at what; experience.spec.ts counts them. */
const isOfLooking = (name: EventName) => name === "view_item_list" || name in PAGE_EVENT_SCHEMAS;

let stack: Stack;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  stack = await startStack(PORTS);
});
test.afterAll(() => stack?.stop());
test.beforeEach(() => {
  stack.proxy.mode = "pass";
});

test("a shopper's clicks re-rank the home page without the edge, and their events arrive once it is back", async ({ browser }) => {
  test.setTimeout(240_000);
  const shop = await stack.open(demoShop(), PORTS.trained);
  const { context, errors } = await newShopper(browser);
  const home = await context.newPage();
  await home.goto(shop.url);
  expect(await modelVersion(home)).toBe(0);

  // A model is trained and published; pages pick it up by themselves, as soon as their copy of the configuration is stale.
  await shop.train();
  await expect.poll(async () => (await home.reload(), modelVersion(home)), { timeout: 60_000, intervals: [2_000] }).toBe(1);
  const news = await watchExport(shop);

  // A new shopper sees what is popular. Publishing puts the shelf in today's order, too, a moment after the model.
  const popular = async () => ((await (await fetch(`${stack.edge.url}${routes.popular(shop.credentials.writeKey)}`)).json()) as { items: { item_id: string }[] }).items.slice(0, 12).map(({ item_id }) => item_id);
  let before: string[] = [];
  await expect(async () => {
    await home.reload();
    before = await shown(home, "home-for-you", 12);
    expect(before).toEqual(await popular());
  }).toPass({ timeout: 120_000 });
  const { category, views } = chooseCategory(shop, before);

  // She looks at three products of one category, in another tab.
  const tab = await context.newPage();
  for (const itemId of views) await look(tab, shop, itemId);

  // Now the edge cannot be reached by anyone, and she goes home: the shop answers, the edge does not.
  stack.proxy.mode = "cut";
  await tab.goto(shop.url);
  const countBefore = countOf(shop, before, category);
  const wanted = Math.max(4, 2 * countBefore);
  await expect.poll(async () => countOf(shop, await shown(tab, "home-for-you", 12), category), { timeout: 20_000 }).toBeGreaterThanOrEqual(wanted);
  // The home page that was open all along has followed.
  await home.bringToFront();
  await expect.poll(async () => countOf(shop, await shown(home, "home-for-you", 12), category), { timeout: 20_000 }).toBeGreaterThanOrEqual(wanted);
  const after = await shown(home, "home-for-you", 12);
  expect(views.filter((itemId) => after.includes(itemId))).toEqual([]);
  // One more view while nothing answers.
  const last = before.find((id) => !views.includes(id))!;
  await look(tab, shop, last);
  expect(stack.proxy.cutRequests).toBeGreaterThan(0);

  // Back again: everything arrives by itself, each view once and in order.
  stack.proxy.mode = "pass";
  await expect.poll(async () => viewsOf(await news.events()), DELIVERY).toEqual([...views, last]);
  // All of it was ranked on the device: her history went nowhere to be ranked.
  expect(stack.proxy.requests).toContain(`POST ${routes.events}`);
  expect(stack.proxy.requests).not.toContain(`POST ${routes.recommend}`);
  expect(errors).toEqual([]);
  await context.close();
});

test("ledger and dashboard show exactly the events of a visit, also when every answer is lost the first time", async ({ browser }) => {
  test.setTimeout(180_000);
  const shop = await stack.open(demoShop({ id: "quiet", history: false }), PORTS.quiet);
  stack.proxy.mode = "lose-first-answer";
  const news = await watchExport(shop);
  const { context, errors } = await newShopper(browser);
  const page = await context.newPage();
  await page.goto(shop.url);
  await shown(page, "home-for-you", 12);

  // Two products looked at, one of them by way of the carousel; one of each bought.
  const card = page.locator("endcap-carousel[data-endcap=home-for-you] li[data-item]").first();
  const clicked = (await card.getAttribute("data-item"))!;
  await expect.poll(async () => (await news.events()).map(({ name }) => name), DELIVERY).toContain("rec_view");
  await card.locator("a").click();
  await lookedAt(page, clicked);
  await drawn(page, "product-similar");
  await addToCart(page);
  const other = [...shop.products.values()].find(({ id, availability, item_group_id }) => id !== clicked && availability === "in_stock" && item_group_id === undefined)!;
  await look(page, shop, other.id);
  await drawn(page, "product-similar");
  await addToCart(page);
  await page.goto(`${shop.url}/cart`);
  await drawn(page, "cart-together");
  const total = await checkOut(page);

  // Each event that this visit made, once, under a number of its own.
  const expected = EXPECTED_VISIT;
  await expect.poll(async () => (await news.events()).map(({ name }) => name).filter((name) => !isOfLooking(name)).sort(), DELIVERY).toEqual([...expected].sort());
  expect(stack.proxy.lostAnswers).toBeGreaterThan(0);
  const events = await news.events();
  expect(new Set(events.map(({ seq }) => seq)).size).toBe(events.length);
  const of = (name: string) => expected.filter((event) => event === name).length;

  // The dashboard, digit by digit.
  const { url } = await shop.client.loginLink("quiet");
  const dashboard = await browser.newPage();
  await dashboard.goto(url);
  await dashboard.getByRole("button", { name: /sign in/i }).click();
  const tile = (metric: string) => dashboard.locator(`[data-metric=${metric}] .tile-figure`);
  await expect(tile("shoppers")).toHaveText("1");
  await expect(tile("views")).toHaveText("2");
  await expect(tile("impressions")).toHaveText(String(of("rec_view")));
  await expect(tile("clicks")).toHaveText("1");
  await expect(tile("carts")).toHaveText("2");
  await expect(tile("purchases")).toHaveText("1");
  await expect(tile("revenue")).toHaveText(total);
  // One of the two pieces was clicked in the carousel.
  await expect(tile("ctr")).toHaveText("100.00%");
  await expect(tile("attributedRevenue")).toHaveText(new Intl.NumberFormat("en-GB", { style: "currency", currency: "GBP" }).format(currentPrice(shop.products.get(clicked)!)));
  expect(errors).toEqual([]);
  await context.close();
});

async function newShopper(browser: Browser): Promise<{ context: BrowserContext; errors: string[] }> {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    // Pages of no origin, such as the browser's own for errors, have no storage.
    if (location.protocol === "http:") localStorage.setItem("shop-consent", "granted");
  });
  const errors: string[] = [];
  context.on("weberror", (error) => errors.push(error.error().message));
  return { context, errors };
}

/** Opens a product's page and waits until the tag knows which product it is. */
async function look(page: Page, shop: OpenedShop, itemId: string): Promise<void> {
  await page.goto(shop.url + shop.products.get(itemId)!.link);
  await lookedAt(page, itemId);
}
async function lookedAt(page: Page, itemId: string): Promise<void> {
  await expect.poll(() => page.evaluate(async () => ((await window.endcap?.diagnostics()) as { page: { itemId?: string } } | undefined)?.page.itemId)).toBe(itemId);
}

/** Waits until a placement has been drawn, without bringing it into view. */
async function drawn(page: Page, placement: string): Promise<void> {
  await expect(page.locator(`endcap-carousel[data-endcap=${placement}] li[data-item]`).first()).toBeAttached({ timeout: 20_000 });
}

/** The version that the page ranks with; 0 for best sellers. */
async function modelVersion(page: Page): Promise<number> {
  await shown(page, "home-for-you", 12);
  return ((await page.evaluate(() => window.endcap!.diagnostics())) as { carousels: { modelVersion: number | null } }).carousels.modelVersion ?? 0;
}

/** What reaches the ledger from now on. */
async function watchExport(shop: OpenedShop): Promise<{ events(): Promise<ShopEvent[]> }> {
  let cursor: string | undefined;
  for await (const _ of shop.client.exportEvents(shop.credentials.shop, { onPage: (next) => (cursor = next) }));
  return {
    async events() {
      const events: ShopEvent[] = [];
      for await (const line of shop.client.exportEvents(shop.credentials.shop, { cursor })) events.push(...line.events);
      return events;
    },
  };
}
function viewsOf(events: readonly ShopEvent[]): string[] {
  return events.filter((event) => event.name === "view_item").sort((a, b) => a.seq - b.seq).map(({ params }) => (params as { items: { item_id: string }[] }).items[0]!.item_id);
}

/** The items of a carousel, once it holds so many. */
async function shown(page: Page, placement: string, count: number): Promise<string[]> {
  const host = page.locator(`endcap-carousel[data-endcap=${placement}]`);
  await host.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const cards = host.locator("li[data-item]");
  await expect(cards).toHaveCount(count, { timeout: 20_000 });
  return cards.evaluateAll((all) => all.map((card) => card.getAttribute("data-item")!));
}

/** A category with one to three of the places, and three products of it that are not all shown. */
function chooseCategory(shop: OpenedShop, items: readonly string[]): { category: string; views: string[] } {
  const groups = new Set(items.map((id) => shop.products.get(id)!.product_type!));
  for (const category of groups) {
    const count = countOf(shop, items, category);
    const views = distinctProducts(shop, category).slice(0, 3);
    if (count >= 1 && count <= 3 && views.length === 3) return { category, views };
  }
  throw new Error("no category holds one to three places");
}

/** One row of each product of a category, in the catalogue's order, that can be bought. */
function distinctProducts(shop: OpenedShop, category: string): string[] {
  const groups = new Set<string>();
  return [...shop.products.values()].filter((product) => {
    const group = product.item_group_id ?? product.id;
    if (product.product_type !== category || product.availability === "out_of_stock" || groups.has(group)) return false;
    groups.add(group);
    return true;
  }).map(({ id }) => id);
}

function countOf(shop: OpenedShop, items: readonly string[], category: string): number {
  return items.filter((id) => shop.products.get(id)!.product_type === category).length;
}

/** Adds the product of the page, and waits until the shop has told its data layer. */
async function addToCart(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Add to cart" }).first().click();
  await expect.poll(() => page.evaluate(() => (window.dataLayer as { event?: string }[]).some(({ event }) => event === "add_to_cart"))).toBe(true);
}

/** Goes from the cart to the thank-you page. @returns what the goods cost, as the shop writes it */
async function checkOut(page: Page): Promise<string> {
  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.waitForURL("**/checkout");
  for (const [label, value] of Object.entries({ Name: "Ada Fern", "E-mail": "ada@example.com", "Street and number": "1 Mill Lane", Postcode: "AB1 2CD", Town: "Fernhill" })) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByRole("button", { name: "On to payment" }).click();
  await page.waitForURL("**/checkout/payment");
  expect(await page.evaluate(() => "endcap" in window)).toBe(false);
  await page.getByRole("button", { name: /^Place demo order/ }).click();
  await page.waitForURL("**/thank-you**");
  return (await page.locator("[data-subtotal]").first().textContent())!.trim();
}
