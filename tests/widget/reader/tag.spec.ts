/** What the tag does with what the reader finds: one view of a product, whoever tells of it, and no reader where none is needed. */
import { carouselReady, delivered, expect, gtag, GRANTED, test } from "../fixtures.ts";

const VIEW = { event: "view_item", ecommerce: { currency: "EUR", items: [{ item_id: "SKU-OF-THE-LAYER", item_name: "Tea no. 1", price: 5 }] } };

test("a shop that tells nothing has its product's view told once, with where it was learned and what disagreed @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED, head: '<meta property="product:price:amount" content="999"><meta property="product:price:currency" content="EUR">' };
  await page.goto(`${shop.origin}/product/tea-1`);
  await expect.poll(() => edge.names()).toContain("view_item");
  await delivered(page);
  const views = edge.counted.filter(({ name }) => name === "view_item");
  expect(views).toHaveLength(1);
  expect(views[0]).toMatchObject({ source: "json-ld", page: { type: "product" }, params: { currency: "EUR", conflicts: ["price"], items: [{ item_id: "tea-1" }] } });
  const { reading } = await page.evaluate(() => (window as unknown as { endcap: { diagnostics(): Promise<{ reading: unknown }> } }).endcap.diagnostics());
  expect(reading).toMatchObject({ product: { id: "tea-1", brand: expect.any(String) }, provenance: { id: "json-ld" }, conflicts: ["price"] });
});

test("a data layer is believed before the page, under its own id @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED, head: `<script>window.dataLayer=[${JSON.stringify(VIEW)}]</script>` };
  await page.goto(`${shop.origin}/product/tea-1`);
  await expect.poll(() => edge.names()).toContain("view_item");
  await delivered(page);
  expect(edge.counted.filter(({ name }) => name === "view_item")).toMatchObject([{ source: "data-layer", params: { items: [{ item_id: "SKU-OF-THE-LAYER" }] } }]);
  expect(edge.requests.filter((request) => request.includes("/reader-"))).toEqual([]);
});

test("a data layer that comes late tells the same view again in vain @once", async ({ page, shop, edge }) => {
  await page.goto(`${shop.origin}/product/tea-1`);
  await expect.poll(() => edge.names()).toContain("view_item");
  await gtag(page, "event", "view_item", VIEW.ecommerce);
  await gtag(page, "event", "add_to_wishlist", VIEW.ecommerce);
  await expect.poll(() => edge.names()).toContain("add_to_wishlist");
  expect(edge.counted.filter(({ name }) => name === "view_item")).toHaveLength(1);
});

test("a page that shows no product fetches no reader @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  await delivered(page);
  expect(edge.names()).not.toContain("view_item");
  expect(edge.requests.filter((request) => request.includes("/reader-"))).toEqual([]);
});

test("a single-page shop's next product is told when its page has come, and not the last one again @once", async ({ page, shop, edge }) => {
  await page.goto(`${shop.origin}/product/tea-1`);
  await expect.poll(() => edge.names()).toContain("view_item");
  await page.evaluate(() => {
    history.pushState(null, "", "/product/tea-2");
    // The new page's data arrives after its address.
    setTimeout(() => {
      const old = document.querySelector('script[type="application/ld+json"]')!;
      const script = document.createElement("script");
      script.type = "application/ld+json";
      script.textContent = old.textContent!.replaceAll("tea-1", "tea-2");
      old.replaceWith(script);
    }, 900);
  });
  await expect.poll(() => edge.counted.filter(({ name }) => name === "view_item").length).toBe(2);
  expect(edge.counted.filter(({ name }) => name === "view_item").map(({ params }) => (params as { items: { item_id: string }[] }).items[0]!.item_id)).toEqual(["tea-1", "tea-2"]);
});
