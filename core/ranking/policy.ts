/** What may be shown: the same rules on the device and at the edge. */
import { DAY_MS } from "../calendar.ts";
import { isBuyable, type Card } from "../catalogue.ts";
import type { HistoryEntry } from "../history.ts";
import type { Strategy } from "../slate.ts";
import type { Choice } from "./adaptation.ts";

/** Bought products stay away for this long. */
const BOUGHT_REST_MS = 30 * DAY_MS;
/** A "for you" carousel leaves out what was looked at this lately: it is for finding, not for going back. */
const SEEN_REST_MS = DAY_MS;

/** What the page shows and what the shopper did. */
export interface ShopperContext {
  /** The product of the page, if it is a product page. */
  itemId?: string;
  /** Products in the cart. */
  cart: readonly string[];
  /** Oldest first. */
  history: readonly HistoryEntry[];
  /** Products the shopper asked not to see. */
  dismissed: readonly string[];
  /** Products that carousels above on the same page show already. */
  shown: readonly string[];
  /** What the shopper went on to, or did not want, beside what she was shown; oldest first. Known to devices only. */
  choices?: readonly Choice[];
  nowMs: number;
}

/**
 * Fills a slate's places from a ranking: buyable products only; never the page's own product, one in the cart, lately
 * bought, dismissed or already shown, for `for_you` none lately seen either, nor another variant of any of these or of
 * a product that has a place.
 *
 * @param candidates best first; more than k, since some fall away
 * @returns at most k cards, in the order given
 */
export function applyPolicy<T extends { card: Card }>(candidates: Iterable<T>, strategy: Strategy, context: ShopperContext, cardOf: (itemId: string) => Card | undefined, k: number): T[] {
  const blocked = new Set<string>();
  const block = (itemId: string) => {
    blocked.add(itemId);
    const group = cardOf(itemId)?.item_group_id;
    if (group) blocked.add(groupKey(group));
  };
  if (context.itemId !== undefined) block(context.itemId);
  for (const itemId of context.cart) block(itemId);
  for (const itemId of context.dismissed) block(itemId);
  for (const itemId of context.shown) block(itemId);
  for (const { item_id, kind, atMs } of context.history) {
    const ageMs = context.nowMs - atMs;
    if (kind === "purchase" && ageMs < BOUGHT_REST_MS) block(item_id);
    else if (strategy === "for_you" && ageMs < SEEN_REST_MS) block(item_id);
  }
  const chosen: T[] = [];
  for (const candidate of candidates) {
    if (chosen.length >= k) break;
    const { card } = candidate;
    if (!isBuyable(card) || blocked.has(card.id) || (card.item_group_id && blocked.has(groupKey(card.item_group_id)))) continue;
    chosen.push(candidate);
    block(card.id);
  }
  return chosen;
}

function groupKey(group: string): string {
  return `group\n${group}`;
}
