/**
 * Products as shops describe them: Google Merchant Center's attribute names, verbatim.
 * @see https://support.google.com/merchants/answer/7052112
 */
import { parse, type Infer, type Parsed } from "./schema.ts";

export const AVAILABILITIES = ["in_stock", "out_of_stock", "preorder", "backorder"] as const;

/** One row of a shop's catalogue. Amounts are in major units of the shop's currency. */
export const PRODUCT_SCHEMA = {
  type: "object",
  required: ["id", "title", "link", "price"],
  properties: {
    id: { type: "string", minLength: 1, maxLength: 120 },
    title: { type: "string", minLength: 1, maxLength: 300 },
    description: { type: "string", maxLength: 5000 },
    link: { type: "string", minLength: 1, maxLength: 1000, description: "absolute, or a path on the shop's own origin" },
    image_link: { type: "string", maxLength: 1000, description: "absolute, or a path on the shop's own origin" },
    availability: { type: "string", enum: AVAILABILITIES },
    price: { type: "number", minimum: 0, maximum: 1e9 },
    sale_price: { type: "number", minimum: 0, maximum: 1e9 },
    brand: { type: "string", maxLength: 120 },
    product_type: { type: "string", maxLength: 750, description: "the shop's own category path, levels separated by ' > '" },
    google_product_category: { type: "string", maxLength: 750 },
    item_group_id: { type: "string", maxLength: 120, description: "shared by the variants of one product" },
    gtin: { type: "string", maxLength: 50 },
    color: { type: "string", maxLength: 120 },
    size: { type: "string", maxLength: 120 },
    rating_value: { type: "number", minimum: 0, maximum: 5, description: "schema.org AggregateRating" },
    review_count: { type: "integer", minimum: 0, description: "schema.org AggregateRating" },
    quantity: { type: "integer", minimum: 0, description: "exact stock; never leaves the edge" },
    cost_of_goods_sold: { type: "number", minimum: 0, maximum: 1e9, description: "never leaves the edge" },
  },
} as const;
export type Product = Infer<typeof PRODUCT_SCHEMA>;

/** What a shopper's device may know of a product: enough to draw a card and apply the policy. */
export const CARD_FIELDS = ["id", "title", "link", "image_link", "availability", "price", "sale_price", "brand", "product_type", "item_group_id", "rating_value", "review_count"] as const satisfies readonly (keyof Product)[];
export type Card = Pick<Product, (typeof CARD_FIELDS)[number]>;

/** The public catalogue file: immutable, content-addressed, most popular first. */
export interface CatalogueSnapshot {
  shop: string;
  /** ISO 4217. */
  currency: string;
  createdAtMs: number;
  /** All products of a small shop, the popular head of a large one. */
  cards: Card[];
  /** Of a large shop: another file like this one with the rest of the head, for devices that can afford it. */
  more?: { sha256: string; bytes: number; products: number };
}

/**
 * Reads one row of a catalogue.
 * @param path how the refusal names the row
 */
export function parseProduct(value: unknown, path = "product"): Parsed<Product> {
  const parsed = parse(PRODUCT_SCHEMA, value, path);
  if (!parsed.ok) return parsed;
  const { sale_price, price } = parsed.value;
  if (sale_price !== undefined && sale_price > price) return { ok: false, path: `${path}.sale_price`, message: `(${sale_price}) is above price (${price})` };
  for (const field of ["link", "image_link"] as const) {
    const address = parsed.value[field];
    if (address !== undefined && !isAddress(address)) return { ok: false, path: `${path}.${field}`, message: "must be an http or https URL, or a path that starts with one /" };
  }
  return parsed;
}

/** Any origin: stands for the shop's own. */
const OWN_ORIGIN = "https://shop.example";

/** Whether a page of any shop can link to this: an absolute URL of the web, or a path on the shop's own origin. */
function isAddress(link: string): boolean {
  // The parser also takes "https:host", which is no absolute URL.
  const isAbsolute = /^https?:\/\//i.test(link);
  if (!isAbsolute && !link.startsWith("/")) return false;
  try {
    // To it and to browsers, "//host" and "/\host" are addresses of another origin, even with a tab in between.
    const { origin } = new URL(link, OWN_ORIGIN);
    return isAbsolute || origin === OWN_ORIGIN;
  } catch {
    return false;
  }
}

/** Drops everything a shopper's device must not know. */
export function toCard(product: Product): Card {
  const card: Record<string, unknown> = {};
  for (const field of CARD_FIELDS) if (product[field] !== undefined) card[field] = product[field];
  return card as Card;
}

export function isBuyable(product: Pick<Product, "availability">): boolean {
  return product.availability !== "out_of_stock";
}

/** What the shopper pays today, in major units. */
export function currentPrice(product: Pick<Product, "price" | "sale_price">): number {
  return product.sale_price ?? product.price;
}

/** The levels of a category path, outermost first: `"Home > Kitchen"` → `["Home", "Kitchen"]`. */
export function categoryPath(productType: string | undefined): string[] {
  return productType ? productType.split(">").map((level) => level.trim()).filter(Boolean) : [];
}
