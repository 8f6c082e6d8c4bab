/** A shop's whole ledger, as one: asks the shard that holds a client, and puts the answers of all together. */
import type { ErasureReceipt, PersonErasure } from "../core/api.ts";
import { currentLayout, type Shop } from "./db/shops.ts";
import type { Env } from "./env.ts";
import { ledgerOf } from "./ledger-stub.ts";
import { ELSEWHERE, type CountRequest, type Elsewhere, type ErasureAnswer, type ExportPage, type LedgerBatch, type LedgerReceipt, type LedgerStats, type PersonErasureAnswer, type StatsRequest } from "./ledger/contract.ts";
import { bucketOf, shardsThatMayHold } from "./ledger/layout.ts";
import { isWhole, mergePopularity, mergeStats } from "./ledger/merge.ts";

/** How often all shards that may hold a client are asked, and the time between: buckets that move are nobody's for a moment. */
const MAX_ROUNDS = 5;
const BETWEEN_ROUNDS_MS = 200;

/** A client's bucket is on its way to another shard: the same request succeeds in a moment. */
export class MovingClientsError extends Error {
  override name = "MovingClientsError";
  /** As the platform marks errors after which a Durable Object may be asked again. */
  readonly retryable = true;
}

/** Where an export page begins in every shard: rows, by shard, with dots between. */
export type ExportCursor = readonly number[];

export interface Shards {
  /** Counts batches, each client's in their order. @returns a receipt for each */
  count(request: CountRequest): Promise<LedgerReceipt[]>;
  stats(request: StatsRequest, currency: string): Promise<LedgerStats>;
  /** Shard after shard, each in the order it counted in. */
  exportPage(cursor: ExportCursor): Promise<ExportPage & { cursor: ExportCursor }>;
  erase(order: { clientId: string; secretSha256: string | null; nowMs: number }): Promise<ErasureAnswer>;
  erasePerson(order: { userId: string; nowMs: number }): Promise<PersonErasureAnswer>;
}

/** Item ids of a shop, most popular first. */
export async function popularItems(env: Env, { id, layout }: Pick<Shop, "id" | "layout">): Promise<string[]> {
  return mergePopularity(await Promise.all(Array.from({ length: layout.ever }, (_, index) => ledgerOf(env, id, index).itemScores())));
}

/** @throws MovingClientsError from every method that asks for clients whose bucket stays on its way */
export function shardsOf(env: Env, shop: Pick<Shop, "id" | "layout">, sleep: (ms: number) => Promise<unknown>): Shards {
  let { layout } = shop;
  const shard = (index: number) => ledgerOf(env, shop.id, index);
  const everyShard = () => Array.from({ length: layout.ever }, (_, index) => index);
  const readLayout = async () => void (layout = await currentLayout(env.DB, shop.id));

  /** Asks about every item the shard that holds it. @param ask one shard about some of the items */
  async function askHolders<T, A>(items: readonly T[], bucket: (item: T) => number, ask: (index: number, items: T[]) => Promise<(A | Elsewhere)[]>): Promise<A[]> {
    const answers = new Map<T, A>();
    for (let round = 0; ; round += 1) {
      for (const candidate of [0, 1]) {
        const open = new Map<number, T[]>();
        for (const item of items) {
          if (answers.has(item)) continue;
          const index = shardsThatMayHold(bucket(item), layout)[candidate];
          if (index === undefined) continue;
          const group = open.get(index);
          if (group) group.push(item);
          else open.set(index, [item]);
        }
        await Promise.all([...open].map(async ([index, group]) => {
          const given = await ask(index, group);
          given.forEach((answer, i) => {
            if (answer !== ELSEWHERE) answers.set(group[i]!, answer as A);
          });
        }));
        if (answers.size === items.length) return items.map((item) => answers.get(item)!);
      }
      if (round + 1 >= MAX_ROUNDS) throw new MovingClientsError(`${items.length - answers.size} of what was asked of the ledger of ${shop.id} is moving to another shard`);
      // What was known of the shop may be old by half a minute.
      await readLayout();
      if (round > 0) await sleep(BETWEEN_ROUNDS_MS);
    }
  }

  /** Finds out which orders are other clients', where several shards count. */
  async function claim(batches: readonly LedgerBatch[], nowMs: number): Promise<LedgerBatch[]> {
    const claims = batches.flatMap(({ clientId, events }) => events.flatMap((event) => (event.name === "purchase" ? [{ clientId, transactionId: event.params.transaction_id }] : [])));
    if (claims.length === 0) return [...batches];
    const own = await askHolders(claims, ({ transactionId }) => bucketOf(transactionId), (index, group) => shard(index).claimOrders(group, nowMs));
    const foreign = new Map<string, string[]>();
    claims.forEach(({ clientId, transactionId }, i) => {
      if (!own[i]) foreign.set(clientId, [...(foreign.get(clientId) ?? []), transactionId]);
    });
    return batches.map((batch) => ({ ...batch, foreignOrders: foreign.get(batch.clientId) ?? [] }));
  }

  /** Erases what shards keep of a client that belongs to another. @returns the events deleted there; null while that is not done */
  async function eraseBut(home: number, clientId: string, secretSha256: string | null, nowMs: number): Promise<number | null> {
    let events = 0;
    for (const index of everyShard()) {
      if (index === home) continue;
      const answer = await shard(index).erase({ shop: shop.id, clientId, secretSha256, nowMs, elsewhere: null });
      if (answer === ELSEWHERE || answer.state !== "done") return null;
      events += answer.receipt.receipt.events;
    }
    return events;
  }

  return {
    count(request) {
      let { batches } = request;
      let claiming: Promise<LedgerBatch[]> | undefined;
      return askHolders(request.batches.map((_, index) => index), (index) => bucketOf(request.batches[index]!.clientId), async (holder, indices) => {
        if (layout.ever > 1) batches = await (claiming ??= claim(request.batches, request.receivedAtMs));
        return shard(holder).count({ ...request, batches: indices.map((index) => batches[index]!) });
      });
    },

    async stats(request, currency) {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const parts = await Promise.all(everyShard().map((index) => shard(index).stats(request)));
        if (isWhole(parts)) return mergeStats(parts, currency);
        await readLayout();
        await sleep(BETWEEN_ROUNDS_MS);
      }
      throw new MovingClientsError(`clients of ${shop.id} are moving to another shard`);
    },

    async exportPage(cursor) {
      await readLayout();
      const rows = everyShard().map((index) => cursor[index] ?? 0);
      const last = rows.length - 1;
      for (let index = 0; ; index += 1) {
        const page = await shard(index).exportPage(rows[index]!);
        const isEmpty = page.nextCursor === rows[index];
        if (isEmpty && index < last) continue;
        rows[index] = page.nextCursor;
        // Whether there is anything in the shards behind it, their own page says.
        return { ...page, cursor: rows, more: page.more || (index < last && !isEmpty) };
      }
    },

    async erase({ clientId, secretSha256, nowMs }) {
      await readLayout();
      const [answer] = await askHolders<string, ErasureAnswer>([clientId], bucketOf, async (home) => {
        const authorised = layout.ever === 1 || (await shard(home).authorise(clientId, secretSha256));
        if (authorised === ELSEWHERE) return [ELSEWHERE];
        if (!authorised) return [{ state: "wrong-secret" }];
        const elsewhere = await eraseBut(home, clientId, secretSha256, nowMs);
        if (elsewhere === null) return [{ state: "pending" }];
        return [await shard(home).erase({ shop: shop.id, clientId, secretSha256, nowMs, elsewhere })];
      });
      return answer!;
    },

    async erasePerson({ userId, nowMs }) {
      await readLayout();
      const elsewhere: { [clientId: string]: number } = {};
      if (layout.ever > 1) {
        for (const home of everyShard()) {
          for (const clientId of await shard(home).clientsOfPerson(userId)) {
            const events = await eraseBut(home, clientId, null, nowMs);
            if (events === null) return { state: "pending" };
            elsewhere[clientId] = events;
          }
        }
      }
      const answers = await Promise.all(everyShard().map((index) => shard(index).erasePerson({ shop: shop.id, userId, nowMs, elsewhere })));
      const receipts: ErasureReceipt[] = [];
      for (const answer of answers) {
        if (answer.state === "pending") return answer;
        receipts.push(...answer.receipts);
      }
      return { state: "done", receipts } satisfies { state: "done" } & PersonErasure;
    },
  };
}

