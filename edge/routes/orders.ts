/** Orders as the shop's own server knows them: what a browser tells of money is only believed where nobody knows better. */
import { CONFIRM_ORDERS_SCHEMA, merchantPaths, WEBHOOKS_SCHEMA, type ConfirmedOrder } from "../../core/merchant-api.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { parseJson, readBounded, readJson } from "../body.ts";
import { setShopifySecret, shopById, shopifySecret } from "../db/shops.ts";
import { ledgerOf } from "../ledger-stub.ts";
import { refuse } from "../refusal.ts";

const MAX_WEBHOOK_BYTES = 1024 * 1024;
const NO_STORE = { "cache-control": "no-store" };

export function orderRoutes(app: App, services: Services): void {
  const merchant = merchantOnly(services);

  app.post(merchantPaths.orders(":shop"), merchant, async (c) => {
    const request = await readJson(c.req.raw, CONFIRM_ORDERS_SCHEMA, "request", MAX_WEBHOOK_BYTES);
    if (!request.ok) return request.refusal;
    const { id, currency } = c.get("shop");
    const foreign = request.value.orders.findIndex((order) => order.currency !== currency);
    if (foreign >= 0) return refuse(422, "foreign-currency", `request.orders[${foreign}].currency is not ${currency}, the shop's. None of these orders was confirmed.`);
    return c.json(await ledgerOf(c.env, id).confirmOrders({ id, currency }, request.value.orders), 200, NO_STORE);
  });

  app.put(merchantPaths.webhooks(":shop"), merchant, async (c) => {
    const request = await readJson(c.req.raw, WEBHOOKS_SCHEMA, "request");
    if (!request.ok) return request.refusal;
    await setShopifySecret(c.env.DB, c.get("shop").id, request.value.shopifySecret);
    return c.body(null, 204);
  });

  // The same answer whatever is wrong: who can't sign learns nothing, not even which shops there are.
  app.post(merchantPaths.shopifyOrders(":shop"), async (c) => {
    const body = await readBounded(c.req.raw, MAX_WEBHOOK_BYTES);
    if (!body.ok) return refuse(413, "request-too-large", `A webhook may hold ${MAX_WEBHOOK_BYTES} bytes.`);
    const id = c.req.param("shop") ?? "";
    const secret = await shopifySecret(c.env.DB, id);
    if (!(await isSigned(body.bytes, c.req.header("x-shopify-hmac-sha256") ?? "", secret ?? crypto.randomUUID())) || secret === null) {
      return refuse(401, "wrong-signature", "X-Shopify-Hmac-Sha256 is not what this shop's secret makes of the body.");
    }
    const shop = (await shopById(c.env.DB, id))!;
    const json = parseJson(body.bytes);
    const order = json.ok ? orderOf(json.value, c.req.header("x-shopify-topic") ?? "") : null;
    // What is no order in the shop's currency is received, and confirms nothing: Shopify would send it again for days.
    if (!order || order.currency !== shop.currency) return c.json({ confirmed: 0, unchanged: 1 }, 200, NO_STORE);
    return c.json(await ledgerOf(c.env, id).confirmOrders({ id, currency: shop.currency }, [order]), 200, NO_STORE);
  });
}

/** HMAC-SHA-256 of the raw body, base64. @see https://shopify.dev/docs/apps/build/webhooks/subscribe/https */
async function isSigned(body: Uint8Array<ArrayBuffer>, given: string, secret: string): Promise<boolean> {
  let signature: Uint8Array<ArrayBuffer>;
  try {
    signature = Uint8Array.from(atob(given), (character) => character.charCodeAt(0));
  } catch {
    return false;
  }
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, signature, body);
}

/** @see https://shopify.dev/docs/api/admin-rest/latest/resources/order */
function orderOf(value: unknown, topic: string): ConfirmedOrder | null {
  const { id, order_number, name, currency, subtotal_price, total_line_items_price, created_at, cancelled_at, financial_status } = (value ?? {}) as { [field: string]: unknown };
  const transaction_id = order_number ?? name ?? id;
  const amount = Number(subtotal_price ?? total_line_items_price);
  const atMs = Date.parse(String(created_at));
  if (transaction_id === undefined || transaction_id === null || typeof currency !== "string" || !(amount >= 0 && amount <= 1e9) || !Number.isFinite(atMs)) return null;
  const cancelled = topic === "orders/cancelled" || (cancelled_at !== null && cancelled_at !== undefined) || financial_status === "refunded" || financial_status === "voided";
  return { transaction_id: String(transaction_id).slice(0, 120), value: amount, currency, atMs, cancelled };
}
