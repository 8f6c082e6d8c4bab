/** What the tag does about refusals of the real Worker, whose headers decide what a browser lets it read. */
import { expect, test } from "@playwright/test";
import { routes } from "../../core/api.ts";
import { MAX_BATCH_BYTES, type EventBatch } from "../../core/events.ts";
import { demoShop } from "../../demo/plans.ts";
import { startStack, type Stack } from "../e2e/stack.ts";
import { carouselReady, delivered, diagnostics } from "./fixtures.ts";

const PORTS = { edge: 4450, proxy: 4451, shop: 4452 };

let stack: Stack;
test.beforeAll(async () => {
  test.setTimeout(120_000);
  stack = await startStack(PORTS);
});
test.afterAll(() => stack?.stop());

test("a batch that the Worker refuses is halved until what is to blame is alone, and the rest is counted @once", async ({ page }) => {
  const shop = await stack.open(demoShop({ id: "halving", history: false }), PORTS.shop);
  const answers: (number | null)[] = [];
  // What arrives is too long, or no JSON; the browser gets the Worker's own answer.
  await page.route(`**${routes.events}`, async (route) => {
    const sent = route.request().postData()!;
    const { events } = JSON.parse(sent) as EventBatch;
    if (events.length > 2) return route.continue({ postData: sent + " ".repeat(MAX_BATCH_BYTES) });
    return route.continue({ postData: sent.includes("poison") ? sent.slice(1) : sent });
  });
  page.on("response", (response) => {
    if (response.url().endsWith(routes.events)) answers.push(response.status());
  });
  await page.addInitScript(() => localStorage.setItem("shop-consent", "granted"));
  await page.goto(shop.url);
  await carouselReady(page);
  const recorded = await page.evaluate(() => {
    const { endcap } = window as unknown as { endcap: { track(name: string, params: object): Promise<{ ok: boolean }> } };
    return Promise.all(["one", "two", "poison", "three", "four"].map((id) => endcap.track("add_to_wishlist", { items: [{ item_id: id }] })));
  });
  expect(recorded.every(({ ok }) => ok)).toBe(true);
  await delivered(page);
  expect((await diagnostics(page)).dropped).toEqual({ rejected: 1 });
  expect(new Set(answers)).toEqual(new Set([200, 400, 413]));
});
