/**
 * The custom pixel for Shopify's checkout: `createPixel` in the sandbox that Shopify runs such pixels in, where `fetch`
 * and Shopify's own `analytics` and `browser` are all there is.
 * @see https://shopify.dev/docs/api/web-pixels-api
 */
import { routes } from "../../core/api.ts";
import type { EventBatch, ShopEvent } from "../../core/events.ts";
import { CHECKOUT_EVENTS, JOIN_ATTRIBUTE, PIXEL_FLAG, readJoin, type CheckoutEvent } from "./shopify-join.ts";

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
  browser: { sessionStorage: { getItem(key: string): Promise<string | null>; setItem(key: string, value: string): Promise<unknown> } };
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
}

const SUBSCRIPTIONS: { [shopifyName: string]: CheckoutEvent } = { checkout_started: "begin_checkout", checkout_completed: "purchase" };
const STEPS: { [shopifyName: string]: CheckoutEvent } = { checkout_shipping_info_submitted: "add_shipping_info", payment_info_submitted: "add_payment_info" };
/** Of the last few carts. */
const KEPT_NUMBERS = 16;
/** A thank-you page is left soon. */
const RETRIES_MS = [0, 1_000, 4_000];

/** Reports the checkouts of carts that the tag has joined with a client, under the numbers reserved for them; no others. */
export function createPixel({ edge, key, steps }: PixelOptions, { analytics, browser, fetch, nowMs, wait }: PixelSandbox): void {
  const readUsed = async () => (await browser.sessionStorage.getItem(PIXEL_FLAG).catch(() => null)) ?? "";
  const keep = (used: string) => browser.sessionStorage.setItem(PIXEL_FLAG, used).catch(() => {});
  const send = async (name: CheckoutEvent, { timestamp, data }: CheckoutStep) => {
    const checkout = data?.checkout;
    const join = readJoin(checkout?.attributes?.find((attribute) => attribute.key === JOIN_ATTRIBUTE)?.value);
    if (!checkout || !join) return;
    const params = paramsOf(name, checkout, join.idKind);
    if (!params) return;
    const seq = join.firstSeq + CHECKOUT_EVENTS.indexOf(name);
    // A checkout that is opened again is the same one; in another tab the edge sees to that.
    const used = (await readUsed()).split(" ");
    if (used.includes(String(seq))) return;
    const event = {
      seq, name, occurredAtMs: Date.parse(timestamp) || nowMs(), sessionId: join.sessionId, source: "shopify",
      page: { type: name === "purchase" ? "thank_you" : "checkout" }, params,
    } as ShopEvent;
    for (const waitMs of RETRIES_MS) {
      if (waitMs > 0) await wait(waitMs);
      const batch: EventBatch = { key, clientId: join.clientId, sentAtMs: nowMs(), via: "shopify-pixel", events: [event] };
      // The same event under the same number: sent twice, it is counted once.
      const response = await fetch(edge + routes.events, { method: "POST", keepalive: true, headers: { "Content-Type": "text/plain" }, body: JSON.stringify(batch) }).catch(() => undefined);
      if (response && response.status !== 429 && response.status < 500) return void (await keep([...used, seq].slice(-KEPT_NUMBERS).join(" ")));
    }
  };
  // The tag looks for what is kept; then one event after the other, each knowing what those before have kept.
  let turn: Promise<unknown> = readUsed().then(keep);
  for (const [shopifyName, name] of Object.entries({ ...SUBSCRIPTIONS, ...(steps && STEPS) })) analytics.subscribe(shopifyName, (event) => (turn = turn.then(() => send(name, event)).catch(() => {})));
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
