/** The page reader: finds the product of a page that nobody prepared, and says where each fact came from. */
import { appendView } from "../../core/history.ts";
import type { Bridge, View } from "../bridge.ts";
import { fetchBeside } from "./beside.ts";
import { pause, readFlow } from "./flow.ts";
import { settle } from "./merge.ts";
import { readMeta } from "./meta-tags.ts";
import type { Facts, PageProduct, ReaderPage, Reading } from "./product.ts";
import { mainProduct, namedType, productFacts, readJsonLd, type Thing } from "./schema-org.ts";
import { addressId, hiddenId, labelledId, shownPrices, shownStock } from "./visible.ts";

/** A data layer that speaks within this time is believed before what is read. */
const GRACE_MS = 400;
/** A product that comes late is waited for this long, and looked for when the page has been quiet for a moment. */
const LATE_MS = 15_000;
const QUIET_MS = 300;
/** Products in the page's elements. */
const MARKUP = '[itemtype*="org/Product" i],[typeof*=Product]';

/**
 * Reads the product of a view, now and, where none is there yet, when one comes; records it once the shop's own voices
 * have had their time and have told none.
 */
export function start({ faults, redescribe, tellView, view: currentView }: Bridge, view: View): void {
  let tell = () => {};
  view.leave = () => (tell = () => tellView(view, appendView))();
  setTimeout(faults.guard("reader", view.leave), GRACE_MS);

  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    timer = undefined;
    faults.watch("reader", readPage({ document, location, globals: window as never }).then((reading) => {
      if (currentView() !== view) return observer.disconnect();
      if (view.staleId && reading.product?.id === view.staleId) return;
      view.reading = reading;
      redescribe();
      tell();
      if (reading.view?.items[0]!.price !== undefined) observer.disconnect();
    }));
  };
  const observer = new MutationObserver(() => (timer ??= setTimeout(look, QUIET_MS)));
  observer.observe(document.documentElement, { childList: true, subtree: true });
  setTimeout(() => observer.disconnect(), LATE_MS);
  look();
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
  if (!told[0] && flow.all(MARKUP)[0]) {
    const markup = (await fetchBeside("markup")).readMarkup(flow);
    add("microdata", mainProduct(markup, page, flow), markup);
  }
  add("open-graph", readMeta(flow));
  const reading = settle(told, { title: flow.title, prices: await shownPrices(flow, page), label: labelledId(flow), hidden: addressId(page) ?? hiddenId(flow), stock: shownStock(flow), canBuy: !!flow.buy });
  const { product } = reading;
  return { ...reading, type: product ? "product" : namedType(jsonLd), view: product && viewOf(product, reading) };
}

/** As long as an event's names may be; beyond MAX_AMOUNT no price is one. */
const MAX_NAME_CHARS = 120;
const MAX_AMOUNT = 1e9;

/** GA4's event of looking at the product, in the shape that its schema asks for. */
function viewOf({ id, title, price, sale_price, brand, product_type, variant, currency }: PageProduct, { conflicts }: Reading): Reading["view"] {
  if (!id) return undefined;
  const levels = (product_type ?? "").split(" > ", 5).map((level, index) => [`item_category${index ? index + 1 : ""}`, level]);
  const names = Object.entries({ item_id: id, item_name: title, item_brand: brand, item_variant: variant, ...Object.fromEntries(levels) }).map(([field, name]) => [field, (name as string | undefined)?.slice(0, MAX_NAME_CHARS) || undefined]);
  const [value] = [sale_price ?? price].filter((paid) => paid! < MAX_AMOUNT);
  return { currency: /^[A-Z]{3}$/.exec(currency!)?.[0], value, conflicts: conflicts[0] && conflicts, items: [{ price: value, ...Object.fromEntries(names) }] } as Reading["view"];
}
