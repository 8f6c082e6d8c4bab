/** What every test of the widget in a browser starts from: an edge, a shop, and ways to look at carousels. */
import { test as base, expect, type Page } from "@playwright/test";
import { startEdge, type Edge } from "./shop/edge.ts";
import { startShop, type Shop } from "./shop/pages.ts";

export const GRANTED = 'data-consent="granted"';

export const test = base.extend<{ edge: Edge; shop: Shop }>({
  edge: async ({}, use) => {
    const edge = await startEdge();
    await use(edge);
    await edge.stop();
  },
  shop: async ({ edge }, use) => {
    const shop = await startShop(edge);
    shop.options = { tag: GRANTED };
    await use(shop);
    await shop.stop();
  },
});
export { expect };

/** Ids of the products in a carousel, in order. */
export function itemsIn(page: Page, placement = "home-for-you"): Promise<string[]> {
  return page.locator(`endcap-carousel[data-endcap="${placement}"] li`).evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset["item"]!));
}
export async function carouselReady(page: Page, placement = "home-for-you"): Promise<string[]> {
  await expect.poll(() => itemsIn(page, placement).then(({ length }) => length)).toBeGreaterThan(0);
  return itemsIn(page, placement);
}
export function ofCategory(items: readonly string[], category: string): number {
  return items.filter((id) => id.startsWith(`${category}-`)).length;
}

/** What the shop's page pushes, as gtag writes it. */
export function gtag(page: Page, ...command: unknown[]): Promise<void> {
  return page.evaluate((given) => {
    const layer = ((window as { dataLayer?: unknown[] }).dataLayer ??= []);
    (function (..._: unknown[]) {
      layer.push(arguments);
    })(...given);
  }, command);
}
export function push(page: Page, entry: object): Promise<void> {
  return page.evaluate((given) => void ((window as { dataLayer?: unknown[] }).dataLayer ??= []).push(given), entry);
}

export interface Diagnostics {
  outboxEvents: number;
  dropped: { [reason: string]: number };
  faults: { where: string; message: string }[];
  durable: boolean;
  sentBytes: number;
  consent: { analytics: boolean; personalization: boolean };
  arm: string;
}
export function diagnostics(page: Page): Promise<Diagnostics> {
  return page.evaluate(() => (window as unknown as { endcap: { diagnostics(): Promise<never> } }).endcap.diagnostics());
}
/** Resolves when the tag runs and everything recorded has been acknowledged. */
export async function delivered(page: Page): Promise<void> {
  await expect.poll(async () => (await page.evaluate(() => "endcap" in window)) && (await diagnostics(page)).outboxEvents, { timeout: 30_000 }).toBe(0);
}
