/** What the shop tells the world about itself: GA4 data layer events and schema.org descriptions. */
import { categoryPath, currentPrice, isBuyable, type Product } from "../../core/catalogue.ts";
import type { EventItem, EventName } from "../../core/events.ts";
import type { CartTotals } from "./cart.ts";
import { pathOf } from "./shelves.ts";

/** One `dataLayer.push`, as GA4's documentation has it. */
export interface DataLayerEvent {
  event: Exclude<EventName, `rec_${string}` | "page_view">;
  ecommerce?: Record<string, unknown>;
  [parameter: string]: unknown;
}

export function itemOf(product: Product, extra: Partial<EventItem> = {}): EventItem {
  const [item_category, item_category2, item_category3] = categoryPath(product.product_type);
  const variant = [product.color, product.size].filter(Boolean).join(", ");
  return withoutUndefined({ item_id: product.id, item_name: product.title, item_brand: product.brand, item_category, item_category2, item_category3, item_variant: variant || undefined, price: currentPrice(product), quantity: 1, ...extra });
}

export function listEvent(id: string, name: string, products: readonly Product[]): DataLayerEvent {
  return { event: "view_item_list", ecommerce: { item_list_id: id, item_list_name: name, items: products.map((product, index) => itemOf(product, { item_list_id: id, item_list_name: name, index })) } };
}

export function itemEvent(event: "view_item" | "add_to_cart" | "remove_from_cart", currency: string, product: Product, quantity = 1): DataLayerEvent {
  return { event, ecommerce: { currency, value: Math.round(currentPrice(product) * quantity * 100) / 100, items: [itemOf(product, { quantity })] } };
}

export function cartEvent(event: "view_cart" | "begin_checkout" | "add_shipping_info" | "add_payment_info" | "purchase", currency: string, cart: Pick<CartTotals, "lines" | "subtotal">, extra: Record<string, unknown> = {}): DataLayerEvent {
  return { event, ecommerce: { currency, value: cart.subtotal, items: cart.lines.map(({ product, quantity }, index) => itemOf(product, { quantity, index })), ...extra } };
}

/** @param origin the shop's own, for absolute addresses */
export function productLd(product: Product, origin: string, currency: string, picture: string): object {
  return withoutUndefined({
    "@context": "https://schema.org", "@type": "Product",
    name: product.title, description: product.description, sku: product.id, gtin13: product.gtin?.length === 13 ? product.gtin : undefined,
    image: [origin + picture], color: product.color, size: product.size, category: product.product_type,
    brand: product.brand ? { "@type": "Brand", name: product.brand } : undefined,
    inProductGroupWithID: product.item_group_id,
    aggregateRating: product.rating_value !== undefined && product.review_count ? { "@type": "AggregateRating", ratingValue: product.rating_value, reviewCount: product.review_count } : undefined,
    offers: {
      "@type": "Offer", url: origin + pathOf(product), priceCurrency: currency, price: currentPrice(product).toFixed(2),
      availability: `https://schema.org/${isBuyable(product) ? "InStock" : "OutOfStock"}`, itemCondition: "https://schema.org/NewCondition",
    },
  });
}

export function breadcrumbLd(trail: readonly { name: string; path: string }[], origin: string): object {
  return { "@context": "https://schema.org", "@type": "BreadcrumbList", itemListElement: trail.map(({ name, path }, i) => ({ "@type": "ListItem", position: i + 1, name, item: origin + path })) };
}

export function listLd(name: string, products: readonly Product[], origin: string): object {
  return { "@context": "https://schema.org", "@type": "ItemList", name, numberOfItems: products.length, itemListElement: products.map((product, i) => ({ "@type": "ListItem", position: i + 1, url: origin + pathOf(product), name: product.title })) };
}

export function organizationLd(name: string, origin: string): object {
  return { "@context": "https://schema.org", "@type": "Organization", name, url: `${origin}/`, logo: `${origin}/favicon.svg` };
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as T;
}
