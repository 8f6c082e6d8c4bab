/** Names the products of cards by their ids: as the shop's data layer tells them, as the page marks them up, or as their elements and links carry them. */
import type { EventItem } from "../../core/events.ts";
import { parseLoosely } from "../reader/json.ts";
import { addressId } from "../reader/visible.ts";
import { keyOf, parentOf, textOf, type Card } from "./cards.ts";

/** A list as the shop told of it. */
export interface ToldList {
  item_list_id?: string;
  item_list_name?: string;
  currency?: string;
  /** As given, not yet brought into shape. */
  items: (Partial<EventItem> | null)[];
}
/** A card with its product's id and its place in its list, from 0. */
export interface NamedCard extends Card {
  item: Partial<EventItem>;
  /** Absent where the page alone shows the list. */
  told?: ToldList;
}

/** Attributes that shops' systems keep a product's id in; the article number comes first, since product pages are read by it. */
const ID_ATTRIBUTES = ["sku", "product-sku", "product_sku", "item-sku", "product-id", "product_id", "productid", "item-id", "item_id", "itemid", "item", "id-product", "product-code", "code", "pid", "product", "id"].map((name) => `data-${name}`);
const ID_IN_JSON = ["item_id", "sku", "id", "productId", "product_id"];
const ID = /^[\w.:/#-]{1,60}$/;

type Thing = { [property: string]: unknown };

/** @returns the cards that can be named; those of one list by one list of the shop's, as far as it goes */
export function nameCards(cards: readonly Card[], told: readonly ToldList[], document: Document): NamedCard[] {
  const markedUp = idsByKey(document);
  const shown = new Map<Element, Card[]>();
  for (const card of cards) shown.set(card.list, [...(shown.get(card.list) ?? []), card]);
  return [...shown.values()].flatMap((members) => {
    const signs = members.map((card) => ({ card, ids: idsOf(card), titles: titlesOf(card) }));
    const fits = told.map((list) => ({ list, places: signs.map((sign) => placeIn(list, sign)) }));
    const countOf = ({ places }: { places: number[] }) => places.filter((place) => place >= 0).length;
    fits.sort((one, other) => countOf(other) - countOf(one));
    return signs.flatMap(({ card, ids }, index): NamedCard[] => {
      const fit = fits.find(({ places }) => places[index]! >= 0);
      if (fit) {
        const { list, places } = fit;
        const { item_id, item_name, price, index: toldIndex = places[index]! } = list.items[places[index]!]!;
        return [{ ...card, told: list, item: { item_id, item_name, price, index: toldIndex } }];
      }
      const page = { location: card.link, document, globals: {} };
      const item_id = markupId(card.element) ?? markedUp.get(card.key) ?? [...ids][0] ?? addressId(page);
      return item_id ? [{ ...card, item: { item_id, index } }] : [];
    });
  });
}

interface Signs {
  card: Card;
  ids: Set<string>;
  titles: Set<string>;
}
/** @returns the card's place in a list that the shop has told of; -1 where it isn't in it */
function placeIn({ items }: ToldList, { card, ids, titles }: Signs): number {
  const parts = card.key.split(/[/=]/);
  const byId = items.findIndex((item) => ids.has(String(item?.item_id)) || parts.includes(String(item?.item_id)));
  return byId >= 0 ? byId : items.findIndex((item) => !!item?.item_name && titles.has(words(item.item_name)));
}

/** Ids that the card's elements carry, the likeliest first. */
function idsOf({ element, list }: Card): Set<string> {
  const ids = new Set<string>();
  const holders = [element, ...element.querySelectorAll("*")];
  const wrapper = parentOf(element);
  if (wrapper && wrapper !== list) holders.unshift(wrapper);
  for (const attribute of ID_ATTRIBUTES) {
    for (const holder of holders) {
      const value = holder.getAttribute(attribute)?.trim();
      if (value && ID.test(value)) ids.add(value);
      else if (value?.startsWith("{")) for (const id of idsInJson(value)) ids.add(id);
    }
  }
  for (const input of element.querySelectorAll<HTMLInputElement>("input[name=product_id],input[name=id],input[name=product],input[name=add-to-cart],button[name=add-to-cart]")) if (ID.test(input.value)) ids.add(input.value);
  return ids;
}
function idsInJson(text: string): string[] {
  try {
    const object = JSON.parse(text) as Thing;
    return ID_IN_JSON.map((name) => object[name]).filter((id) => typeof id === "string" || typeof id === "number").map(String);
  } catch {
    return [];
  }
}

/** What the product may be called on its card. */
function titlesOf({ element }: Card): Set<string> {
  const titles = [...element.querySelectorAll("a,h1,h2,h3,h4,h5,h6,[class*=title i],[class*=name i]")].map(textOf);
  for (const holder of element.querySelectorAll("[alt],[title],[aria-label]")) titles.push(...["alt", "title", "aria-label"].map((name) => holder.getAttribute(name) ?? ""));
  return new Set(titles.map(words));
}
function words(text: unknown): string {
  return String(text).toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

function markupId(element: Element): string | undefined {
  for (const property of ["sku", "productID", "mpn"]) {
    const holder = element.querySelector(`[itemprop=${property}]`);
    const value = (holder?.getAttribute("content") ?? holder?.textContent)?.trim();
    if (value && ID.test(value)) return value;
  }
  return undefined;
}

/** Ids that JSON-LD gives to the addresses of products and list entries. */
function idsByKey(document: Document): Map<string, string> {
  const ids = new Map<string, string>();
  const open = (value: unknown) => {
    for (const thing of [value].flat() as Thing[]) {
      if (typeof thing !== "object" || thing === null) continue;
      const { url, sku, productID, offers, itemListElement, item, mainEntity, "@graph": graph } = thing;
      const address = url ?? (([offers].flat()[0] ?? {}) as Thing)["url"] ?? thing["@id"];
      const id = sku ?? productID;
      if (typeof address === "string" && (typeof id === "string" || typeof id === "number") && URL.canParse(address, document.baseURI)) ids.set(keyOf(new URL(address, document.baseURI)), String(id));
      [itemListElement, item, mainEntity, graph].forEach(open);
    }
  };
  for (const script of document.querySelectorAll('script[type="application/ld+json"]')) open(parseLoosely(script.textContent ?? ""));
  return ids;
}
