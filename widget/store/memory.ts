/** The database for one page only, where the browser has none: loaded only there. */
import { STORES, type Database, type Key, type StoreName, type Transaction } from "./database.ts";

export function memoryDatabase(): Database {
  const stores = new Map<StoreName, Map<Key, unknown>>(STORES.map((name) => [name, new Map()]));
  let turn: Promise<unknown> = Promise.resolve();
  const transaction: Transaction = {
    get: async (store, key) => stores.get(store)!.get(key) as never,
    all: async (store, limit) => [...stores.get(store)!].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit).map(([, value]) => value) as never,
    put: async (store, key, value) => stores.get(store)!.set(key, value),
    remove: async (store, key) => stores.get(store)!.delete(key),
  };
  return {
    durable: false,
    run: (work) => (turn = turn.catch(() => {}).then(() => work(transaction))) as never,
    close: () => stores.forEach((store) => store.clear()),
  };
}
