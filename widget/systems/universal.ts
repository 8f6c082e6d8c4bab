/** Understands the e-commerce pushes of Universal Analytics, GA4's predecessor. */
import type { ShopEventName } from "../../core/events.ts";

type Plain = { [name: string]: unknown };

/** Each action and what it is called today. A push may hold several. @see https://developers.google.com/analytics/devguides/collection/ua/gtm/enhanced-ecommerce */
const ACTIONS: [string, ShopEventName][] = [
  ["impressions", "view_item_list"], ["click", "select_item"], ["detail", "view_item"], ["add", "add_to_cart"], ["remove", "remove_from_cart"],
  ["checkout", "begin_checkout"], ["purchase", "purchase"], ["refund", "refund"],
];

/** @returns the GA4 events that a push means */
export function fromUniversal(ecommerce: Record<string, unknown>): { name: ShopEventName; params: Record<string, unknown> }[] {
  return ACTIONS.flatMap(([key, name]) => {
    const action = ecommerce[key] as Plain | Plain[] | undefined;
    if (typeof action !== "object" || action === null) return [];
    const products = Array.isArray(action) ? action : action["products"];
    const field = ((Array.isArray(action) ? undefined : action["actionField"]) ?? {}) as Plain;
    // Later steps are inside the checkout.
    if (key === "checkout" && Number(field["step"] ?? 1) > 1) return [];
    const list = field["list"] ?? (products as Plain[] | undefined)?.[0]?.["list"];
    return [{
      name,
      params: {
        currency: ecommerce["currencyCode"], value: field["revenue"], tax: field["tax"], shipping: field["shipping"], coupon: field["coupon"],
        transaction_id: field["id"], item_list_name: list, items: Array.isArray(products) ? products.map(itemOf) : undefined,
      },
    }];
  });
}

function itemOf(product: Plain): object {
  const { id, name, brand, category, variant, price, quantity, position } = product ?? {};
  const [first, second, third, fourth, fifth] = typeof category === "string" ? category.split("/") : [];
  return {
    item_id: id, item_name: name, item_brand: brand, item_variant: variant, price, quantity, index: position,
    item_category: first, item_category2: second, item_category3: third, item_category4: fourth, item_category5: fifth,
  };
}
