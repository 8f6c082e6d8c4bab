/**
 * A small database over IndexedDB: a transaction is a function, and a lost handle is opened anew.
 *
 * The tag is on every page of a shop: with `idb` instead it is 937 bytes (brotli) larger, a tenth. What only carousels
 * need goes through `idb` (see files.ts).
 */

/** Safari may never answer the first page of a session: https://bugs.webkit.org/show_bug.cgi?id=226547 */
const OPEN_TIMEOUT_MS = 3_000;

export const STORES = ["meta", "outbox", "voids", "leases", "sent"] as const;
export type StoreName = (typeof STORES)[number];
export type Key = string | number;

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
  run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  close(): void;
}

/** Opens the shop's database. @throws where IndexedDB is missing or refuses, as in some private windows */
export async function openDatabase(name: string): Promise<Database> {
  let handle = await open(name);
  const attempt = async <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> => {
    const transaction = handle.transaction(STORES, "readwrite");
    const committed = new Promise<unknown>((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    // What the work throws says more; the rejection is looked at below, or not at all.
    committed.catch(() => {});
    try {
      const result = await work(over(transaction));
      await committed;
      return result;
    } catch (error) {
      try {
        transaction.abort();
      } catch {
        // It has ended already.
      }
      throw error;
    }
  };
  return {
    durable: true,
    run: (work) =>
      attempt(work).catch(async (error: unknown) => {
        // Browsers close handles under memory pressure and on "clear site data"; one new handle is worth a try.
        // https://bugs.webkit.org/show_bug.cgi?id=197050
        if ((error as Error | null)?.name !== "InvalidStateError") throw error;
        handle = await open(name);
        return attempt(work);
      }),
    close: () => handle.close(),
  };
}

async function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => {
    for (const store of STORES) request.result.createObjectStore(store);
  };
  const handle = await Promise.race([
    settled(request),
    new Promise<never>((_, reject) => setTimeout(() => reject(new Error("no answer")), OPEN_TIMEOUT_MS)),
  ]);
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

/** Deletes a database, once every page has let go of it. */
export function deleteDatabase(name: string): Promise<unknown> {
  return settled(indexedDB.deleteDatabase(name));
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
