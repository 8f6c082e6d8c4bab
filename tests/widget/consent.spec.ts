/** What a shop's visitor allows, seen from outside: every request and everything kept, on whole visits, for each source of consent. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page, Request } from "@playwright/test";
import { carouselReady, diagnostics, expect, gtag, GRANTED, push, test } from "./fixtures.ts";
import type { Edge } from "./shop/edge.ts";
import { KEY } from "./shop/edge.ts";

const TEA = { item_id: "tea-1", item_name: "Tea no. 1", price: 5, quantity: 1 };

/** Everything that pages of an origin can keep. */
function kept(page: Page): Promise<object> {
  return page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    local: Object.keys(localStorage), session: Object.keys(sessionStorage), cookies: document.cookie,
    caches: "caches" in window ? await caches.keys() : [], workers: (await navigator.serviceWorker?.getRegistrations())?.length ?? 0,
  }));
}
const NOTHING = { databases: [], local: [], session: [], cookies: "", caches: [], workers: 0 };

/** Public files of the edge, the same for every visitor: the bundles by their names, the shop's configuration, its catalogue and weights. */
const BUNDLES = new Set(readdirSync(join(import.meta.dirname, "../../dist")).map((name) => `/${name}`));
const isPublic = (path: string) => BUNDLES.has(path) || path === `/v1/config/${KEY}` || /^\/v1\/files\/[0-9a-f]{64}$/.test(path);
function watchEdge(context: BrowserContext, edge: Edge): Request[] {
  const requests: Request[] = [];
  context.on("request", (request) => request.url().startsWith(edge.origin) && requests.push(request));
  return requests;
}
/** What of these requests is not an anonymous GET of a public file. */
async function indiscreet(requests: readonly Request[]): Promise<string[]> {
  const found: string[] = [];
  for (const request of requests) {
    const { pathname, search } = new URL(request.url());
    const headers = await request.allHeaders();
    if (request.method() !== "GET" || request.postData() || search || !isPublic(pathname) || headers["cookie"] || headers["authorization"]) found.push(`${request.method()} ${pathname}${search}`);
  }
  return found;
}

/** A visit from the home page to the order, with everything that shops tell. */
async function visit(page: Page, origin: string): Promise<void> {
  await page.goto(origin);
  await carouselReady(page);
  await page.locator("endcap-carousel li a").first().click();
  await page.waitForURL("**/product/**");
  await carouselReady(page, "product-similar");
  await push(page, { event: "add_to_cart", ecommerce: { currency: "EUR", value: 5, items: [TEA] } });
  await page.goto(`${origin}/cart`);
  await push(page, { event: "view_cart", ecommerce: { currency: "EUR", items: [TEA] } });
  await carouselReady(page, "cart-together");
  await page.goto(`${origin}/search?q=tea`);
  await push(page, { event: "search", search_term: "tea for ann@example.org" });
  await page.goto(`${origin}/thank-you`);
  await push(page, { event: "purchase", ecommerce: { transaction_id: "T-1", currency: "EUR", value: 5, items: [TEA] } });
  await page.evaluate(() => window.endcap!.identify("ann@example.org"));
}

test("a whole visit before consent fetches public files without a name, and keeps and sends nothing @once", async ({ page, context, shop, edge }) => {
  shop.options = { tag: "" };
  const requests = watchEdge(context, edge);
  await visit(page, shop.origin);
  expect(await kept(page)).toEqual(NOTHING);
  await page.goto("about:blank");
  expect(requests.length).toBeGreaterThan(5);
  expect(await indiscreet(requests)).toEqual([]);
  expect(edge.counted).toEqual([]);
});

test("a whole visit under Global Privacy Control never sends anything, whatever the shop's banner says @once", async ({ page, context, shop, edge }) => {
  await context.addInitScript(() => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }));
  const requests = watchEdge(context, edge);
  await visit(page, shop.origin);
  await gtag(page, "consent", "update", { analytics_storage: "granted", personalization_storage: "granted" });
  await page.evaluate(() => window.endcap!.consent({ analytics: true, personalization: true }));
  await page.goto(shop.origin);
  await carouselReady(page);
  expect((await diagnostics(page)).consent).toEqual({ analytics: false, personalization: true });
  await page.goto("about:blank");
  expect(await indiscreet(requests)).toEqual([]);
});

/** A banner: a script of the shop's that is there before the tag, and what its two buttons do. */
interface Banner {
  name: string;
  head: string;
  answer(page: Page, allow: boolean): Promise<void>;
}
const BANNERS: Banner[] = [
  {
    name: "Google Consent Mode",
    head: "<script>window.dataLayer=[];function gtag(){dataLayer.push(arguments)}gtag('consent','default',{analytics_storage:'denied',personalization_storage:'denied'})</script>",
    answer: (page, allow) => gtag(page, "consent", "update", { analytics_storage: allow ? "granted" : "denied", personalization_storage: allow ? "granted" : "denied" }),
  },
  {
    name: "the shop's own script",
    head: "",
    answer: (page, allow) => page.evaluate((granted) => void window.endcap!.consent({ analytics: granted, personalization: granted }), allow),
  },
  {
    name: "Shopify's Customer Privacy API, loaded late",
    head: `<script>window.Shopify={loadFeatures(features,done){setTimeout(()=>{this.customerPrivacy={analyticsProcessingAllowed:()=>window.answer===true,preferencesProcessingAllowed:()=>window.answer===true};done()},300)}}</script>`,
    answer: (page, allow) => page.evaluate((granted) => {
      (window as { answer?: boolean }).answer = granted;
      document.dispatchEvent(new CustomEvent("visitorConsentCollected", { detail: { analyticsAllowed: granted, preferencesAllowed: granted, marketingAllowed: granted, saleOfDataAllowed: granted } }));
    }, allow),
  },
  {
    name: "the IAB's framework, behind its stub",
    head: `<script>(()=>{const asked=[];window.__tcfapi=(...call)=>asked.push(call);window.tell=(consents,eventStatus)=>{const data={tcfPolicyVersion:4,gdprApplies:true,eventStatus,purpose:{consents},publisher:{consents:{}}};asked.forEach(([command,,callback])=>command==="addEventListener"&&callback(data,true))};setTimeout(()=>window.tell({},"cmpuishown"),300)})()</script>`,
    answer: (page, allow) => page.evaluate((granted) => {
      const consents = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((purpose) => [purpose, granted]));
      (window as unknown as { tell(consents: object, status: string): void }).tell(consents, "useractioncomplete");
    }, allow),
  },
];

for (const { name, head, answer } of BANNERS) {
  test(`follows ${name}: nothing before, everything once allowed, nothing more once withdrawn @once`, async ({ page, context, shop, edge }) => {
    shop.options = { tag: "", head };
    const requests = watchEdge(context, edge);
    await page.goto(`${shop.origin}/product/tea-1`);
    await carouselReady(page, "product-similar");
    // The banner's script is followed by now.
    if (name.includes("Shopify") || name.includes("IAB")) await expect.poll(() => requests.some((request) => request.url().includes("/consent-"))).toBe(true);
    await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
    expect(await kept(page)).toEqual(NOTHING);
    expect(await indiscreet(requests)).toEqual([]);

    await answer(page, true);
    await expect.poll(() => edge.names()).toContain("page_view");
    expect((await kept(page) as { databases: string[] }).databases).toContain(`endcap-${KEY}`);

    await answer(page, false);
    await expect.poll(async () => (await diagnostics(page)).consent).toEqual({ analytics: false, personalization: false });
    const posts = edge.requests.filter((request) => request.startsWith("POST ")).length;
    await push(page, { event: "add_to_cart", ecommerce: { items: [TEA] } });
    expect(await page.evaluate(() => window.endcap!.track("add_to_wishlist", { items: [{ item_id: "tea-2" }] }))).toEqual({ ok: false, reason: "no-consent" });
    await page.goto("about:blank");
    expect(edge.requests.filter((request) => request.startsWith("POST "))).toHaveLength(posts);
    expect(edge.names()).not.toContain("add_to_cart");
  });
}

test("one source's no outweighs another's yes @once", async ({ page, shop, edge }) => {
  shop.options = { tag: "", head: BANNERS[3]!.head };
  await page.goto(shop.origin);
  await carouselReady(page);
  await page.evaluate(() => window.endcap!.consent({ analytics: true, personalization: true }));
  await expect.poll(() => edge.names()).toContain("page_view");
  await BANNERS[3]!.answer(page, false);
  await expect.poll(async () => (await diagnostics(page)).consent).toEqual({ analytics: false, personalization: false });
});

test("the built-in prompt asks once, keeps nothing before the answer, and remembers a no as well as a yes @once", async ({ page, context, shop, edge }) => {
  shop.options = { tag: 'data-consent="prompt"' };
  const requests = watchEdge(context, edge);
  await page.goto(shop.origin);
  const prompt = page.getByRole("dialog", { name: "May this shop remember what you look at?" });
  await expect(prompt).toBeVisible();
  await carouselReady(page);
  expect(await kept(page)).toEqual(NOTHING);
  // It takes no focus, is first for the keyboard, and Escape puts it off.
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
  await page.keyboard.press("Tab");
  await expect(prompt.getByRole("button", { name: "No, thanks" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(prompt).toBeHidden();
  await page.reload();
  await prompt.getByRole("button", { name: "No, thanks" }).click();
  await page.reload();
  await carouselReady(page);
  expect(await prompt.count()).toBe(0);
  expect(await kept(page)).toEqual({ ...NOTHING, local: [`endcap-choice-${KEY}`] });
  expect(await page.evaluate((name) => Object.keys(JSON.parse(localStorage.getItem(name)!)), `endcap-choice-${KEY}`)).toEqual(["analytics", "personalization", "atMs"]);
  expect(await indiscreet(requests)).toEqual([]);

  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await prompt.getByRole("button", { name: "Yes, allow both" }).click();
  await expect(prompt).toBeHidden();
  await expect.poll(() => edge.names()).toContain("page_view");
  await page.reload();
  await carouselReady(page);
  expect(await prompt.count()).toBe(0);
  expect((await diagnostics(page)).consent).toEqual({ analytics: true, personalization: true });
});

test("joins a login by a hash, once, and empties the device of it on logout @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED };
  await page.goto(`${shop.origin}/product/tea-1`);
  await carouselReady(page, "product-similar");
  const logins = () => edge.counted.filter(({ name }) => name === "login");
  await page.evaluate(() => window.endcap!.identify(" Ann@Example.org "));
  await expect.poll(() => logins().length).toBe(1);
  await page.goto(shop.origin);
  await carouselReady(page);
  await page.evaluate(() => window.endcap!.identify("ann@example.org"));
  await page.evaluate(() => window.endcap!.identify(null));
  await push(page, { event: "add_to_wishlist", ecommerce: { items: [TEA] } });
  await expect.poll(() => edge.names()).toContain("add_to_wishlist");
  expect(edge.counted.find(({ name }) => name === "add_to_wishlist")!.sessionId).not.toBe(logins()[0]!.sessionId);
  await page.evaluate(() => window.endcap!.identify(4711));
  await expect.poll(() => logins().length).toBe(2);
  const [ann, next] = logins().map(({ params }) => (params as { user_id: string }).user_id);
  expect(ann).toMatch(/^[0-9a-f]{64}$/);
  expect(next).not.toBe(ann);
  expect(JSON.stringify(edge.counted).toLowerCase()).not.toContain("ann@");
});
