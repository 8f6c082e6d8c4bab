/** The carousel on a shop's page, in a real browser: what it shows, when it changes, and what it must not do to the shop. */
import { carouselReady, expect, itemsIn, ofCategory, test } from "./fixtures.ts";

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
