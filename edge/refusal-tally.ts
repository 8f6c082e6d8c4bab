/**
 * Events of whole batches that were refused, summed up in the isolate and handed to the ledger now and then: a flood of
 * refusals costs it one write a second. Their senders keep them and try again, so each is counted once: as far as it has
 * a number, and the isolate remembers it.
 */
import { hash32 } from "../core/ids.ts";
import type { Env } from "./env.ts";
import { ledgerOf } from "./ledger-stub.ts";

const FLUSH_AFTER_MS = 1_000;
/** Events remembered; then all are forgotten, and what is still tried is counted again. */
const MAX_REMEMBERED = 50_000;

export interface RefusalTally {
  /** Counts refused events of a shop's client; they reach its ledger within about a second. @param events of unknown form */
  add(context: { env: Env; waitUntil: (promise: Promise<unknown>) => void }, shop: string, reason: string, clientId: string, events: readonly unknown[]): void;
}

export function createRefusalTally(now: () => number, sleep: (ms: number) => Promise<unknown>): RefusalTally {
  const pending = new Map<string, { [reason: string]: number }>();
  const remembered = new Set<number>();
  const isNew = (shop: string, clientId: string, event: unknown) => {
    const seq = (event as { seq?: unknown } | null)?.seq;
    if (typeof seq !== "number") return true;
    const hash = hash32(`${shop} ${clientId} ${seq}`);
    if (remembered.has(hash)) return false;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.add(hash);
    return true;
  };
  return {
    add({ env, waitUntil }, shop, reason, clientId, events) {
      const count = events.filter((event) => isNew(shop, clientId, event)).length;
      if (count === 0) return;
      const counts = pending.get(shop);
      if (counts) {
        counts[reason] = (counts[reason] ?? 0) + count;
        return;
      }
      pending.set(shop, { [reason]: count });
      waitUntil((async () => {
        await sleep(FLUSH_AFTER_MS);
        const gathered = pending.get(shop)!;
        pending.delete(shop);
        await ledgerOf(env, shop).drop(now(), gathered);
      })());
    },
  };
}
