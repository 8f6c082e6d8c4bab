/** What is done by the clock: expired secrets go, old events too, catalogues are fetched and put in order of popularity. */
import { DAY_MS } from "../core/calendar.ts";
import { shopById, shopIds } from "./db/shops.ts";
import { deleteExpired } from "./db/tokens.ts";
import { fetchDueFeeds, type Fetch } from "./catalogue/fetch-feed.ts";
import type { Env } from "./env.ts";
import { ledgerOf } from "./ledger-stub.ts";
import { republishSnapshot } from "./snapshot.ts";

export async function keepHouse(env: Env, nowMs: number, fetch: Fetch): Promise<void> {
  await deleteExpired(env.DB, nowMs);
  await fetchDueFeeds(env, fetch, nowMs);
  for (const id of await shopIds(env.DB)) {
    await republishSnapshot(env, id, nowMs);
    const shop = await shopById(env.DB, id);
    if (!shop || shop.retentionDays === null) continue;
    for (let shard = 0; shard < shop.layout.ever; shard += 1) await ledgerOf(env, id, shard).forgetBefore(nowMs - shop.retentionDays * DAY_MS, nowMs);
  }
}
