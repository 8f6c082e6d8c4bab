/** A shopper's history: from recorded events to the sequence that the model reads. */
import type { ShopEvent } from "./events.ts";

/** What a shopper did with an item; the order is the order of strength and of the model's columns. */
export const HISTORY_KINDS = ["view", "wishlist", "cart", "purchase"] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

export interface HistoryEntry {
  item_id: string;
  kind: HistoryKind;
  atMs: number;
}

/** Upper bounds, in milliseconds, of the time since the entry before; the last bucket is open, and the first entry has one of its own. */
const MINUTE = 60_000;
export const GAP_BOUNDS_MS = [MINUTE, 5 * MINUTE, 30 * MINUTE, 240 * MINUTE, 1440 * MINUTE, 7 * 1440 * MINUTE, 30 * 1440 * MINUTE] as const;
/** Number of gap buckets: the bounds, the open end, and "nothing before". */
export const GAP_BUCKETS = GAP_BOUNDS_MS.length + 2;
/** Width of the one-hot side information of an entry: its kind, then its gap. */
export const ENTRY_FEATURES = HISTORY_KINDS.length + GAP_BUCKETS;

const KIND_OF_EVENT: { readonly [name: string]: HistoryKind } = {
  view_item: "view",
  add_to_wishlist: "wishlist",
  add_to_cart: "cart",
  purchase: "purchase",
};

/** The kind of entry that an event of this name adds for each of its items; undefined where it adds none. */
export function kindOfEvent(name: string): HistoryKind | undefined {
  return Object.hasOwn(KIND_OF_EVENT, name) ? KIND_OF_EVENT[name] : undefined;
}

/** The history entries that one event adds; none for events that say nothing about an item. */
export function entriesOf(event: Pick<ShopEvent, "name" | "params" | "occurredAtMs">): HistoryEntry[] {
  const kind = kindOfEvent(event.name);
  if (!kind) return [];
  const { items } = event.params as { items: { item_id: string }[] };
  return items.map(({ item_id }) => ({ item_id, kind, atMs: event.occurredAtMs }));
}

/**
 * Folds a log, oldest first, into a history: an item acted on again right away keeps one place and its
 * strongest kind, so that a view followed by "add to cart" is one step, not two.
 */
export function toHistory(entries: Iterable<HistoryEntry>): HistoryEntry[] {
  const history: HistoryEntry[] = [];
  for (const entry of entries) {
    const last = history[history.length - 1];
    if (last?.item_id !== entry.item_id) history.push({ ...entry });
    else if (HISTORY_KINDS.indexOf(entry.kind) > HISTORY_KINDS.indexOf(last.kind)) last.kind = entry.kind;
  }
  return history;
}

/** Adds entries to a folded history, which is not changed. */
export function appendEntries(history: readonly HistoryEntry[], entries: readonly HistoryEntry[]): HistoryEntry[] {
  return toHistory([...history, ...entries]);
}

/** The model's input: `length` entries, oldest first, unused places first. */
export interface EncodedHistory {
  /** Item indices, -1 where unused; shape [L]. */
  items: Int32Array;
  /** Index into HISTORY_KINDS; shape [L]. */
  kinds: Uint8Array;
  /** Gap bucket; shape [L]. */
  gaps: Uint8Array;
  /** Places used, at the end of the arrays. */
  count: number;
}

/** The bucket of a gap in milliseconds; `undefined` is "nothing before". */
export function gapBucket(gapMs: number | undefined): number {
  if (gapMs === undefined) return GAP_BUCKETS - 1;
  let bucket = 0;
  while (bucket < GAP_BOUNDS_MS.length && gapMs >= GAP_BOUNDS_MS[bucket]!) bucket += 1;
  return bucket;
}

/**
 * @param history oldest first
 * @param indexOf the model's index of an item, or undefined for one that it does not know: such entries are left out
 * @param length L, the places of the model's input; older entries fall off
 */
export function encodeHistory(history: readonly HistoryEntry[], indexOf: (itemId: string) => number | undefined, length: number): EncodedHistory {
  const items = new Int32Array(length).fill(-1);
  const kinds = new Uint8Array(length);
  const gaps = new Uint8Array(length);
  let place = length;
  for (let i = history.length - 1; i >= 0 && place > 0; i -= 1) {
    const entry = history[i]!;
    const index = indexOf(entry.item_id);
    if (index === undefined) continue;
    place -= 1;
    items[place] = index;
    kinds[place] = HISTORY_KINDS.indexOf(entry.kind);
    gaps[place] = gapBucket(i > 0 ? Math.max(0, entry.atMs - history[i - 1]!.atMs) : undefined);
  }
  return { items, kinds, gaps, count: length - place };
}
