/** What the reader makes of a product page: one product, in Google Merchant Center's words, and where each fact came from. */
import type { Product } from "../../core/catalogue.ts";
import type { EventParams, EventSource, PageType } from "../../core/events.ts";

/** Amounts are in major units; `sale_price` is what the shopper pays where it is set, else `price` is. */
export interface PageProduct extends Partial<Pick<Product, "id" | "title" | "price" | "sale_price" | "availability" | "image_link" | "brand" | "product_type" | "gtin" | "item_group_id">> {
  /** ISO 4217. */
  currency?: string;
  /** The selected variant, as the shop calls it: colour, size. */
  variant?: string;
  variants?: Variant[];
}
export interface Variant {
  id?: string;
  title?: string;
  price?: number;
  availability?: PageProduct["availability"];
}
export type Field = keyof PageProduct;

/** What one source tells. */
export interface Facts {
  source: EventSource;
  product: PageProduct;
}

/** What a page shows. */
export interface Reading {
  /** Absent where the page shows no product, or a list of them. */
  product?: PageProduct;
  /** The source believed for each field. */
  provenance: { [field in Field]?: EventSource };
  /** Fields in which sources disagreed. */
  conflicts: Field[];
  /** Absent where the page says nothing of its kind. */
  type?: PageType | undefined;
  /** The strongest source of the product. */
  source?: EventSource | undefined;
  /** GA4's `view_item` of the product; absent where it has no id. */
  view?: EventParams<"view_item"> | undefined;
}

/** The page, as far as the reader needs it. */
export interface ReaderPage {
  document: Document;
  location: Pick<Location, "href" | "hostname" | "pathname" | "search" | "hash">;
  /** The page's globals: `dataLayer`, `ShopifyAnalytics` and the like. */
  globals: { readonly [name: string]: unknown };
}
