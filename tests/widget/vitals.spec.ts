/** Our Web Vitals beside those of the `web-vitals` library, on the same pages. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { EventParams } from "../../core/events.ts";
import { openBrowser, removeProfile } from "../faults/browser.ts";
import { expect, GRANTED, test } from "./fixtures.ts";
import type { Edge } from "./shop/edge.ts";
import type { Shop } from "./shop/pages.ts";

type Figures = EventParams<"web_vitals">;

const LIBRARY = readFileSync(join(import.meta.dirname, "../../node_modules/web-vitals/dist/web-vitals.iife.js"), "utf8");
/** The library's last word on each figure, kept across pages. */
const THEIRS = `if (location.pathname === "/vitals") for (const name of ["LCP", "INP", "CLS", "FCP", "TTFB"]) webVitals["on" + name](({ value }) => {
  localStorage.setItem("theirs", JSON.stringify({ ...JSON.parse(localStorage.getItem("theirs") ?? "{}"), [name.toLowerCase()]: value }));
});`;
/** Paints, shifts twice with a rest between, shows a large picture late, and is slow to answer. */
const BODY = `<style>body{font-size:30px}header{display:none}</style><h1>Tea</h1><p id="space"></p><p>Some text that moves down the page when there is more above it.</p><div id="picture" style="height:500px"></div>
<button id="slow">Slow</button><button id="quick">Quick</button><a id="away" href="/">Away</a>
<script>
const grow = (px) => { document.getElementById("space").style.height = px + "px"; };
setTimeout(() => grow(60), 150);
setTimeout(() => grow(90), 300);
// Too few bytes for its size, and a picture is no contentful one.
const drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 500"><circle cx="400" cy="250" r="200" fill="#7a9"/><!--' + "tea ".repeat(5000) + "--></svg>";
setTimeout(() => { document.getElementById("picture").innerHTML = '<img width="800" height="500" src="' + URL.createObjectURL(new Blob([drawing], { type: "image/svg+xml" })) + '">'; }, 600);
setTimeout(() => grow(130), 1500);
const busy = (ms) => { for (const end = performance.now() + ms; performance.now() < end;); };
document.getElementById("slow").onclick = () => busy(Number(document.getElementById("slow").dataset.ms ?? 130));
</script>`;

function serve(shop: Shop): void {
  shop.options = { tag: GRANTED, head: `<script>${LIBRARY};${THEIRS}</script>`, bodies: { "/vitals": BODY, "/second": BODY } };
}
/** Resolves when the tag runs and the picture is there. */
async function open(page: Page, shop: Shop): Promise<void> {
  await page.goto(`${shop.origin}/vitals`);
  await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
  await expect.poll(() => page.evaluate(() => (document.querySelector("#picture img") as HTMLImageElement | null)?.naturalWidth ?? 0)).toBeGreaterThan(0);
}

/** Both figures, once the page has been left. */
async function figures(page: Page, shop: Shop, edge: Edge, views = 1): Promise<{ ours: Figures; theirs: Figures }> {
  await page.goto(`${shop.origin}/search`);
  const theirs = await page.evaluate(() => JSON.parse(localStorage.getItem("theirs") ?? "{}") as Figures);
  const told = () => edge.counted.filter(({ name, page: on }) => name === "web_vitals" && on?.path === "/vitals");
  await expect.poll(() => told().length).toBe(views);
  return { ours: told().at(-1)!.params as Figures, theirs };
}
function expectEqual({ ours, theirs }: { ours: Figures; theirs: Figures }, names: (keyof Figures)[]): void {
  expect(Object.keys(ours).sort()).toEqual([...names].sort());
  for (const name of names) {
    if (name === "cls") expect(Math.abs(ours.cls! - theirs.cls!), `cls ${ours.cls} against ${theirs.cls}`).toBeLessThanOrEqual(1e-6);
    else expect(ours[name], name).toBe(Math.round(theirs[name]!));
  }
}

test("measures loading, shifts and slow clicks as the web-vitals library does @once", async ({ page, shop, edge }) => {
  serve(shop);
  await open(page, shop);
  await page.waitForTimeout(1_600);
  await page.click("#slow");
  await page.evaluate(() => { document.getElementById("slow")!.dataset["ms"] = "260"; });
  await page.focus("#slow");
  await page.keyboard.press("Enter");
  await page.click("#quick");
  const both = await figures(page, shop, edge);
  expectEqual(both, ["lcp", "inp", "fcp", "ttfb", "cls"]);
  expect(both.ours.lcp!).toBeGreaterThan(500);
  expect(both.ours.inp!).toBeGreaterThanOrEqual(256);
  expect(both.ours.cls!).toBeGreaterThan(0.01);
});

test("forgives one slow click of fifty, as the library does @once", async ({ page, shop, edge }) => {
  serve(shop);
  await open(page, shop);
  await page.click("#slow");
  await page.evaluate(() => { document.getElementById("slow")!.dataset["ms"] = "300"; });
  await page.click("#slow");
  for (let i = 0; i < 55; i += 1) await page.click("#quick", { noWaitAfter: true });
  const both = await figures(page, shop, edge);
  expectEqual(both, ["lcp", "inp", "fcp", "ttfb", "cls"]);
  expect(both.ours.inp!).toBeLessThan(296);
});

test("tells nothing about painting of a page that began in the background @once", async ({ page, context, shop, edge }) => {
  await context.addInitScript(() => {
    if (location.pathname !== "/vitals") return;
    const hidden = () => !("endcap" in window);
    Object.defineProperty(document, "hidden", { get: hidden });
    Object.defineProperty(document, "visibilityState", { get: () => (hidden() ? "hidden" : "visible") });
    addEventListener("pagehide", () => Object.defineProperty(document, "visibilityState", { get: () => "hidden" }));
  });
  serve(shop);
  await open(page, shop);
  const both = await figures(page, shop, edge);
  expect(both.theirs).toEqual({ ttfb: both.theirs.ttfb });
  expectEqual(both, ["ttfb"]);
});

test("tells each view of a single-page shop's by its own shifts and clicks @once", async ({ page, shop, edge }) => {
  serve(shop);
  await open(page, shop);
  await page.evaluate(() => {
    new PerformanceObserver((list, observer) => {
      if (!list.getEntriesByName("click").length) return;
      observer.disconnect();
      document.body.append(Object.assign(document.createElement("output"), { id: "measured" }));
    }).observe({ type: "event", durationThreshold: 100 } as PerformanceObserverInit);
  });
  await page.click("#slow");
  // The browser tells of a click after the paint that follows it.
  await page.locator("#measured").waitFor({ state: "attached" });
  await page.evaluate(() => history.pushState({}, "", "/second"));
  await page.click("#quick");
  await page.goto(`${shop.origin}/search`);
  const told = () => edge.counted.filter(({ name }) => name === "web_vitals").map(({ params, page: on }) => ({ ...(params as Figures), path: on?.path }));
  await expect.poll(() => told().length).toBe(2);
  const [first, second] = told();
  expect(first).toMatchObject({ path: "/vitals", lcp: expect.any(Number), inp: expect.any(Number) });
  expect(second).toMatchObject({ path: "/second", cls: expect.any(Number) });
  expect(second).not.toHaveProperty("lcp");
  expect(second).not.toHaveProperty("ttfb");
  expect(second!.inp ?? 0).toBeLessThan(first!.inp!);
});

test("measures a page that comes back from the back/forward cache anew, as the library does @once", async ({ shop, edge }) => {
  serve(shop);
  // The library's figures of the view before it are gone; when a frame's work begins and ends, ours must lie between.
  shop.options.head = `<script>
    const inFrame = (name, event) => requestAnimationFrame(() => requestAnimationFrame(() => { window[name] = Math.round(performance.now() - event.timeStamp); }));
    addEventListener("pageshow", (event) => { if (event.persisted) { localStorage.removeItem("theirs"); inFrame("first", event); } }, true);
    const last = setInterval(() => { if (!window.endcap) return; clearInterval(last); addEventListener("pageshow", (event) => inFrame("last", event), true); });
  </script>${shop.options.head}`;
  const profile = mkdtempSync(join(tmpdir(), "endcap-vitals-"));
  // Browsers that Playwright starts keep no pages.
  const browser = await openBrowser(profile);
  try {
    const page = await browser.context.newPage();
    await open(page, shop);
    await page.evaluate(() => { document.getElementById("slow")!.dataset["ms"] = "300"; });
    await page.click("#slow");
    await page.evaluate(() => { location.href = "/style.css"; });
    await page.waitForURL("**/style.css");
    await page.evaluate(() => history.back());
    const frame = () => page.evaluate(() => { const { first, last } = window as { first?: number; last?: number }; return { first, last }; }).catch(() => "on its way");
    await expect.poll(frame, "it came back from the cache").toEqual({ first: expect.any(Number), last: expect.any(Number) });
    const { first, last } = (await frame()) as { first: number; last: number };
    await page.evaluate(() => { document.getElementById("slow")!.dataset["ms"] = "130"; });
    await page.click("#slow");
    await page.click("#quick");
    const both = await figures(page, shop, edge, 2);
    for (const name of ["lcp", "fcp"] as const) {
      for (const value of [both.ours[name]!, Math.round(both.theirs[name]!)]) {
        expect(value, name).toBeGreaterThanOrEqual(first);
        expect(value, name).toBeLessThanOrEqual(last);
      }
      delete both.ours[name];
    }
    expectEqual(both, ["inp", "ttfb", "cls"]);
    // The view before it shifted, and was slower to answer.
    expect(both.ours).toMatchObject({ ttfb: 0, cls: 0 });
    expect(both.ours.inp!).toBeLessThan(296);
  } finally {
    await browser.close();
    removeProfile(profile);
  }
});
