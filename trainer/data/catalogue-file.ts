/** Reads a catalogue file: Merchant Center's tables or XML, JSON lines, Shopify's products.json, WooCommerce's export; gzip or plain. */
import { parseProduct, PRODUCT_SCHEMA, type Product } from "../../core/catalogue.ts";
import { attributeName, merchantProduct } from "../../core/feeds/attributes.ts";
import { FeedError, feedFormatOf, readFeed, type FeedFormat } from "../../core/feeds/feed.ts";
import type { CleaningReport } from "./cleaning.ts";
import { DataFileError, headOf, place, readJsonLines, readTable, readText, type OnBytes } from "./rows.ts";

/** What only the reader of feeds knows. */
const SYSTEMS: ReadonlySet<FeedFormat> = new Set(["merchant-xml", "shopify-json", "woocommerce-csv"]);
const JSON_NAME = /\.(ndjson|jsonl|json)(\.gz)?$/i;

/**
 * A row that is no product is left out, counted and named; of rows with the same id the last one stands.
 * @throws DataFileError if the file is missing, broken off or has other columns
 */
export async function readCatalogueFile({ path, report, onBytes }: { path: string; report: CleaningReport; onBytes?: OnBytes }): Promise<Product[]> {
  const products = new Map<string, Product>();
  const format = feedFormatOf((await headOf(path)).join("\n"));
  if (format !== null && SYSTEMS.has(format)) {
    try {
      for await (const row of readFeed(format, await readText(path, onBytes), { currency: null, nowMs: Date.now() })) {
        if (row.ok) products.set(row.product.id, row.product);
        else report.note(`not a product: ${row.path} ${row.message}`, place(path, row.line));
      }
    } catch (cause) {
      throw cause instanceof FeedError ? new DataFileError(`${path}, line ${cause.line}, character ${cause.column}: ${cause.message}`, { cause }) : cause;
    }
    return [...products.values()];
  }
  for await (const { line, value } of JSON_NAME.test(path) ? readJsonLines(path, onBytes) : tableRows(path, onBytes)) {
    if (value === undefined) {
      report.note("line that is not JSON", place(path, line));
      continue;
    }
    const parsed = parseProduct(value);
    if (!parsed.ok) {
      report.note(`not a product: ${parsed.path} ${parsed.message.replace(/\([^)]*\) /, "")}`, place(path, line, idOf(value)));
      continue;
    }
    if (products.has(parsed.value.id)) report.note("id that stood in an earlier row too: the last one counts", place(path, line, parsed.value.id));
    products.set(parsed.value.id, parsed.value);
  }
  return [...products.values()];
}

async function* tableRows(path: string, onBytes?: OnBytes): AsyncGenerator<{ line: number; value: unknown }> {
  for await (const { line, values } of readTable(path, { required: PRODUCT_SCHEMA.required, rename: attributeName, onBytes })) {
    yield { line, value: merchantProduct(values, { currency: null, nowMs: Date.now() }) };
  }
}

function idOf(value: unknown): string | undefined {
  const id = (value as { id?: unknown } | null)?.id;
  return typeof id === "string" ? id : undefined;
}
