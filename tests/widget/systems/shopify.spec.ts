/** A shop of Shopify's: a theme with its cart, in the two ways in which themes change it. */
import type { Page } from "@playwright/test";
import type { Edge } from "../shop/edge.ts";
import { delivered } from "../fixtures.ts";
import { readJoin } from "../../../widget/systems/shopify-join.ts";
import { expect, html, json, productJsonLd, settled, test, told, type Site } from "./site.ts";

interface Line {
  product_id: number;
  variant_id: number;
  sku: string;
  product_title: string;
  variant_title: null;
  vendor: string;
  final_price: number;
  price: number;
  quantity: number;
}
const PRODUCTS: { [variant: string]: Omit<Line, "quantity"> } = {
  "11": { product_id: 1, variant_id: 11, sku: "TEA-1", product_title: "Assam", variant_title: null, vendor: "Hill", final_price: 500, price: 500 },
  "22": { product_id: 2, variant_id: 22, sku: "CUP-2", product_title: "Cup", variant_title: null, vendor: "Hill", final_price: 1250, price: 1250 },
};
interface Theme {
  token: string;
  lines: Line[];
  attributes: { [name: string]: string };
  requests: string[];
  /** What the visitor allows, as Shopify's own banner has asked. */
  allows: boolean;
}

/** What a theme's own scripts do about a button. */
const scriptOf = ({ allows }: Theme) => `<script>
  var allows = ${allows};
  window.Shopify = { shop: "tea.myshopify.com", routes: { root: "/" }, currency: { active: "EUR" }, customerPrivacy: { analyticsProcessingAllowed: function () { return allows; }, preferencesProcessingAllowed: function () { return allows; } } };
  function decide(allowed) { allows = allowed; document.dispatchEvent(new CustomEvent("visitorConsentCollected", { detail: { analyticsAllowed: allowed, preferencesAllowed: allowed } })); }
  function send(path, body) { return fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }).then(function (answer) { return answer.json(); }); }
</script>`;

function openTheme(site: Site, edge: Edge, more: { head?: string } = {}): Theme {
  const theme: Theme = { token: "cart-1", lines: [], attributes: {}, requests: [], allows: true };
  const add = (variant: string, quantity: number) => {
    const line = theme.lines.find(({ variant_id }) => String(variant_id) === variant);
    if (line) line.quantity += quantity;
    else theme.lines.push({ ...PRODUCTS[variant]!, quantity });
  };
  const pageOf = (body: string, title?: string) => html(edge, { tag: site.tag, head: scriptOf(theme) + (more.head ?? ""), body, ...(title && { title }) });
  site.pages = ({ method, url, body }) => {
    const { pathname } = url;
    theme.requests.push(`${method} ${pathname}`);
    if (pathname === "/cart.js") return json({ token: `${theme.token}?key=1`, currency: "EUR", attributes: theme.attributes, items: theme.lines });
    if (pathname === "/cart/update.js") {
      Object.assign(theme.attributes, (JSON.parse(body) as { attributes?: object }).attributes);
      return json({});
    }
    if (pathname === "/cart/add.js") {
      const { id, quantity } = JSON.parse(body) as { id: string; quantity: number };
      add(id, quantity);
      return json(PRODUCTS[id]);
    }
    if (pathname === "/cart/change.js") {
      const { id, quantity } = JSON.parse(body) as { id: string; quantity: number };
      theme.lines = theme.lines.flatMap((line) => (String(line.variant_id) !== id ? [line] : quantity > 0 ? [{ ...line, quantity }] : []));
      return json({});
    }
    if (pathname === "/cart/add") {
      const form = new URLSearchParams(body);
      add(form.get("id")!, Number(form.get("quantity")));
      return { status: 303, headers: { location: "/cart" }, body: "" };
    }
    if (pathname === "/cart") return pageOf(`<h1>Your cart</h1><button onclick="send('/cart/change.js', { id: '11', quantity: 1 })">One only</button><button onclick="send('/cart/change.js', { id: '22', quantity: 0 })">Remove</button><form action="/checkout"><button name="checkout">Check out</button></form>`);
    if (pathname === "/search") return pageOf("<h1>Search</h1>", "Search: 12 results found for “tea” – Tea");
    if (pathname === "/products/assam") return pageOf(`${productJsonLd("TEA-1", "Assam", 5)}<h1>Assam</h1><button onclick="send('/cart/add.js', { id: '11', quantity: 2 })">Add to cart</button>`);
    if (pathname === "/products/cup") return pageOf(`${productJsonLd("CUP-2", "Cup", 12.5)}<h1>Cup</h1><form action="/cart/add" method="post"><input type="hidden" name="id" value="22"><input name="quantity" value="1"><button>Add to cart</button></form>`);
    return undefined;
  };
  return theme;
}

/** The chunk has read the cart. */
async function cartRead(page: Page): Promise<void> {
  await settled(page);
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/cart.js")));
}

test("reads the cart itself: what is added by script and by form, changed and removed, each once @once", async ({ page, site, edge }) => {
  const theme = openTheme(site, edge);
  await page.goto(`${site.origin}/products/assam`);
  await cartRead(page);
  await page.getByRole("button").click();
  await expect.poll(() => theme.attributes["_endcap"]).toBeTruthy();
  await page.goto(`${site.origin}/products/cup`);
  await cartRead(page);
  await page.getByRole("button").click();
  await page.waitForURL("**/cart");
  await cartRead(page);
  await expect.poll(() => edge.names()).toContain("view_cart");
  await page.getByRole("button", { name: "One only" }).click();
  await expect.poll(() => edge.names()).toContain("remove_from_cart");
  await page.getByRole("button", { name: "Remove" }).click();
  await expect.poll(() => told(edge)).toContain("remove_from_cart shopify 1×CUP-2");
  await page.goto(`${site.origin}/search?q=tea`);
  await cartRead(page);
  await delivered(page);
  expect(told(edge)).toEqual([
    "view_item json-ld TEA-1", "add_to_cart shopify 2×TEA-1", "view_item json-ld CUP-2", "add_to_cart shopify 1×CUP-2",
    "view_cart shopify 2×TEA-1 1×CUP-2", "remove_from_cart shopify 1×TEA-1", "remove_from_cart shopify 1×CUP-2", "view_search_results shopify",
  ]);
  expect(edge.counted.find(({ name }) => name === "add_to_cart")!.params).toMatchObject({ currency: "EUR", value: 10, items: [{ item_id: "TEA-1", item_name: "Assam", item_brand: "Hill", price: 5, quantity: 2 }] });
  expect(edge.counted.find(({ name }) => name === "view_search_results")!.params).toEqual({ search_term: "tea", results: 12 });
});

test("takes the data layer's word for what the cart shows as well, and calls the products as it does @once", async ({ page, site, edge }) => {
  openTheme(site, edge, { head: `<script>window.dataLayer = []; addEventListener("click", function () { setTimeout(function () { dataLayer.push({ event: "add_to_cart", ecommerce: { currency: "EUR", items: [{ item_id: "1", quantity: 2 }] } }); }, 150); });</script>` });
  await page.goto(`${site.origin}/products/assam`);
  await cartRead(page);
  await page.getByRole("button").click();
  await expect.poll(() => edge.names()).toContain("add_to_cart");
  await page.goto(`${site.origin}/cart`);
  await cartRead(page);
  await expect.poll(() => edge.names()).toContain("view_cart");
  await delivered(page);
  expect(told(edge).filter((event) => /cart/.test(event)).map((event) => event.replace(/(shopify|data-layer) /, ""))).toEqual(["add_to_cart 2×1", "view_cart 2×1"].map((event) => expect.stringMatching(new RegExp(`^${event.replace(/1$/, "(1|TEA-1)")}$`))));
});

test("keeps what is in a cart that it sees for the first time, and one that an order has emptied, from being counted @once", async ({ page, site, edge }) => {
  const theme = openTheme(site, edge);
  theme.lines.push({ ...PRODUCTS["11"]!, quantity: 3 });
  await page.goto(`${site.origin}/products/cup`);
  await cartRead(page);
  await expect.poll(() => theme.attributes["_endcap"]).toBeTruthy();
  Object.assign(theme, { token: "cart-2", lines: [], attributes: {} });
  await page.goto(`${site.origin}/cart`);
  await cartRead(page);
  await expect.poll(() => edge.names()).toContain("view_cart");
  theme.lines.push({ ...PRODUCTS["11"]!, quantity: 1 });
  await page.goto(`${site.origin}/search?q=tea`);
  await cartRead(page);
  await expect.poll(() => edge.names()).toContain("add_to_cart");
  // Another order, and the same tea again.
  theme.token = "cart-3";
  await page.goto(`${site.origin}/search`);
  await cartRead(page);
  await expect.poll(() => told(edge).filter((event) => event.startsWith("add_to_cart"))).toHaveLength(2);
  await delivered(page);
  expect(told(edge)).toEqual(["view_item json-ld CUP-2", "view_cart shopify", "view_search_results shopify", "add_to_cart shopify 1×TEA-1", "add_to_cart shopify 1×TEA-1"]);
});

test("joins the cart with the shopper only after consent, once a cart, and takes it back when consent is withdrawn @once", async ({ page, site, edge }) => {
  const theme = openTheme(site, edge);
  theme.allows = false;
  theme.lines.push({ ...PRODUCTS["11"]!, quantity: 1 });
  const consent = (allowed: boolean) => page.evaluate((given) => (window as unknown as { decide(allowed: boolean): void }).decide(given), allowed);
  await page.goto(`${site.origin}/products/assam`);
  await settled(page);
  await page.getByRole("button").click();
  await expect.poll(() => theme.lines[0]!.quantity).toBe(3);
  expect(theme.requests.filter((request) => /cart\.js|update/.test(request))).toEqual([]);
  await consent(true);
  await expect.poll(() => theme.attributes["_endcap"]).toBeTruthy();
  const join = readJoin(theme.attributes["_endcap"])!;
  await delivered(page);
  expect(join.clientId).toBe(edge.counted[0]!.clientId);
  expect(join.sessionId).toBe(edge.counted[0]!.sessionId);
  expect(edge.counted.map(({ seq }) => seq)).not.toContain(join.firstSeq);
  theme.allows = true;
  await page.goto(`${site.origin}/cart`);
  await cartRead(page);
  await expect.poll(() => edge.names()).toContain("view_cart");
  expect(theme.requests.filter((request) => request === "POST /cart/update.js")).toHaveLength(1);
  await consent(false);
  await expect.poll(() => theme.attributes["_endcap"]).toBe("");
});
