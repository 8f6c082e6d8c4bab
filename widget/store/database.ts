/** A small database with one interface over IndexedDB and over memory. */

const STORES = ["meta", "outbox", "voids", "leases", "sent", "files"] as const;
export type StoreName = (typeof STORES)[number];
type Key = string | number;

/** One transaction. Await nothing but its own methods inside: IndexedDB commits as soon as nothing is asked of it. */
export interface Transaction {
  get<T>(store: StoreName, key: Key): Promise<T | undefined>;
  /** The first values in the order of their keys. */
  all<T>(store: StoreName, limit?: number): Promise<T[]>;
  put(store: StoreName, key: Key, value: unknown): Promise<unknown>;
  remove(store: StoreName, key: Key): Promise<unknown>;
}

export interface Database {
  /** Whether it outlives the page. */
  readonly durable: boolean;
  /** Resolves once the transaction is committed. @throws what the work throws, or the browser's reason, with nothing written */
  run<T>(stores: StoreName[], mode: IDBTransactionMode, work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Deletes all of it. */
  destroy(): Promise<void>;
}

/** Opens the shop's database. @throws where IndexedDB is missing or refuses, as in some private windows */
export async function openDatabase(name: string): Promise<Database> {
  let handle = await open(name);
  const attempt = async <T>(stores: StoreName[], mode: IDBTransactionMode, work: (transaction: Transaction) => Promise<T>): Promise<T> => {
    const transaction = handle.transaction(stores, mode);
    const committed = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    committed.catch(() => {});
    let result: T;
    try {
      result = await work(over(transaction));
    } catch (error) {
      try {
        transaction.abort();
      } catch {
        // It has ended already.
      }
      throw error;
    }
    await committed;
    return result;
  };
  return {
    durable: true,
    async run(stores, mode, work) {
      try {
        return await attempt(stores, mode, work);
      } catch (error) {
        // Browsers close handles under memory pressure and on "clear site data"; one new handle is worth a try.
        // https://bugs.webkit.org/show_bug.cgi?id=197050
        if ((error as Error | null)?.name !== "InvalidStateError") throw error;
        handle = await open(name);
        return attempt(stores, mode, work);
      }
    },
    destroy: () => {
      handle.close();
      return settled(indexedDB.deleteDatabase(name)).then(() => {});
    },
  };
}

async function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    for (const store of STORES) request.result.createObjectStore(store);
  };
  const handle = await settled(request);
  // Another tab wants to delete or upgrade it: get out of the way.
  handle.onversionchange = () => handle.close();
  return handle;
}

function over(transaction: IDBTransaction): Transaction {
  const store = (name: StoreName) => transaction.objectStore(name);
  return {
    get: (name, key) => settled(store(name).get(key)),
    all: (name, limit) => settled(store(name).getAll(null, limit)),
    put: (name, key, value) => settled(store(name).put(value, key)),
    remove: (name, key) => settled(store(name).delete(key)),
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** The same for one page only: before consent, and where there is no IndexedDB. */
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
    run: (_, __, work) => (turn = turn.catch(() => {}).then(() => work(transaction))) as never,
    async destroy() {
      for (const store of stores.values()) store.clear();
    },
  };
}
