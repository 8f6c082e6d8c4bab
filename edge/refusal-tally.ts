/** Refused events, summed up in the isolate and handed to the ledger now and then: a flood of refusals costs it one write a second. */
import type { Env } from "./env.ts";
import { ledgerOf } from "./ledger-stub.ts";

const FLUSH_AFTER_MS = 1_000;

export interface RefusalTally {
  /** Counts refused events of a shop; they reach its ledger within about a second. */
  add(context: { env: Env; waitUntil: (promise: Promise<unknown>) => void }, shop: string, reason: string, events: number): void;
}

export function createRefusalTally(now: () => number, sleep: (ms: number) => Promise<unknown>): RefusalTally {
  const pending = new Map<string, { [reason: string]: number }>();
  return {
    add({ env, waitUntil }, shop, reason, events) {
      const counts = pending.get(shop);
      if (counts) {
        counts[reason] = (counts[reason] ?? 0) + events;
        return;
      }
      pending.set(shop, { [reason]: events });
      waitUntil((async () => {
        await sleep(FLUSH_AFTER_MS);
        const gathered = pending.get(shop)!;
        pending.delete(shop);
        await ledgerOf(env, shop).drop(now(), gathered);
      })());
    },
  };
}
