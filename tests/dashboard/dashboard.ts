/** The dashboard as built from the present source, before a mock edge, in a browser far away from the shop. */
import { test as base, expect, type Page } from "@playwright/test";
import { join } from "node:path";
import { build } from "vite";
import { startMockEdge, type MockEdge } from "./mock-edge.ts";

const ROOT = join(import.meta.dirname, "../..");
/** 18 November, 15:30 in the shop (Auckland); still 17 November, 18:30 in the browser (Los Angeles). */
export const NOW_MS = Date.parse("2026-11-18T02:30:00Z");

/** Beyond the wait for the next answer and for new models, however slow the machine made the last one. */
export const NEXT_ANSWER_MS = 60_000;

interface Fixtures {
  edge: MockEdge;
  /** Opens a dashboard address with a session, and waits for figures. */
  open: (search?: string) => Promise<void>;
}

export const test = base.extend<Fixtures, { assets: string }>({
  assets: [async ({}, use, { parallelIndex }) => {
    const outDir = join(ROOT, `.endcap/test-dashboard-${parallelIndex}`);
    await build({ configFile: join(ROOT, "vite.config.ts"), mode: "dashboard", logLevel: "warn", build: { outDir, emptyOutDir: true } });
    await use(outDir);
  }, { scope: "worker" }],
  locale: "en-GB",
  timezoneId: "America/Los_Angeles",
  edge: async ({ assets }, use) => {
    const edge = await startMockEdge({ assets, nowMs: NOW_MS });
    await use(edge);
    await edge.close();
  },
  page: async ({ page }, use) => {
    await page.clock.install({ time: NOW_MS });
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      // The browser itself writes a line for every answer above 399; those the tests ask for.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(message.text());
    });
    await use(page);
    expect(faults, "errors and violations of the content security policy").toEqual([]);
  },
  open: async ({ edge, page }, use) => {
    await use(async (search = "") => {
      await signedIn(edge, page);
      await page.goto(`${edge.origin}/dashboard/${search}`);
      await expect(page.locator("main[aria-busy], main [aria-busy=true]")).toHaveCount(0);
    });
  },
});
export { expect };

/** Gives the browser a session without the detour over a login link. */
export async function signedIn(edge: MockEdge, page: Page): Promise<void> {
  edge.sessions.add("test-session");
  await page.context().addCookies([{ name: "__Host-endcap-session", value: "test-session", domain: "localhost", path: "/", secure: true, httpOnly: true, sameSite: "Strict" }]);
}

/** A tile's figure, as text. */
export const tile = (page: Page, metric: string) => page.locator(`[data-metric="${metric}"] .tile-figure`);
