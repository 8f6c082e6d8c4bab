/** Reads the product that a page's `meta` elements describe to social networks: OpenGraph and its product namespace. */
import type { Flow } from "./flow.ts";
import type { Thing } from "./schema-org.ts";

/** @returns the same in schema.org's words; undefined where they tell of no product */
export function readMeta(flow: Flow): Thing | undefined {
  const metas: { [name: string]: string | null } = {};
  for (const meta of flow.all("meta[content]")) metas[(meta.getAttribute("property") ?? meta.getAttribute("name") ?? "").replace(/^og:(?!type)|^product:|:amount$/g, "")] ??= meta.getAttribute("content");
  const price = metas["sale_price"] ?? metas["price"];
  if (!price && !/product$/.test(metas["og:type"]!)) return undefined;
  return {
    ...metas,
    name: metas["title"],
    sku: metas["retailer_item_id"] ?? metas["sku"],
    gtin: metas["ean"] ?? metas["upc"],
    productGroupID: metas["item_group_id"],
    offers: { price, priceCurrency: metas["price:currency"], availability: metas["availability"], priceSpecification: { priceType: "List", price: metas["original_price"] ?? metas["price"] } },
  };
}
