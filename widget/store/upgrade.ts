/** Devices that the first layout's tag has been on: a store for each kind of row, and other last words. Loaded only there. */
import { openDB } from "idb";
import { STATE_KEY, STATE_STORE } from "./database.ts";
import { readWords } from "./last-words.ts";
import { append, type OutboxEntry } from "./outbox.ts";
import { reportVoid, type Client, type Lease } from "./sequence.ts";
import { SHOPPER_ROWS, type Shopper } from "./shopper.ts";
import { newState, type SentLine, type State, type Void } from "./state.ts";

const FIRST_STORES = ["meta", "outbox", "voids", "leases", "sent"] as const;
interface FirstEntry {
  seq: number;
  json: string;
}
/** What pages of the first layout left in localStorage. */
interface FirstWords {
  entries: FirstEntry[];
  rows: Partial<Shopper>;
}

/** Keeps the identity, what waits to be sent, and what is remembered; the numbers of its open pages are void. */
export async function upgradeDatabase(name: string): Promise<void> {
  const words = readWords<FirstWords>(`${name}:`);
  const database = await openDB(name, 2, {
    async upgrade(_, __, ___, transaction) {
      const meta = transaction.objectStore("meta");
      const all = <T>(store: (typeof FIRST_STORES)[number]) => transaction.objectStore(store).getAll() as Promise<T[]>;
      const state: State = newState();
      const client = (await meta.get("client")) as Client | undefined;
      if (client) state.client = client;
      for (const row of SHOPPER_ROWS) {
        const value = (await meta.get(row)) as never;
        if (value !== undefined) state.rows[row] = value;
      }
      const totals = (await meta.get("totals")) as Pick<State, "sentEvents" | "sentBytes" | "batches" | "dropped"> | undefined;
      if (totals) ({ sentEvents: state.sentEvents, sentBytes: state.sentBytes, batches: state.batches, dropped: state.dropped } = totals);
      state.cart = await meta.get("shop-cart");
      state.sent = await all<SentLine>("sent");
      state.voids = await all<Void>("voids");
      for (const { next, to } of await all<Lease>("leases")) reportVoid(state, next, to, "unused");
      const left = words.map(([, { entries, rows }]) => (Object.assign(state.rows, rows), entries));
      append(state, [...(await all<FirstEntry>("outbox")), ...left.flat()].map(({ seq, json }): OutboxEntry => [seq, json]));
      for (const store of FIRST_STORES) transaction.db.deleteObjectStore(store);
      const store = transaction.db.createObjectStore(STATE_STORE);
      const { outbox, ...rest } = state;
      await store.put(rest, STATE_KEY);
      for (const [seq, json] of Object.entries(outbox)) await store.put([+seq, json], +seq);
    },
  });
  database.close();
  for (const [key] of words) localStorage.removeItem(key);
}
