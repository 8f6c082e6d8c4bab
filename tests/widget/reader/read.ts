/** Has the reader that shops are served look at a page, in a real browser without a network. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import type { Reading } from "../../../widget/reader/product.ts";

const DIST = join(import.meta.dirname, "../../../dist");
const SHOP = "https://shop.example";

function builtReader(): string {
  const name = readdirSync(DIST).find((file) => /^reader-[\w-]{8}\.js$/.test(file));
  if (!name) throw new Error("dist/ holds no reader: run `npm run build` first");
  return name;
}

/** Opens a page with this body, and lends it the reader as `window.reader`. @param head in the page's own `head` */
export async function open(page: Page, body: string, { head = "<title>Oak table | Shop</title>", path = "/oak-table", lang = "en" } = {}): Promise<void> {
  const html = `<!doctype html><html lang="${lang}"><head><meta charset="utf-8">${head}</head><body>${body}</body></html>`;
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url.endsWith(".js")) return route.fulfill({ contentType: "text/javascript", path: join(DIST, new URL(url).pathname) });
    return route.request().isNavigationRequest() ? route.fulfill({ contentType: "text/html", body: html }) : route.abort();
  });
  await page.goto(SHOP + path);
  await page.evaluate(async (url) => Object.assign(window, { reader: await import(url) }), `${SHOP}/${builtReader()}`);
}

/** What the reader makes of the page that is open. */
export function readOpen(page: Page): Promise<Reading> {
  return page.evaluate(() => (window as unknown as { reader: typeof import("../../../widget/reader/reader.ts") }).reader.readPage({ document, location, globals: window as never }));
}

export async function read(page: Page, body: string, options?: Parameters<typeof open>[2]): Promise<Reading> {
  await open(page, body, options);
  return readOpen(page);
}

/** A script of JSON-LD, as the shop wrote it. */
export function jsonLd(content: unknown): string {
  return `<script type="application/ld+json">${typeof content === "string" ? content : JSON.stringify(content)}</script>`;
}
