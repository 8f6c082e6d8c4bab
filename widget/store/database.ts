/**
 * The shop's database: one document in IndexedDB, and events beside it, so that a transaction is a function of it.
 *
 * The tag is on every page of a shop: with a store for each kind of row, every transaction was a chain of requests, and
 * the tag a tenth larger. Events stand by themselves, under their numbers: of a backlog a transaction reads no more than
 * a batch, and the document stays small. What only carousels need goes through `idb` (see files.ts).
 */
import { MAX_EVENTS_PER_BATCH } from "../../core/events.ts";
import type { Faults } from "../faults.ts";
import type { OutboxEntry } from "./outbox.ts";
import { newState, type State } from "./state.ts";

/** Safari may never answer the first page of a session: https://bugs.webkit.org/show_bug.cgi?id=226547 */
const OPEN_TIMEOUT_S = 3;

export const STATE_STORE = "state";
/** The document's key; events have higher ones. */
export const STATE_KEY = 0;

export interface Database {
  /** Whether it outlives the page: false once the browser has refused it, as in some private windows. */
  isDurable(): boolean;
  /**
   * Resolves once what the work has made of the document is committed. Where the disk refuses twice, the page goes on
   * with a document in memory, which keeps the shopper's rows. @throws what the work throws, with nothing written
   *
   * @param work may be called again, with the document as it is on disk
   */
  run<T>(work: (state: State) => T): Promise<T>;
  close(): void;
}

/** @param upgrade brings a database of the first layout into this one */
export function createDatabase(name: string, faults: Faults, upgrade: (name: string) => Promise<unknown>): Database {
  let handle: IDBDatabase | undefined;
  let last = newState();
  let memory: State | undefined;

  const open = () => new Promise<IDBDatabase>((resolve, reject) => {
    // Whatever its version is: another page may have raised it.
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore(STATE_STORE);
    request.onsuccess = () => {
      const opened = request.result;
      // Another tab wants to delete or upgrade it: get out of the way.
      opened.onversionchange = () => opened.close();
      resolve(opened);
    };
    request.onerror = () => reject(request.error);
    // Second by second: an answer that waits behind a page's long task comes before the next of them.
    const wait = (leftS: number): unknown => setTimeout(() => (leftS ? wait(leftS - 1) : reject(new Error("no answer"))), 1_000);
    wait(OPEN_TIMEOUT_S);
  });
  const attempt = async <T>(work: (state: State) => T) => {
    handle ??= await open();
    if (!handle.objectStoreNames.contains(STATE_STORE)) {
      close();
      await upgrade(name);
      handle = await open();
    }
    const transaction = handle.transaction(STATE_STORE, "readwrite");
    const store = transaction.objectStore(STATE_STORE);
    return new Promise<T>((resolve, reject) => {
      let result: T;
      const request = store.getAll(null, 1 + MAX_EVENTS_PER_BATCH);
      request.onsuccess = () => {
        try {
          const [document, ...entries] = request.result as [State | undefined, ...OutboxEntry[]];
          const before = Object.fromEntries(entries);
          last = { ...newState(), ...document, outbox: { ...before } };
          result = work(last);
          const { outbox, ...rest } = last;
          // Numbers are a client's: those of one that is gone mean nothing.
          if (!rest.client) store.clear();
          for (const entry of entries) if (!outbox[entry[0]]) store.delete(entry[0]);
          for (const seq in outbox) if (!before[seq]) store.put([+seq, outbox[seq]], +seq);
          store.put(rest, STATE_KEY);
        } catch (error) {
          reject(error);
          transaction.abort();
        }
      };
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(transaction.error);
    });
  };
  const close = () => {
    handle?.close();
    handle = undefined;
  };
  return {
    isDurable: () => !memory,
    async run(work) {
      for (let isFirst = true; !memory; isFirst = false) {
        try {
          return await attempt(work);
        } catch (error) {
          // Browsers close handles under memory pressure and on "clear site data"; one new handle is worth a try.
          // https://bugs.webkit.org/show_bug.cgi?id=197050
          const wasOpen = handle;
          close();
          if (wasOpen && isFirst) continue;
          faults.note("store", error);
          memory = { ...newState(), rows: last.rows };
        }
      }
      return work(memory);
    },
    close,
  };
}

/** Deletes a database, once every page has let go of it. */
export function deleteDatabase(name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = resolve;
    request.onerror = reject;
  });
}
