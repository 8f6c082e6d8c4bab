/** What the tag sees by itself on the demo shop, from the shopper's side to the real Worker's ledger. */
import { expect, test, type BrowserContext, type Page } from "@playwright/test";
import { routes } from "../../core/api.ts";
import { PAGE_EVENT_SCHEMAS, type EventItem, type ShopEvent } from "../../core/events.ts";
import { demoShop } from "../../demo/plans.ts";
import type {} from "../../widget/main.ts";
import { startStack, type OpenedShop, type Stack } from "./stack.ts";

const PORTS = { edge: 18160, proxy: 18161, shop: 18162 };
const DELIVERY = { timeout: 60_000 };
/** Longer than a click is judged for. */
const JUDGED_MS = 3_500;

let stack: Stack;
let shop: OpenedShop;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  stack = await startStack(PORTS);
  shop = await stack.open(demoShop({ id: "attention", history: false }), PORTS.shop);
});
test.afterAll(() => stack?.stop());

async function newShopper(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    if (location.protocol === "http:") localStorage.setItem("shop-consent", "granted");
  });
}
async function open(page: Page, path: string): Promise<void> {
  await page.goto(shop.url + path);
  await expect.poll(() => page.evaluate(() => "endcap" in window), { timeout: 30_000 }).toBe(true);
}
async function counted(): Promise<ShopEvent[]> {
  const events: ShopEvent[] = [];
  for await (const line of shop.client.exportEvents(shop.credentials.shop)) events.push(...line.events);
  return events;
}
async function dropped(): Promise<string[]> {
  const { dropped: lost } = await shop.client.stats(shop.credentials.shop, { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 60_000 });
  return lost.filter(({ count }) => count > 0).map(({ reason }) => reason);
}

test("a visit to the demo shop yields attention, vitals, the products seen and the searches, all counted by the Worker", async ({ page, context }) => {
  await newShopper(context);
  await open(page, "/");
  await page.locator("[data-list=best-sellers]").scrollIntoViewIfNeeded();
  await page.waitForTimeout(1_800);
  const first = await page.locator("[data-list=best-sellers] a[data-item]").first().getAttribute("data-item");
  await page.locator("[data-list=best-sellers] a[data-item]").first().click();
  await page.waitForURL("**/products/**");
  await page.waitForTimeout(800);
  await open(page, "/search?q=zzzz");
  await open(page, "/c/mugs");
  await page.waitForTimeout(2_000);
  await open(page, "/account");

  const views = 5;
  const countOf = async (wanted: string) => (await counted()).filter(({ name }) => name === wanted).length;
  await expect.poll(() => countOf("web_vitals"), DELIVERY).toBe(views - 1);
  await expect.poll(() => countOf("page_view"), DELIVERY).toBe(views);
  const events = await counted();
  const of = <N extends ShopEvent["name"]>(name: N) => events.filter((event): event is Extract<ShopEvent, { name: N }> => event.name === name);
  expect(of("user_engagement")).toHaveLength(views - 1);
  expect(of("user_engagement").find(({ page: on }) => on?.type === "product")!.params).toMatchObject({ items: [{ item_id: first }], engagement_time_msec: expect.any(Number), percent_scrolled: expect.any(Number) });
  for (const { params } of of("web_vitals")) expect(params).toMatchObject({ fcp: expect.any(Number), ttfb: expect.any(Number), cls: expect.any(Number) });
  const listed = of("view_item_list");
  for (const id of ["best-sellers", "category-mugs"]) expect(listed.some(({ params }) => params.item_list_id === id)).toBe(true);
  const items = (event: (typeof listed)[number]) => event.params.items as EventItem[];
  expect(listed.flatMap(items).every(({ item_id }) => shop.products.has(item_id))).toBe(true);
  const mugs = listed.filter(({ params }) => params.item_list_id === "category-mugs").flatMap(items).map(({ index }) => index!);
  expect(mugs).toContain(0);
  expect(new Set(mugs).size).toBe(mugs.length);
  expect(of("select_item").map(({ params }) => [params.item_list_id, params.items[0]!.item_id])).toEqual([["best-sellers", first]]);
  expect(of("view_search_results").map(({ params }) => params)).toEqual([{ search_term: "zzzz", results: 0 }]);
  expect((await dropped()).filter((reason) => reason !== "unused")).toEqual([]);
});

test("clicking around in the demo shop makes no dead click, no rage click and no script error", async ({ context }) => {
  test.setTimeout(120_000);
  await newShopper(context);
  const product = [...shop.products.values()].find(({ item_group_id, availability }) => item_group_id !== undefined && availability === "in_stock")!.link;
  const clicks: [path: string, selector: string][] = [
    ["/", ".hero h1"], ["/", "[data-consent-open]"], ["/", ".ribbon"], ["/", "#q"], ["/", ".hero img"],
    [product, "[data-picture] >> nth=1"], [product, "[data-picture] >> nth=0"], [product, "img.large"], [product, ".buy button"], [product, ".details dd >> nth=0"], [product, ".variants [aria-current]"], [product, "#quantity"],
    ["/d/kitchen", "summary"], ["/c/mugs", ".tick"], ["/c/mugs", "h1"], ["/c/mugs", "input[name=min]"], ["/cart", "h1"],
  ];
  const before = (await counted()).length;
  const pages: Page[] = [];
  for (const [path] of clicks) {
    pages.push(await context.newPage());
    await open(pages.at(-1)!, path);
  }
  await Promise.all(pages.map((page, i) => page.locator(clicks[i]![1]).first().click({ noWaitAfter: true })));
  await pages[0]!.waitForTimeout(JUDGED_MS);
  await Promise.all(pages.map((page) => page.goto("about:blank")));
  await expect.poll(async () => (await counted()).slice(before).filter(({ name }) => name === "user_engagement").length, DELIVERY).toBeGreaterThanOrEqual(clicks.length);
  const names = (await counted()).slice(before).filter(({ name }) => name in PAGE_EVENT_SCHEMAS).map(({ name, page: on, params }) => `${name} ${on?.path} ${JSON.stringify(params)}`);
  expect(names.filter((name) => /^(dead_click|rage_click|script_error)/.test(name))).toEqual([]);
});

test("what was seen in lists makes no product popular", async () => {
  const { items } = (await (await fetch(`${stack.edge.url}${routes.popular(shop.credentials.writeKey)}`)).json()) as { items: { item_id: string }[] };
  const events = await counted();
  const acted = new Set(events.filter(({ name }) => ["view_item", "add_to_cart"].includes(name)).flatMap(({ params }) => (params as { items: EventItem[] }).items.map(({ item_id }) => item_id)));
  const onlySeen = events.filter(({ name }) => name === "view_item_list").flatMap(({ params }) => (params as { items: EventItem[] }).items.map(({ item_id }) => item_id)).filter((id) => !acted.has(id));
  expect(onlySeen.length).toBeGreaterThan(0);
  const ranked = items.slice(0, acted.size).map(({ item_id }) => item_id);
  expect(ranked.filter((id) => onlySeen.includes(id))).toEqual([]);
});
