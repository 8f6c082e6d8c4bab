/** Reads schema.org's products from JSON-LD, microdata and RDFa, which say the same in three ways of writing. */
import type { PageType } from "../../core/events.ts";
import { readAmount } from "./amount.ts";
import type { Flow } from "./flow.ts";
import { parseLoosely } from "./json.ts";
import type { PageProduct, ReaderPage, Variant } from "./product.ts";
import { availabilityOf, listOf, sameName, textOf } from "./words.ts";

/** One schema.org object; a property holds one value or several. */
export type Thing = { [property: string]: unknown };

const typesOf = (thing: Thing): string[] => listOf(thing["@type"]).map((type) => String(type).replace(/^.*[/#:]/, "").toLowerCase());
const isA = (thing: Thing, pattern: RegExp): boolean => typesOf(thing).some((type) => pattern.test(type));
const isThing = (value: unknown): value is Thing => typeof value === "object" && value !== null;
const things = (value: unknown): Thing[] => listOf(value).filter(isThing);

const PRODUCT = /^(product(group|model)?|individualproduct|someproducts|vehicle|car|book)$/;

/** All objects of the page's JSON-LD, graphs opened, those that other objects merely mention left where they are. */
export function readJsonLd(flow: Flow): Thing[] {
  const found: Thing[] = [];
  const open = (value: unknown): void => {
    for (const thing of things(value)) {
      found.push(thing);
      for (const holder of ["@graph", "mainEntity", "mainEntityOfPage", "itemOffered"]) open(thing[holder]);
    }
  };
  for (const script of flow.all('script[type*="ld+json" i]')) open(parseLoosely(script.textContent ?? ""));
  return found;
}

/** All objects that are written into the page's elements. */
export function readMarkup(flow: Flow): Thing[] {
  return [...readAttributes(flow, "itemscope", "itemtype", "itemprop"), ...readAttributes(flow, "typeof", "typeof", "property")];
}

function readAttributes(flow: Flow, scope: string, type: string, property: string): Thing[] {
  const objects = new Map<Element, Thing>();
  const scopes = flow.all(`[${scope}]`);
  for (const element of scopes) objects.set(element, { "@type": (element.getAttribute(type) ?? "").split(/\s+/) });
  const top = new Set(objects.values());
  for (const element of flow.all(`[${property}]`)) {
    const own = objects.get(element);
    const holder = objects.get((own ? element.parentElement : element)?.closest(`[${scope}]`) ?? element);
    if (!holder || holder === own) continue;
    const value = own ?? valueOf(element);
    if (own) top.delete(own);
    for (const name of element.getAttribute(property)!.split(/\s+/)) {
      const short = name.replace(/^.*[/#:]/, "");
      const before = holder[short];
      holder[short] = before === undefined ? value : [...listOf(before), value];
    }
  }
  return [...top];
}

function valueOf(element: Element): string {
  const attribute = element.getAttribute("content") ?? (/^(LINK|A)$/.test(element.tagName) ? element.getAttribute("href") : element.getAttribute("src") ?? element.getAttribute("value"));
  return attribute ?? element.textContent ?? "";
}

/** The page's own product among all objects; none where several are shown and no one is the page's. */
export function mainProduct(objects: readonly Thing[], page: ReaderPage, flow: Flow): Thing | undefined {
  const products = objects.filter((thing) => isA(thing, PRODUCT));
  const scores = products.map((product) => {
    const address = textOf(product["url"] ?? product["@id"]) ?? "";
    const name = textOf(product["name"]) ?? "";
    const id = textOf(product["sku"] ?? product["productID"] ?? product["mpn"]);
    return (pathOf(address, page) === page.location.pathname ? 2 : 0) + (sameName(name, flow.title) ? 2 : 0) + (id && id.length > 3 && page.location.href.includes(id) ? 1 : 0) + (product["offers"] ? 0.5 : 0);
  });
  const best = Math.max(...scores);
  if (products.length > 1 && best < 1) return undefined;
  return products[scores.indexOf(best)];
}

function pathOf(address: string, page: ReaderPage): string | undefined {
  return address && URL.canParse(address, page.location.href) ? new URL(address, page.location.href).pathname : undefined;
}

/** What an object says of the page's product. */
export function productFacts(thing: Thing, objects: readonly Thing[], page: ReaderPage): PageProduct {
  const inAddress = (part: Thing): boolean => {
    const address = textOf(part["url"] ?? part["@id"]);
    const id = textOf(part["sku"] ?? part["productID"]);
    return (!!address && page.location.search !== "" && address.endsWith(page.location.search)) || (!!id && id.length > 3 && page.location.href.includes(id));
  };
  const choose = (parts: Thing[]): Thing | undefined => parts.find(inAddress) ?? parts.find((part) => stock(part) === "in_stock") ?? parts[0];
  const members = things(thing["hasVariant"] ?? thing["model"]);
  const member = choose(members);
  const offersOf = (product: Thing): Thing[] => things(product["offers"]).flatMap((offer) => (things(offer["offers"]).some((inner) => "price" in inner) ? things(offer["offers"]) : [offer]));
  // Markup often has the offer beside the product, not in it.
  const loose = objects.filter((object) => isA(object, /^(aggregate)?offer$/));
  const own = [...(member ? offersOf(member) : []), ...offersOf(thing)];
  const offer = choose(own.length > 0 ? own : loose.length === 1 ? loose : []) ?? {};
  const specifications = things(offer["priceSpecification"]);
  const isList = (part: Thing): boolean => /list|strike|srp|regular/i.test(String(part["priceType"]));
  const amountOf = (part: Thing): number | undefined => readAmount(listOf(part["price"] ?? part["lowPrice"])[0]);
  const paid = amountOf(offer) ?? specifications.filter((part) => !isList(part)).map(amountOf).find(Boolean) ?? amountOf(thing);
  const list = specifications.filter(isList).map(amountOf).find(Boolean);
  const reduced = paid !== undefined && list !== undefined && list > paid;
  const pick = (...properties: string[]): string | undefined => {
    for (const part of [member ?? {}, thing, offer]) for (const property of properties) {
      const text = textOf(part[property]);
      if (text) return text;
    }
    return undefined;
  };
  const variants = [...members, ...(own.length > 1 ? own : [])].map((part): Variant => ({ id: textOf(part["sku"] ?? part["productID"]), title: textOf(part["name"]), price: amountOf(part) ?? amountOf(things(part["offers"])[0] ?? {}), availability: stock(part) ?? stock(things(part["offers"])[0] ?? {}) }));
  return {
    id: pick("sku", "productID", "identifier"),
    title: pick("name"),
    price: reduced ? list : paid,
    sale_price: reduced ? paid : undefined,
    currency: textOf(offer["priceCurrency"] ?? specifications[0]?.["priceCurrency"] ?? thing["priceCurrency"])?.toUpperCase(),
    availability: stock(offer) ?? stock(thing),
    image_link: pick("image"),
    brand: pick("brand", "manufacturer"),
    product_type: categoryOf(thing, objects),
    gtin: pick("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn"),
    mpn: pick("mpn"),
    item_group_id: textOf(thing["productGroupID"] ?? thing["inProductGroupWithID"]),
    variant: member && ["color", "size", "material", "pattern"].map((property) => textOf(member[property])).filter(Boolean).join(" / "),
    variants: variants.length > 0 ? variants : undefined,
  };
}

function stock(part: Thing): PageProduct["availability"] {
  return availabilityOf(textOf(part["availability"]));
}

function categoryOf(thing: Thing, objects: readonly Thing[]): string | undefined {
  const trail = objects.find((object) => isA(object, /^breadcrumblist$/));
  const levels = things(trail?.["itemListElement"])
    .sort((one, other) => Number(textOf(one["position"])) - Number(textOf(other["position"])))
    .map((level) => textOf(level["name"]) ?? textOf(things(level["item"])[0]?.["name"]) ?? "")
    .filter((name, index) => name && !sameName(name, textOf(thing["name"])) && !(index === 0 && /^(home|start|accueil|inicio)/i.test(name)));
  return levels.join(" > ") || textOf(thing["category"])?.replace(/\s*[/>]\s*/g, " > ");
}

/** The kind of page that its objects name, where they name one. */
export function namedType(objects: readonly Thing[]): PageType | undefined {
  const kinds: [PageType, RegExp][] = [["search", /^searchresultspage$/], ["category", /^(collectionpage|itemlist)$/], ["checkout", /^checkoutpage$/]];
  return kinds.find(([, pattern]) => objects.some((object) => isA(object, pattern)))?.[0];
}

