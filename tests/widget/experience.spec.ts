/** What the tag sees of a shopper's attention and of what goes wrong on a page. */
import type { BrowserContext, Page } from "@playwright/test";
import { diagnostics, expect, GRANTED, gtag, test } from "./fixtures.ts";
import type { Edge } from "./shop/edge.ts";

const BODY = `<h1>Tea</h1>
<button id="buy" class="buy-button">Buy</button>
<button id="opens">Menu</button><button id="later">Late</button><nav id="menu" hidden>Menu</nav>
<div id="tile" class="tile" style="cursor:pointer;width:120px;height:120px;background:#ddd">Tile</div>
<p id="text">Plain text that nothing belongs to.</p>
<a id="nowhere" href="#">Size guide</a> <a id="slow" href="/never">A slow page</a> <a id="mail" href="mailto:tea@example.org">Mail</a>
<button id="focuses">Search</button><input id="query" aria-label="Search">
<button id="asks">Ask</button><button id="inner">Next</button><div id="row" style="width:200px;height:60px;overflow:auto"><div style="width:900px;height:10px"></div></div>
<button id="chosen" aria-pressed="true">Red</button>
<button id="more">More</button><output id="count">0</output>
<span id="host" style="cursor:pointer"></span>
<div style="height:3000px"></div>
<script>
const on = (id, act) => document.getElementById(id).addEventListener("click", act);
on("opens", () => { document.getElementById("menu").hidden = false; });
on("later", () => setTimeout(() => { document.getElementById("menu").hidden = false; }, 1_500));
on("nowhere", (click) => click.preventDefault());
on("focuses", () => document.getElementById("query").focus());
on("asks", () => void fetch("/style.css"));
on("inner", () => document.getElementById("row").scrollBy({ left: 100 }));
on("more", () => { document.getElementById("count").textContent = String(Number(document.getElementById("count").textContent) + 1); });
const root = document.getElementById("host").attachShadow({ mode: "open" });
root.innerHTML = '<button>Within</button><b></b>';
root.querySelector("button").addEventListener("click", () => { root.querySelector("b").textContent = "done"; });
</script>`;
/** Longer than a click is judged for. */
const JUDGED_MS = 3_400;

async function open(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/trouble`);
  await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
}
/** All events of these names once the page has been left. */
async function told(page: Page, edge: Edge, origin: string, ...names: string[]): Promise<{ name: string; params: Record<string, unknown>; page?: { path?: string } }[]> {
  await page.goto(`${origin}/search`);
  await expect.poll(() => edge.names()).toContain("user_engagement");
  return edge.counted.filter(({ name }) => names.includes(name)) as never;
}

test.beforeEach(({ shop }) => {
  shop.options = { tag: GRANTED, bodies: new Proxy({}, { get: (_, path) => (String(path).startsWith("/trouble") ? BODY : undefined) }) };
});

/** Clicks on one thing a page, all at the same time. @returns by what was clicked, the dead elements told of */
async function clickEach(context: BrowserContext, edge: Edge, origin: string, ids: string[], options: Parameters<Page["click"]>[1] = {}): Promise<{ [id: string]: unknown }> {
  const pages = await Promise.all(ids.map(async (id) => {
    const page = await context.newPage();
    await page.goto(`${origin}/trouble/${id}`);
    await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
    return page;
  }));
  await Promise.all(pages.map((page, i) => page.click(`#${ids[i]}`, { ...options, noWaitAfter: true })));
  await pages[0]!.waitForTimeout(JUDGED_MS);
  await Promise.all(pages.map((page) => page.goto(`${origin}/search`)));
  await expect.poll(() => edge.names().filter((name) => name === "user_engagement").length).toBeGreaterThanOrEqual(ids.length);
  return Object.fromEntries(edge.counted.filter(({ name }) => /_click$/.test(name)).map(({ params, page: on }) => [on!.path!.split("/").pop()!, (params as { element: string }).element]));
}

test("reports a button and a tile that do nothing, by names and never by their text @once", async ({ context, shop, edge }) => {
  expect(await clickEach(context, edge, shop.origin, ["buy", "tile", "nowhere"])).toEqual({ buy: "button#buy", tile: "div#tile", nowhere: "a#nowhere" });
});

test("leaves alone what answers a click in whatever way, and what isn't meant to @once", async ({ context, shop, edge }) => {
  await context.route("**/never", () => {});
  expect(await clickEach(context, edge, shop.origin, ["opens", "later", "text", "focuses", "asks", "inner", "chosen", "query", "host", "slow"])).toEqual({});
});

test("reports a burst of vain clicks once, with how many they were; not one that counts upwards @once", async ({ page, shop, edge }) => {
  await open(page, shop.origin);
  await page.click("#buy", { clickCount: 6, delay: 20 });
  await page.waitForTimeout(700);
  await page.click("#more", { clickCount: 8, delay: 20 });
  await page.waitForTimeout(700);
  await page.click("#text", { clickCount: 3, delay: 20 });
  const rage = await told(page, edge, shop.origin, "rage_click");
  expect(rage.map(({ params }) => params)).toEqual([{ element: "button#buy", clicks: 6 }]);
});

test("tells of a burst that the page is left in @once", async ({ page, shop, edge }) => {
  await open(page, shop.origin);
  await page.click("#buy");
  await page.waitForTimeout(300);
  await page.click("#buy", { clickCount: 5, delay: 10 });
  expect((await told(page, edge, shop.origin, "rage_click")).map(({ params }) => params["clicks"])).toEqual([expect.any(Number)]);
});

test("tells of the page's first script errors, without addresses' queries and e-mail addresses, and not of pictures and extensions @once", async ({ page, shop, edge }) => {
  await open(page, shop.origin);
  await page.evaluate(() => {
    const script = (code: string) => document.head.append(Object.assign(document.createElement("script"), { textContent: code }));
    script("throw new TypeError('no cart for ann@example.org at https://shop.example/pay?token=secret')");
    script("throw new TypeError('no cart for ann@example.org at https://shop.example/pay?token=secret')");
    script("void Promise.reject(new RangeError('too far'))");
    script("void Promise.reject({ code: 7 })");
  });
  await page.evaluate(() => {
    dispatchEvent(new ErrorEvent("error", { message: "Script error.", filename: "", lineno: 0 }));
    dispatchEvent(new ErrorEvent("error", { message: "Uncaught Error: theirs", filename: "chrome-extension://abc/content.js", lineno: 3 }));
    dispatchEvent(new ErrorEvent("error", { message: "ResizeObserver loop completed with undelivered notifications." }));
    document.body.append(Object.assign(new Image(), { src: "/missing.png" }));
    for (let i = 0; i < 10; i += 1) dispatchEvent(new ErrorEvent("error", { message: `one of many, ${"abcdefghij"[i]}`, filename: `${location.origin}/app.js?v=${i}`, lineno: 12 }));
  });
  await page.waitForTimeout(300);
  const errors = (await told(page, edge, shop.origin, "script_error")).map(({ params }) => params);
  expect(errors).toHaveLength(5);
  expect(errors.map(({ message }) => message).sort()).toEqual(["RangeError: too far", "Script error.", "Uncaught TypeError: no cart for [email] at https://shop.example/pay", "[object Object]", "one of many, a"]);
  expect(errors).toContainEqual({ message: "one of many, a", source: `${shop.origin}/app.js`, line: 12 });
  expect(JSON.stringify(errors)).not.toMatch(/secret|example\.org|extension|Resize/);
});

test("tells how long a page was looked at and how much of it was seen, with its product @once", async ({ page, shop, edge }) => {
  await page.goto(`${shop.origin}/product/tea-1`);
  await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
  await page.waitForTimeout(600);
  await open(page, shop.origin);
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.waitForTimeout(200);
  await page.evaluate(() => scrollTo(0, 0));
  const [product, scrolled] = await told(page, edge, shop.origin, "user_engagement");
  expect(product).toMatchObject({ page: { path: "/product/tea-1" }, params: { items: [{ item_id: "tea-1" }] } });
  expect(product!.params["engagement_time_msec"]).toBeGreaterThanOrEqual(500);
  expect(product!.params["engagement_time_msec"]).toBeLessThan(30_000);
  expect(scrolled).toMatchObject({ page: { path: "/trouble" }, params: { percent_scrolled: 100 } });
  expect(scrolled!.params).not.toHaveProperty("items");
});

test("counts no time while another window has the focus @once", async ({ page, shop, edge }) => {
  await page.addInitScript(() => {
    let focused = true;
    Document.prototype.hasFocus = () => focused;
    Object.assign(window, { leave: () => { focused = false; dispatchEvent(new Event("blur")); } });
  });
  await open(page, shop.origin);
  const before = await page.evaluate(() => performance.now());
  await page.evaluate(() => (window as unknown as { leave(): void }).leave());
  await page.waitForTimeout(1_200);
  const [engagement] = await told(page, edge, shop.origin, "user_engagement");
  expect(engagement!.params["engagement_time_msec"]).toBeLessThan(before + 1_000);
});

test("keeps to attention where the shop wants no more, and sends nothing before consent @once", async ({ page, shop, edge }) => {
  shop.options = { tag: 'data-experience="off"', bodies: { "/trouble": BODY } };
  await open(page, shop.origin);
  await page.click("#buy", { clickCount: 5, delay: 10 });
  await page.evaluate(() => dispatchEvent(new ErrorEvent("error", { message: "broken" })));
  await page.evaluate(() => history.pushState({}, "", "/second"));
  await page.waitForTimeout(400);
  expect(edge.requests.filter((request) => request.startsWith("POST") || request.includes("trouble"))).toEqual([]);
  await gtag(page, "consent", "update", { analytics_storage: "granted", personalization_storage: "granted" });
  await expect.poll(() => edge.names()).toContain("user_engagement");
  expect(edge.names().filter((name) => ["web_vitals", "rage_click", "script_error"].includes(name))).toEqual([]);
  expect((await diagnostics(page)).faults).toEqual([]);
});
