/** Which kind of page this is, and when it becomes another one. */
import type { PageType } from "../../core/events.ts";
import { redactPath } from "../../core/redact.ts";
import { hasType, PRODUCT } from "./json-ld.ts";

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

const JSON_LD: [PageType, RegExp][] = [["product", PRODUCT], ["search", /^SearchResultsPage$/], ["category", /^(CollectionPage|ItemList)$/]];

/** What an event says about the page it happens on. */
const EVENTS: { [name: string]: PageType } = {
  view_item: "product", view_item_list: "category", view_cart: "cart", begin_checkout: "checkout", add_shipping_info: "checkout",
  add_payment_info: "checkout", purchase: "thank_you", search: "search", view_search_results: "search",
};

/** The surest sign first: an order's event, the path, what the page says of itself, then other events. */
export function detectPageType(signs: { path: string; title: string; jsonLd: readonly Record<string, unknown>[]; events: readonly string[] }): PageType {
  const path = signs.path.toLowerCase();
  if (signs.events.includes("purchase")) return "thank_you";
  for (const [type, pattern] of PATHS) if (pattern.test(path)) return type;
  if (/\b404\b|not found/i.test(signs.title)) return "not_found";
  for (const [type, pattern] of JSON_LD) if (signs.jsonLd.some((object) => hasType(object, pattern))) return type;
  for (const event of signs.events) if (EVENTS[event]) return EVENTS[event];
  return "other";
}

/** Where card numbers are entered: the shop's own fields, or payment providers' frames. */
const PAYMENT_FORM = 'input[autocomplete^="cc-"],' + ["card number", "credit card", "card payment", "payment input"].map((title) => `iframe[title*="${title}" i]`);

/** Whether the tag must not be here: in a checkout, where the shop has not opted in, and beside a payment form in any case (PCI DSS 6.4.3). */
export function isOffLimits(document: Document, hasOptedIn: boolean): boolean {
  return (!hasOptedIn && detectPageType({ path: document.location.pathname, title: "", jsonLd: [], events: [] }) === "checkout") || !!document.querySelector(PAYMENT_FORM);
}

/** Path without query and fragment, which may hold anything. */
export function pagePath(location: Pick<Location, "pathname">): string {
  return redactPath(location.pathname).slice(0, 300);
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
