/** A shop's catalogue, in and out: the whole of it is replaced, or nothing is. */
import { routes, type CatalogueExport, type CatalogueReport } from "../../core/api.ts";
import { parseProduct, type Product } from "../../core/catalogue.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { BodyTooLargeError, parseJson, readLines } from "../body.ts";
import { refuse } from "../refusal.ts";
import { publishCatalogue, readCatalogue } from "../snapshot.ts";

/** One isolate has 128 MB; a product of 1 kB takes about three times that while it is parsed. */
const MAX_CATALOGUE_BYTES = 32 * 1024 * 1024;
const MAX_LINE_CHARS = 64 * 1024;
const MAX_ERRORS_REPORTED = 100;

export function catalogueRoutes(app: App, services: Services): void {
  const merchant = merchantOnly(services);

  app.put(routes.admin.catalogue(":shop"), merchant, async (c) => {
    const shop = c.get("shop");
    const products = new Map<string, Product>();
    const errors: CatalogueReport["errors"] = [];
    let rejected = 0;
    const reject = (line: number, path: string, message: string) => {
      rejected += 1;
      if (errors.length < MAX_ERRORS_REPORTED) errors.push({ line, path, message });
    };
    try {
      for await (const { line, text } of readLines(c.req.raw.body, { maxLineChars: MAX_LINE_CHARS, maxBytes: MAX_CATALOGUE_BYTES })) {
        const json = parseJson(text);
        if (!json.ok) {
          reject(line, "product", "is not JSON");
          continue;
        }
        const product = parseProduct(json.value);
        if (!product.ok) reject(line, product.path, product.message);
        else if (products.has(product.value.id)) reject(line, "product.id", `"${product.value.id}" was on an earlier line already`);
        else products.set(product.value.id, product.value);
      }
    } catch (error) {
      if (!(error instanceof BodyTooLargeError)) throw error;
      return refuse(413, "catalogue-too-large", `${error.message} Nothing was imported.`);
    }
    if (products.size === 0) {
      const first = errors[0];
      return refuse(422, "no-products", `The file holds no valid product${first ? `; line ${first.line}: ${first.path} ${first.message}` : ""}. The catalogue stays as it was.`);
    }
    const sha256 = await publishCatalogue(c.env, shop, [...products.values()], services.now());
    services.shops.clear();
    return c.json({ imported: products.size, rejected, errors, sha256 } satisfies CatalogueReport);
  });

  app.get(routes.admin.catalogue(":shop"), merchant, async (c) => {
    const shop = c.get("shop");
    return c.json({ currency: shop.currency, products: await readCatalogue(c.env, shop) } satisfies CatalogueExport, 200, { "cache-control": "no-store" });
  });
}
