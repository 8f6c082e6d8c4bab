/** What the device learns from its shopper: at once, over a reload, until she wants it forgotten. */
import type { Page } from "@playwright/test";
import { TEMPERATURE } from "../../core/model/config.ts";
import { MAX_SHIFT } from "../../core/ranking/adaptation.ts";
import { teaModel } from "./shop/assortment.ts";
import { carouselReady, delivered, expect, GRANTED, itemsIn, ofCategory, test } from "./fixtures.ts";
import type { Shop } from "./shop/pages.ts";

const CHOICES = async (page: Page) => (await page.evaluate(async () => {
  const opened = await new Promise<IDBDatabase>((resolve) => Object.assign(indexedDB.open("endcap-wk_tea"), { onsuccess(this: IDBOpenDBRequest) { resolve(this.result); } }));
  const state = await new Promise<{ rows?: { adaptation?: { choices: { item_id: string; dismissed?: boolean; shown: string[] }[] } } } | undefined>((resolve) => Object.assign(opened.transaction("state").objectStore("state").get(0), { onsuccess(this: IDBRequest) { resolve(this.result); } }));
  opened.close();
  return state?.rows?.adaptation?.choices ?? [];
}));
/** Products of two categories looked at, then the home page. */
async function lookAround(page: Page, shop: Shop): Promise<string[]> {
  for (const id of ["tea-1", "tea-2", "coffee-1"]) {
    await page.goto(`${shop.origin}/product/${id}`);
    await carouselReady(page, "product-similar");
    await delivered(page);
  }
  await page.goto(shop.origin);
  await expect.poll(async () => ofCategory(await itemsIn(page), "coffee")).toBeGreaterThan(3);
  return itemsIn(page);
}
/** Of what would be shown now, by product. */
async function scores(page: Page): Promise<{ [id: string]: number }> {
  const { items } = await page.evaluate(() => (window as unknown as { endcap: { recommend(options: object): Promise<{ items: { item_id: string; score: number }[] }> } }).endcap.recommend({ placement: "home-for-you" }));
  return Object.fromEntries(items.map(({ item_id, score }) => [item_id, score]));
}
async function dismiss(page: Page, category: string): Promise<string> {
  const items = await itemsIn(page);
  const at = items.findIndex((id) => id.startsWith(category));
  await page.locator("endcap-carousel li").nth(at).hover();
  await page.getByRole("button", { name: /^Not this/ }).nth(at).click();
  await expect.poll(() => itemsIn(page)).not.toContain(items[at]!);
  await page.mouse.move(0, 0);
  return items[at]!;
}

test("a product not wanted goes without the edge, what is like it moves down, and it is so after a reload @once", async ({ page, shop, edge }) => {
  const before = await lookAround(page, shop);
  // Nothing of it waits for the edge.
  await page.context().route(`${edge.origin}/**`, (route) => route.abort());
  const category = before[0]!.split("-")[0]!;
  const scored = await scores(page);
  expect(await dismiss(page, category)).toBe(before[0]);
  const moved = Object.entries(await scores(page)).filter(([id]) => scored[id] !== undefined).map(([id, score]) => ({ id, by: score - scored[id]! }));
  const alike = moved.filter(({ id }) => id.startsWith(category));
  expect(alike.length).toBeGreaterThan(3);
  // Never by more than the bound on the layer, in the model's units.
  for (const { by } of alike) expect([by < 0, -by <= (teaModel().blend[0] / TEMPERATURE) * MAX_SHIFT]).toEqual([true, true]);
  for (const { id, by } of moved) if (!id.startsWith(category)) expect(by).toBeGreaterThan(0);
  const after = await itemsIn(page);
  await page.context().unroute(`${edge.origin}/**`);
  await delivered(page);
  await page.reload();
  expect(await carouselReady(page)).toEqual(after);
});

test("learns which product was gone on to, beside what was shown, and forgets it with the rest @once", async ({ page, shop }) => {
  await lookAround(page, shop);
  await delivered(page);
  expect((await CHOICES(page)).map(({ item_id }) => item_id)).toContain("coffee-1");
  for (const { item_id, shown } of await CHOICES(page)) {
    expect(shown.length).toBeGreaterThan(2);
    // The product whose page it was is no choice from that page's own carousel.
    expect(item_id).not.toBe("tea-1");
  }
  await page.evaluate(() => (window as unknown as { endcap: { forget(): Promise<void> } }).endcap.forget());
  await page.goto(shop.origin);
  await carouselReady(page);
  await delivered(page);
  expect(await CHOICES(page)).toEqual([]);
});

test("learns nothing where the shop has switched it off: only the product itself goes @once", async ({ page, shop }) => {
  shop.options = { tag: `${GRANTED} data-adaptation="off"` };
  const before = await lookAround(page, shop);
  const category = before[0]!.split("-")[0]!;
  await dismiss(page, category);
  await delivered(page);
  await page.reload();
  await expect.poll(async () => ofCategory(await carouselReady(page), category)).toBeGreaterThanOrEqual(ofCategory(before, category) - 1);
  expect(await CHOICES(page)).toEqual([]);
});
