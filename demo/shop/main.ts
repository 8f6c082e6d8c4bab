/** The demo shop's command line: serves a catalogue as a storefront. */
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { parseProduct, type Product } from "../../core/catalogue.ts";
import { tagSnippet } from "../../core/tag.ts";
import type { ShopCredentials } from "../../trainer/credentials.ts";
import { DEMO_CATALOGUE_SEED, DEMO_CURRENCY, DEMO_LOCALE, generateCatalogue } from "../catalogue/generate.ts";
import { createShop, type ShopServer } from "./server.ts";

const USAGE = `node demo/shop/main.ts [--catalogue generated|FILE.ndjson] [--port 4321] [--credentials FILE.json] [--name NAME] [--currency GBP] [--locale en-GB] [--seed N]`;

/** Reads NDJSON products; rows that are none are reported on stderr and left out. */
async function readCatalogue(file: string): Promise<Product[]> {
  const products: Product[] = [];
  let line = 0, bad = 0;
  for await (const text of createInterface({ input: createReadStream(file) })) {
    line += 1;
    if (text.trim() === "") continue;
    const parsed = parseLine(text);
    if (parsed.ok) products.push(parsed.value);
    else if ((bad += 1) <= 10) console.error(`${file}:${line}: ${parsed.path} ${parsed.message}`);
  }
  if (bad > 0) console.error(`${file}: ${bad} of ${line} rows left out`);
  return products;
}

function parseLine(text: string): ReturnType<typeof parseProduct> {
  try {
    return parseProduct(JSON.parse(text));
  } catch {
    return { ok: false, path: "row", message: "is not JSON" };
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { catalogue: { type: "string", default: "generated" }, port: { type: "string", default: "4321" }, credentials: { type: "string" }, name: { type: "string", default: "Larkmoor" }, currency: { type: "string", default: DEMO_CURRENCY }, locale: { type: "string", default: DEMO_LOCALE }, seed: { type: "string", default: String(DEMO_CATALOGUE_SEED) } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port must be a port's number, not "${values.port}"`);
  const products = values.catalogue === "generated" ? generateCatalogue({ seed: Number(values.seed) }) : await readCatalogue(values.catalogue);
  const credentials = values.credentials === undefined ? null : (JSON.parse(readFileSync(values.credentials, "utf8")) as ShopCredentials);
  const tag = credentials && tagSnippet(credentials.edge, credentials.writeKey, [credentials.signer]);
  const shop = createShop({ products, currency: values.currency, locale: values.locale, name: values.name, tag });
  console.log(`${values.name}: ${products.length} products at http://localhost:${await shop.listen(port)}`);
  stopOn(shop);
}

function stopOn(shop: ShopServer): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void shop.close());
}

main().catch((error: NodeJS.ErrnoException) => {
  const message = error.code === "EADDRINUSE" ? "The port is taken; choose another with --port." : error.code === "ENOENT" ? `There is no file "${error.path}".` : error.message;
  console.error(`${message}\n${USAGE}`);
  process.exitCode = 1;
});
