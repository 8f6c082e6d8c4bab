/** What support wants to know of a device and its page. */
import type { Bridge } from "../bridge.ts";
import { newState } from "../store/state.ts";
import { armOf } from "./arm.ts";

export async function diagnose(bridge: Bridge, carousels: object): Promise<object> {
  const { journal } = bridge;
  await journal.ready();
  const { dropped, outbox, sentBytes, sentEvents, sent } = (await journal.run((state) => state)) ?? newState();
  return {
    consent: bridge.consent.grants(), page: bridge.page(), reading: bridge.reading(), arm: armOf(bridge), durable: journal.mayStore() && journal.isDurable(),
    dropped, outboxEvents: Object.keys(outbox).length, sentBytes, sentEvents, sent, carousels, faults: bridge.faults.list(),
  };
}
