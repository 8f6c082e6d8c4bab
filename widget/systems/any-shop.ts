/** Infers what shoppers do in shops that tell nothing, from the page's own buttons and words; every other voice is believed before this one. */
import type { EventItem } from "../../core/events.ts";
import { currencyIn, readAmount } from "../reader/amount.ts";
import type { Hold } from "./hold.ts";
import type { SystemsHost } from "./host.ts";
import { BUY_WORDS, CHECKOUT_PATH, CHECKOUT_WORDS, ORDER_NUMBER, TOTAL_WORDS } from "./words.ts";

/** A form's submission right after the click on its button is the same action. */
const SAME_ACTION_MS = 1_000;
/** Frames around other products than the page's. */
const CARD = "li, article, [class*=card], [class*=tile], [class*=slide], [class*=related], [class*=upsell]";
const QUANTITY = "[name=quantity], [name=qty], [name*=quantity], [name*=qty]";
/** Order confirmations are long; what matters stands near their beginning. */
const MAX_TEXT_CHARS = 20_000;

export interface AnyShopOptions {
  /** The system's own adapter sees what goes into the cart. */
  readsCart: boolean;
  /** The checkout's beginning is told elsewhere. */
  toldElsewhere: () => boolean;
}

/** Watches clicks and submissions. @returns what to do when a page begins */
export function watchAnyShop(host: SystemsHost, hold: Hold, page: Window, { readsCart, toldElsewhere }: AnyShopOptions): () => void {
  const { document } = page;
  const { faults, journal, nowMs } = host;
  let boughtAtMs = -Infinity;
  let hasBegun = false;

  const buy = (control: Element) => {
    const { items, currency } = host.viewed() ?? {};
    if (readsCart || host.page().type !== "product" || !items?.[0] || nowMs() - boughtAtMs < SAME_ACTION_MS) return;
    const card = control.closest(CARD);
    if (card && !card.querySelector("h1")) return;
    const form = control.closest("form");
    if (form && !form.checkValidity()) return;
    boughtAtMs = nowMs();
    const field = (form ?? document).querySelector<HTMLInputElement>(QUANTITY) ?? document.querySelector<HTMLInputElement>(QUANTITY);
    const quantity = Math.max(1, Number(field?.value) || 1);
    const { price } = items[0];
    hold.tell("add_to_cart", { currency, value: price === undefined ? undefined : Number(price) * quantity, items: [{ ...items[0], quantity }] }, "page");
  };
  const leaveForCheckout = () => {
    if (hasBegun || toldElsewhere()) return;
    hasBegun = true;
    const items = Object.entries(journal.shopper().cart).map(([item_id, quantity]) => ({ item_id, quantity }));
    hold.tell("begin_checkout", items.length > 0 ? { items } : {}, "page");
  };
  const judge = (control: Element) => {
    // Also where a single-page shop shows a payment form: nothing is read there.
    if (host.page().type === "checkout") return;
    const form = control.closest("form");
    if (isCheckout(control, form)) leaveForCheckout();
    else if (isBuy(control, form)) buy(control);
  };
  document.addEventListener("click", faults.guard("click", ({ target }) => {
    const control = (target as Element).closest?.("a, button, input[type=submit], input[type=button], [role=button]");
    if (control) judge(control);
  }), { capture: true, passive: true });
  document.addEventListener("submit", faults.guard("submit", ({ target, submitter }) => judge(submitter ?? (target as Element))), { capture: true, passive: true });

  return () => {
    hasBegun = false;
    if (host.page().type === "thank_you") faults.watch("order", readOrder(host, hold, document));
  };
}

function wordsOf(control: Element): string {
  const words = (control as HTMLInputElement).value || control.textContent || control.getAttribute("aria-label") || "";
  return words.trim().replace(/\s+/g, " ");
}

function isCheckout(control: Element, form: Element | null): boolean {
  const { origin, pathname } = control.ownerDocument.location;
  const link = control.getAttribute("href");
  const url = link && URL.canParse(link, origin + pathname) ? new URL(link, origin + pathname) : null;
  if (url) return /^http/.test(url.protocol) && CHECKOUT_PATH.test(url.pathname) && url.pathname !== pathname;
  if (control.getAttribute("name") === "checkout") return true;
  const action = form?.getAttribute("action");
  return CHECKOUT_WORDS.test(wordsOf(control)) || (control.getAttribute("type") === "submit" && !!action && CHECKOUT_PATH.test(action));
}

function isBuy(control: Element, form: Element | null): boolean {
  const says = BUY_WORDS.test(wordsOf(control));
  if (control.localName === "a") return says;
  const isSubmit = control === form || (control.getAttribute("type") ?? "submit") === "submit";
  return says || control.getAttribute("name") === "add-to-cart" || (isSubmit && /(\/|-|_|^)(cart|basket|bag)(\/|-|_)add|add[-_/]?to[-_/]?(cart|basket|bag)/i.test(form?.getAttribute("action") ?? ""));
}

/** Tells the order of a thank-you page, once: pages are loaded again. */
async function readOrder(host: SystemsHost, hold: Hold, document: Document): Promise<void> {
  await host.journal.ready();
  const { cart, orders } = host.journal.shopper();
  const order = orderOf(document);
  if (!order) return;
  // One voice writes "#1001", another "1001".
  const bare = (id: string) => id.replace(/\W/g, "").toLowerCase();
  if (orders.some((known) => bare(known) === bare(order.transaction_id))) return;
  const items = order.items ?? Object.entries(cart).map(([item_id, quantity]) => ({ item_id, quantity }));
  if (items.length > 0) hold.tell("purchase", { ...order, items }, order.items ? "json-ld" : "page");
}

interface Order {
  transaction_id: string;
  value?: number | undefined;
  currency?: string | undefined;
  items?: EventItem[] | undefined;
}

function orderOf(document: Document): Order | undefined {
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    const order = writtenOrder(script.textContent);
    if (order) return order;
  }
  const text = (document.body.innerText ?? "").slice(0, MAX_TEXT_CHARS);
  const transaction_id = ORDER_NUMBER.exec(text)?.[1];
  if (!transaction_id) return undefined;
  const lines = text.split("\n");
  const totals = lines.flatMap((line, index) => (TOTAL_WORDS.test(line) ? [/\d/.test(line) ? line : `${lines.slice(index + 1).find((next) => next.trim())}`] : []));
  // "Total (3 items, VAT included)".
  const amount = totals.at(-1)?.replace(/\([^)]*\)/g, "");
  return { transaction_id, value: readAmount(amount), currency: amount && currencyIn(amount, countryOf(document)) };
}

/** Where the page says it is: currencies share their signs. */
export function countryOf({ documentElement, location }: Document): string {
  return (/-(\w\w)$/.exec(documentElement.lang) ?? /\.(\w\w)$/.exec(location.hostname))?.[1]!.toLowerCase() ?? "";
}

type Thing = { [property: string]: unknown };

/** schema.org's `Order`, or the `Invoice` of one. */
function writtenOrder(json: string | null): Order | undefined {
  const open = (value: unknown): Thing[] => (Array.isArray(value) ? value.flatMap(open) : typeof value === "object" && value !== null ? [value as Thing, ...open((value as Thing)["@graph"])] : []);
  let things: Thing[];
  try {
    things = open(JSON.parse(json ?? ""));
  } catch {
    return undefined;
  }
  const found = things.find((thing) => /^(Order|Invoice)$/.test(String([thing["@type"]].flat()[0])));
  const order = (found?.["@type"] === "Invoice" ? { ...(open(found["referencesOrder"])[0] ?? {}), ...found } : found) as Thing | undefined;
  const transaction_id = order?.["orderNumber"] ?? order?.["confirmationNumber"];
  if (!order || (typeof transaction_id !== "string" && typeof transaction_id !== "number")) return undefined;
  const due = open(order["totalPaymentDue"])[0] ?? {};
  const offers = open(order["acceptedOffer"]);
  const items = offers.flatMap((offer) => {
    const product = open(offer["itemOffered"])[0] ?? {};
    const item_id = product["sku"] ?? product["productID"] ?? offer["sku"];
    const quantity = open(offer["eligibleQuantity"])[0]?.["value"];
    return item_id ? [{ item_id: String(item_id), item_name: product["name"] as string, price: readAmount(offer["price"]), quantity: readAmount(quantity) ?? 1 } as EventItem] : [];
  });
  return {
    transaction_id: String(transaction_id),
    value: readAmount(order["price"] ?? due["price"] ?? due["value"]),
    currency: (order["priceCurrency"] ?? due["priceCurrency"] ?? due["currency"] ?? offers[0]?.["priceCurrency"]) as string | undefined,
    items: items.length > 0 ? items : undefined,
  };
}
