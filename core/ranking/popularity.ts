/** Popularity that forgets: each action counts for less as it ages. */
import { DAY_MS } from "../calendar.ts";
import type { HistoryKind } from "../history.ts";

/** After this time an action counts half. */
export const POPULARITY_HALF_LIFE_MS = 14 * DAY_MS;
/** What an action counts when it is new. */
export const KIND_WEIGHT: { readonly [K in HistoryKind]: number } = { view: 1, wishlist: 2, cart: 3, purchase: 5 };

/** Half-lives between the sums' origin and an action, at most; doubles overflow at 1,024. */
const MAX_HALF_LIVES = 500;

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
      if (atMs - originMs > MAX_HALF_LIVES * halfLifeMs) {
        // The log begins with a stray old date: before the factor overflows, make the sums relative to now.
        const factor = 2 ** ((originMs - atMs) / halfLifeMs);
        for (const [id, sum] of sums) sums.set(id, sum * factor);
        originMs = atMs;
      }
      sums.set(itemId, (sums.get(itemId) ?? 0) + count * KIND_WEIGHT[kind] * 2 ** ((atMs - originMs) / halfLifeMs));
    },
    ranking(nowMs) {
      const factor = originMs === undefined ? 1 : 2 ** ((originMs - nowMs) / halfLifeMs);
      return [...sums].map(([itemId, sum]) => ({ itemId, score: sum * factor })).sort((a, b) => b.score - a.score || (a.itemId < b.itemId ? -1 : 1));
    },
  };
}

