/** `npm run shots`: pictures of a running demo, shop and dashboard, at three widths, for the README and for critical eyes. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "@playwright/test";
import { readCredentials, ENDCAP_FOLDER } from "../trainer/credentials.ts";
import { createEdgeClient } from "../trainer/edge-client.ts";
import { BASE_FLAGS, chromiumPath, USER_AGENT } from "./browser.ts";

const { values } = parseArgs({ options: { shop: { type: "string", default: "demo" }, url: { type: "string", default: "http://localhost:4321" }, "data-dir": { type: "string", default: ENDCAP_FOLDER }, out: { type: "string", default: join(import.meta.dirname, "../demo/screenshots") } } });
const WIDTHS = { phone: { width: 390, height: 844 }, tablet: { width: 820, height: 1180 }, desktop: { width: 1440, height: 900 } };
/** What a shopper of these pictures has looked at before. */
const LOOKED_AT = ["/c/coffee-beans", "/c/coffee-makers"];

async function main(): Promise<void> {
  mkdirSync(values.out, { recursive: true });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...BASE_FLAGS, `--user-agent=${USER_AGENT}`] });
  for (const [name, viewport] of Object.entries(WIDTHS)) {
    await shop(browser, name, { viewport });
    for (const colorScheme of ["light", "dark"] as const) await dashboard(browser, `${name}-${colorScheme}`, { viewport, colorScheme });
  }
  await browser.close();
}

async function shop(browser: Browser, name: string, options: BrowserContextOptions): Promise<void> {
  const context = await browser.newContext(options);
  await context.addInitScript(() => localStorage.setItem("shop-consent", "granted"));
  const page = await context.newPage();
  await page.goto(values.url);
  await take(page, `shop-home-${name}`);
  for (const path of LOOKED_AT) {
    await page.goto(values.url + path);
    const link = page.locator("main a[href^='/products/']").first();
    if ((await link.count()) === 0) continue;
    await link.click();
    await carousel(page);
    await take(page, `shop-product-${name}`);
    await page.getByRole("button", { name: "Add to cart" }).first().click();
    await page.waitForLoadState("networkidle");
  }
  await page.goto(`${values.url}/cart`);
  await carousel(page);
  await take(page, `shop-cart-${name}`);
  await page.goto(values.url);
  await carousel(page);
  await take(page, `shop-picked-${name}`);
  await context.close();
}

async function dashboard(browser: Browser, name: string, options: BrowserContextOptions): Promise<void> {
  const { edge, merchantToken } = readCredentials(values.shop, values["data-dir"]);
  const { url } = await createEdgeClient({ edge, token: merchantToken }).loginLink(values.shop);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.getByRole("button", { name: "30 days" }).click();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: join(values.out, `dashboard-${name}.png`), fullPage: true });
  await context.close();
}

/** Brings the page's carousel to the middle and waits until its pictures are there. */
async function carousel(page: Page): Promise<void> {
  const host = page.locator("endcap-carousel").first();
  await host.evaluate((element) => element.scrollIntoView({ block: "center" }));
  await host.locator("li[data-item]").first().waitFor();
  await page.waitForLoadState("networkidle");
}

async function take(page: Page, name: string): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: join(values.out, `${name}.png`) });
}

await main();
