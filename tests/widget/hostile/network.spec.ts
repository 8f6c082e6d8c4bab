/** Pages that have changed how requests are made, blockers that refuse some of them, and policies that forbid them. */
import { routes } from "../../../core/api.ts";
import { KEY } from "../shop/edge.ts";
import { diagnostics } from "../fixtures.ts";
import { expect, GRANTED, test } from "./host.ts";

const RECORDED = ["page_view", "view_item", "add_to_cart"];

/** How `fetch` was changed before the tag came, and when events arrive all the same: at once, or from the next page at the latest. */
const FETCHES: [what: string, arrives: "at once" | "later", script: string][] = [
  ["adds a header of the shop's own", "at once", `{ const fetch = window.fetch; window.fetch = (input, init) => new URL(input, location).origin === location.origin ? fetch(input, { ...init, headers: { "x-shop": "1" } }) : fetch(input, init); }`],
  ["throws", "later", `window.fetch = () => { throw new Error("the shop's own"); };`],
  ["never answers", "later", `window.fetch = () => new Promise(() => {});`],
  ["answers with text", "later", `window.fetch = async () => "the shop's own";`],
  ["says yes to everything", "later", `window.fetch = async () => ({ ok: true, status: 200, headers: new Map(), json: async () => ({}), text: async () => "" });`],
];

for (const [what, arrives, script] of FETCHES) {
  test(`loses no event where the shop's fetch ${what} @once`, async ({ page, host, shop, edge }) => {
    shop.options = { tag: GRANTED, head: `<script>${script}; XMLHttpRequest.prototype.send = function () { throw new Error("the shop's own"); };</script>` };
    await host.visit();
    await host.act();
    if (arrives === "at once") await host.expectEvents(...RECORDED);
    else await expect.poll(async () => (await diagnostics(page)).outboxEvents).toBeGreaterThanOrEqual(3);
    await host.expectUnchanged();
    await host.leave();
    shop.options = { tag: GRANTED };
    await page.goto(shop.origin);
    await host.expectEvents(...RECORDED);
    for (const name of RECORDED.slice(1)) expect(edge.names().filter((counted) => counted === name)).toHaveLength(1);
  });
}

test("keeps the fetch that it started with, whatever the shop does to it later @once", async ({ page, host }) => {
  await host.visit();
  await host.expectCarousel();
  await page.evaluate(() => {
    window.fetch = () => {
      throw new Error("the shop's own");
    };
  });
  await host.act();
  await host.expectEvents(...RECORDED, "rec_render");
  await host.leave();
});

/** What a blocker's list may name, and what is left then. */
const BLOCKED: [what: string, path: RegExp, carousel: boolean, events: boolean][] = [
  ["the configuration", new RegExp(`${routes.config(KEY)}$`), false, true],
  ["the carousel", /\/carousel-[\w-]+\.js$/, false, true],
  ["the engine", /\/engine-[\w-]+\.js$/, true, true],
  ["the catalogue and the weights", new RegExp(`${routes.file("")}|/recommend$`), false, true],
  ["the events", new RegExp(`${routes.events}$`), true, false],
];

for (const [what, path, carousel, events] of BLOCKED) {
  test(`does what is left where a blocker stops ${what} @once`, async ({ page, host, edge }) => {
    await page.route((url) => url.origin === edge.origin && path.test(url.pathname), (route) => route.abort("blockedbyclient"));
    await host.visit();
    if (carousel) await host.expectCarousel();
    await host.act();
    if (events) await host.expectEvents(...RECORDED);
    else if (carousel) await expect.poll(async () => (await diagnostics(page)).outboxEvents).toBeGreaterThanOrEqual(2);
    await host.expectUnchanged();
    if (!events) expect(edge.counted).toEqual([]);
    await host.leave();
  });
}

test("does nothing, and says nothing, where the shop's policy lets nobody but the shop be asked @once", async ({ host, shop, edge }) => {
  shop.options = { tag: GRANTED, policy: "default-src 'self'; script-src EDGE; style-src 'self'; img-src 'self' data:" };
  await host.visit();
  await host.act();
  await host.expectUnchanged();
  await host.leave();
  expect(edge.counted).toEqual([]);
});

test("works under the strictest policy that names the edge, in which no string becomes code @once", async ({ host, shop }) => {
  shop.options = { tag: GRANTED, policy: "default-src 'none'; script-src EDGE; connect-src EDGE SHOP; img-src SHOP data:; style-src SHOP; require-trusted-types-for 'script'" };
  await host.visit();
  await host.expectCarousel();
  await host.act();
  await host.expectEvents(...RECORDED, "rec_render");
  await host.expectUnchanged();
  await host.leave();
});
