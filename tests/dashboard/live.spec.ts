/** The open page keeps up with the shop, and says so when it can't. */
import { expect, NEXT_ANSWER_MS, test, tile } from "./dashboard.ts";

const figure = (text: string | null) => Number(text!.replaceAll(",", ""));

test("figures follow the shop without a reload", async ({ page, edge, open }) => {
  await open();
  const views = figure(await tile(page, "views").textContent());
  edge.extra = { view_item: 3 };
  edge.liveShoppers = 1;
  await page.clock.fastForward(NEXT_ANSWER_MS);
  await expect(tile(page, "views")).toHaveText((views + 3).toLocaleString("en-GB"));
  await expect(page.locator(".live")).toHaveText("1 shopper now");
});

test("when the edge fails, the last figures stay, with their time, and attempts grow rarer", async ({ page, edge, open }) => {
  await open();
  const views = await tile(page, "views").textContent();
  edge.outage = { status: 503, error: { code: "overloaded", message: "The ledger is busy.", retry: true } };
  await page.clock.fastForward(NEXT_ANSWER_MS);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("The edge could not answer: The ledger is busy. The figures below are from 15:30.");
  // It counts down from 10, and the next time from 20.
  await expect(alert).toContainText(/Next attempt in ([1-9]|10) s\./);
  await expect(tile(page, "views")).toHaveText(views!);
  const asked = () => edge.requests.length;
  const first = asked();
  await page.clock.fastForward(10_000);
  await expect.poll(asked).toBeGreaterThan(first);
  await expect(alert).toContainText(/Next attempt in (1[1-9]|20) s\./);
  edge.outage = null;
  await page.getByRole("button", { name: "Try now" }).click();
  await expect(alert).toHaveCount(0);
});

test("a lost connection is named as one, and ends by itself", async ({ page, open }) => {
  await open();
  await page.context().setOffline(true);
  await page.clock.fastForward(NEXT_ANSWER_MS);
  await expect(page.getByRole("alert")).toContainText("Endcap can't be reached. Check your internet connection.");
  await page.context().setOffline(false);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a chart whose code could not be fetched says so and is fetched again", async ({ page, open }) => {
  const code = /plot-[\w-]+\.js/;
  await page.route(code, (route) => route.abort());
  await open();
  await expect(page.getByText("The chart could not be loaded.")).toBeVisible();
  await page.unroute(code);
  await page.clock.fastForward(NEXT_ANSWER_MS);
  await expect(page.locator(".chart canvas")).toBeVisible();
  await expect(page.getByText("The chart could not be loaded.")).toHaveCount(0);
});

test("a page that nobody looks at asks once a minute", async ({ page, edge, open }) => {
  await open();
  await page.evaluate(() => Object.defineProperty(document, "hidden", { configurable: true, value: true }));
  const statsAsked = () => edge.requests.filter((request) => request.includes("/stats")).length;
  let before = statsAsked();
  const views = figure(await tile(page, "views").textContent());
  edge.extra = { view_item: 3 };
  // The wait that had begun in sight runs out; the next one is the long one, and begins once the answer is taken in.
  await page.clock.fastForward(NEXT_ANSWER_MS);
  await expect(tile(page, "views")).toHaveText((views + 3).toLocaleString("en-GB"));
  expect(statsAsked()).toBe(before + 1);
  before = statsAsked();
  await page.clock.fastForward(50_000);
  expect(statsAsked()).toBe(before);
  await page.clock.fastForward(10_000);
  await expect.poll(statsAsked).toBeGreaterThan(before);
});

test("answers for a period that was left are not shown", async ({ page, edge, open }) => {
  await open();
  const gates = { models: () => {}, today: () => {} };
  const hold = (url: RegExp, gate: keyof typeof gates) => {
    const opened = new Promise<void>((resolve) => { gates[gate] = resolve; });
    return page.route(url, async (route) => {
      await opened;
      await route.continue();
    });
  };
  await hold(/\/models$/, "models");
  await hold(/bucket=hour/, "today");
  // The figures of seven days arrive; the models, asked for along with them, keep the answer incomplete.
  const [answered] = await Promise.all([page.waitForResponse(/bucket=day/), page.clock.fastForward(NEXT_ANSWER_MS)]);
  await answered.finished();
  await page.getByRole("button", { name: "Today" }).click();
  const [asked] = await Promise.all([page.waitForRequest(/bucket=hour/), gates.models()]);
  await expect(page.locator(".tile-figure")).toHaveCount(0);
  gates.today();
  await (await asked.response())!.finished();
  const today = edge.stats(Date.parse("2026-11-17T11:00:00Z"), Date.parse("2026-11-18T11:00:00Z"), "hour").totals.view_item;
  await expect(tile(page, "views")).toHaveText(today.toLocaleString("en-GB"));
  await expect(page).toHaveURL(/range=today/);
});
