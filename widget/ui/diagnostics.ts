/** What support wants to know of a device and its page. */
import { openDB } from "idb";
import { MAX_EVENTS_PER_BATCH } from "../../core/events.ts";
import type { Bridge } from "../bridge.ts";
import { STATE_KEY, STATE_STORE } from "../store/database.ts";
import { newState } from "../store/state.ts";
import { armOf } from "./arm.ts";

export async function diagnose(bridge: Bridge, carousels: object): Promise<object> {
  const { journal } = bridge;
  await journal.ready();
  const { dropped, outbox, sentBytes, sentEvents, sent } = (await journal.run((state) => state)) ?? newState();
  const known = Object.keys(outbox).length;
  return {
    consent: bridge.consent.grants(), page: bridge.page(), reading: bridge.reading(), arm: armOf(bridge), durable: journal.mayStore() && journal.isDurable(),
    dropped, outboxEvents: known < MAX_EVENTS_PER_BATCH || !journal.isDurable() ? known : await countOutbox(bridge), sentBytes, sentEvents, sent, carousels, faults: bridge.faults.list(),
  };
}

/** All events on disk: of a backlog, a transaction of the journal reads no more than a batch. */
async function countOutbox({ journalName }: Bridge): Promise<number> {
  const database = await openDB(journalName);
  const events = await database.count(STATE_STORE, IDBKeyRange.lowerBound(STATE_KEY, true));
  database.close();
  return events;
}
