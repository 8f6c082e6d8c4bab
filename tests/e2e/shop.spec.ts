/** The demo shop by itself, in a browser: what its data layer says from the first look to the thank-you page. */
import { expect, test, type Page } from "@playwright/test";
import { EVENT_SCHEMAS, type EventName } from "../../core/events.ts";
import { parse, type ObjectSchema } from "../../core/schema.ts";
import { DEMO_CATALOGUE_SEED, generateCatalogue } from "../../demo/catalogue/generate.ts";
import { createShop, type ShopServer } from "../../demo/shop/server.ts";

interface Push {
  event: EventName;
  ecommerce?: { items?: { item_id: string; quantity?: number; item_list_id?: string }[]; value?: number; transaction_id?: string };
  [parameter: string]: unknown;
}

const products = generateCatalogue({ seed: DEMO_CATALOGUE_SEED });
let shop: ShopServer, base: string;
test.beforeAll(async () => {
  shop = createShop({ products, currency: "GBP", locale: "en-GB", name: "Larkmoor", tag: null });
  base = `http://localhost:${await shop.listen(0)}`;
});
test.afterAll(() => shop.close());

test.beforeEach(async ({ page }) => {
  // Keeps every push of every page of this tab, in order.
  await page.addInitScript(() => {
    const layer: unknown[] = ((window as unknown as { dataLayer: unknown[] }).dataLayer = []);
    layer.push = (...entries: unknown[]) => {
      const kept = JSON.parse(sessionStorage.getItem("pushes") ?? "[]") as unknown[];
      kept.push(...entries.map((entry) => (Object.prototype.toString.call(entry) === "[object Arguments]" ? [...(entry as ArrayLike<unknown> & Iterable<unknown>)] : entry)));
      sessionStorage.setItem("pushes", JSON.stringify(kept));
      return Array.prototype.push.apply(layer, entries);
    };
  });
  page.on("pageerror", (error) => { throw error; });
});

/** What was pushed since the last call. */
async function pushes(page: Page): Promise<unknown[]> {
  return page.evaluate(() => {
    const kept = JSON.parse(sessionStorage.getItem("pushes") ?? "[]") as unknown[];
    sessionStorage.removeItem("pushes");
    return kept;
  });
}
async function events(page: Page): Promise<Push[]> {
  const found = (await pushes(page)).filter((entry): entry is Push => typeof entry === "object" && entry !== null && "event" in entry);
  for (const { event, ecommerce, ...rest } of found) {
    expect(parse(EVENT_SCHEMAS[event] as ObjectSchema, { ...rest, ...ecommerce }), event).toMatchObject({ ok: true });
  }
  return found;
}
const names = (found: Push[]) => found.map(({ event }) => event);

test("a whole purchase is told to the data layer, each step once, in GA4's words", async ({ page }) => {
  await page.goto(`${base}/`);
  expect(names(await events(page))).toEqual(["view_item_list", "view_item_list"]);

  await page.goto(`${base}/search?q=tent`);
  expect(names(await events(page))).toEqual(["search", "view_search_results", "view_item_list"]);

  await page.goto(`${base}/c/tents`);
  const [list] = await events(page);
  expect(list!.ecommerce!.items!.length).toBeGreaterThan(3);
  await page.locator(".card:not(:has(.badge.out))").first().click();
  await page.waitForURL("**/products/**");
  const looked = await events(page);
  expect(names(looked)).toEqual(["select_item", "view_item", "view_item_list"]);
  const id = looked[0]!.ecommerce!.items![0]!.item_id;
  expect(looked[0]!.ecommerce!.items![0]!.item_list_id).toBe("category-tents");
  expect(looked[1]!.ecommerce!.items![0]!.item_id).toBe(id);

  const address = page.url();
  await page.getByRole("button", { name: "Add to cart" }).click();
  await expect(page.locator("[data-cart-count]")).toHaveText("1");
  await page.getByRole("button", { name: "Add to cart" }).click();
  await expect(page.locator("[data-cart-count]")).toHaveText("2");
  expect(page.url()).toBe(address);
  const added = await events(page);
  expect(names(added)).toEqual(["add_to_cart", "add_to_cart"]);

  await page.goto(`${base}/c/mugs`);
  await page.locator(".card:not(:has(.badge.out))").first().click();
  await page.getByRole("button", { name: "Add to cart" }).click();
  await expect(page.locator("[data-cart-count]")).toHaveText("3");
  await pushes(page);

  await page.goto(`${base}/cart`);
  const [viewed] = await events(page);
  expect(viewed).toMatchObject({ event: "view_cart", ecommerce: { items: [{ item_id: id, quantity: 2 }, { quantity: 1 }] } });
  await page.locator("#cart-recommendations").evaluate((element) => { element.textContent = "still here"; });
  await page.getByRole("button", { name: /^Remove / }).last().click();
  await expect(page.locator(".lines > li")).toHaveCount(1);
  await expect(page.locator("#cart-recommendations"), "the cart redraws without leaving the page").toHaveText("still here");
  expect(names(await events(page))).toEqual(["remove_from_cart"]);

  await page.getByRole("link", { name: "Go to checkout" }).click();
  await page.waitForURL("**/checkout");
  expect(names(await events(page))).toEqual(["begin_checkout"]);
  for (const [name, value] of Object.entries({ Name: "Ada Fern", "E-mail": "ada@example.com", "Street and number": "1 Mill Lane", Postcode: "AB1 2CD", Town: "Fernhill" })) await page.getByLabel(name, { exact: true }).fill(value);
  await page.getByRole("button", { name: "On to payment" }).click();
  await page.waitForURL("**/checkout/payment");
  expect(await events(page)).toMatchObject([{ event: "add_shipping_info", ecommerce: { shipping_tier: "standard" } }]);
  await page.getByRole("button", { name: /Place demo order/ }).click();
  await page.waitForURL("**/thank-you/**");
  const [paid, bought, ...more] = await events(page);
  expect(paid).toMatchObject({ event: "add_payment_info", ecommerce: { payment_type: "demo" } });
  expect(bought).toMatchObject({ event: "purchase", ecommerce: { transaction_id: await page.locator("[data-order]").textContent(), currency: "GBP", items: [{ item_id: id, quantity: 2 }] } });
  const product = products.find((entry) => entry.id === id)!;
  expect(bought!.ecommerce!.value).toBeCloseTo((product.sale_price ?? product.price) * 2, 6);
  expect(more).toEqual([]);

  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Thank you, Ada.");
  expect(await events(page), "a reload tells the order no second time").toEqual([]);
});

test("consent is denied until the visitor accepts, and the choice is remembered", async ({ page }) => {
  await page.goto(`${base}/`);
  const granted = ["consent", "update", { analytics_storage: "granted", personalization_storage: "granted" }];
  const first = await pushes(page);
  expect(first[0]).toMatchObject(["consent", "default", { analytics_storage: "denied", personalization_storage: "denied", ad_storage: "denied" }]);
  expect(first).not.toContainEqual(granted);
  await page.getByRole("button", { name: "Accept" }).click();
  await expect(page.getByRole("region", { name: "Cookie choices" })).toBeHidden();
  expect(await pushes(page)).toEqual([granted]);

  await page.goto(`${base}/offers`);
  await expect(page.getByRole("region", { name: "Cookie choices" })).toBeHidden();
  expect((await pushes(page)).slice(0, 2)).toMatchObject([["consent", "default", {}], granted]);

  await page.getByRole("button", { name: "Cookie choices" }).click();
  await page.getByRole("button", { name: "Decline" }).click();
  expect(await pushes(page)).toMatchObject([["consent", "update", { analytics_storage: "denied", personalization_storage: "denied" }]]);
  await page.reload();
  expect(await pushes(page)).not.toContainEqual(granted);
});

test("signing in is told once, and a wrong address comes back with a sentence", async ({ page }) => {
  await page.goto(`${base}/account`);
  await page.getByLabel("E-mail").fill("ada@nowhere");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.locator(".fault")).toHaveText("This does not look like an e-mail address.");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Hello again");
  expect(names(await events(page))).toEqual(["login"]);
});

for (const width of [390, 820, 1440]) {
  test(`nothing overflows and nothing comes from elsewhere at ${width} pixels`, async ({ page }) => {
    const foreign: string[] = [];
    page.on("request", (request) => { if (!request.url().startsWith(base) && !request.url().startsWith("data:")) foreign.push(request.url()); });
    await page.setViewportSize({ width, height: 900 });
    for (const path of ["/", "/d/kitchen", "/c/mugs", products[0]!.link, "/search?q=wool", "/search?q=zzzz", "/cart", "/account", "/nowhere"]) {
      await page.goto(base + path);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(width);
      expect(await page.locator("img:not([loading])").evaluateAll((images) => images.filter((image) => (image as HTMLImageElement).naturalWidth === 0).length), `${path} shows all its pictures`).toBe(0);
    }
    expect(foreign).toEqual([]);
  });
}
