/** What tests of hostile pages share: a visit that is made with and without the tag, and compared. */
import type { Page } from "@playwright/test";
import { expect, GRANTED, test as base } from "../fixtures.ts";
import type { Edge } from "../shop/edge.ts";
import type { Shop } from "../shop/pages.ts";

export const test = base.extend<{ host: Host }>({
  host: async ({ page, shop, edge }, use) => use(await watchHost(page, shop, edge)),
});
export { expect, GRANTED };

/** Runs before anything of the page: keeps what a hostile page takes away, for the shop's own checks of itself. */
const WITNESS = `(() => {
  const { stringify } = JSON, { keys, getOwnPropertyNames } = Object, { fetch, Promise, setTimeout } = window, complaints = [];
  addEventListener("error", ({ message }) => complaints.push("error " + message));
  addEventListener("unhandledrejection", ({ reason }) => complaints.push("rejection " + reason));
  const attempt = (work) => { try { return String(work()); } catch (error) { return "throws " + error; } };
  const soon = (begin) => new Promise((resolve) => { setTimeout(() => resolve("no answer"), 2000); begin(resolve); });
  const owners = [Array, Object, String, Function, Promise, Map, Node, Element, HTMLElement, Document].map(({ prototype }) => prototype), native = owners.map(getOwnPropertyNames);
  addEventListener("keydown", async ({ key }) => {
    if (key === "F8") {
      attempt(() => window.dataLayer.push({ event: "add_to_cart", ecommerce: { currency: "EUR", items: [{ item_id: "tea-1", price: 5, quantity: 1 }] } }));
      document.documentElement.setAttribute("data-acted", "true");
    }
    if (key !== "F9") return;
    const inArray = [], inObject = [];
    for (const key in []) inArray.push(key);
    for (const key in {}) inObject.push(key);
    const [timer, fetched, requested] = await Promise.all([
      soon((done) => attempt(() => window.setTimeout(() => done("fires"), 1))),
      soon((done) => attempt(() => window.fetch("/style.css").then(({ status }) => done(status), (error) => done("rejects " + error)))),
      soon((done) => attempt(() => { const request = new XMLHttpRequest(); request.onload = () => done(request.status); request.open("GET", "/style.css"); request.send(); })),
    ]);
    const seen = {
      timer, fetched, requested,
      json: attempt(() => JSON.stringify({ list: [1, "two", { three: null }] })),
      parsed: attempt(() => JSON.parse('{"list":[1,"two"]}').list.length),
      arrays: attempt(() => [[1, [2]].flat().length, [3, 1].map((x) => x * 2).join()]),
      inArray: inArray.join(), inObject: inObject.join(),
      prototypes: owners.map((owner, i) => { let added = ""; for (const name of getOwnPropertyNames(owner)) if (!native[i].includes(name)) added += name + " "; return added; }).join("|"),
      globals: getOwnPropertyNames(window).filter((name) => !["endcap", "dataLayer"].includes(name) && !/^\\d+$/.test(name)).sort().join(),
      now: attempt(() => typeof Date.now()),
      storage: attempt(() => keys(localStorage).filter((key) => !key.startsWith("endcap")).join()),
      complaints,
    };
    document.documentElement.setAttribute("data-seen", stringify(seen));
  });
})()`;

/** What a browser reports of a request that is blocked or refused, no script can keep from it. */
const OF_THE_BROWSER = /^Failed to load resource|^Connecting to .* violates the following Content Security Policy|^Fetch API cannot load .* Refused to connect because|^Creating a worker from 'blob:/;

export interface Host {
  /** Opens a page without the tag and remembers what the shop sees of itself there; then the same page with the tag. */
  visit(path?: string): Promise<void>;
  /** The shop pushes a product into its data layer's cart. */
  act(): Promise<void>;
  /** Fails if the shop sees anything else of itself than without the tag, or if anybody has complained since. */
  expectUnchanged(): Promise<void>;
  /** Leaves the page for an empty one. */
  leave(): Promise<void>;
  /** A carousel with products. */
  expectCarousel(placement?: string): Promise<void>;
  expectEvents(...names: string[]): Promise<void>;
}

async function watchHost(page: Page, shop: Shop, edge: Edge): Promise<Host> {
  let complaints: string[] = [];
  let alone = { seen: "", complaints: [] as string[] };
  page.on("pageerror", (error) => complaints.push(`error ${error.message}`));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && !OF_THE_BROWSER.test(message.text()) && complaints.push(`${message.type()} ${message.text()}`));
  await page.addInitScript(WITNESS);
  const html = page.locator(":root");
  /** The shop's scripts answer to a key: evaluating in such pages would need what they have broken. Before the first paint, keys are lost. */
  const press = async (key: string, answer: string) => {
    await expect(async () => {
      await page.keyboard.press(key);
      await expect(html).toHaveAttribute(answer, /./, { timeout: 5_000 });
    }).toPass({ timeout: 20_000 });
    return (await html.getAttribute(answer))!;
  };
  const look = () => press("F9", "data-seen");
  const tagRoute = (url: URL) => url.origin === edge.origin && url.pathname === "/tag.js";
  return {
    async visit(path = "/product/tea-1") {
      await page.route(tagRoute, (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
      await page.goto(shop.origin + path);
      alone = { seen: await look(), complaints };
      await page.unroute(tagRoute);
      await page.goto("about:blank");
      complaints = [];
      await page.goto(shop.origin + path);
    },
    async act() {
      await press("F8", "data-acted");
    },
    async expectUnchanged() {
      expect(JSON.parse(await look())).toEqual(JSON.parse(alone.seen));
      expect(complaints).toEqual(alone.complaints);
    },
    async leave() {
      const before = complaints.length;
      await page.goto("about:blank");
      expect(complaints.slice(before)).toEqual([]);
    },
    expectCarousel: (placement = "product-similar") => expect(page.locator(`endcap-carousel[data-endcap="${placement}"] li`).first()).toBeAttached({ timeout: 15_000 }),
    expectEvents: (...names) => expect.poll(() => edge.names(), { timeout: 15_000 }).toEqual(expect.arrayContaining(names)),
  };
}
