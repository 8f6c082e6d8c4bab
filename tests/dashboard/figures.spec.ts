/** What stands on the page is what the edge answered, digit by digit, in the shop's days. */
import { readFile } from "node:fs/promises";
import { addDays, startOfDate, HOUR_MS } from "../../core/calendar.ts";
import { expect, NOW_MS, test, tile } from "./dashboard.ts";
import type { MockEdge } from "./mock-edge.ts";

const ZONE = "Pacific/Auckland";
const day = (date: string) => startOfDate(ZONE, date)!;
const count = (value: number) => value.toLocaleString("en-GB");
const money = (value: number) => value.toLocaleString("en-GB", { style: "currency", currency: "NZD", currencyDisplay: "narrowSymbol" });
const percent = (value: number) => value.toLocaleString("en-GB", { style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2 });
const sevenDays = (edge: MockEdge) => edge.stats(day("2026-11-12"), day("2026-11-19"), "day");

test("headline figures equal the edge's answer for the shop's own last seven days", async ({ page, edge, open }) => {
  await open();
  const { totals } = sevenDays(edge);
  // The sums are large enough to need separators, and the range begins in neither UTC's nor the browser's midnight.
  expect(totals.view_item).toBeGreaterThan(1000);
  expect(edge.requests).toContainEqual(expect.stringContaining(`fromMs=${Date.parse("2026-11-11T11:00:00Z")}&toMs=${Date.parse("2026-11-18T11:00:00Z")}&bucket=day`));
  await expect(tile(page, "shoppers")).toHaveText(count(totals.shoppers));
  await expect(tile(page, "views")).toHaveText(count(totals.view_item));
  await expect(tile(page, "carts")).toHaveText(count(totals.add_to_cart));
  await expect(tile(page, "purchases")).toHaveText(count(totals.purchase));
  await expect(tile(page, "revenue")).toHaveText(money(totals.revenue));
  await expect(tile(page, "impressions")).toHaveText(count(totals.rec_view));
  await expect(page.locator('[data-metric="impressions"] .tile-unit')).toHaveText(`of ${count(totals.rec_render)} rendered`);
  await expect(tile(page, "clicks")).toHaveText(count(totals.rec_click));
  await expect(tile(page, "ctr")).toHaveText(percent(totals.rec_click / totals.rec_view));
  await expect(tile(page, "attributedRevenue")).toHaveText(money(totals.attributed_revenue));
  await expect(page.locator('[data-metric="attributedRevenue"] .tile-unit')).toHaveText("as reported by browsers; click within 7 days");
  await expect(page.locator(".live")).toHaveText("12 shoppers now");
  await expect(page.locator(".headline")).toContainText("12 – 18 Nov 2026, Pacific/Auckland time");
});

test("a running period is compared with the one before up to the same time of day", async ({ page, edge, open }) => {
  await open("?range=today&metric=views");
  const now = edge.stats(day("2026-11-18"), day("2026-11-19"), "hour").totals;
  const before = edge.stats(day("2026-11-17"), NOW_MS - 24 * HOUR_MS, "hour").totals;
  const change = (now.view_item - before.view_item) / before.view_item;
  const mark = page.locator('[data-metric="views"] .change');
  await expect(mark).toHaveAttribute("title", `before: ${count(before.view_item)}`);
  await expect(mark).toContainText(Math.abs(change).toLocaleString("en-GB", { style: "percent", maximumFractionDigits: 1 }));
  await expect(mark).toHaveClass(change > 0 ? /up/ : /down/);
  await expect(page.locator(".headline")).toContainText("compared with 17 Nov 2026 until 15:30");
});

test("the chart's table holds the figure of every day, and a dash for days to come", async ({ page, edge, open }) => {
  await open("?range=custom&from=2026-11-16&to=2026-11-20&metric=revenue");
  await page.getByRole("button", { name: "Table" }).click();
  const { series } = edge.stats(day("2026-11-16"), day("2026-11-21"), "day");
  const rows = page.getByRole("region", { name: "Revenue" }).locator("tbody tr");
  await expect(rows).toHaveCount(5);
  await expect(rows.nth(0).locator("th")).toHaveText("Mon, 16 Nov 2026");
  await expect(rows.nth(0).locator("td").first()).toHaveText(money(series[0]!.revenue));
  await expect(rows.nth(2).locator("th")).toHaveText("Wed, 18 Nov 2026 so far");
  await expect(rows.nth(2).locator("td").first()).toHaveText(money(series[2]!.revenue));
  await expect(rows.nth(3).locator("td").first()).toHaveText("–");
});

test("hours are the shop's hours, also on the day the clocks change", async ({ page, edge, open }) => {
  // New Zealand goes from 02:00 to 03:00 on 27 September 2026: that day has 23 hours.
  await open("?range=custom&from=2026-09-27&to=2026-09-27&metric=views");
  await page.getByRole("button", { name: "Table" }).click();
  const rows = page.getByRole("region", { name: "Product views" }).locator("tbody tr");
  await expect(rows).toHaveCount(23);
  await expect(rows.nth(1).locator("th")).toHaveText("Sun 27 Sept, 01:00");
  await expect(rows.nth(2).locator("th")).toHaveText("Sun 27 Sept, 03:00");
  const { series } = edge.stats(day("2026-09-27"), addDays(ZONE, day("2026-09-27"), 1), "hour");
  await expect(rows.nth(22).locator("td").first()).toHaveText(count(series[22]!.view_item));
});

test("a link shows the same view to whoever opens it, and Back returns to the one before", async ({ page, edge, open }) => {
  await open();
  await expect(page).toHaveURL(/\?shop=harbour&range=7d&metric=attributedRevenue$/);
  await page.getByRole("button", { name: "30 days" }).click();
  await page.locator('[data-metric="clicks"] .tile-choose').click();
  await expect(page).toHaveURL(/\?shop=harbour&range=30d&metric=clicks$/);
  const thirty = edge.stats(day("2026-10-20"), day("2026-11-19"), "day").totals;
  await expect(tile(page, "clicks")).toHaveText(count(thirty.rec_click));

  const link = page.url();
  await page.goBack();
  await page.goBack();
  await expect(tile(page, "clicks")).toHaveText(count(sevenDays(edge).totals.rec_click));
  await page.goto(link);
  await expect(tile(page, "clicks")).toHaveText(count(thirty.rec_click));
  await expect(page.getByRole("heading", { name: "Carousel clicks", exact: true })).toBeVisible();
});

test("a custom range is checked before it is asked for", async ({ page, edge, open }) => {
  await open();
  await page.getByRole("button", { name: "Custom" }).click();
  await page.getByLabel("From", { exact: true }).fill("2026-10-10");
  await page.getByLabel("To, included").fill("2026-10-01");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText("The last day lies before the first.");
  await page.getByLabel("From", { exact: true }).fill("2026-10-01");
  await page.getByLabel("To, included").fill("2026-10-10");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page).toHaveURL(/range=custom&from=2026-10-01&to=2026-10-10/);
  await expect(tile(page, "views")).toHaveText(count(edge.stats(day("2026-10-01"), day("2026-10-11"), "day").totals.view_item));
});

test("placements hold the edge's figures and sort by any column", async ({ page, edge, open }) => {
  await open();
  const { placements } = sevenDays(edge);
  for (const row of placements) {
    const line = page.locator(`[data-placement="${row.placement}"]`);
    await expect(line.locator('[data-column="rec_render"]')).toHaveText(count(row.rec_render));
    await expect(line.locator('[data-column="rec_view"]')).toHaveText(count(row.rec_view));
    await expect(line.locator('[data-column="rec_click"]')).toHaveText(count(row.rec_click));
    await expect(line.locator('[data-column="ctr"]')).toHaveText(percent(row.rec_click / row.rec_view));
    await expect(line.locator('[data-column="rec_add_to_cart"]')).toHaveText(count(row.rec_add_to_cart));
    await expect(line.locator('[data-column="attributed_orders"]')).toHaveText(count(row.attributed_orders));
    await expect(line.locator('[data-column="attributed_revenue"]')).toHaveText(money(row.attributed_revenue));
  }
  const order = () => page.locator("[data-placement]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-placement")));
  expect(await order()).toEqual(["home-for-you", "product-similar", "cart-together", "search-popular"]);
  await page.getByRole("button", { name: "CTR", exact: true }).click();
  await expect(page.getByRole("columnheader", { name: "CTR" })).toHaveAttribute("aria-sort", "descending");
  expect(await order()).toEqual(["cart-together", "product-similar", "home-for-you", "search-popular"]);
  await page.getByRole("button", { name: "CTR", exact: true }).click();
  expect(await order()).toEqual(["search-popular", "home-for-you", "product-similar", "cart-together"]);
});

test("the exported file holds unrounded numbers, quotes what needs it and starts no formula", async ({ page, edge, open }) => {
  edge.shop.placements[0]!.title = 'Picked "for" you, today';
  edge.shop.placements[3]!.title = "=HYPERLINK(1)";
  await open();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export CSV" }).click()]);
  expect(download.suggestedFilename()).toBe("harbour-placements-2026-11-12-to-2026-11-18.csv");
  const lines = (await readFile(await download.path(), "utf8")).split("\r\n");
  const row = sevenDays(edge).placements[0]!;
  expect(lines[0]).toBe("\ufeffplacement_id,title,rec_render,rec_view,rec_click,ctr,rec_add_to_cart,attributed_orders,attributed_revenue,currency");
  expect(lines[1]).toBe(`home-for-you,"Picked ""for"" you, today",${row.rec_render},${row.rec_view},${row.rec_click},${row.rec_click / row.rec_view},${row.rec_add_to_cart},${row.attributed_orders},${row.attributed_revenue},NZD`);
  expect(lines[4]).toBe("search-popular,'=HYPERLINK(1),0,0,0,,0,0,0,NZD");
  expect(lines[5]).toBe("");
});

test("the funnel tells who got how far and where the others stopped", async ({ page, edge, open }) => {
  await open();
  const { funnel } = sevenDays(edge);
  for (const [step, people] of Object.entries(funnel)) await expect(page.locator(`[data-step="${step}"] .funnel-count`)).toHaveText(count(people));
  const left = funnel.viewed - funnel.carted;
  await expect(page.locator('[data-step="viewed"] .funnel-left')).toHaveText(`${count(left)} stopped here (${(left / funnel.viewed).toLocaleString("en-GB", { style: "percent", maximumFractionDigits: 1 })})`);
});

test("every headline figure says how it is counted", async ({ page, open }) => {
  await open();
  const asks = page.getByRole("button", { name: /^How is “.+” counted\?$/ });
  await expect(asks).toHaveCount(9);
  await page.getByRole("button", { name: "How is “Carousel impressions” counted?" }).click();
  const definition = page.getByRole("note").filter({ visible: true });
  await expect(definition).toContainText("at least half of the carousel was visible for at least one second");
  await page.keyboard.press("Escape");
  await expect(definition).toHaveCount(0);
});
