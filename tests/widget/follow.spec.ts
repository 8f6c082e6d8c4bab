import { carouselReady, expect, test } from "./fixtures.ts";
import type { Page } from "@playwright/test";

const LOOKED_FOR_EVERY = "10:01";

interface Carousels {
  modelVersion: number;
  modelRefusal: string | null;
  calibration: { chosen: object; measurements: object[] } | null;
}
const carousels = (page: Page) => page.evaluate(async () => ((await (window as unknown as { endcap: { diagnostics(): Promise<{ carousels: unknown }> } }).endcap.diagnostics()).carousels)) as Promise<Carousels>;
const version = async (page: Page) => (await carousels(page)).modelVersion;

test("an open page follows the merchant, who pauses the model and publishes another @once", async ({ page, shop, edge }) => {
  await page.clock.install();
  await page.goto(shop.origin);
  const before = await carouselReady(page);
  expect(await version(page)).toBe(3);
  const { manifest } = edge.config;

  edge.config = { ...edge.config, manifest: null };
  await page.clock.fastForward(LOOKED_FOR_EVERY);
  await expect.poll(() => version(page)).toBe(0);

  edge.config = { ...edge.config, manifest };
  await page.clock.fastForward(LOOKED_FOR_EVERY);
  await expect.poll(() => version(page)).toBe(3);
  expect(await carouselReady(page)).toEqual(before);

  const path = await edge.publishNext();
  expect(edge.requests).not.toContain(`GET ${path}`);
  await page.clock.fastForward(LOOKED_FOR_EVERY);
  // It is fetched when the page is idle; until then the last one serves.
  await expect.poll(async () => (await page.clock.fastForward("00:05"), version(page))).toBe(4);
  expect(edge.requests.filter((request) => request === `GET ${path}`)).toHaveLength(1);
});

test("a page draws with the model that the device has, and takes a newer one when it is idle @once", async ({ page, shop, edge }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  const path = await edge.publishNext();
  // The stored configuration is fresh for an hour: only a later page asks.
  await page.clock.install({ time: Date.now() + 2 * 60 * 60_000 });
  await page.goto(shop.origin);
  await carouselReady(page);
  await expect.poll(async () => (await page.clock.fastForward("00:05"), version(page))).toBe(4);
  expect(edge.requests).toContain(`GET ${path}`);
});

test("a newer version that is not the shop's is refused and named, and the last good one serves on @once", async ({ page, shop, edge }) => {
  await page.clock.install();
  await page.goto(shop.origin);
  await carouselReady(page);
  await edge.publishNext();
  const manifest = edge.config.manifest!;
  edge.config = { ...edge.config, manifest: { ...manifest, signature: (manifest.signature.startsWith("A") ? "B" : "A") + manifest.signature.slice(1) } };
  await page.clock.fastForward(LOOKED_FOR_EVERY);
  await expect.poll(async () => (await carousels(page)).modelRefusal).toContain("signature-mismatch");
  expect(await version(page)).toBe(3);
  await carouselReady(page);
});

test("what was measured on one page holds on the next, and is told to support", async ({ page, shop }) => {
  await page.goto(shop.origin);
  await carouselReady(page);
  await expect.poll(async () => (await carousels(page)).calibration, { timeout: 30_000 }).not.toBeNull();
  const measured = (await carousels(page)).calibration!;
  expect(measured.measurements.length).toBeGreaterThan(1);
  await page.goto(`${shop.origin}/cart`);
  await expect.poll(async () => (await carousels(page)).calibration, { timeout: 30_000 }).toEqual(measured);
});
