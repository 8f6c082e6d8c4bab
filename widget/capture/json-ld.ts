/** Reads schema.org products off a page, for shops without a data layer. */
import type { EventItem } from "../../core/events.ts";

export interface PageProduct {
  item: Partial<EventItem>;
  currency?: string;
}

/** All schema.org objects on the page, graphs and lists opened. */
export function readJsonLd(document: Pick<Document, "querySelectorAll">): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  const open = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(open);
    else if (typeof value === "object" && value !== null) {
      found.push(value as Record<string, unknown>);
      open((value as Record<string, unknown>)["@graph"]);
    }
  };
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) {
    try {
      open(JSON.parse(script.textContent ?? ""));
    } catch {
      // Shops' JSON-LD is often broken; it was never meant for us.
    }
  }
  return found;
}

export const PRODUCT = /^Product(Group)?$/;

export function hasType(object: Record<string, unknown>, type: RegExp): boolean {
  return [object["@type"]].flat().some((name) => type.test(name as string));
}

/** The page's one product; none where there are several, which is a list. */
export function productOf(objects: readonly Record<string, unknown>[]): PageProduct | undefined {
  const products = objects.filter((object) => hasType(object, PRODUCT));
  if (products.length !== 1) return undefined;
  const { sku, productID, name, brand, offers } = products[0]!;
  const offer = [offers].flat()[0] as { price?: unknown; lowPrice?: unknown; priceCurrency?: string; sku?: unknown } | undefined;
  const id = sku ?? productID ?? offer?.sku;
  if (id === undefined) return undefined;
  const item = { item_id: id, item_name: name, item_brand: (brand as { name?: unknown } | undefined)?.name ?? brand, price: offer?.price ?? offer?.lowPrice };
  // What is not text or a number is left out when the event is brought into shape.
  return { item: item as Partial<EventItem>, currency: offer?.priceCurrency };
}
