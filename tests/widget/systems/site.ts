/** Small shops, each written as its system writes them, on an origin of their own beside the tests' edge. */
import { createServer } from "node:http";
import type { Page } from "@playwright/test";
import { test as base } from "../fixtures.ts";
import { close, KEY, listen, type Edge } from "../shop/edge.ts";

export interface Answer {
  status?: number;
  type?: string;
  headers?: { [name: string]: string };
  body: string;
}
export interface Asked {
  method: string;
  url: URL;
  body: string;
}
/** @returns undefined for what there is not */
export type Pages = (asked: Asked) => Answer | string | undefined;

export interface Site {
  origin: string;
  pages: Pages;
  /** Attributes of the tag. */
  tag: string;
  stop(): Promise<void>;
}

/** A page with the tag in its head, behind the shop's own scripts. */
export function html(edge: Edge, { tag, head = "", body, title = "Shop", lang = "en", bodyClass = "" }: { tag: string; head?: string; body: string; title?: string; lang?: string; bodyClass?: string }): string {
  return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">${head}<script async src="${edge.origin}/tag.js" data-key="${KEY}" data-signers="${edge.signer}" ${tag}></script></head><body class="${bodyClass}">${body}</body></html>`;
}
export function json(value: unknown, headers: { [name: string]: string } = {}): Answer {
  return { type: "application/json", headers, body: JSON.stringify(value) };
}
export function productJsonLd(sku: string, name: string, price: number): string {
  return `<script type="application/ld+json">${JSON.stringify({ "@context": "https://schema.org", "@type": "Product", sku, name, offers: { "@type": "Offer", price: price.toFixed(2), priceCurrency: "EUR" } })}</script>`;
}

export const test = base.extend<{ site: Site }>({
  site: async ({}, use) => {
    const site: Omit<Site, "origin" | "stop"> = { pages: () => undefined, tag: 'data-consent="granted"' };
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const found = site.pages({ method: request.method!, url: new URL(request.url!, "http://shop"), body: Buffer.concat(parts).toString() });
      const answer: Answer = typeof found === "string" ? { body: found } : found ?? { status: 404, body: "<h1>Not found</h1>" };
      response.writeHead(answer.status ?? 200, { "content-type": answer.type ?? "text/html; charset=utf-8", "cache-control": "no-store", ...answer.headers }).end(answer.body);
    });
    const origin = await listen(server);
    const whole = Object.assign(site, { origin, stop: () => close(server) });
    await use(whole);
    await whole.stop();
  },
});
export { expect } from "../fixtures.ts";

/** What a shop's voices have told, as the edge counted it: name, source, items with quantities. */
export function told(edge: Edge): string[] {
  return edge.counted
    .filter(({ name }) => !/^(rec_|page_view|user_engagement|web_vitals|dead_click|rage_click|script_error|form_abandon)/.test(name))
    .map((event) => {
      const { items } = event.params as { items?: { item_id: string; quantity?: number }[] };
      return [event.name, event.source, ...(items ?? []).map(({ item_id, quantity }) => (quantity === undefined ? item_id : `${quantity}×${item_id}`))].join(" ");
    });
}

/** Resolves when the page's first words have been read, so that what follows happens to a page that is understood. */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => /\/systems-[\w-]+\.js$/.test(name)));
}
