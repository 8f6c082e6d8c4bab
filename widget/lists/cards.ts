/** Finds the product cards of a page by what all shops' lists have in common: links that repeat, each with a picture and a price. */
import { currencyIn } from "../reader/amount.ts";

export interface Card {
  /** The largest element that is about this one product. */
  element: HTMLElement;
  /** Address of the product's page. */
  link: URL;
  /** Which page `link` is, without what only says how one came there. */
  key: string;
  /** What holds the list's cards. */
  list: Element;
}

/** Cards are smaller than this; a picture that is alone in more is no card's. */
const MAX_LEVELS = 14;
const MIN_PICTURE_PX = 40;
const MAX_CARD_CHARS = 1_500;
/** Two are a list. */
const MIN_CARDS = 2;
/** Menus have pictures too, and carts have prices; carousels of ours count by themselves. */
const ELSEWHERE = "header,nav,footer,endcap-carousel,[class*=mini-cart i],[class*=minicart i],[class*=cart-drawer i]";
/** Parameters that name a product where the path is the same for all. */
const ID_PARAMETER = /^(id|pid|sku|prod|product|item|artikel|article)[-_]?(id|no|nr|number|code)?$/i;

/** The document's tree and all open shadow trees in it. */
export function openTrees(document: Document): (Document | ShadowRoot)[] {
  const trees: (Document | ShadowRoot)[] = [document];
  for (const tree of trees) {
    for (const element of tree.querySelectorAll("*")) if (element.shadowRoot && element.localName !== "endcap-carousel") trees.push(element.shadowRoot);
  }
  return trees;
}

/** Products' pages are told apart by their paths, or by their number where they share one. */
export function keyOf(link: URL): string {
  const numbers = [...link.searchParams].filter(([name]) => ID_PARAMETER.test(name)).map(([name, value]) => `${name}=${value}`);
  return link.pathname.replace(/\/$/, "") + (numbers.length > 0 ? `?${numbers.join("&")}` : "");
}

export function parentOf(element: Element): Element | null {
  return element.parentElement ?? (element.getRootNode() as Partial<ShadowRoot>).host ?? null;
}

/** @param trees all that the page's elements are in @returns the cards in the order of the page; elements of other lists may be between them */
export function findCards(document: Document, trees: readonly (Document | ShadowRoot)[]): Card[] {
  const seeds = trees.flatMap((tree) => [...tree.querySelectorAll<HTMLElement>("img,[style*=background-image]")].flatMap((picture) => seedOf(picture, document) ?? []));
  /** The products within each element that is above a picture. */
  const within = new Map<Element, Set<string>>();
  for (const { picture, key } of seeds) {
    let level = 0;
    for (let element: Element | null = picture; element && level < MAX_LEVELS; element = parentOf(element), level += 1) {
      const keys = within.get(element) ?? new Set();
      within.set(element, keys.add(key));
    }
  }
  const cards = new Map<Element, Card>();
  for (const { picture, key, link } of seeds) {
    let element: Element = picture;
    for (let parent = parentOf(element); parent && within.get(parent)?.size === 1; parent = parentOf(element)) element = parent;
    const list = parentOf(element);
    if (list && within.has(list) && element !== picture && !cards.has(element)) cards.set(element, { element: element as HTMLElement, link, key, list });
  }
  const lists = new Map<Element, Card[]>();
  for (const card of cards.values()) {
    card.list = wholeList(card.list, within);
    lists.set(card.list, [...(lists.get(card.list) ?? []), card]);
  }
  return [...lists.values()].flatMap((members) => {
    if (members.length < MIN_CARDS) return [];
    const priced = members.filter(({ element }) => hasPrice(element));
    // Some are sold out and say no price; tiles of categories say none at all.
    return priced.length * 2 >= members.length ? members : [];
  });
}

/** Rows of one grid are one list. */
function wholeList(row: Element, within: ReadonlyMap<Element, unknown>): Element {
  const grid = parentOf(row);
  const isRow = (element: Element) => element.localName === row.localName && element.className === row.className && within.has(element);
  return grid && [...grid.children].filter(isRow).length > 1 ? grid : row;
}

/** The link that a picture belongs to: around it, or in the smallest element around it that has one. */
function seedOf(picture: HTMLElement, document: Document): { picture: Element; key: string; link: URL } | undefined {
  const { width, height } = picture.getBoundingClientRect();
  if ((width > 0 && width < MIN_PICTURE_PX) || (height > 0 && height < MIN_PICTURE_PX)) return undefined;
  let around: Element | null = picture;
  for (let level = 0; around && level < 6; around = parentOf(around), level += 1) {
    if (around.matches(ELSEWHERE)) return undefined;
    const anchor = around.matches("a[href]") ? around : around.querySelector("a[href]");
    if (!anchor) continue;
    const { href, protocol, host, pathname } = anchor as HTMLAnchorElement;
    if (!/^https?:$/.test(protocol) || host !== document.location.host || anchor.getAttribute("href")!.startsWith("#")) return undefined;
    const link = new URL(href);
    const key = keyOf(link);
    return pathname === "/" || key === keyOf(new URL(document.location.href)) || isElsewhere(around) ? undefined : { picture, key, link };
  }
  return undefined;
}
function isElsewhere(element: Element): boolean {
  for (let at: Element | null = element; at; at = parentOf(at)) if (at.matches(ELSEWHERE)) return true;
  return false;
}

/** The text of an element and of the open shadow trees in it. */
export function textOf(element: Element): string {
  let text = element.textContent ?? "";
  for (const inner of [element, ...element.querySelectorAll("*")]) if (inner.shadowRoot) text += ` ${[...inner.shadowRoot.children].filter(({ localName }) => localName !== "style").map(textOf).join(" ")}`;
  return text;
}

function hasPrice(element: Element): boolean {
  const text = textOf(element).slice(0, MAX_CARD_CHARS);
  return /\d/.test(text) && currencyIn(text) !== undefined;
}
