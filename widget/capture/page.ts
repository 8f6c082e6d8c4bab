/** Which kind of page this is, and when it becomes another one. */
import type { PageType } from "../../core/events.ts";

/** Paths of the common shop systems, in the order in which they are tried. */
const PATHS: { readonly [T in PageType]?: RegExp } = {
  home: /^\/(index\.\w+)?$|^\/[a-z]{2}([-_][a-z]{2})?\/?$/,
  product: /\/(products?|p|item|dp|produkt)\/./,
  category: /\/(categor(y|ies)|collections?|c|product-category|department)\//,
  thank_you: /thank.?you|order.(received|confirm)|\/(confirmation|success)/,
  checkout: /\/(checkouts?|kasse|payment)(\/|$)/,
  cart: /\/(cart|basket|bag|warenkorb|panier)(\/|$)/,
  account: /\/((my-?)?account|log-?in|register|konto)/,
  search: /\/((catalog)?search|suche)(\/|$)/,
};

/**
 * The surest sign first: an order, the path, then what else is known.
 * @param told what the page's own words, or events, say of its kind
 */
export function detectPageType(path: string, title: string, told: PageType = "other"): PageType {
  return told === "thank_you" ? told : (Object.entries(PATHS).find(([, pattern]) => pattern.test(path.toLowerCase()))?.[0] as PageType | undefined) ?? (/\b404\b|not found/i.test(title) ? "not_found" : told);
}

/** Where card numbers are entered: the shop's own fields, or payment providers' frames. */
const PAYMENT_FORM = 'input[autocomplete^="cc-"],' + ["card number", "credit card", "card payment", "payment input"].map((title) => `iframe[title*="${title}" i]`);

/** Whether the tag must not be here: in a checkout, where the shop has not opted in, and beside a payment form in any case (PCI DSS 6.4.3). */
export function isOffLimits(document: Document, attributes: DOMStringMap): boolean {
  return (attributes["checkout"] !== "on" && detectPageType(document.location.pathname, "") === "checkout") || !!document.querySelector(PAYMENT_FORM);
}

/** What pages of products have in their markup, and hardly any others. */
const PRODUCT_SIGNS = '[itemtype*="org/Product" i],[typeof*=Product],meta[property^="product:"],meta[content^=product],form[action*=cart i],[class*=add i][class*=cart i],[id*=add i][id*=cart i]';

/** Whether the page may say of what kind it is, so that it is worth fetching the reader. */
export function isTelling(): boolean {
  return !!document.querySelector(PRODUCT_SIGNS) || [...document.querySelectorAll('[type*="ld+json" i]')].some(({ textContent }) => /Product|CollectionPage|ItemList"|SearchResults/.test(textContent!));
}

/** Path without query and fragment, which may hold anything. */
export function pagePath(): string {
  return location.pathname.slice(0, 300);
}

/**
 * Calls back when a single-page shop shows another page.
 * @param watchHistory for browsers without the Navigation API
 */
export function watchNavigation(onNavigate: () => void, watchHistory: (onChange: () => void) => void): void {
  const address = () => location.pathname + location.search;
  let before = address();
  // After the shop's own handlers, so that title and data layer are the new page's.
  const later = () => void setTimeout(() => {
    if (address() === before) return;
    before = address();
    onNavigate();
  });
  if ("navigation" in window) (window.navigation as EventTarget).addEventListener("navigatesuccess", later);
  else watchHistory(later);
}
