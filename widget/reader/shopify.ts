/** Reads the product from Shopify's page objects: what its own scripts and its themes keep on every product page. */
import type { Flow } from "./flow.ts";
import { parseLoosely } from "./json.ts";
import type { PageProduct, ReaderPage, Variant } from "./product.ts";
import { listOf, textOf } from "./words.ts";

interface ShopifyVariant {
  id?: unknown;
  sku?: unknown;
  /** In cents, as is `compare_at_price`. */
  price?: unknown;
  compare_at_price?: unknown;
  available?: boolean;
  public_title?: unknown;
}
interface ShopifyProduct {
  id?: unknown;
  title?: unknown;
  vendor?: unknown;
  type?: unknown;
  variants?: ShopifyVariant[];
}
interface ShopifyGlobals {
  Shopify?: { currency?: { active?: string } };
  ShopifyAnalytics?: { meta?: { product?: ShopifyProduct; selectedVariantId?: unknown; currency?: string } };
}

const cents = (amount: unknown): number | undefined => (amount ? Number(amount) / 100 : undefined);
const stockOf = ({ available }: ShopifyVariant): Variant["availability"] => (available === undefined ? undefined : available ? "in_stock" : "out_of_stock");

/** @returns undefined where the page is not Shopify's, or shows no product */
export function shopifyFacts({ globals, location }: ReaderPage, flow: Flow): PageProduct | undefined {
  const { Shopify, ShopifyAnalytics } = globals as ShopifyGlobals;
  if (!Shopify) return undefined;
  const meta = ShopifyAnalytics?.meta;
  // Themes write the whole product, with stock and former prices, for their buy form.
  const written = flow.all('script[type="application/json"]').filter((script) => /"variants":/.test(script.textContent!)).map((script) => parseLoosely(script.textContent!) as ShopifyProduct & { product?: ShopifyProduct }).map((json) => json?.product ?? json).find((json) => !meta?.product || String(json?.id) === String(meta.product.id));
  const product = { ...meta?.product, ...written };
  const variants = listOf(product.variants) as ShopifyVariant[];
  const wanted = new URLSearchParams(location.search).get("variant") ?? String(meta?.selectedVariantId);
  const variant = variants.find(({ id }) => String(id) === wanted) ?? variants.find(({ available }) => available) ?? variants[0];
  if (!variant) return undefined;
  const [paid, list] = [cents(variant.price), cents(variant.compare_at_price)];
  const reduced = list! > paid!;
  const idOf = (one: ShopifyVariant): string | undefined => textOf(one.sku) ?? textOf(one.id);
  return {
    id: idOf(variant),
    title: textOf(product.title),
    price: reduced ? list : paid,
    sale_price: reduced ? paid : undefined,
    currency: meta?.currency ?? Shopify.currency?.active,
    availability: stockOf(variant),
    brand: textOf(product.vendor),
    product_type: textOf(product.type),
    item_group_id: textOf(product.id),
    variant: textOf(variant.public_title),
    variants: variants.map((one) => ({ id: idOf(one), title: textOf(one.public_title), price: cents(one.price), availability: stockOf(one) })),
  };
}
