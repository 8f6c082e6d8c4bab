/** Every way in which a tag comes into a page, and out of it again. */
import { KEY } from "../shop/edge.ts";
import type { Edge } from "../shop/edge.ts";
import { expect, GRANTED, test } from "./host.ts";

const RECORDED = ["page_view", "view_item", "add_to_cart", "rec_render"];

/** Ways to write the tag; the page's own tag is left out. */
const WAYS: [what: string, tag: (edge: Edge) => string][] = [
  ["twice", (edge) => script(edge, "async") + script(edge, "async")],
  ["deferred", (edge) => script(edge, "defer")],
  ["as a module", (edge) => script(edge, 'type="module"')],
  ["by a script, as a tag manager does that keeps no data attributes", (edge) => inserted(`${edge.origin}/tag.js?key=${KEY}&signers=${edge.signer}&consent=granted`)],
  ["by a script that takes its element away at once", (edge) => inserted(`${edge.origin}/tag.js?key=${KEY}&signers=${edge.signer}&consent=granted`, "script.remove();")],
];
const attributes = (edge: Edge) => `src="${edge.origin}/tag.js" data-key="${KEY}" data-signers="${edge.signer}" ${GRANTED}`;
const script = (edge: Edge, how: string) => `<script ${how} ${attributes(edge)}></script>`;
const inserted = (address: string, after = "") => `<script>{ const script = document.createElement("script"); script.async = true; script.src = "${address}"; document.head.append(script); ${after} }</script>`;

for (const [what, tag] of WAYS) {
  test(`runs once where the tag is included ${what} @once`, async ({ host, shop, edge }) => {
    shop.options = { script: tag(edge) };
    await host.visit();
    await host.expectCarousel();
    await host.act();
    await host.expectEvents(...RECORDED);
    await host.expectUnchanged();
    await host.leave();
    expect(edge.names().filter((name) => name === "page_view")).toHaveLength(1);
  });
}

test("runs on a page of XHTML @once", async ({ host, shop, edge }) => {
  const head = `<title>Tea</title><script type="application/ld+json">{"@type":"Product","sku":"tea-1","name":"Tea no. 1"}</script><script async="async" ${attributes(edge)}></script>`;
  const text = `<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head>${head}</head><body><h1>Tea</h1><div id="product-recommendations"></div></body></html>`;
  shop.options = { document: { path: "/product/xhtml", type: "application/xhtml+xml", text } };
  await host.visit("/product/xhtml");
  await host.expectCarousel();
  await host.act();
  await host.expectEvents(...RECORDED);
  await host.expectUnchanged();
  await host.leave();
});

for (const [what, attribute] of [["sandboxed without an origin", 'sandbox="allow-scripts"'], ["sandboxed with its origin", 'sandbox="allow-scripts allow-same-origin"'], ["of another site", ""]] as const) {
  test(`runs in a frame ${what} @once`, async ({ page, host, shop }) => {
    const text = `<!doctype html><title>Frame</title><link rel="icon" href="data:,"><iframe ${attribute} width="800" height="900" src="${shop.origin}/product/tea-1"></iframe>`;
    shop.options = { tag: GRANTED, document: { path: "/frame", type: "text/html", text } };
    // Another site of the same machine.
    await page.goto(`${shop.origin.replace("localhost", "127.0.0.1")}/frame`);
    await expect(page.frameLocator("iframe").locator("endcap-carousel li").first()).toBeAttached({ timeout: 15_000 });
    await host.expectEvents("page_view", "view_item", "rec_render");
    await host.leave();
  });
}

test("lets a shop that removes every stranger's element have its way @once", async ({ page, host, shop }) => {
  shop.options = {
    tag: GRANTED,
    head: `<script>new MutationObserver(() => { for (const stranger of document.querySelectorAll("endcap-carousel")) { stranger.remove(); document.documentElement.dataset.removed = Number(document.documentElement.dataset.removed || 0) + 1; } }).observe(document, { childList: true, subtree: true });</script>`,
  };
  await host.visit();
  await host.act();
  await host.expectEvents("page_view", "view_item", "add_to_cart");
  const removed = async () => {
    await page.evaluate(async () => {
      for (let frame = 0; frame < 30; frame += 1) await new Promise(requestAnimationFrame);
    });
    return Number(await page.locator(":root").getAttribute("data-removed"));
  };
  // Put back for a page that drew itself anew, but not for ever.
  const before = await removed();
  expect(before).toBeGreaterThan(1);
  expect(await removed()).toBe(before);
  await host.expectUnchanged();
  await host.leave();
});

test("keeps what a page saw that opens its document anew @once", async ({ page, host, shop }) => {
  await host.visit();
  await host.expectCarousel();
  await host.act();
  await page.evaluate(() => {
    document.open();
    document.close();
  });
  await host.leave();
  await page.goto(shop.origin);
  await host.expectEvents("page_view", "add_to_cart", "rec_render");
});

test("survives pages that are left while it starts @once", async ({ page, host, shop, edge }) => {
  await host.visit("/");
  for (const product of ["tea-1", "tea-2", "tea-3", "tea-4", "tea-5"]) {
    await page.goto(`${shop.origin}/product/${product}`, { waitUntil: "commit" });
  }
  await host.expectCarousel();
  await host.act();
  await host.expectEvents("page_view", "add_to_cart");
  await host.expectUnchanged();
  expect(edge.conflicts).toEqual([]);
});
