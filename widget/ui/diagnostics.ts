/** What support wants to know of a device and its page. */
import { readTotals, type SentLine } from "../store/outbox.ts";
import type { Bridge } from "../bridge.ts";
import { armOf } from "./arm.ts";

export async function diagnose(bridge: Bridge, carousels: object): Promise<object> {
  const { journal } = bridge;
  await journal.ready();
  const database = journal.database();
  const store = await database?.run(async (transaction) => ({
    ...(await readTotals(transaction)),
    outboxEvents: (await transaction.all("outbox")).length,
    /** Every batch of the last ones: when, how many bytes, how many events. */
    sent: await transaction.all<SentLine>("sent"),
  }));
  return {
    consent: bridge.consent.grants(), page: bridge.page(), reading: bridge.reading(), arm: armOf(bridge), durable: database?.durable ?? false,
    ...(store ?? { dropped: {}, outboxEvents: 0, sentBytes: 0, sent: [] }), carousels, faults: bridge.faults.list(),
  };
}
