/** Understands Segment's e-commerce calls, and those of RudderStack, which are the same. */
import type { ShopEventName } from "../../core/events.ts";
import type { SystemsHost } from "./host.ts";

type Plain = { [name: string]: unknown };
interface Library {
  track?: (...args: unknown[]) => unknown;
  ready?: (callback: () => void) => unknown;
}

const LIBRARIES = ["analytics", "rudderanalytics"] as const;

/** Names in lower case, as the e-commerce specification has them, and as its first version had them. @see https://segment.com/docs/connections/spec/ecommerce/v2/ */
const NAMES: { [name: string]: ShopEventName } = {
  "product viewed": "view_item", "viewed product": "view_item",
  "product list viewed": "view_item_list", "viewed product category": "view_item_list",
  "product clicked": "select_item", "clicked product": "select_item",
  "product added": "add_to_cart", "added product": "add_to_cart",
  "product removed": "remove_from_cart", "removed product": "remove_from_cart",
  "product added to wishlist": "add_to_wishlist", "added product to wishlist": "add_to_wishlist",
  "cart viewed": "view_cart", "viewed cart": "view_cart",
  "checkout started": "begin_checkout", "started order": "begin_checkout",
  "payment info entered": "add_payment_info",
  "order completed": "purchase", "completed order": "purchase",
  "order refunded": "refund", "refunded order": "refund",
  "products searched": "search", "searched products": "search",
};

/** @returns the GA4 event that a call means, or null */
export function fromSegment(name: unknown, given: unknown): { name: ShopEventName; params: Record<string, unknown> } | null {
  if (typeof name !== "string") return null;
  const props = (typeof given === "object" && given !== null ? given : {}) as Plain;
  const event = stepOf(name.toLowerCase(), props) ?? NAMES[name.toLowerCase()];
  if (!event || !Object.hasOwn(PARAMS, event)) return null;
  const { currency, value, total, revenue, subtotal, coupon, tax, shipping } = props;
  const products = Array.isArray(props["products"]) ? (props["products"] as Plain[]) : undefined;
  return {
    name: event,
    params: {
      currency, value: value ?? revenue ?? subtotal ?? total, coupon, tax, shipping,
      items: products?.map(itemOf) ?? (PARAMS[event] === "one" ? [itemOf(props)] : undefined),
      transaction_id: props["order_id"] ?? props["checkout_id"],
      item_list_id: props["list_id"], item_list_name: props["list"] ?? props["category"],
      search_term: props["query"], shipping_tier: props["shipping_method"], payment_type: props["payment_method"],
    },
  };
}

/** Whether an event is about the one product that its properties describe, or about a list of them. */
const PARAMS: { [N in ShopEventName]?: "one" | "many" } = {
  view_item: "one", select_item: "one", add_to_cart: "one", remove_from_cart: "one", add_to_wishlist: "one",
  view_item_list: "many", view_cart: "many", begin_checkout: "many", add_shipping_info: "many", add_payment_info: "many", purchase: "many", refund: "many", search: "many",
};

function stepOf(name: string, props: Plain): ShopEventName | undefined {
  if (name !== "checkout step completed" && name !== "completed checkout step") return undefined;
  return props["payment_method"] ? "add_payment_info" : props["shipping_method"] ? "add_shipping_info" : undefined;
}

function itemOf(product: Plain): object {
  const { product_id, sku, id, name, title, brand, category, variant, price, quantity, position } = product ?? {};
  return { item_id: product_id ?? sku ?? id, item_name: name ?? title, item_brand: brand, item_category: category, item_variant: variant, price, quantity, index: position };
}

/**
 * Hears what has waited in a snippet's queue, and every call from now on. The library takes the snippet's place once
 * it has loaded, and makes the calls that have waited there again, with the same objects.
 *
 * @returns looks whether a library has taken its place
 */
export function watchSegment(page: object, { capture, faults }: Pick<SystemsHost, "capture" | "faults">): () => void {
  /** Calls that wait in a snippet: what they tell is known. */
  const queued = new Map<unknown, unknown>();
  const watched = new WeakMap<object, unknown>();
  let inside = false;
  const hear = faults.guard("segment", (name: unknown, props: unknown, isStub: boolean) => {
    const call = props ?? name;
    if (isStub) queued.set(call, name);
    else if (queued.get(call) === name) return void queued.delete(call);
    const event = fromSegment(name, props);
    if (event) void capture(event.name, event.params, "segment");
  });
  const look = faults.guard("segment", () => {
    for (const global of LIBRARIES) {
      const library = (page as { [name: string]: Library | undefined })[global];
      const track = library?.track;
      if (typeof track !== "function" || watched.get(library!) === track) continue;
      const isStub = Array.isArray(library);
      if (isStub && !watched.has(library)) for (const call of library.slice() as unknown[]) if (Array.isArray(call) && call[0] === "track") hear(call[1], call[2], true);
      const listening = function (this: unknown, ...args: unknown[]) {
        // Others wrap it too, and we the result again: one call all the same.
        if (inside) return track.apply(this, args);
        hear(args[0], args[1], isStub);
        inside = true;
        try {
          return track.apply(this, args);
        } finally {
          inside = false;
        }
      };
      library!.track = listening;
      watched.set(library!, listening);
      library!.ready?.(look);
    }
  });
  look();
  return look;
}
