/** Reads the product from Shopify's page objects: what its own scripts keep on every product page. */
import type { ReaderPage } from "./product.ts";
import type { Thing } from "./schema-org.ts";

interface ShopifyMeta {
  /** A variant's price is in cents. */
  product?: { id: number; vendor?: string; type?: string; variants?: { id: number; sku?: string | null; price: number; public_title?: string | null }[] };
  currency?: string;
}

/** @returns the same in schema.org's words; undefined where the page is not Shopify's, or shows no product */
export function readShopify({ globals }: ReaderPage): Thing | undefined {
  const { product, currency } = (globals["ShopifyAnalytics"] as { meta?: ShopifyMeta } | undefined)?.meta ?? {};
  return product && {
    brand: product.vendor,
    category: product.type,
    productGroupID: product.id,
    hasVariant: product.variants?.map(({ id, sku, price, public_title }) => ({ sku: sku || id, color: public_title, url: `?variant=${id}`, offers: { price: price / 100, priceCurrency: currency } })),
  };
}
