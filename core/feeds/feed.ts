/** Catalogue feeds: products of any known format, one after another, each fault with its place. */
import { parseProduct, type Product } from "../catalogue.ts";
import { attributeName, merchantProduct, shopifyProduct, woocommerceProduct, type FeedContext } from "./attributes.ts";
import { readJsonLines, readJsonList } from "./json.ts";
import { FeedError, readSeparated } from "./separated.ts";
import { readXmlItems } from "./xml.ts";

export { FeedError };
export type { FeedContext };

export const FEED_FORMATS = ["jsonl", "merchant-xml", "merchant-tsv", "shopify-json", "woocommerce-csv"] as const;
/** `merchant-tsv` is any table with Merchant Center's column names, whichever way it is separated. */
export type FeedFormat = (typeof FEED_FORMATS)[number];

export type FeedRow =
  | { ok: true; line: number; product: Product }
  /** Left out: this row is no product. Lines and columns are from 1. */
  | { ok: false; line: number; column: number; path: string; message: string };

/** Tells a feed's format by its first characters; null for none that is known. */
export function feedFormatOf(beginning: string): FeedFormat | null {
  const text = beginning.replace(/^\ufeff/, "").trimStart();
  if (text.startsWith("<")) return "merchant-xml";
  if (text.startsWith("[")) return "shopify-json";
  if (text.startsWith("{")) return /^\{\s*"products"\s*:\s*\[/.test(text) ? "shopify-json" : "jsonl";
  const columns = (text.split(/\r?\n/, 1)[0] ?? "").split(/[\t;,]/).map((name) => name.replace(/^"|"$/g, "").trim());
  if (columns.includes("Regular price") && columns.includes("ID")) return "woocommerce-csv";
  const names = columns.map(attributeName);
  return names.includes("id") && names.includes("title") ? "merchant-tsv" : null;
}

/**
 * Reads a feed as it arrives; nothing of it is kept.
 * @param chunks of text, cut anywhere
 * @throws FeedError where the text can't be read on, or was cut off: nothing of such a feed may be used
 */
export async function* readFeed(format: FeedFormat, chunks: AsyncIterable<string>, context: FeedContext): AsyncGenerator<FeedRow> {
  switch (format) {
    case "jsonl":
    case "shopify-json":
      for await (const { line, column, value } of format === "jsonl" ? readJsonLines(chunks) : readJsonList(chunks)) {
        if (value === undefined) yield { ok: false, line, column, path: "product", message: "is not JSON" };
        else yield judge(isShopify(value) ? shopifyProduct(value) : value, line, column);
      }
      return;
    case "merchant-xml":
      for await (const { line, column, fields } of readXmlItems(chunks)) {
        const cells = Object.fromEntries([...fields].map(([name, { text }]) => [attributeName(name), text]));
        yield judge(merchantProduct(cells, context), line, column, (attribute) => {
          const field = fields.get(attribute);
          return field && [field.line, field.column];
        });
      }
      return;
    case "merchant-tsv":
    case "woocommerce-csv":
      yield* readTable(format, chunks, context);
  }
}

async function* readTable(format: "merchant-tsv" | "woocommerce-csv", chunks: AsyncIterable<string>, context: FeedContext): AsyncGenerator<FeedRow> {
  let columns: string[] | undefined;
  for await (const { line, cells, places } of readSeparated(chunks)) {
    if (columns === undefined) {
      columns = cells.map((name) => (format === "woocommerce-csv" ? name.trim() : attributeName(name)));
      const missing = (format === "woocommerce-csv" ? ["ID", "Name", "Regular price"] : ["id", "title", "link", "price"]).filter((name) => !columns!.includes(name));
      if (missing.length > 0) throw new FeedError(`the table has no column ${missing.map((name) => `"${name}"`).join(", ")}`, line, 1);
      continue;
    }
    const named = Object.fromEntries(columns.map((name, index) => [name, cells[index]]));
    const product = format === "woocommerce-csv" ? woocommerceProduct(named, context) : merchantProduct(named, context);
    if (product === null) continue;
    yield judge(product, line, 1, (attribute) => places[columns!.indexOf(format === "woocommerce-csv" ? (WOOCOMMERCE_COLUMNS[attribute] ?? attribute) : attribute)]);
  }
  if (columns === undefined) throw new FeedError("the table is empty: it has no line with the columns' names", 1, 1);
}

/** Where WooCommerce keeps an attribute, for messages. */
const WOOCOMMERCE_COLUMNS: { readonly [attribute: string]: string } = { id: "ID", title: "Name", price: "Regular price", sale_price: "Sale price", image_link: "Images", product_type: "Categories", quantity: "Stock" };

function isShopify(value: unknown): boolean {
  return typeof value === "object" && value !== null && "variants" in value;
}

function judge(value: unknown, line: number, column: number, placeOf: (attribute: string) => readonly [number, number] | undefined = () => undefined): FeedRow {
  const parsed = parseProduct(value);
  if (parsed.ok) return { ok: true, line, product: parsed.value };
  const [atLine, atColumn] = placeOf(parsed.path.split(".")[1] ?? "") ?? [line, column];
  return { ok: false, line: atLine, column: atColumn, path: parsed.path, message: parsed.message };
}
