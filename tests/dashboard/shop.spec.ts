/** What surrounds the figures: models and their brake, data health, and a shop that has just begun. */
import { routes } from "../../core/api.ts";
import { expect, NEXT_ANSWER_MS, test, tile } from "./dashboard.ts";

test("models show what they measured beside what they had to beat", async ({ page, open }) => {
  await open();
  const current = page.locator('[data-version="3"]');
  await expect(current).toContainText("Current");
  await expect(current.locator('[data-column="ndcg10"]')).toContainText("0.1577");
  await expect(current.locator('[data-column="ndcg10"]')).toContainText("0.1530 to 0.1624");
  await expect(current).toContainText("16 Nov 2026");
  await expect(current).toContainText("1,257");
  await expect(current).toContainText("152 kB");
  const rows = page.locator(".comparison-row");
  await expect(rows).toHaveText([/This model.*0\.1577/, /Model before it.*0\.1486/, /Item-kNN.*0\.1187/, /Popularity.*0\.0412/, /Oracle.*0\.2264/]);
  await expect(page.locator(".comparison-head")).toContainText("3.83 times as good as best sellers");
});

test("pausing asks first, says what goes on, and can be taken back", async ({ page, edge, open }) => {
  await open();
  const pauses = () => edge.requests.filter((request) => request === `POST ${routes.admin.pause("harbour")}`).length;
  await page.getByRole("button", { name: "Pause model" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause the model?" });
  await expect(dialog).toContainText("Carousels go on with best sellers");
  await dialog.getByRole("button", { name: "Keep it running" }).click();
  await expect(dialog).toBeHidden();
  expect(pauses()).toBe(0);

  // The edge's word is enough: the page shows it before the next figures arrive.
  await page.route(/\/stats/, () => {});
  await page.getByRole("button", { name: "Pause model" }).click();
  await dialog.getByRole("button", { name: "Pause model" }).click();
  await expect(page.getByText("The model is paused: carousels go on with best sellers.")).toBeVisible();
  expect(edge.paused).toBe(true);
  await page.unroute(/\/stats/);
  await page.reload();
  await expect(page.locator('[data-version="3"]')).toContainText("Paused");
  await page.getByRole("button", { name: "Resume model" }).click();
  await expect(page.getByRole("button", { name: "Pause model" }).first()).toBeVisible();
  expect(edge.paused).toBe(false);
  expect(pauses()).toBe(2);
});

test("a pause that the edge refuses is not shown as done", async ({ page, edge, open }) => {
  await open();
  await page.getByRole("button", { name: "Pause model" }).click();
  edge.outage = { status: 503, error: { code: "overloaded", message: "The ledger is busy.", retry: true } };
  await page.getByRole("dialog").getByRole("button", { name: "Pause model" }).click();
  await expect(page.getByText("That did not work: The ledger is busy.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Resume model" })).toHaveCount(0);
});

test("data health says in plain words what was not counted", async ({ page, edge, open }) => {
  await open();
  await expect(page.locator(".health")).toContainText("Newest event 20 minutes ago");
  const row = page.locator('[data-reason="expired"]');
  await expect(row).toContainText("Too old: the browser stayed offline for more than 7 days");
  await expect(row.locator("td")).toHaveText("37");
  await expect(page.locator('[data-reason="unknown-event"]')).toContainText("Refused by the edge: unknown-event");
  await expect(page.locator("[data-reason]")).toHaveCount(edge.dropped.length);
});

test("data health says in plain words what the edge left out, how the pages are read, and whom it forgot", async ({ page, edge, open }) => {
  edge.dropped = [{ reason: "foreign-origin", count: 90 }, { reason: "flood", count: 12 }, { reason: "conflict", count: 1 }];
  edge.erasures = 1;
  await open();
  await expect(page.locator('[data-reason="foreign-origin"]')).toContainText("From pages that are not on your list of addresses");
  await expect(page.locator('[data-reason="flood"]')).toContainText("More than 200 errors");
  await expect(page.locator(".dropped")).not.toContainText("Refused by the edge");
  await expect(page.locator('[data-figure="sources"]')).toHaveText("What shoppers do was learned from Google's data layer (62.5%) and JSON-LD (37.5%).");
  await expect(page.locator('[data-figure="conflicts"]')).toContainText("On 14 product views the page contradicted itself");
  await expect(page.locator('[data-figure="empty-searches"]')).toHaveText("23 searches found nothing.");
  await expect(page.locator('[data-figure="erasures"]')).toContainText("1 shopper was forgotten in this period");
});

test("the tag is there to copy, whole", async ({ page, edge, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open();
  await page.getByRole("button", { name: "Copy tag" }).click();
  await expect(page.getByText("Copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText()))
    .toBe(`<script async src="${edge.origin}/tag.js" data-key="pk_9vQ3mYt1Zr8sLk2D" data-signers="5f0c1d9be27a4c3388a1f6c2d4e7b901"></script>`);
});

test("a shop without events sees the tag and what to do, then its first figures by themselves", async ({ page, edge, open }) => {
  edge.empty = true;
  edge.models = [];
  await open();
  await expect(page.getByRole("heading", { name: "No events yet" })).toBeVisible();
  await expect(page.locator(".first-steps .snippet")).toContainText('data-key="pk_9vQ3mYt1Zr8sLk2D"');
  await expect(page.getByText("Events are taken only from https://harbour.example.")).toBeVisible();
  await expect(page.getByText("npm run train -- --shop harbour")).toBeVisible();
  await expect(page.locator("[data-metric]")).toHaveCount(0);
  edge.empty = false;
  await page.clock.fastForward(NEXT_ANSWER_MS);
  await expect(tile(page, "views")).toHaveText(/\d/);
});

test("everything can be reached and used with the keyboard alone", async ({ page, open }) => {
  await open();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the figures" })).toBeFocused();
  const chart = page.getByRole("img", { name: /^Revenue after clicks from/ });
  await chart.focus();
  await expect(page.locator(".chart canvas")).toBeVisible();
  await page.keyboard.press("Home");
  await expect(page.locator(".tip")).toContainText("Thu, 12 Nov 2026");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator(".tip")).toContainText("Fri, 13 Nov 2026");
  await page.getByRole("button", { name: "Pause model" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Keep it running" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Pause model" })).toBeFocused();
});

for (const widthPx of [390, 820, 1440]) {
  test(`nothing sticks out of a window ${widthPx} pixels wide`, async ({ page, open }) => {
    await page.setViewportSize({ width: widthPx, height: 900 });
    await open("?range=90d");
    await expect(page.locator(".chart canvas")).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(widthPx);
  });
}
