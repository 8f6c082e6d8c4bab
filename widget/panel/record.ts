/** Everything that this device holds for the shop, and everything it has sent: for the shopper to read and to take along. */
import { openDB } from "idb";
import type { StoredCards } from "../store/files.ts";
import type { Bridge } from "../bridge.ts";
import { STATE_STORE } from "../store/database.ts";
import type { OutboxEntry } from "../store/outbox.ts";
import type { Client } from "../store/sequence.ts";
import { newShopper, type Shopper } from "../store/shopper.ts";
import { newState, type SentLine, type State } from "../store/state.ts";

export interface DeviceRecord {
  shopper: Shopper;
  client: Client | undefined;
  totals: Pick<State, "sentEvents" | "sentBytes" | "batches" | "dropped">;
  /** Oldest first. */
  waiting: { json: string }[];
  /** Newest first. */
  sent: SentLine[];
  /** Titles of products, as far as their cards are here. */
  titles: ReadonlyMap<string, string>;
}

/** Reads the disk itself, also where consent is gone and the tag reads nothing of it any more. */
export async function readDevice(bridge: Bridge): Promise<DeviceRecord> {
  const { journal, journalName } = bridge;
  await journal.ready();
  const [state, titles] = await Promise.all([journal.isDurable() ? readDisk(journalName) : journal.run((kept) => kept).then((kept) => kept ?? newState()), readTitles(bridge)]);
  return {
    shopper: { ...newShopper(), ...state.rows }, client: state.client, totals: state,
    waiting: Object.values(state.outbox).map((json) => ({ json })), sent: [...state.sent].reverse(), titles,
  };
}

async function readDisk(name: string): Promise<State> {
  if (!(await exists(name))) return newState();
  const database = await openDB(name);
  const [state, ...entries] = database.objectStoreNames.contains(STATE_STORE) ? ((await database.getAll(STATE_STORE)) as [State, ...OutboxEntry[]] | []) : [];
  database.close();
  return { ...newState(), ...state, outbox: Object.fromEntries(entries) };
}

/** Opening a database that is not there would create it. Browsers that cannot tell are taken to have none. */
async function exists(name: string): Promise<boolean> {
  return (await indexedDB.databases?.().catch(() => []))?.some((found) => found.name === name) ?? false;
}

async function readTitles({ filesName, faults }: Bridge): Promise<ReadonlyMap<string, string>> {
  if (!(await exists(filesName))) return new Map();
  const cards = await new Promise<StoredCards | undefined>((resolve) => {
    const opening = indexedDB.open(filesName);
    opening.onerror = () => resolve(undefined);
    opening.onsuccess = faults.guard("titles", () => {
      const asking = opening.result.transaction("files").objectStore("files").get("cards");
      asking.onsuccess = () => resolve(asking.result as StoredCards);
      asking.onerror = () => resolve(undefined);
      opening.result.close();
    });
  });
  return new Map(cards?.cards.map(({ id, title }) => [id, title]));
}

/** The record as a file that people and programs can read; the secret that authorises erasure stays on the device. */
export function exportRecord(bridge: Bridge, { shopper, client, totals, waiting, sent }: DeviceRecord): string {
  const { config: _, ...rows } = shopper;
  return JSON.stringify({
    exportedAt: new Date(bridge.nowMs()).toISOString(),
    shop: bridge.config()?.shop,
    page: location.origin,
    consent: bridge.consent.grants(),
    onThisDevice: { clientId: client?.id, ...rows },
    waitingToBeSent: waiting.map(({ json }) => JSON.parse(json) as unknown),
    sent: { events: totals.sentEvents, bytes: totals.sentBytes, messages: totals.batches, dropped: totals.dropped, newestFirst: sent.map(({ atMs, ...line }) => ({ at: new Date(atMs).toISOString(), ...line })) },
  }, null, 2);
}
