/** A WooCommerce shop: a classic theme with jQuery's events, the Store API where there is one, and both kinds of thank-you pages. */
import type { Page } from "@playwright/test";
import type { Edge } from "../shop/edge.ts";
import { delivered } from "../fixtures.ts";
import { expect, html, json, productJsonLd, settled, test, told, type Site } from "./site.ts";

/** As much of jQuery as themes and WooCommerce use to call events out. */
const JQUERY = `<script>
  window.wc_add_to_cart_params = { ajax_url: "/wp-admin/admin-ajax.php" };
  (function () {
    var listeners = [];
    window.jQuery = function (target) {
      return {
        0: target, length: 1,
        on: function (events, callback) { events.split(" ").forEach(function (type) { listeners.push([type, callback]); }); return this; },
        trigger: function (type, details) { listeners.forEach(function (pair) { if (pair[0] === type) pair[1].apply(target, [{ type: type }].concat(details || [])); }); return this; }
      };
    };
  })();
</script>`;
const BUTTON = `<button class="ajax_add_to_cart" data-product_id="7" data-product_sku="ASSAM" data-quantity="2" onclick="fetch('/?wc-ajax=add_to_cart', { method: 'POST', body: '2' }).then(function () { jQuery(document.body).trigger('added_to_cart', [{}, 'hash', jQuery(document.querySelector('.ajax_add_to_cart'))]); })">Add to cart</button>`;
const CLASSIC_ORDER = `<div class="woocommerce-order"><ul class="woocommerce-order-overview"><li class="woocommerce-order-overview__order order">Order number: <strong>1042</strong></li><li class="woocommerce-order-overview__total total">Total: <strong><span class="woocommerce-Price-amount amount"><bdi>1.034,50&nbsp;€</bdi></span></strong></li></ul>
  <table class="woocommerce-table woocommerce-table--order-details shop_table order_details"><tbody><tr class="woocommerce-table__line-item order_item"><td class="product-name"><a href="/product/assam/">Assam</a> <strong class="product-quantity">×&nbsp;2</strong></td><td class="product-total"><span class="woocommerce-Price-amount amount"><bdi>1.030,00&nbsp;€</bdi></span></td></tr></tbody><tfoot><tr><th>Total:</th><td><span class="amount">1.034,50&nbsp;€</span></td></tr></tfoot></table></div>`;
const BLOCK_ORDER = `<div class="wc-block-order-confirmation-status"></div><ul class="wc-block-order-confirmation-summary-list"><li class="wc-block-order-confirmation-summary-list-item"><span class="wc-block-order-confirmation-summary-list-item__key">Order number:</span> <span class="wc-block-order-confirmation-summary-list-item__value">1043</span></li></ul>
  <table class="wc-block-order-confirmation-totals__table"><tbody><tr><td class="wc-block-order-confirmation-totals__product"><a href="/product/assam/">Assam</a>&nbsp;<strong class="product-quantity">×&nbsp;2</strong></td><td class="wc-block-order-confirmation-totals__total"><span class="amount">$10.00</span></td></tr></tbody><tfoot><tr><th>Total</th><td class="wc-block-order-confirmation-totals__total"><span class="amount">$12.50</span></td></tr></tfoot></table>`;

interface Shop {
  quantity: number;
  /** Shops before WooCommerce 6.9 have none. */
  hasStoreApi: boolean;
  cartReads: number;
}

function openShop(site: Site, edge: Edge): Shop {
  const shop: Shop = { quantity: 0, hasStoreApi: true, cartReads: 0 };
  const pageOf = (body: string, more: { lang?: string; head?: string } = {}) => html(edge, { tag: site.tag, bodyClass: "theme-storefront woocommerce woocommerce-page", ...more, head: JQUERY + (more.head ?? ""), body });
  site.pages = ({ method, url, body }) => {
    const { pathname } = url;
    if (pathname === "/" && url.searchParams.get("wc-ajax") === "add_to_cart") {
      shop.quantity += Number(body);
      return json({ fragments: {}, cart_hash: "hash" });
    }
    if (pathname === "/wp-json/wc/store/v1/cart") {
      shop.cartReads += 1;
      if (!shop.hasStoreApi) return undefined;
      return json({ items: shop.quantity > 0 ? [{ id: 7, sku: "ASSAM", name: "Assam", quantity: shop.quantity, prices: { price: "51500", currency_code: "EUR", currency_minor_unit: 2 } }] : [] });
    }
    if (pathname === "/product/assam/") {
      if (method === "POST") {
        shop.quantity += Number(new URLSearchParams(body).get("quantity"));
        return { status: 303, headers: { location: "/cart/" }, body: "" };
      }
      return pageOf(`${productJsonLd("ASSAM", "Assam", 515)}<h1>Assam</h1><form class="cart" method="post" action="/product/assam/"><input name="quantity" value="1"><button type="submit" name="add-to-cart" value="7">Add to basket</button></form>`);
    }
    if (pathname === "/shop/") return pageOf(`<h1>Shop</h1><ul class="products"><li class="product">${BUTTON}</li></ul>`);
    if (pathname === "/cart/") return pageOf(`<h1>Cart</h1><div class="wc-proceed-to-checkout"><a href="/checkout/" class="checkout-button">Proceed to checkout</a></div>`);
    if (pathname === "/checkout/") return pageOf("<h1>Checkout</h1><p>Address</p>");
    if (pathname === "/checkout/order-received/1042/") return pageOf(`<h1>Order received</h1>${CLASSIC_ORDER}`, { lang: "de-DE" });
    if (pathname === "/checkout/order-received/1043/") return pageOf(`<h1>Order received</h1>${BLOCK_ORDER}`, { lang: "en-CA" });
    if (pathname === "/" && url.searchParams.has("s")) return pageOf('<h1>Search</h1><p class="woocommerce-result-count">Showing 1–12 of 1,034 results</p>');
    return undefined;
  };
  return shop;
}
async function cartRead(page: Page): Promise<void> {
  await settled(page);
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/wc/store/v1/cart")));
}

test("follows a classic shop from the list to the order, without a data layer @once", async ({ page, site, edge }) => {
  const shop = openShop(site, edge);
  await page.goto(`${site.origin}/shop/`);
  await cartRead(page);
  await page.getByRole("button").click();
  await expect.poll(() => edge.names()).toContain("add_to_cart");
  await page.goto(`${site.origin}/product/assam/`);
  await cartRead(page);
  await page.getByRole("button").click();
  await page.waitForURL("**/cart/");
  await cartRead(page);
  await expect.poll(() => edge.names()).toContain("view_cart");
  await page.getByRole("link").click();
  await page.waitForURL("**/checkout/");
  expect(await page.evaluate(() => "endcap" in window)).toBe(false);
  shop.quantity = 0;
  await page.goto(`${site.origin}/checkout/order-received/1042/`);
  await expect.poll(() => edge.names(), { timeout: 10_000 }).toContain("purchase");
  await page.reload();
  await settled(page);
  await page.goto(`${site.origin}/?s=tea`);
  await cartRead(page);
  await delivered(page);
  expect(told(edge)).toEqual([
    "add_to_cart woocommerce 2×ASSAM", "view_item json-ld ASSAM", expect.stringMatching(/^add_to_cart (page|woocommerce) 1×ASSAM$/), "view_cart woocommerce 3×ASSAM",
    "begin_checkout page 3×ASSAM", "purchase woocommerce 2×ASSAM", "view_search_results woocommerce",
  ]);
  expect(edge.counted.find(({ name }) => name === "purchase")!.params).toEqual({ transaction_id: "1042", value: 1034.5, currency: "EUR", items: [{ item_id: "ASSAM", item_name: "Assam", quantity: 2, price: 515 }] });
  expect(edge.counted.find(({ name }) => name === "view_search_results")!.params).toEqual({ search_term: "tea", results: 1034 });
});

test("reads the order of a block theme, and knows a product by its address where it never saw the cart @once", async ({ page, site, edge }) => {
  openShop(site, edge);
  await page.goto(`${site.origin}/checkout/order-received/1043/`);
  await expect.poll(() => edge.names(), { timeout: 10_000 }).toContain("purchase");
  await delivered(page);
  expect(edge.counted.find(({ name }) => name === "purchase")!.params).toEqual({ transaction_id: "1043", value: 12.5, currency: "CAD", items: [{ item_id: "assam", item_name: "Assam", quantity: 2, price: 5 }] });
});

test("takes the button's word in shops that are too old to be asked @once", async ({ page, site, edge }) => {
  const shop = openShop(site, edge);
  shop.hasStoreApi = false;
  await page.goto(`${site.origin}/shop/`);
  await expect.poll(() => shop.cartReads).toBe(1);
  await page.getByRole("button").click();
  await expect.poll(() => edge.names(), { timeout: 10_000 }).toContain("add_to_cart");
  await delivered(page);
  expect(told(edge)).toEqual(["add_to_cart woocommerce 2×ASSAM"]);
});
