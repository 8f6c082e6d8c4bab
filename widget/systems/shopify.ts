/** Understands Shopify's shops: the cart, the search page, and the checkout that follows. */
import type { EventItem } from "../../core/events.ts";
import { reserveNumbers } from "../store/sequence.ts";
import { watchCart, type CartLine, type CartWatch, type ShopCart } from "./cart.ts";
import type { SystemsHost } from "./host.ts";
import { CHECKOUT_EVENTS, JOIN_ATTRIBUTE, PIXEL_FLAG, readJoin, writeJoin } from "./shopify-join.ts";

/** The cart's own requests, whoever makes them. */
const CART_REQUEST = /\/cart\/(add|change|update|clear)(\.js)?(\?|$)/;
/** Carts of shoppers who do not come back live for two weeks. */
const RESERVED_FOR_MS = 30 * 86_400_000;

interface CartAnswer {
  token: string;
  currency?: string;
  attributes?: { [name: string]: unknown };
  items: { product_id: number; variant_id: number; sku: string | null; product_title: string; variant_title: string | null; vendor: string; final_price: number; price: number; quantity: number }[];
}

export function isShopify(page: object): boolean {
  return typeof (page as { Shopify?: unknown }).Shopify === "object";
}

/** Whether the custom pixel runs in this visit. */
export function pixelRuns(): boolean {
  return sessionStorage.getItem(PIXEL_FLAG) !== null;
}

/** @returns the cart's watch; `turnPage` reads what a new page shows */
export function watchShopify(host: SystemsHost, page: Window): { cart: CartWatch; turnPage(): void } {
  const { capture, faults, journal, fetch } = host;
  const root = (page as { Shopify?: { routes?: { root?: unknown } } }).Shopify?.routes?.root;
  const base = typeof root === "string" ? root : "/";
  let attributes: { [name: string]: unknown } = {};

  const read = async (): Promise<ShopCart | null> => {
    const response = await fetch(`${base}cart.js`, { headers: { accept: "application/json" } });
    if (!response.ok) return null;
    const answer = (await response.json()) as CartAnswer;
    attributes = answer.attributes ?? {};
    return { token: String(answer.token).split("?")[0]!, currency: answer.currency, lines: answer.items.map(lineOf) };
  };
  /** Joins the checkout of this cart with this client; takes the join back where it may not be any more. */
  const join = async (lines: readonly CartLine[], items: readonly EventItem[]) => {
    const written = readJoin(attributes[JOIN_ATTRIBUTE]);
    const client = journal.client();
    const allowed = host.consent.grants().analytics && journal.mayStore() && client;
    if (!allowed) return written && writeAttribute("");
    if (items.length === 0) return;
    const idKind = lines[0]!.ids.indexOf(items[0]!.item_id);
    const isOurs = written?.clientId === client.id;
    if (isOurs && written.idKind === idKind) return;
    const firstSeq = isOurs ? written.firstSeq : await journal.run((state) => state.client && reserveNumbers(state, CHECKOUT_EVENTS.length, host.nowMs() + RESERVED_FOR_MS).next);
    if (firstSeq) await writeAttribute(writeJoin({ clientId: client.id, sessionId: journal.session(host.nowMs()), firstSeq, idKind }));
  };
  const writeAttribute = async (value: string) => {
    await fetch(`${base}cart/update.js`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ attributes: { [JOIN_ATTRIBUTE]: value } }) });
    attributes[JOIN_ATTRIBUTE] = value;
  };

  const cart = watchCart(host, "shopify", read, ({ currency, lines }, items) => {
    if (host.page().type === "cart") void capture("view_cart", { currency, items }, "shopify");
    faults.watch("cart attribute", join(lines, items));
  });
  const turnPage = () => {
    void cart.look();
    const term = new URLSearchParams(page.location.search).get("q");
    if (!term || !/\/search\/?$/.test(page.location.pathname)) return;
    // "Search: 12 results found for …", as Shopify writes it.
    const results = /(\d+) results?\b/.exec(page.document.title)?.[1];
    void capture("view_search_results", { search_term: term, results }, "shopify");
  };

  new PerformanceObserver(faults.guard("cart requests", (list: PerformanceObserverEntryList) => {
    if (list.getEntries().some(({ name }) => CART_REQUEST.test(name))) cart.lookSoon();
  })).observe({ type: "resource" });
  host.onChange(() => {
    // Consent may have come or gone.
    const may = host.consent.grants().analytics && journal.mayStore();
    if (may !== mayJoin) cart.lookSoon();
    if (!may && mayJoin && readJoin(attributes[JOIN_ATTRIBUTE])) faults.watch("cart attribute", writeAttribute(""));
    mayJoin = may;
  });
  let mayJoin = host.consent.grants().analytics && journal.mayStore();
  turnPage();
  return { cart, turnPage };
}

/** Shopify counts money in hundredths, whatever the currency. */
function lineOf({ product_id, variant_id, sku, product_title, variant_title, vendor, final_price, price, quantity }: CartAnswer["items"][number]): CartLine {
  return {
    ids: [sku ?? "", String(variant_id), String(product_id)],
    item: { item_name: product_title, ...(variant_title && { item_variant: variant_title }), item_brand: vendor, price: (final_price ?? price) / 100 },
    quantity,
  };
}
