/** Understands WooCommerce's shops, with classic themes and with blocks: the cart, and the order on the thank-you page. */
import type { EventItem } from "../../core/events.ts";
import { currencyIn, readAmount } from "../reader/amount.ts";
import { countryOf } from "./any-shop.ts";
import { readSeen, watchCart, type CartLine, type CartWatch, type ShopCart } from "./cart.ts";
import type { Hold } from "./hold.ts";
import type { SystemsHost } from "./host.ts";

/** Requests that change the cart, of classic themes and of blocks. */
const CART_REQUEST = /[?&]wc-ajax=(add_to_cart|remove_from_cart|apply_coupon)|\/wc\/store\/(v1\/)?(cart|batch)\b(?!$)/;
/** What scripts of WooCommerce call out to others: by jQuery, and as DOM events where blocks are used. */
const JQUERY_EVENTS = "added_to_cart removed_from_cart updated_wc_div updated_cart_totals";
const DOM_EVENTS = ["wc-blocks_added_to_cart", "wc-blocks_removed_from_cart"];

interface StoreCart {
  items: { id: number; sku?: string; name: string; quantity: number; prices: { price: string; currency_code: string; currency_minor_unit: number } }[];
}
type JQuery = (target: unknown) => { on(events: string, callback: (event: { type: string }, ...details: unknown[]) => void): unknown };

export function isWooCommerce(page: Window): boolean {
  return "wc_add_to_cart_params" in page || page.document.querySelector("[class*=woocommerce], [class*=wc-block]") !== null;
}

/** @returns `turnPage` reads what a page shows */
export function watchWooCommerce(host: SystemsHost, hold: Hold, page: Window): { turnPage(): void } {
  const { capture, faults, fetch } = host;
  const { document } = page;
  // Where plain permalinks are used, the address of the interface has a query.
  const api = document.querySelector<HTMLLinkElement>('link[rel="https://api.w.org/"]')?.href ?? "/wp-json/";
  let answers = true;

  const read = async (): Promise<ShopCart | null> => {
    const response = await fetch(`${api}wc/store/v1/cart`, { headers: { accept: "application/json" } });
    answers = response.ok;
    if (!response.ok) return null;
    const { items } = (await response.json()) as StoreCart;
    return { token: "", currency: items[0]?.prices.currency_code, lines: items.map(lineOf) };
  };
  const cart: CartWatch = watchCart(host, "woocommerce", read, ({ currency }, items) => {
    if (host.page().type === "cart") void capture("view_cart", { currency, items }, "woocommerce");
  });
  /** Older shops have no such interface: then the button says what was bought. */
  const hear = (name: "add_to_cart" | "remove_from_cart", button: Element | undefined) => {
    const { product_id, product_sku, quantity } = (button as HTMLElement | undefined)?.dataset ?? {};
    const item_id = product_sku || product_id;
    if (item_id) hold.tell(name, { items: [{ item_id, quantity: Number(quantity) || 1 }] }, "woocommerce");
  };

  const jQuery = (page as { jQuery?: JQuery }).jQuery;
  jQuery?.(document.body).on(JQUERY_EVENTS, faults.guard("woocommerce", ({ type }: { type: string }, ...details: unknown[]) => {
    if (answers) return cart.lookSoon();
    const button = [details[2]].flat()[0] as ArrayLike<Element> | undefined;
    if (type === "added_to_cart") hear("add_to_cart", button?.[0]);
    else if (type === "removed_from_cart") hear("remove_from_cart", button?.[0]);
  }));
  for (const type of DOM_EVENTS) document.body.addEventListener(type, () => cart.lookSoon());
  new PerformanceObserver(faults.guard("cart requests", (list: PerformanceObserverEntryList) => {
    if (answers && list.getEntries().some(({ name }) => CART_REQUEST.test(name) && !name.endsWith("wc/store/v1/cart"))) cart.lookSoon();
  })).observe({ type: "resource" });

  const turnPage = () => {
    if (document.querySelector(".woocommerce-order-received, .woocommerce-thankyou-order-received, [class*=wc-block-order-confirmation]") || /\/order-received\//.test(page.location.pathname)) {
      // An order empties the cart: what was in it when it was seen last names the products.
      faults.watch("order", readSeen(host).then((seen) => {
        const order = orderOf(document, page.location, seen?.names ?? {});
        if (order) hold.tell("purchase", order, "woocommerce");
      }));
    } else void cart.look();
    const term = new URLSearchParams(page.location.search).get("s");
    const count = document.querySelector(".woocommerce-result-count")?.textContent;
    if (term) void capture("view_search_results", { search_term: term, results: count ? count.match(/\d[\d.,]*/g)?.at(-1)?.replace(/\D/g, "") : document.querySelector(".woocommerce-no-products-found, .woocommerce-info") ? 0 : undefined }, "woocommerce");
  };
  turnPage();
  return { turnPage };
}

function lineOf({ id, sku, name, quantity, prices }: StoreCart["items"][number]): CartLine {
  return { ids: [sku ?? "", String(id)], item: { item_name: name, price: Number(prices.price) / 10 ** prices.currency_minor_unit }, quantity };
}

/** The order as classic and block themes show it. @param names of the products last seen in the cart, by id */
function orderOf(document: Document, location: Location, names: { [itemId: string]: string }): Record<string, unknown> | undefined {
  const textOf = (selector: string, within: ParentNode = document) => within.querySelector(selector)?.textContent?.trim();
  const number = textOf(".woocommerce-order-overview__order strong") ?? textOf(".wc-block-order-confirmation-summary-list-item__value");
  const transaction_id = number?.match(/[\w-]+$/)?.[0] ?? /\/order-received\/(\d+)/.exec(location.pathname)?.[1];
  const total = textOf(".woocommerce-order-overview__total .amount") ?? textOf("tfoot tr:last-child .amount");
  if (!transaction_id) return undefined;
  const items: EventItem[] = [];
  for (const row of document.querySelectorAll(".woocommerce-table--order-details tbody tr, .wc-block-order-confirmation-totals__table tbody tr")) {
    const link = row.querySelector<HTMLAnchorElement>("a[href]");
    const item_name = link?.textContent?.trim() ?? textOf(".product-name, .wc-block-order-confirmation-totals__product", row)?.replace(/\s*×.*/s, "");
    const known = Object.keys(names).find((id) => names[id] === item_name);
    const item_id = known ?? link?.pathname.split("/").filter(Boolean).at(-1);
    if (!item_id) continue;
    const quantity = readAmount(textOf(".product-quantity", row)) ?? 1;
    const sum = readAmount(textOf(".amount", row));
    items.push({ item_id, ...(item_name && { item_name }), quantity, ...(sum !== undefined && { price: Math.round((sum / quantity) * 1e4) / 1e4 }) });
  }
  if (items.length === 0) return undefined;
  return { transaction_id, value: readAmount(total), currency: total && currencyIn(total, countryOf(document)), items };
}
