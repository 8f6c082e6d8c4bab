/** Reads the product from Shopify's page objects: what its own scripts keep on every product page. */
import type { PageProduct, ReaderPage } from "./product.ts";
import { textOf } from "./words.ts";

interface ShopifyVariant {
  id: number;
  sku?: string | null;
  /** In cents. */
  price: number;
  public_title?: string | null;
}
interface ShopifyMeta {
  product?: { id: number; vendor?: string; type?: string; variants?: ShopifyVariant[] };
  selectedVariantId?: string;
  currency?: string;
}

/** @returns undefined where the page is not Shopify's, or shows no product */
export function shopifyFacts({ globals, location }: ReaderPage): PageProduct | undefined {
  const { product, currency, selectedVariantId } = (globals["ShopifyAnalytics"] as { meta?: ShopifyMeta } | undefined)?.meta ?? {};
  const wanted = new URLSearchParams(location.search).get("variant") ?? selectedVariantId;
  const variants = product?.variants ?? [];
  const variant = variants.find(({ id }) => String(id) === wanted) ?? variants[0];
  if (!product || !variant) return undefined;
  const factsOf = ({ id, sku, price, public_title }: ShopifyVariant) => ({ id: textOf(sku) ?? String(id), price: price / 100, title: textOf(public_title) });
  const { title, ...facts } = factsOf(variant);
  return { ...facts, currency, brand: textOf(product.vendor), product_type: textOf(product.type), item_group_id: String(product.id), variant: title, variants: variants.map(factsOf) };
}
