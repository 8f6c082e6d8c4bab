/** Reads a catalogue with Merchant Center's column names: one JSON product a line, CSV or TSV, gzip or plain. */
import { AVAILABILITIES, parseProduct, PRODUCT_SCHEMA, type Product } from "../../core/catalogue.ts";
import type { CleaningReport } from "./cleaning.ts";
import { place, readJsonLines, readTable, type OnBytes } from "./rows.ts";

const JSON_NAME = /\.(ndjson|jsonl|json)(\.gz)?$/i;

/**
 * A row that is no product is left out, counted and named; of rows with the same id the last one stands.
 * @throws DataFileError if the file is missing, broken off or has other columns
 */
export async function readCatalogueFile({ path, report, onBytes }: { path: string; report: CleaningReport; onBytes?: OnBytes }): Promise<Product[]> {
  const products = new Map<string, Product>();
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
  // Feeds write "image link" and "image_link", "Price" and "price"; all mean the same attribute.
  const rename = (name: string) => name.toLowerCase().replace(/^g:/, "").replace(/[\s-]+/g, "_");
  for await (const { line, values } of readTable(path, { required: PRODUCT_SCHEMA.required, rename, onBytes })) {
    yield { line, value: fromCells(values) };
  }
}

/** Cells are text: amounts, counts and availabilities are read as Merchant Center's documentation writes them. */
function fromCells(cells: { [column: string]: string }): { [name: string]: unknown } {
  const product: { [name: string]: unknown } = {};
  for (const [name, schema] of Object.entries(PRODUCT_SCHEMA.properties)) {
    const cell = cells[name]?.trim();
    if (cell === undefined || cell === "") continue;
    if (name === "availability") product[name] = availabilityOf(cell);
    else product[name] = schema.type === "string" ? cell : amountOf(cell);
  }
  return product;
}

/** `in stock` and `In_Stock` are `in_stock`; what is unknown stays as it is, and is refused with its own words. */
function availabilityOf(cell: string): string {
  const name = cell.toLowerCase().replace(/[\s-]+/g, "_");
  return (AVAILABILITIES as readonly string[]).includes(name) ? name : cell;
}

/** `15.00 GBP`, `£1,299.00` and `15` are numbers; anything else stays text, which the schema refuses. */
function amountOf(cell: string): number | string {
  const digits = cell.replace(/^[A-Z]{3}\s?|\s?[A-Z]{3}$|^\p{Sc}\s?|\s?\p{Sc}$/gu, "").replace(/,(?=\d{3}(\D|$))/g, "");
  return /^-?\d+(\.\d+)?$/.test(digits) ? Number(digits) : cell;
}

function idOf(value: unknown): string | undefined {
  const id = (value as { id?: unknown } | null)?.id;
  return typeof id === "string" ? id : undefined;
}
