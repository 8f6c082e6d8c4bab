/**
 * The custom pixel for Shopify's checkout: `createPixel` in the sandbox that Shopify runs such pixels in, where `fetch`
 * and Shopify's own `analytics` and `browser` are all there is.
 * @see https://shopify.dev/docs/api/web-pixels-api
 */
import { routes } from "../../core/api.ts";
import type { EventBatch, ShopEvent } from "../../core/events.ts";
import type { Grants } from "../consent.ts";
import { choiceNameOf } from "../consent/choice.ts";
import { CHECKOUT_EVENTS, JOIN_ATTRIBUTE, PIXEL_FLAG, readJoin, type CheckoutEvent, type Join } from "./shopify-join.ts";

interface Money {
  amount?: number;
  currencyCode?: string;
}
interface Checkout {
  attributes?: { key: string; value: string }[];
  currencyCode?: string;
  order?: { id?: string | null } | null;
  subtotalPrice?: Money;
  totalTax?: Money;
  shippingLine?: { price?: Money } | null;
  lineItems?: { quantity?: number; title?: string; variant?: { id?: string; sku?: string | null; title?: string | null; price?: Money; product?: { id?: string; vendor?: string } } | null }[];
}
interface CheckoutStep {
  timestamp: string;
  data?: { checkout?: Checkout };
}
export interface PixelSandbox {
  analytics: { subscribe(name: string, callback: (event: CheckoutStep) => unknown): void };
  browser: {
    sessionStorage: { getItem(key: string): Promise<string | null>; setItem(key: string, value: string): Promise<unknown> };
    /** The shop's own pages'. */
    localStorage: { getItem(key: string): Promise<string | null> };
  };
  /** Global Privacy Control, as far as the browser has it. */
  privacyControl: boolean;
  fetch: typeof globalThis.fetch;
  nowMs: () => number;
  wait: (ms: number) => Promise<void>;
}
export interface PixelOptions {
  /** Origin of the edge. */
  edge: string;
  /** The shop's public write key. */
  key: string;
  /** Tells the steps between the checkout's beginning and the order too. */
  steps?: boolean;
  /** Tells nothing of carts that the tag has not joined with a shopper. */
  joinedOnly?: boolean;
}

const SUBSCRIPTIONS: { [shopifyName: string]: CheckoutEvent } = { checkout_started: "begin_checkout", checkout_completed: "purchase" };
const STEPS: { [shopifyName: string]: CheckoutEvent } = { checkout_shipping_info_submitted: "add_shipping_info", payment_info_submitted: "add_payment_info" };
/** Of the last few carts. */
const KEPT_MARKS = 16;
/** A thank-you page is left soon. */
const RETRIES_MS = [0, 1_000, 4_000];

/**
 * Reports the checkouts of carts that the tag has joined with a client, under the numbers reserved for them.
 *
 * Of other carts, such as those of "Buy it now", it reports the order alone, which is then nobody's: under an id made of
 * the order's own number, so that no two orders are one shopper's and no carousel earns them. Shopify runs a pixel only
 * where its own consent allows analytics; who has refused in the tag's panel, took the join back, or asks every site not
 * to (Global Privacy Control), is not told of at all.
 */
export function createPixel({ edge, key, steps, joinedOnly }: PixelOptions, { analytics, browser, privacyControl, fetch, nowMs, wait }: PixelSandbox): void {
  const readUsed = async () => (await browser.sessionStorage.getItem(PIXEL_FLAG).catch(() => null)) ?? "";
  const keep = (used: string) => browser.sessionStorage.setItem(PIXEL_FLAG, used).catch(() => {});
  const mayTellUnjoined = async () => {
    if (joinedOnly || privacyControl) return false;
    const choice = JSON.parse((await browser.localStorage.getItem(choiceNameOf(key)).catch(() => null)) ?? "{}") as Partial<Grants>;
    return choice.analytics !== false;
  };
  const send = async (name: CheckoutEvent, { timestamp, data }: CheckoutStep) => {
    const checkout = data?.checkout;
    const attribute = checkout?.attributes?.find((attribute) => attribute.key === JOIN_ATTRIBUTE)?.value;
    const join = readJoin(attribute) ?? (attribute === undefined && name === "purchase" && (await mayTellUnjoined()) ? joinWithNobody(checkout) : null);
    if (!checkout || !join) return;
    const params = paramsOf(name, checkout, join.idKind);
    if (!params) return;
    const seq = join.firstSeq + CHECKOUT_EVENTS.indexOf(name);
    // A checkout that is opened again is the same one; in another tab the edge sees to that.
    const used = (await readUsed()).split(" ");
    const mark = attribute === undefined ? join.clientId : String(seq);
    if (used.includes(mark)) return;
    const event = {
      seq, name, occurredAtMs: Date.parse(timestamp) || nowMs(), sessionId: join.sessionId, source: "shopify",
      page: { type: name === "purchase" ? "thank_you" : "checkout" }, params,
    } as ShopEvent;
    for (const waitMs of RETRIES_MS) {
      if (waitMs > 0) await wait(waitMs);
      const batch: EventBatch = { key, clientId: join.clientId, sentAtMs: nowMs(), via: "shopify-pixel", events: [event] };
      // The same event under the same number: sent twice, it is counted once.
      const response = await fetch(edge + routes.events, { method: "POST", keepalive: true, headers: { "Content-Type": "text/plain" }, body: JSON.stringify(batch) }).catch(() => undefined);
      if (response && response.status !== 429 && response.status < 500) return void (await keep([...used, mark].slice(-KEPT_MARKS).join(" ")));
    }
  };
  // The tag looks for what is kept; then one event after the other, each knowing what those before have kept.
  let turn: Promise<unknown> = readUsed().then(keep);
  for (const [shopifyName, name] of Object.entries({ ...SUBSCRIPTIONS, ...(steps && STEPS) })) analytics.subscribe(shopifyName, (event) => (turn = turn.then(() => send(name, event)).catch(() => {})));
}

/** The order's number alone stands for whoever made it. @returns null where it has none */
function joinWithNobody(checkout: Checkout | undefined): Join | null {
  const orderId = bareId(checkout?.order?.id ?? undefined);
  if (!orderId) return null;
  const id = `shopify-order-${orderId}`;
  return { clientId: id, sessionId: id, firstSeq: 1 - CHECKOUT_EVENTS.indexOf("purchase"), idKind: 0 };
}

function paramsOf(name: CheckoutEvent, { currencyCode, order, subtotalPrice, totalTax, shippingLine, lineItems = [] }: Checkout, idKind: number): object | null {
  const items = lineItems.flatMap(({ quantity, title, variant }) => {
    const ids = [variant?.sku, bareId(variant?.id), bareId(variant?.product?.id)];
    const item_id = ids[idKind] || ids.find(Boolean);
    return item_id ? [withoutUnknown({ item_id, item_name: title, item_variant: variant?.title, item_brand: variant?.product?.vendor, price: variant?.price?.amount, quantity })] : [];
  });
  const common = { currency: currencyCode ?? subtotalPrice?.currencyCode, value: subtotalPrice?.amount, items: items.length > 0 ? items : undefined };
  if (name !== "purchase") return withoutUnknown(common);
  const transaction_id = bareId(order?.id ?? undefined);
  return transaction_id && items.length > 0 ? withoutUnknown({ ...common, transaction_id, tax: totalTax?.amount, shipping: shippingLine?.price?.amount }) : null;
}

/** `gid://shopify/Order/17` and `17` are the same. */
function bareId(id: string | undefined): string | undefined {
  return id?.split("/").at(-1);
}
function withoutUnknown(fields: { [name: string]: unknown }): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
