/** Getting in and out: one-time links, sessions that end, links to other shops. */
import { routes } from "../../core/api.ts";
import { expect, NEXT_ANSWER_MS, signedIn, test, tile } from "./dashboard.ts";

test("a login link signs in on a click, once, and leaves no token in the address", async ({ page, edge }) => {
  edge.tokens.add("one-time");
  await page.goto(`${edge.origin}/dashboard/?range=30d#login=one-time`);
  const button = page.getByRole("button", { name: `Sign in to ${new URL(edge.origin).host}` });
  await expect(button).toBeVisible();
  // Opening the link spends nothing: mail scanners open links too.
  expect(edge.requests).toEqual([]);
  expect(edge.tokens.has("one-time")).toBe(true);

  await button.click();
  await expect(page.getByRole("heading", { level: 1, name: "Harbour & Hearth" })).toBeVisible();
  await expect(tile(page, "views")).toHaveText(/\d/);
  expect(new URL(page.url()).hash).toBe("");
  expect(page.url()).not.toContain("one-time");
  expect(edge.requests.filter((request) => request === `POST ${routes.login}`)).toHaveLength(1);
  await expect(page).toHaveURL(/range=30d/);
  await page.reload();
  await expect(tile(page, "views")).toHaveText(/\d/);
});

test("a link that was used or is too old says so and what to do", async ({ page, edge }) => {
  await page.goto(`${edge.origin}/dashboard/#login=spent`);
  await page.getByRole("button", { name: /^Sign in to/ }).click();
  await expect(page.getByRole("status")).toHaveText("This sign-in link has been used already, or it is older than 15 minutes.");
  await expect(page.getByText("Open a new sign-in link to go on.")).toBeVisible();
  await expect(page.getByText("npm run login -- --shop <name>")).toBeVisible();
  expect(new URL(page.url()).hash).toBe("");
});

test("the command to copy names the link's shop, and nothing else that somebody wrote into a link", async ({ page, edge }) => {
  await page.goto(`${edge.origin}/dashboard/?shop=tea-house`);
  await expect(page.locator("pre")).toHaveText("npm run login -- --shop tea-house");
  await page.goto(`${edge.origin}/dashboard/?shop=${encodeURIComponent("x; echo gotcha")}`);
  await expect(page.locator("pre")).toHaveText("npm run login -- --shop <name>");
});

test("a link keeps its token when the edge can't be reached, and works at the next click", async ({ page, edge }) => {
  edge.tokens.add("patient");
  await page.goto(`${edge.origin}/dashboard/#login=patient`);
  await page.context().setOffline(true);
  await page.getByRole("button", { name: /^Sign in to/ }).click();
  await expect(page.getByRole("alert")).toContainText("Endcap can't be reached.");
  expect(new URL(page.url()).hash).toBe("#login=patient");
  await page.context().setOffline(false);
  await page.getByRole("button", { name: /^Sign in to/ }).click();
  await expect(tile(page, "views")).toHaveText(/\d/);
});

test("without a session the page asks for a link and fetches no figures", async ({ page, edge }) => {
  await page.goto(`${edge.origin}/dashboard/`);
  await expect(page.getByRole("status")).toHaveText("You are not signed in.");
  expect(edge.requests).toEqual([`GET ${routes.session}`]);
});

test("when the session ends, the figures go and the page says what to do", async ({ page, edge, open }) => {
  await open();
  edge.sessions.clear();
  await page.clock.fastForward(NEXT_ANSWER_MS);
  await expect(page.getByRole("status")).toHaveText("Your session has ended.");
  await expect(page.getByText("Open a new sign-in link to go on.")).toBeVisible();
  await expect(page.locator("[data-metric]")).toHaveCount(0);
  // A new link in the same tab goes on where the merchant was.
  edge.tokens.add("again");
  await page.evaluate(() => { location.hash = "#login=again"; });
  await page.getByRole("button", { name: /^Sign in to/ }).click();
  await expect(tile(page, "views")).toHaveText(/\d/);
});

test("signing out ends the session at the edge and removes the figures", async ({ page, edge, open }) => {
  await open();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("status")).toHaveText("You are not signed in.");
  expect(edge.sessions.size).toBe(0);
  const asked = edge.requests.length;
  await page.clock.fastForward(60_000);
  expect(edge.requests).toHaveLength(asked);
});

test("a link to another shop is not shown with this shop's figures", async ({ page, edge }) => {
  await signedIn(edge, page);
  await page.goto(`${edge.origin}/dashboard/?shop=bakery&range=30d`);
  await expect(page.getByRole("heading", { name: "This link belongs to another shop" })).toBeVisible();
  await expect(page.getByText("It shows “bakery”, but you are signed in to Harbour & Hearth.")).toBeVisible();
  expect(edge.requests).toEqual([`GET ${routes.session}`]);
  await page.getByRole("button", { name: "Show Harbour & Hearth instead" }).click();
  await expect(tile(page, "views")).toHaveText(/\d/);
  await expect(page).toHaveURL(/shop=harbour/);
});

test("a login link greets its shop by name, also in a browser that is signed in to another", async ({ page, edge }) => {
  await signedIn(edge, page);
  edge.shop = { ...edge.shop, shop: "bakery", name: "Corner Bakery" };
  edge.tokens.add("fresh");
  await page.goto(`${edge.origin}/dashboard/?shop=bakery#login=fresh`);
  await page.getByRole("button", { name: "Sign in to bakery" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Corner Bakery" })).toBeVisible();
});

test("signing in to another shop in another tab takes this tab's figures away", async ({ page, edge, open }) => {
  await open();
  edge.shop = { ...edge.shop, shop: "bakery", name: "Corner Bakery" };
  await page.clock.fastForward(NEXT_ANSWER_MS);
  await expect(page.getByText("It shows “harbour”, but you are signed in to Corner Bakery.")).toBeVisible();
  await expect(page.locator("[data-metric]")).toHaveCount(0);
});
