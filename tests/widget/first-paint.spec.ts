/** The first paint of a page: from what the page before has prepared, without the edge, before catalogue and model are read. */
import type { Page } from "@playwright/test";
import { carouselReady, delivered, expect, itemsIn, ofCategory, test } from "./fixtures.ts";

const FILES = "endcap-files-wk_tea";
type Keys = { [key: string]: unknown };
/** Everything in the database of files. */
const readFiles = (page: Page) => page.evaluate((name) => new Promise<Keys>((resolve) => {
  const opening = indexedDB.open(name);
  opening.onsuccess = () => {
    const store = opening.result.transaction("files").objectStore("files");
    const [keys, values] = [store.getAllKeys(), store.getAll()];
    values.onsuccess = () => {
      opening.result.close();
      resolve(Object.fromEntries(keys.result.map((key, place) => [String(key), values.result[place] as unknown])));
    };
  };
}), FILES);
const dropFiles = (page: Page, keys: string[]) => page.evaluate(([name, dropped]) => new Promise<void>((resolve) => {
  const opening = indexedDB.open(name);
  opening.onsuccess = () => {
    const transaction = opening.result.transaction("files", "readwrite");
    for (const key of dropped) transaction.objectStore("files").delete(key);
    transaction.oncomplete = () => {
      opening.result.close();
      resolve();
    };
  };
}), [FILES, keys] as const);

async function lookAtCups(page: Page, origin: string): Promise<void> {
  for (const id of ["cups-1", "cups-2"]) {
    await page.goto(`${origin}/product/${id}`);
    await carouselReady(page, "product-similar");
    await delivered(page);
  }
  await expect.poll(async () => JSON.stringify((await readFiles(page))["draft"] ?? "")).toContain('"cups-');
}

test("is drawn before catalogue and model are read, without the edge @once", async ({ page, shop, edge }) => {
  await lookAtCups(page, shop.origin);
  // Had the page to read them, it could draw nothing.
  await dropFiles(page, Object.keys(await readFiles(page)).filter((key) => key !== "draft"));
  await edge.stop();
  await page.goto(shop.origin);
  expect(ofCategory(await carouselReady(page), "cups")).toBeGreaterThanOrEqual(6);
});

test("is what the catalogue and the model would have made of it, under the policy of the page as it is @once", async ({ page, shop }) => {
  await lookAtCups(page, shop.origin);
  await page.goto(shop.origin);
  const drafted = await carouselReady(page);
  await dropFiles(page, ["draft"]);
  await page.reload();
  expect(await carouselReady(page)).toEqual(drafted);
});

test("does not draw what was prepared before the shopper's last step @once", async ({ page, shop }) => {
  await lookAtCups(page, shop.origin);
  const draft = (await readFiles(page))["draft"];
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  await delivered(page);
  await page.goto(`${shop.origin}/product/tea-2`);
  await carouselReady(page, "product-similar");
  await delivered(page);
  await expect.poll(async () => JSON.stringify((await readFiles(page))["draft"])).not.toBe(JSON.stringify(draft));
  // As if the page had been left before it had the time.
  await page.evaluate(([name, stale]) => new Promise<void>((resolve) => {
    const opening = indexedDB.open(name as string);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("files", "readwrite");
      transaction.objectStore("files").put(stale, "draft");
      transaction.oncomplete = () => {
        opening.result.close();
        resolve();
      };
    };
  }), [FILES, draft] as const);
  await page.goto(shop.origin);
  await carouselReady(page);
  const first = await itemsIn(page);
  expect(ofCategory(first, "tea")).toBeGreaterThan(ofCategory(first, "cups"));
});
