/** Everything that this device holds for the shop, and everything it has sent: for the shopper to read and to take along. */
import type { StoredCards } from "../store/files.ts";
import type { Bridge } from "../bridge.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { readTotals, type OutboxEntry, type SentLine, type Totals } from "../store/outbox.ts";
import type { Client } from "../store/sequence.ts";
import { newShopper, SHOPPER_ROWS, type Shopper } from "../store/shopper.ts";

export interface DeviceRecord {
  shopper: Shopper;
  client: Client | undefined;
  totals: Totals;
  /** Oldest first. */
  waiting: OutboxEntry[];
  /** Newest first. */
  sent: SentLine[];
  /** Titles of products, as far as their cards are here. */
  titles: ReadonlyMap<string, string>;
}

const NO_TOTALS: Totals = { outboxBytes: 0, sentEvents: 0, sentBytes: 0, batches: 0, dropped: {} };

/** Reads the disk itself, also where consent is gone and the tag reads nothing of it any more. */
export async function readDevice(bridge: Bridge): Promise<DeviceRecord> {
  const { journal, journalName } = bridge;
  await journal.ready();
  const open = journal.database();
  const database = open ?? ((await exists(journalName)) ? await openDatabase(journalName) : undefined);
  const [stored, titles] = await Promise.all([database && read(database), readTitles(bridge)]);
  if (!open) database?.close();
  return { ...(stored ?? { shopper: newShopper(), client: undefined, totals: NO_TOTALS, waiting: [], sent: [] }), titles };
}

function read(database: Database): Promise<Omit<DeviceRecord, "titles">> {
  return database.run(async (transaction) => {
    const shopper: Record<string, unknown> = { ...newShopper() };
    for (const row of SHOPPER_ROWS) shopper[row] = (await transaction.get("meta", row)) ?? shopper[row];
    return {
      shopper: shopper as unknown as Shopper,
      client: await transaction.get<Client>("meta", "client"),
      totals: await readTotals(transaction),
      waiting: await transaction.all<OutboxEntry>("outbox"),
      sent: (await transaction.all<SentLine>("sent")).reverse(),
    };
  });
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
