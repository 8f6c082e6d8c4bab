/**
 * The lists chunk: tells which products of a page's lists were seen, which were chosen, and what a search found.
 *
 * `view_item_list` holds the products that were really in view, by the viewability standard, wherever they can be found
 * on the page. What the shop's own data layer says of a list gives them their ids, names and places; it is told as it
 * is only where none of its products can be found, so that no list is told twice.
 */
import type { Bridge } from "../bridge.ts";
import type { conform } from "../capture/conform.ts";
import type { Voice } from "../capture/recorder.ts";
import { createImpressions } from "../ui/impressions.ts";
import { findCards, keyOf, openTrees } from "./cards.ts";
import { nameCards, type NamedCard, type ToldList } from "./items.ts";
import { readSearch, termInAddress } from "./search.ts";

/** One event for what is seen together. */
const GATHER_MS = 2_000;
const MAX_ITEMS = 20;
/** Pages that change all the time are looked at this often. */
const LOOK_MS = 400;
/** A list told of that is not found after this is none that we can see. */
const FIND_MS = 1_500;
/** A data layer that speaks within this time is believed before the page's text. */
const SEARCH_GRACE_MS = 1_000;

export interface Lists {
  /** The shop tells of a list. */
  told(params: Record<string, unknown>, voice: Voice | undefined): void;
  /** Another page of a single-page shop begins. */
  turnPage(): void;
  /** The page is left: what has been seen is told now. */
  leave(): void;
}

interface Told extends ToldList {
  voice: Voice | undefined;
  /** Whether one of its products has been found. */
  found: boolean;
  timer?: ReturnType<typeof setTimeout>;
}

export interface ListsHost extends Pick<Bridge, "recorder" | "faults" | "page"> {
  conform: typeof conform;
}

export function watchLists({ recorder, faults, page, conform }: ListsHost): Lists {
  const impressions = createImpressions();
  let told: Told[] = [];
  let named = new Map<Element, NamedCard>();
  /** Products seen on this page, by their addresses: what they are called may become clearer. */
  let counted = new Set<string>();
  let seen: NamedCard[] = [];
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let chosen: NamedCard | undefined;
  let searching: ReturnType<typeof setTimeout> | undefined;

  const nameOf = ({ told: list }: NamedCard) => ({ item_list_id: list?.item_list_id ?? (list ? undefined : page().type), item_list_name: list?.item_list_name, currency: list?.currency });

  const tellSeen = faults.guard("lists", () => {
    clearTimeout(gathering);
    gathering = undefined;
    const lists = new Map<string, NamedCard[]>();
    for (const card of seen.splice(0)) {
      const name = JSON.stringify(nameOf(card));
      lists.set(name, [...(lists.get(name) ?? []), card]);
    }
    for (const [name, cards] of lists) {
      const params = conform("view_item_list", { ...(JSON.parse(name) as object), items: cards.map(({ item }) => item) });
      if (params) faults.watch("lists", recorder.record("view_item_list", params, []));
    }
  });
  const view = faults.guard("lists", (element: HTMLElement) => {
    const card = named.get(element);
    if (!card || counted.has(card.key)) return;
    counted.add(card.key);
    if (seen.push(card) >= MAX_ITEMS) tellSeen();
    else gathering ??= setTimeout(tellSeen, GATHER_MS);
  });

  const look = faults.guard("lists", () => {
    const before = named;
    const trees = openTrees(document);
    // What changes in a shadow tree is observed from there only.
    for (const tree of trees) changes.observe(tree, { childList: true, subtree: true });
    named = new Map(nameCards(findCards(document, trees), told, document).map((card) => [card.element, card]));
    for (const card of named.values()) {
      for (const list of told) if (list === card.told) list.found = true;
      if (!before.has(card.element) && !counted.has(card.key)) impressions.watch(card.element, () => view(card.element));
    }
    for (const element of before.keys()) if (!named.has(element)) impressions.unwatch(element as HTMLElement);
  });
  let due: ReturnType<typeof setTimeout> | undefined;
  const changes = new MutationObserver(() => lookSoon());
  const lookSoon = () => {
    due ??= setTimeout(() => {
      due = undefined;
      look();
    }, LOOK_MS);
  };

  const giveUp = faults.guard("lists", (list: Told) => {
    clearTimeout(list.timer);
    if (list.found || !told.includes(list)) return;
    told = told.filter((other) => other !== list);
    const { voice, found, timer, ...params } = list;
    faults.watch("lists", recorder.track("view_item_list", params, voice));
  });

  const tellChosen = faults.guard("lists", () => {
    if (!chosen) return;
    const card = chosen;
    chosen = undefined;
    // The shop's own word for the same click makes this a repetition.
    faults.watch("lists", recorder.track("select_item", { ...nameOf(card), items: [card.item] }, "page"));
  });
  const choose = faults.guard("lists", (event: Event) => {
    const { button } = event as MouseEvent;
    if (!event.isTrusted || button > 1) return;
    const path = event.composedPath() as Element[];
    const link = path.find((node) => node.localName === "a") as HTMLAnchorElement | undefined;
    const card = path.map((node) => named.get(node)).find(Boolean);
    if (!card || !link?.href || keyOf(new URL(link.href)) !== card.key) return;
    chosen = card;
    setTimeout(tellChosen);
  });

  const tellSearch = faults.guard("search", () => {
    if (!searching) return;
    clearTimeout(searching);
    searching = undefined;
    const found = readSearch(document);
    if (found) faults.watch("search", recorder.track("view_search_results", found, "page"));
  });
  const begin = () => {
    if (page().type === "search" || (/home|other/.test(page().type) && termInAddress(new URL(location.href)))) searching = setTimeout(tellSearch, SEARCH_GRACE_MS);
    look();
  };

  for (const type of ["click", "auxclick"]) addEventListener(type, choose, { capture: true });
  begin();

  return {
    told(params, voice) {
      if (!Array.isArray(params["items"])) return;
      const list: Told = { ...(params as unknown as ToldList), voice, found: false };
      list.timer = setTimeout(giveUp, FIND_MS, list);
      told.push(list);
      lookSoon();
    },
    turnPage() {
      counted = new Set();
      // What waits has come with the new page.
      told = told.filter(({ found }) => !found);
      named.forEach(({ element }) => impressions.unwatch(element));
      named = new Map();
      begin();
    },
    leave() {
      tellChosen();
      tellSearch();
      tellSeen();
    },
  };
}
