/** Puts a shop's public catalogue in order soon after its history has changed, once for many changes. */
import type { Services } from "./app.ts";
import type { Env } from "./env.ts";
import { republishSnapshot } from "./snapshot.ts";

const QUIET_MS = 1_000;

export interface Republisher {
  /** Republishes when no other call for the shop has come for a second. What an isolate forgets, the hourly housekeeping does. */
  soon(env: Env, waitUntil: (promise: Promise<unknown>) => void, shop: string): void;
}

export function createRepublisher({ now, sleep, shops }: Pick<Services, "now" | "sleep" | "shops">): Republisher {
  const latest = new Map<string, symbol>();
  return {
    soon(env, waitUntil, shop) {
      const mine = Symbol(shop);
      latest.set(shop, mine);
      waitUntil((async () => {
        await sleep(QUIET_MS);
        if (latest.get(shop) !== mine) return;
        latest.delete(shop);
        await republishSnapshot(env, shop, now());
        shops.clear();
      })());
    },
  };
}
