/** Which kind of page this is, and when it becomes another one. */
import type { PageType } from "../../core/events.ts";

/** Paths of the common shop systems, in the order in which they are tried. */
const PATHS: [PageType, RegExp][] = [
  ["home", /^\/(index\.\w+)?$|^\/[a-z]{2}([-_][a-z]{2})?\/?$/],
  ["product", /\/(products?|p|item|dp|produkt)\/[^/]+/],
  ["category", /\/(category|categories|collections?|c|product-category|department)\//],
  ["thank_you", /thank[-_]?you|order[-_](received|confirm)|\/confirmation|\/success/],
  ["checkout", /\/(checkouts?|kasse|payment)(\/|$)/],
  ["cart", /\/(cart|basket|bag|warenkorb|panier)(\/|$)/],
  ["account", /\/(my-?)?account|\/log-?in|\/register|\/konto/],
  ["search", /\/(search|suche|catalogsearch)(\/|$)/],
];

/** What an event says about the page it happens on. */
const EVENTS: { [name: string]: PageType } = {
  view_item: "product", view_item_list: "category", view_cart: "cart", begin_checkout: "checkout", add_shipping_info: "checkout",
  add_payment_info: "checkout", purchase: "thank_you", search: "search", view_search_results: "search",
};

/** The surest sign first: an order's event, the path, what the reader has found, then other events. */
export function detectPageType(signs: { path: string; title: string; read?: PageType | undefined; events: readonly string[] }): PageType {
  const path = signs.path.toLowerCase();
  if (signs.events.includes("purchase")) return "thank_you";
  for (const [type, pattern] of PATHS) if (pattern.test(path)) return type;
  if (/\b404\b|not found/i.test(signs.title)) return "not_found";
  if (signs.read) return signs.read;
  for (const event of signs.events) if (EVENTS[event]) return EVENTS[event];
  return "other";
}

/** Where card numbers are entered: the shop's own fields, or payment providers' frames. */
const PAYMENT_FORM = 'input[autocomplete^="cc-"],' + ["card number", "credit card", "card payment", "payment input"].map((title) => `iframe[title*="${title}" i]`);

/** Whether the tag must not be here: in a checkout, where the shop has not opted in, and beside a payment form in any case (PCI DSS 6.4.3). */
export function isOffLimits(document: Document, hasOptedIn: boolean): boolean {
  return (!hasOptedIn && detectPageType({ path: document.location.pathname, title: "", events: [] }) === "checkout") || !!document.querySelector(PAYMENT_FORM);
}

/** What pages of products have in their markup, and hardly any others. */
const PRODUCT_SIGNS = '[itemtype*="org/Product" i],[typeof*=Product],meta[property^="product:"],meta[content^=product],form[action*=cart i],[class*=add i][class*=cart i],[id*=add i][id*=cart i]';

/** Whether the page may say of what kind it is, so that it is worth fetching the reader. */
export function isTelling(document: Document): boolean {
  return !!document.querySelector(PRODUCT_SIGNS) || [...document.querySelectorAll('[type*="ld+json" i]')].some(({ textContent }) => /Product|CollectionPage|ItemList"|SearchResults/.test(textContent!));
}

/** Path without query and fragment, which may hold anything. */
export function pagePath(location: Pick<Location, "pathname">): string {
  return location.pathname.slice(0, 300);
}

/** Calls back when a single-page shop shows another page. */
export function watchNavigation(page: Window, onNavigate: () => void): void {
  let path = page.location.pathname + page.location.search;
  const check = () => {
    const now = page.location.pathname + page.location.search;
    if (now === path) return;
    path = now;
    onNavigate();
  };
  // After the shop's own handlers, so that title and data layer are the new page's.
  const later = () => void setTimeout(check);
  if ("navigation" in page) (page.navigation as EventTarget).addEventListener("navigatesuccess", later);
  else {
    for (const method of ["pushState", "replaceState"] as const) {
      const original = history[method];
      history[method] = function (...args) {
        original.apply(this, args);
        later();
      };
    }
    (page as Window).addEventListener("popstate", later);
  }
}
