/** What is done by the clock: expired secrets go, catalogues are put in order of popularity. */
import { shopIds } from "./db/shops.ts";
import { deleteExpired } from "./db/tokens.ts";
import type { Env } from "./env.ts";
import { republishSnapshot } from "./snapshot.ts";

export async function keepHouse(env: Env, nowMs: number): Promise<void> {
  await deleteExpired(env.DB, nowMs);
  for (const shop of await shopIds(env.DB)) await republishSnapshot(env, shop, nowMs);
}
