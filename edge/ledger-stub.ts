/** From a shop to the Durable Objects that keep its ledger. */
import type { Env } from "./env.ts";
import { ledgerName } from "./ledger/contract.ts";
import type { ShopLedger } from "./ledger/ledger.ts";

export function ledgerOf(env: Pick<Env, "LEDGER">, shop: string, shard = 0): DurableObjectStub<ShopLedger> {
  return env.LEDGER.get(env.LEDGER.idFromName(ledgerName(shop, shard)));
}
