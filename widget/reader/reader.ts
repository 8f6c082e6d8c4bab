/** The page reader: finds the product of a page that nobody prepared, and says where each fact came from. */
import { fetchBeside } from "./beside.ts";
import { pause, readFlow } from "./flow.ts";
import { settle } from "./merge.ts";
import { readMeta } from "./meta-tags.ts";
import type { Facts, PageProduct, ReaderPage, Reading } from "./product.ts";
import { mainProduct, namedType, productFacts, readJsonLd, readMarkup, type Thing } from "./schema-org.ts";
import { addressId, hiddenId, labelledId, shownPrices, shownStock } from "./visible.ts";

/** A product that comes late is waited for this long, and looked for when the page has been quiet for a moment. */
const LATE_MS = 15_000;
const QUIET_MS = 300;

/**
 * Tells what the page shows, now and, where no product is there yet, when one comes.
 *
 * @param staleId the product of the page before, which a single-page shop may still show
 * @returns stops looking
 */
export function watchProduct(page: ReaderPage, staleId: string | undefined, onReading: (reading: Reading) => void, onFault: (error: unknown) => void): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    timer = undefined;
    void readPage(page).then((reading) => {
      if (stopped) return;
      const { view, product } = reading;
      if (view && product!.id === staleId) return;
      onReading(reading);
      if (view?.items[0]!.price !== undefined) stop();
    }).catch(onFault);
  };
  const observer = new MutationObserver(() => (timer ??= setTimeout(look, QUIET_MS)));
  const stop = (): void => {
    stopped = true;
    observer.disconnect();
    clearTimeout(timer);
  };
  observer.observe(page.document.documentElement, { childList: true, subtree: true });
  setTimeout(stop, LATE_MS);
  look();
  return stop;
}

/** Reads the page as it is, in slices. */
export async function readPage(page: ReaderPage): Promise<Reading> {
  const flow = await readFlow(page.document);
  await pause();
  const told: Facts[] = [];
  const add = (source: Facts["source"], thing: Thing | undefined, objects: Thing[] = []) => thing && told.push({ source, product: productFacts(thing, objects, page) });
  // A platform's own objects are read by what only its pages fetch.
  if (page.globals["ShopifyAnalytics"]) add("shopify", (await fetchBeside("shopify")).readShopify(page));
  const jsonLd = await readJsonLd(flow);
  add("json-ld", mainProduct(jsonLd, page, flow), jsonLd);
  await pause();
  const markup = readMarkup(flow);
  add("microdata", mainProduct(markup, page, flow), markup);
  add("open-graph", readMeta(flow));
  const reading = settle(told, { title: flow.title, prices: await shownPrices(flow, page), label: labelledId(flow), hidden: addressId(page) ?? hiddenId(flow), stock: shownStock(flow), canBuy: !!flow.buy });
  const { product } = reading;
  return { ...reading, type: product ? "product" : namedType(jsonLd), view: product && viewOf(product, reading) };
}

/** GA4's event of looking at the product. */
function viewOf({ id, title, price, sale_price, brand, product_type, variant, currency }: PageProduct, { conflicts }: Reading): Reading["view"] {
  if (!id) return undefined;
  const categories = product_type?.split(" > ", 5).map((level, index) => [`item_category${index ? index + 1 : ""}`, level]);
  const paid = sale_price ?? price;
  return { currency, value: paid, conflicts: conflicts[0] && conflicts, items: [{ item_id: id, item_name: title, price: paid, item_brand: brand, item_variant: variant, ...Object.fromEntries(categories ?? []) }] } as Reading["view"];
}
