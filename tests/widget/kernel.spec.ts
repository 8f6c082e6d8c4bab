import { expect, test } from "@playwright/test";
import { seededRandom } from "../../core/ids.ts";
import type { Model } from "../../core/model/config.ts";
import type { Harness, KernelCase } from "./engine/harness.ts";
import { startSite, type Site } from "./engine/site.ts";

declare const harness: Harness;

let site: Site;
test.beforeAll(async () => {
  site = await startSite({ pageModule: `${import.meta.dirname}/engine/harness.ts`, tfjs: "slim" });
});
test.afterAll(() => site.stop());
test.beforeEach(async ({ page }) => {
  await page.goto(site.pageUrl());
  await expect.poll(() => page.evaluate(() => "harness" in globalThis)).toBe(true);
});

const SEED = 2026;
const NETWORK_ONLY: Model["blend"] = [1, 0, 0];

test("the kernel's best are the plain loops', to the last tie, for catalogues of any shape @once", async ({ page }) => {
  test.setTimeout(180_000);
  const random = seededRandom(SEED);
  const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
  const cases = [1, 2, 31, 32, 33, 1023, 1024, 1025, 2048, 100_001, ...Array.from({ length: 5 }, () => 1 + Math.floor(random() ** 4 * 20_000))].map((items): KernelCase => ({
    items,
    width: one([16, 17, 18, 31, 48, 64, 100, 128]),
    ks: [1, 1 + Math.floor(random() * 99), 100],
    // Some catalogues of few different rows, whose items tie, and one of a single row.
    rows: one([items, items, 1 + Math.floor(items / 10), 3, 1]),
    masked: one([0, 0, 0.1, 0.9, 1]),
    blend: one([NETWORK_ONLY, [1, 1.5, 0.5], [-1, 0, 0.3], [1e-3, 2, 1], [0, 0, 1]]),
  }));
  const { asked, wrong } = await page.evaluate(([given, seed]) => harness.kernel(given, seed), [cases, SEED] as const);
  expect(asked).toBe(3 * cases.length);
  expect(wrong).toEqual([]);
});

test("the kernel answers 200 queries as the plain loops do @once", async ({ page }) => {
  const { asked, wrong } = await page.evaluate(([given, seed]) => harness.kernel(given, seed), [[{ items: 3000, width: 48, ks: Array.from({ length: 200 }, () => 20), rows: 1000, masked: 0, blend: NETWORK_ONLY }], SEED] as [KernelCase[], number]);
  expect(asked).toBe(200);
  expect(wrong).toEqual([]);
});
