/** Reads schema.org's products from JSON-LD, microdata and RDFa, which say the same in three ways of writing. */
import type { PageType } from "../../core/events.ts";
import { readAmount } from "./amount.ts";
import { fetchBeside } from "./beside.ts";
import type { Flow } from "./flow.ts";
import type { PageProduct, ReaderPage, Variant } from "./product.ts";
import { availabilityOf, listOf, sameName, textOf } from "./words.ts";

/** One schema.org object; a property holds one value or several. */
export type Thing = { [property: string]: unknown };

const things = (value: unknown): Thing[] => listOf(value).filter((entry): entry is Thing => typeof entry === "object");
/** Names come with and without an address or a prefix. */
const plain = (name: unknown): string => String(name).replace(/.*[/#:]/, "");
const isA = (thing: Thing, pattern: RegExp): boolean => listOf(thing["@type"]).some((type) => pattern.test(plain(type)));

/** All objects of the page's JSON-LD, graphs opened; those that others merely mention stay where they are. */
export async function readJsonLd(flow: Flow): Promise<Thing[]> {
  const found: Thing[] = [];
  const open = (value: unknown): void => {
    for (const thing of things(value)) {
      found.push(thing);
      for (const holder of ["@graph", "mainEntity", "itemOffered"]) open(thing[holder]);
    }
  };
  for (const { textContent } of flow.all('script[type*="ld+json" i]')) {
    try {
      open(JSON.parse(textContent!));
    } catch {
      // Mending is fetched by the pages that need it.
      open((await fetchBeside("mend")).parseLoosely(textContent!));
    }
  }
  return found;
}

/** All objects that are written into the page's elements. */
export function readMarkup(flow: Flow): Thing[] {
  const found: Thing[] = [];
  for (const [scope, type, property] of [["itemscope", "itemtype", "itemprop"], ["typeof", "typeof", "property"]] as const) {
    const objects = new Map(flow.all(`[${scope}]`).map((element) => [element, { "@type": element.getAttribute(type)?.split(/\s+/) } as Thing]));
    const top = new Set(objects.values());
    for (const element of flow.all(`[${property}]`)) {
      const own = objects.get(element);
      const holder = objects.get((own ? element.parentElement : element)?.closest(`[${scope}]`)!);
      if (!holder) continue;
      top.delete(own!);
      const value = own ?? element.getAttribute("content") ?? element.getAttribute(/^(LINK|A)$/.test(element.tagName) ? "href" : "src") ?? element.getAttribute("value") ?? element.textContent;
      for (const name of element.getAttribute(property)!.split(/\s+/)) holder[plain(name)] = [...listOf(holder[plain(name)]), value];
    }
    found.push(...top);
  }
  return found;
}

const idOf = (thing: Thing): string | undefined => textOf(thing["sku"]) ?? textOf(thing["productID"] ?? thing["identifier"]);
const addressOf = (thing: Thing): string => textOf(thing["url"] ?? thing["@id"]) ?? "";
const isNamed = (id: string | undefined, { location }: ReaderPage): boolean => !!id && id.length > 3 && location.href.includes(id);

/** The page's own product among all objects; none where several are shown and no one is the page's. */
export function mainProduct(objects: readonly Thing[], page: ReaderPage, flow: Flow): Thing | undefined {
  const ranked = objects
    .filter((thing) => isA(thing, /^product(group|model)?$/i))
    .map((thing) => ({
      thing,
      score: (addressOf(thing).split(/[?#]/)[0]!.endsWith(page.location.pathname) ? 2 : 0) + (sameName(textOf(thing["name"]), flow.title, 0.6) ? 2 : 0) + (isNamed(idOf(thing), page) ? 1 : 0),
    }))
    .sort((one, other) => other.score - one.score);
  return ranked.length > 1 && ranked[0]!.score < 1 ? undefined : ranked[0]?.thing;
}

/** What an object says of the page's product. */
export function productFacts(thing: Thing, objects: readonly Thing[], page: ReaderPage): PageProduct {
  const { search } = page.location;
  const offersOf = (product: Thing): Thing[] => things(product["offers"]).flatMap((offer) => (offer["offers"] && !offer["price"] ? things(offer["offers"]) : [offer]));
  const priced = (part: Thing): Thing => offersOf(part)[0] ?? part;
  const stockOf = (part: Thing): Variant["availability"] => availabilityOf(textOf(priced(part)["availability"]));
  // The one in the page's address, else the first to be had.
  const choose = (parts: Thing[]): Thing | undefined => parts.find((part) => (search && addressOf(part).endsWith(search)) || isNamed(idOf(part), page)) ?? parts.find((part) => stockOf(part) === "in_stock") ?? parts[0];
  const amountOf = (part: Thing): number | undefined => readAmount(listOf(part["price"] ?? part["lowPrice"])[0]);

  const members = things(thing["hasVariant"]);
  const member = choose(members) ?? {};
  let offers = [...offersOf(member), ...offersOf(thing)];
  // Markup often has the offer beside the product, not in it.
  if (offers.length === 0) offers = objects.filter((object) => isA(object, /offer$/i));
  const offer = choose(offers) ?? {};
  const specifications = things(offer["priceSpecification"]);
  const isList = (part: Thing): boolean => /list|strike|srp|regular/i.test(String(part["priceType"]));
  const paid = [offer, ...specifications.filter((part) => !isList(part)), thing].map(amountOf).find((amount) => amount !== undefined);
  const list = specifications.filter(isList).map(amountOf)[0];
  const reduced = list! > paid!;
  const pick = (...properties: string[]): string | undefined => properties.flatMap((property) => [member, offer, thing, ...specifications].map((part) => textOf(part[property]))).find(Boolean);
  const variants = members.length > 0 ? members : offers;
  return {
    id: idOf(member) ?? idOf(thing) ?? idOf(offer),
    title: textOf(thing["name"]),
    price: reduced ? list : paid,
    sale_price: reduced ? paid : undefined,
    currency: pick("priceCurrency"),
    availability: stockOf(offer) ?? stockOf(thing),
    image_link: textOf(thing["image"]),
    brand: pick("brand", "manufacturer"),
    product_type: categoryOf(thing, objects),
    gtin: pick("gtin13", "gtin", "gtin12", "isbn"),
    item_group_id: pick("productGroupID"),
    variant: textOf(member["color"] ?? member["size"]),
    variants: variants.length > 1 ? variants.map((part) => ({ id: idOf(part), title: textOf(part["name"]), price: amountOf(priced(part)), availability: stockOf(part) })) : undefined,
  };
}

/** The path to the product, without the shop's front page and the product itself. */
function categoryOf(thing: Thing, objects: readonly Thing[]): string | undefined {
  const levels = things(objects.find((object) => isA(object, /^breadcrumblist$/i))?.["itemListElement"])
    .map((level) => textOf(level["name"] ?? things(level["item"])[0]) ?? "")
    .filter((name, index) => (index > 0 || !/home/i.test(name)) && name && !sameName(name, textOf(thing["name"])));
  return levels.join(" > ") || textOf(thing["category"])?.replace(/\s*[/>]\s*/g, " > ");
}

/** The kind of page that its objects name, where they name one. */
export function namedType(objects: readonly Thing[]): PageType | undefined {
  const has = (pattern: RegExp): boolean => objects.some((object) => isA(object, pattern));
  return has(/^SearchResultsPage$/) ? "search" : has(/^(CollectionPage|ItemList)$/) ? "category" : undefined;
}
