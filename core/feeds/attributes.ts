/** From the words of shop systems' exports to the attributes of a product. What can't be read stays as it is, and is refused with its own words. */
import { AVAILABILITIES, PRODUCT_SCHEMA } from "../catalogue.ts";

/** What of a shop a feed is read against. */
export interface FeedContext {
  /** ISO 4217: amounts in another currency are refused. Null where that is not known. */
  currency: string | null;
  /** Sale prices hold within their dates. */
  nowMs: number;
}

/** Merchant Center's attributes by name, as feeds spell them: `g:image_link`, `Image Link` and `image link` are one. */
export function attributeName(name: string): string {
  return name.trim().toLowerCase().replace(/^g:/, "").replace(/[\s-]+/g, "_");
}

/** A product of Merchant Center's attributes, all of them text. @see https://support.google.com/merchants/answer/7052112 */
export function merchantProduct(cells: { readonly [attribute: string]: string | undefined }, context: FeedContext): { [name: string]: unknown } {
  const product: { [name: string]: unknown } = {};
  for (const [name, schema] of Object.entries(PRODUCT_SCHEMA.properties)) {
    const cell = cells[name]?.trim();
    if (cell === undefined || cell === "") continue;
    if (name === "availability") product[name] = availabilityOf(cell);
    else product[name] = schema.type === "string" ? cell : amountOf(cell, context.currency);
  }
  const effective = cells["sale_price_effective_date"]?.split("/").map((date) => Date.parse(date.trim()));
  if (effective?.length === 2 && (context.nowMs < effective[0]! || context.nowMs > effective[1]!)) delete product["sale_price"];
  return product;
}

/** A product of Shopify's `/products.json`, or of its admin's. One row a product: its cheapest variant's price, in stock while one variant is. */
export function shopifyProduct(value: unknown): { [name: string]: unknown } {
  const { id, title, handle, body_html, vendor, product_type, variants = [], images = [], image } = (value ?? {}) as ShopifyProduct;
  const cheapest = variants.reduce<ShopifyVariant | undefined>((best, variant) => (best === undefined || Number(variant.price) < Number(best.price) ? variant : best), undefined);
  const price = cheapest && numberOf(cheapest.price);
  const before = cheapest && numberOf(cheapest.compare_at_price);
  const reduced = typeof price === "number" && typeof before === "number" && before > price;
  const stock = variants.map(({ available }) => available).filter((available) => available !== undefined);
  return defined({
    id: id === undefined ? undefined : String(id),
    title,
    link: handle && `/products/${encodeURIComponent(handle)}`,
    description: body_html && withoutTags(body_html),
    image_link: images[0]?.src ?? image?.src,
    price: reduced ? before : price,
    sale_price: reduced ? price : undefined,
    availability: stock.length === 0 ? undefined : stock.includes(true) ? "in_stock" : "out_of_stock",
    brand: vendor || undefined,
    product_type: product_type || undefined,
    gtin: cheapest?.barcode || undefined,
  });
}

/**
 * A row of WooCommerce's product export (English column names); null for a row that is no product of its own: a variation,
 * which its parent stands for, or one that is not published.
 * @see https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
 */
export function woocommerceProduct(cells: { readonly [column: string]: string | undefined }, context: FeedContext): { [name: string]: unknown } | null {
  const cell = (name: string) => cells[name]?.trim() || undefined;
  if (/variation/i.test(cell("Type") ?? "") || cell("Published") === "0" || cell("Published") === "-1") return null;
  const id = cell("ID");
  const amount = (text: string | undefined) => text && amountOf(text, context.currency);
  const categories = cell("Categories")?.split(/(?<!\\),/).map((path) => path.trim());
  const stock = cell("In stock?");
  return defined({
    id,
    title: cell("Name"),
    // The export tells no address; WordPress leads this one to the product's page.
    link: id && `/?p=${encodeURIComponent(id)}`,
    description: cell("Description") && withoutTags(cell("Description")!),
    image_link: cell("Images")?.split(",")[0]?.trim(),
    price: amount(cell("Regular price") ?? cell("Price")),
    sale_price: amount(cell("Sale price")),
    availability: stock === undefined ? undefined : stock === "1" ? "in_stock" : stock === "backorder" ? "backorder" : "out_of_stock",
    brand: cell("Brands") ?? cell("Brand"),
    product_type: categories?.reduce((deepest, path) => (path.split(">").length > deepest.split(">").length ? path : deepest)),
    gtin: cell("GTIN, UPC, EAN, or ISBN"),
    quantity: cell("Stock") === undefined ? undefined : Math.max(0, Number(cell("Stock"))),
  });
}

/** `in stock` and `In_Stock` are `in_stock`. */
function availabilityOf(cell: string): string {
  const name = cell.toLowerCase().replace(/^https?:\/\/schema\.org\//, "").replace(/[\s-]+/g, "_").replace(/^(instock|outofstock)$/, (word) => (word === "instock" ? "in_stock" : "out_of_stock"));
  return (AVAILABILITIES as readonly string[]).includes(name) ? name : cell;
}

/** `15.00 GBP`, `£1,299.00`, `1.299,00` and `15` are numbers; anything else stays text, which the schema refuses. */
export function amountOf(cell: string, currency: string | null): number | string {
  const code = /(?:^|\s)([A-Z]{3})(?:\s|$)/.exec(cell.replace(/(\d)([A-Z]{3})$/, "$1 $2").replace(/^([A-Z]{3})(\d)/, "$1 $2"))?.[1];
  if (code !== undefined && currency !== null && code !== currency) return `${cell} (the shop's currency is ${currency})`;
  let digits = cell.replace(/^[A-Z]{3}\s?|\s?[A-Z]{3}$|^\p{Sc}\s?|\s?\p{Sc}$/gu, "").trim();
  // A comma with one or two digits after it, and no point behind, is a decimal one.
  digits = /,\d{1,2}$/.test(digits) && !/\.\d*,\d*\./.test(digits) ? digits.replace(/\.(?=\d{3}(\D|$))/g, "").replace(",", ".") : digits.replace(/,(?=\d{3}(\D|$))/g, "");
  return /^-?\d+(\.\d+)?$/.test(digits) ? Number(digits) : cell;
}

interface ShopifyVariant {
  price?: string | number;
  compare_at_price?: string | number | null;
  available?: boolean;
  barcode?: string;
}
interface ShopifyProduct {
  id?: number | string;
  title?: string;
  handle?: string;
  body_html?: string | null;
  vendor?: string;
  product_type?: string;
  variants?: ShopifyVariant[];
  images?: { src?: string }[];
  image?: { src?: string } | null;
}

function numberOf(value: string | number | null | undefined): number | string | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  return Number.isFinite(Number(value)) ? Number(value) : String(value);
}

const MAX_DESCRIPTION_CHARS = 5_000;

/** The text of a little HTML; it is searched and hashed, never shown as HTML. */
function withoutTags(html: string): string | undefined {
  const text = html.replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ").replace(/&nbsp;/g, " ").replace(/\s+/g, " ").trim();
  return text.slice(0, MAX_DESCRIPTION_CHARS) || undefined;
}

function defined(values: { [name: string]: unknown }): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ""));
}
