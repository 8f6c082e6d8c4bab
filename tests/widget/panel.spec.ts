/** The shopper's panel in a real browser: it tells the truth, it obeys, and anybody can use it. */
import type { Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { routes } from "../../core/api.ts";
import { carouselReady, delivered, diagnostics, expect, GRANTED, itemsIn, ofCategory, push, test } from "./fixtures.ts";
import { KEY } from "./shop/edge.ts";

const panel = (page: Page) => page.getByRole("dialog", { name: "Your data in this shop" });

/** Three teas, one in the cart, then the home page, with its panel open. */
async function shopAround(page: Page, origin: string): Promise<void> {
  for (const product of ["tea-1", "tea-2", "tea-3"]) {
    await page.goto(`${origin}/product/${product}`);
    await carouselReady(page, "product-similar");
  }
  await push(page, { event: "add_to_cart", ecommerce: { items: [{ item_id: "tea-3", quantity: 2 }] } });
  await delivered(page);
  await visit(page, origin);
}
/** The home page, until all that it had to say is at the edge. */
async function visit(page: Page, origin: string): Promise<void> {
  await page.goto(origin);
  await carouselReady(page);
  await delivered(page);
}
async function openPanel(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Your data" }).click();
  await expect(panel(page)).toBeVisible();
}

test("shows what is on the device and what has been sent, to the byte, and gives it all as a file @once", async ({ page, shop, edge }) => {
  await shopAround(page, shop.origin);
  await openPanel(page);
  await panel(page).getByText("Products", { exact: true }).click();
  await expect(panel(page).getByText(/^Put in the cart/)).toBeVisible();
  const { sentBytes } = await diagnostics(page);
  const size = sentBytes < 1024 ? `${sentBytes} bytes` : `${new Intl.NumberFormat("en-IE", { maximumFractionDigits: 1 }).format(sentBytes / 1024)} KB`;
  await expect(panel(page).getByText(`${size} in all`, { exact: false })).toBeVisible();
  await panel(page).getByText(/^(Newest m|M)essages$/).click();
  await panel(page).locator(".ledger summary").last().click();
  await expect(panel(page).getByRole("region", { name: "Events as they are sent" }).last()).toContainText('"name":"page_view"');

  const downloading = page.waitForEvent("download");
  await panel(page).getByRole("button", { name: "Download as a file" }).click();
  const file = readFileSync((await (await downloading).path())!, "utf8");
  const data = JSON.parse(file) as { onThisDevice: { clientId: string; history: { item_id: string }[]; cart: object }; sent: { events: number; bytes: number } };
  expect(data.onThisDevice.history.map(({ item_id }) => item_id)).toContain("tea-2");
  expect(data.onThisDevice.cart).toEqual({ "tea-3": 2 });
  expect(data.onThisDevice.clientId).toBe(edge.counted[0]!.clientId);
  expect(data.sent.events).toBeGreaterThanOrEqual(edge.counted.length - 2);
  expect(data.sent.bytes).toBeGreaterThanOrEqual(sentBytes);
  // What authorises erasure stays where it is.
  expect(file).not.toContain("secret");
});

test("forgets before the shopper's eyes, here and at the edge, and shows the signed receipt @once", async ({ page, context, shop, edge }) => {
  await shopAround(page, shop.origin);
  const other = await context.newPage();
  await other.goto(shop.origin);
  const personal = await carouselReady(other);
  expect(ofCategory(personal, "tea")).toBeGreaterThanOrEqual(6);
  await openPanel(page);
  await panel(page).getByRole("button", { name: "Forget me" }).click();
  await expect(panel(page).getByRole("button", { name: "Forget everything" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(panel(page).getByRole("heading", { name: "You are forgotten." })).toBeFocused();
  await expect(panel(page).getByText("Signed, and the signature is right")).toBeVisible();
  for (const tab of [page, other]) await expect.poll(async () => ofCategory(await itemsIn(tab), "tea")).toBeLessThanOrEqual(3);
  expect(edge.erasures.map(({ clientId }) => clientId)).toEqual([edge.counted[0]!.clientId]);
  const counted = edge.counted.length;
  await push(page, { event: "add_to_cart", ecommerce: { items: [{ item_id: "tea-9" }] } });
  await expect.poll(() => page.evaluate(async () => [(await indexedDB.databases()).length, Object.keys(localStorage)])).toEqual([0, []]);
  await page.keyboard.press("Escape");
  await expect(panel(page)).toBeHidden();
  expect(edge.counted.slice(counted).map(({ name }) => name)).not.toContain("add_to_cart");
});

test("asks the edge again on a later page, without consent, until it has erased; a new consent is a new shopper @once", async ({ page, shop, edge }) => {
  await visit(page, shop.origin);
  const first = edge.counted[0]!.clientId;
  edge.erasureStatus = 503;
  await page.evaluate(() => window.endcap!.forget());
  const left = () => page.evaluate(async () => [(await indexedDB.databases()).length, Object.keys(localStorage)]);
  await expect.poll(left).toEqual([0, [`endcap-erase-${KEY}:${first}`]]);
  await expect.poll(() => edge.requests.filter((request) => request === "POST /v1/erasure").length).toBeGreaterThan(0);
  expect(edge.erasures).toEqual([]);
  shop.options = { tag: "" };
  edge.erasureStatus = 200;
  await page.goto(shop.origin);
  await expect.poll(() => edge.erasures.map(({ clientId }) => clientId)).toEqual([first]);
  await expect.poll(left).toEqual([0, []]);
  shop.options = { tag: GRANTED };
  const counted = edge.counted.length;
  await visit(page, shop.origin);
  expect(edge.counted.slice(counted).map(({ clientId }) => clientId)).not.toContain(first);
});

test("shows on a later page the receipt that the edge owed, and keeps nothing of it @once", async ({ page, shop, edge }) => {
  await visit(page, shop.origin);
  edge.erasureStatus = 503;
  await page.evaluate(() => window.endcap!.forget());
  await expect.poll(() => edge.requests).toContain(`POST ${routes.erasure}`);
  shop.options = { tag: "" };
  await page.goto(shop.origin);
  await carouselReady(page);
  await openPanel(page);
  expect(await panel(page).getByText("You asked to be forgotten.").count()).toBe(0);
  // It arrives while the shopper looks, and is there as well for who looks afterwards.
  edge.erasureStatus = 200;
  const told = panel(page).getByText(/^The shop has deleted \d+ events?\.$/);
  await expect(told).toBeVisible({ timeout: 30_000 });
  await expect(panel(page).getByText("Signed, and the signature is right")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Your data" }).click();
  await expect(told).toHaveCount(1);
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

test("ends a wish that the edge cannot tell to be this device's: once asked, told to the shopper until noted, and the device is empty @once", async ({ page, shop, edge }) => {
  await visit(page, shop.origin);
  const { clientId } = edge.counted[0]!;
  edge.erasureStatus = 403;
  await openPanel(page);
  await panel(page).getByRole("button", { name: "Forget me" }).click();
  await panel(page).getByRole("button", { name: "Forget everything" }).click();
  const refused = panel(page).getByText("The shop has not deleted what it received.");
  await expect(refused).toBeVisible();
  await expect(panel(page).getByText(clientId)).toBeVisible();
  await expect(panel(page).getByText(/^The shop has been asked/)).toHaveCount(0);
  expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  shop.options = { tag: "" };
  for (let later = 0; later < 2; later += 1) {
    await page.goto(shop.origin);
    await carouselReady(page);
    await openPanel(page);
    await expect(refused).toBeVisible();
    expect(edge.requests.filter((request) => request === `POST ${routes.erasure}`)).toHaveLength(1);
  }
  await panel(page).getByRole("button", { name: "I have noted it" }).click();
  await expect(refused).toHaveCount(0);
  await page.goto(shop.origin);
  await carouselReady(page);
  await openPanel(page);
  await expect(panel(page).getByRole("heading", { name: "On this device" })).toBeVisible();
  await expect(refused).toHaveCount(0);
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

test("takes an edge that knows nothing of the device for one that has erased it @once", async ({ page, shop, edge }) => {
  await visit(page, shop.origin);
  edge.erasureStatus = 404;
  await page.evaluate(() => window.endcap!.privacy());
  await panel(page).getByRole("button", { name: "Forget me" }).click();
  await panel(page).getByRole("button", { name: "Forget everything" }).click();
  await expect(panel(page).getByText("The shop held nothing about this device.")).toBeVisible();
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);
});

test("switches sending and personal picks off for good, and brings back what was dismissed @once", async ({ page, shop, edge }) => {
  await shopAround(page, shop.origin);
  const dismissed = (await itemsIn(page))[0]!;
  await page.locator("endcap-carousel li").first().hover();
  await page.getByRole("button", { name: /^Not this/ }).first().click();
  await expect.poll(() => itemsIn(page)).not.toContain(dismissed);
  await delivered(page);
  await openPanel(page);
  await panel(page).getByText("Not recommended again").click();
  await panel(page).getByRole("button", { name: /^Allow .* again$/ }).click();
  await expect.poll(() => itemsIn(page)).toContain(dismissed);

  await panel(page).getByRole("switch", { name: "Send visits to this shop" }).click();
  await expect(panel(page).getByRole("switch", { name: "Send visits to this shop" })).not.toBeChecked();
  const posts = edge.requests.filter((request) => request.startsWith("POST ")).length;
  await panel(page).getByRole("switch", { name: "Personal picks" }).click();
  await expect.poll(async () => ofCategory(await itemsIn(page), "tea")).toBeLessThanOrEqual(3);
  await page.goto(`${shop.origin}/product/tea-4`);
  await carouselReady(page, "product-similar");
  expect((await diagnostics(page)).consent).toEqual({ analytics: false, personalization: false });
  await page.goto("about:blank");
  expect(edge.requests.filter((request) => request.startsWith("POST "))).toHaveLength(posts);
});

for (const scheme of ["light", "dark"] as const) {
  test(`can be read and reached by everybody on a ${scheme} shop, under a strict content policy @once`, async ({ page, shop }) => {
    const found: string[] = [];
    page.on("console", (message) => message.type() === "error" && found.push(message.text()));
    page.on("pageerror", (error) => found.push(String(error)));
    const dark = scheme === "dark" ? "<link rel=stylesheet href=/dark.css>" : "";
    shop.options = { tag: GRANTED, head: dark, policy: "default-src 'none'; script-src EDGE; connect-src EDGE; img-src SHOP data:; style-src SHOP; require-trusted-types-for 'script'" };
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${shop.origin}/product/tea-1`);
    await carouselReady(page, "product-similar");
    await openPanel(page);
    // The focus is inside, and stays there.
    for (let i = 0; i < 12; i += 1) {
      await page.keyboard.press("Tab");
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.localName === "endcap-privacy")).toBe(true);
    }
    const report = await page.locator("endcap-privacy").evaluate((host) => {
      const root = host.shadowRoot!;
      const luminance = (rgb: number[]) => {
        const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
      };
      const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
      const paint = (colours: string[]) => {
        context.clearRect(0, 0, 1, 1);
        for (const colour of colours) {
          context.fillStyle = colour;
          context.fillRect(0, 0, 1, 1);
        }
        return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      };
      const faint: string[] = [];
      let checked = 0;
      const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const element = node.parentElement!;
        if (!node.textContent!.trim() || !element.checkVisibility()) continue;
        const grounds: string[] = [];
        for (let at: Element | null = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
        const [text, ground] = [luminance(paint([...grounds, getComputedStyle(element).color])), luminance(paint(grounds))];
        const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
        checked += 1;
        if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} "${node.textContent!.slice(0, 30)}"`);
      }
      const buttons = [...root.querySelectorAll<HTMLElement>("button, summary")].filter((button) => button.checkVisibility());
      const small = buttons.filter((button) => button.getBoundingClientRect().height < 24 || button.getBoundingClientRect().width < 24).map((button) => button.textContent);
      const nameless = buttons.filter((button) => !(button.getAttribute("aria-label") ?? button.getAttribute("aria-labelledby") ?? button.textContent!.trim())).map((button) => button.outerHTML);
      const broken = [...root.querySelectorAll("[aria-labelledby], [aria-describedby]")].filter((element) => ["aria-labelledby", "aria-describedby"].some((name) => element.getAttribute(name) && !root.getElementById(element.getAttribute(name)!))).map((element) => element.outerHTML.slice(0, 80));
      return { checked, faint, small, nameless, broken, wide: document.documentElement.scrollWidth > innerWidth };
    });
    expect(report).toEqual({ checked: report.checked, faint: [], small: [], nameless: [], broken: [], wide: false });
    expect(report.checked).toBeGreaterThan(10);
    await page.keyboard.press("Escape");
    await expect(panel(page)).toBeHidden();
    await expect(page.getByRole("button", { name: "Your data" })).toBeFocused();
    expect(found.filter((text) => !/worker/i.test(text))).toEqual([]);
  });
}
