/** Popularity that forgets: each action counts for less as it ages. */
import type { HistoryKind } from "../history.ts";

/** After this time an action counts half. */
export const POPULARITY_HALF_LIFE_MS = 14 * 24 * 60 * 60 * 1000;
/** What an action counts when it is new. */
export const KIND_WEIGHT: { readonly [K in HistoryKind]: number } = { view: 1, wishlist: 2, cart: 3, purchase: 5 };

export interface PopularityCounter {
  add(itemId: string, kind: HistoryKind, atMs: number, count?: number): void;
  /** Decayed sums as of a time, largest first; equal ones by id. */
  ranking(nowMs: number): { itemId: string; score: number }[];
}

export function createPopularityCounter(halfLifeMs = POPULARITY_HALF_LIFE_MS): PopularityCounter {
  // Sums are kept relative to the first action's time, so that adding never needs to touch the others.
  let originMs: number | undefined;
  const sums = new Map<string, number>();
  return {
    add(itemId, kind, atMs, count = 1) {
      originMs ??= atMs;
      sums.set(itemId, (sums.get(itemId) ?? 0) + count * KIND_WEIGHT[kind] * 2 ** ((atMs - originMs) / halfLifeMs));
    },
    ranking(nowMs) {
      const factor = originMs === undefined ? 1 : 2 ** ((originMs - nowMs) / halfLifeMs);
      return [...sums].map(([itemId, sum]) => ({ itemId, score: sum * factor })).sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
    },
  };
}

