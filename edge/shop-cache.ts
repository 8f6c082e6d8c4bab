/** Shops by write key, kept in the isolate for as long as their configuration may be cached. */
import { shopByWriteKey, type Shop } from "./db/shops.ts";

/** How old a shop's public configuration may be when it is used. */
export const CONFIG_TTL_MS = 30_000;
/** Made-up keys must not fill the memory. */
const MAX_ENTRIES = 5_000;

export interface ShopCache {
  byWriteKey(db: D1Database, writeKey: string): Promise<Shop | null>;
  /** Forgets what is known, after a shop has changed. */
  clear(): void;
}

export function createShopCache(now: () => number): ShopCache {
  const shops = createTtlCache<Shop | null>(now);
  return {
    byWriteKey: (db, writeKey) => shops.get(writeKey, () => shopByWriteKey(db, writeKey)),
    clear: () => shops.clear(),
  };
}

function createTtlCache<T>(now: () => number): { get(key: string, load: () => Promise<T>): Promise<T>; clear(): void } {
  const entries = new Map<string, { value: T; atMs: number }>();
  return {
    async get(key, load) {
      const known = entries.get(key);
      if (known && now() - known.atMs < CONFIG_TTL_MS) return known.value;
      const value = await load();
      if (entries.size >= MAX_ENTRIES) entries.clear();
      entries.set(key, { value, atMs: now() });
      return value;
    },
    clear: () => entries.clear(),
  };
}
