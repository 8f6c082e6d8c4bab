/** Forms that are begun and not sent: told by the names of their fields, and never of those for passwords and payment. */
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import type { Edge } from "./shop/edge.ts";
import type { Shop } from "./shop/pages.ts";

const BODY = `<form id="contact" action="/thank-you"><input name="email"><input name="billing_first_name"><textarea name="message"></textarea><input id="id-83hf7" aria-label="unnamed"><button>Send</button></form>
<form id="sign-in"><input name="user"><input type="password" name="secret"></form>
<form id="pay"><input name="holder"><input name="card_no"></form>
<form role="search" id="find"><input type="search" name="q"></form>`;

async function open(page: Page, shop: Shop, tag = 'data-consent="granted" data-forms="on"'): Promise<void> {
  shop.options = { tag, bodies: { "/contact": BODY } };
  await page.goto(`${shop.origin}/contact`);
  await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
  await page.waitForTimeout(600);
}
async function abandoned(page: Page, shop: Shop, edge: Edge): Promise<unknown[]> {
  await page.goto(`${shop.origin}/cart`);
  await expect.poll(() => edge.names().filter((name) => name === "user_engagement").length).toBeGreaterThan(0);
  await page.waitForTimeout(500);
  return edge.counted.filter(({ name }) => name === "form_abandon").map(({ params }) => params);
}

test("names the fields touched and the last one, and no value @once", async ({ page, shop, edge }) => {
  await open(page, shop);
  await page.fill("[name=email]", "ann@example.org");
  await page.fill("[name=message]", "secret words");
  // As browsers fill in what they remember: no key is pressed.
  await page.evaluate(() => {
    const field = document.querySelector<HTMLInputElement>("[name=billing_first_name]")!;
    field.value = "Ann";
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await page.fill("#id-83hf7", "x");
  const told = await abandoned(page, shop, edge);
  expect(told).toEqual([{ form: "form#contact", field: "id-hf", fields: ["email", "message", "billing-first-name", "id-hf"] }]);
  expect(JSON.stringify(edge.counted)).not.toMatch(/ann@|secret words|"Ann"/);
});

test("tells nothing of a form that was sent, and nothing of passwords, payment and searches @once", async ({ page, shop, edge }) => {
  await open(page, shop);
  for (const field of ["user", "secret", "holder", "card_no", "q"]) await page.fill(`[name=${field}]`, "4111");
  await page.fill("[name=email]", "ann@example.org");
  await page.click("#contact button");
  await page.waitForURL("**/thank-you?**");
  expect(await abandoned(page, shop, edge)).toEqual([]);
});

test("watches no form unless the shop has asked for it @once", async ({ page, shop, edge }) => {
  await open(page, shop, 'data-consent="granted"');
  await page.fill("[name=email]", "ann@example.org");
  expect(await abandoned(page, shop, edge)).toEqual([]);
  expect(edge.requests.filter((request) => request.includes("forms"))).toEqual([]);
});
