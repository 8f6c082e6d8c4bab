/** Reads the product that a page's `meta` elements describe to social networks: OpenGraph and its product namespace. */
import { readAmount } from "./amount.ts";
import type { Flow } from "./flow.ts";
import type { PageProduct } from "./product.ts";
import { availabilityOf, textOf } from "./words.ts";

/** @returns undefined where they tell of no product */
export function metaFacts(flow: Flow): PageProduct | undefined {
  const metas: { [name: string]: string | undefined } = {};
  for (const meta of flow.all("meta[content]")) metas[(meta.getAttribute("property") ?? meta.getAttribute("name") ?? "").replace(/^og:(?!type)|^product:/, "")] ??= textOf(meta.getAttribute("content"));
  const list = readAmount(metas["original_price:amount"] ?? metas["price:amount"]);
  const paid = readAmount(metas["sale_price:amount"] ?? metas["price:amount"] ?? metas["price"]);
  if (paid === undefined && !/product/.test(metas["og:type"] ?? "")) return undefined;
  const reduced = list! > paid!;
  return {
    id: metas["retailer_item_id"] ?? metas["sku"],
    title: metas["title"],
    price: reduced ? list : paid,
    sale_price: reduced ? paid : undefined,
    currency: metas["price:currency"] ?? metas["sale_price:currency"],
    availability: availabilityOf(metas["availability"]),
    image_link: metas["image"],
    brand: metas["brand"],
    product_type: metas["category"],
    gtin: metas["ean"] ?? metas["upc"] ?? metas["isbn"],
    item_group_id: metas["item_group_id"],
  };
}
