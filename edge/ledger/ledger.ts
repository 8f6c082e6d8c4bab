/** One shard of a shop's ledger: a Durable Object that counts events and keeps them. Most shops have only one. */
import { DurableObject } from "cloudflare:workers";
import { createId, sha256Hex } from "../../core/ids.ts";
import type { ConfirmedOrder } from "../../core/merchant-api.ts";
import { settleLayout } from "../db/shops.ts";
import { numberVariable, type Env } from "../env.ts";
import { log } from "../log.ts";
import { archiveOnce, exportPage } from "./archive.ts";
import { claimAllOrders, claimOrders, type Claim } from "./claims.ts";
import { ELSEWHERE, ledgerName, type CountRequest, type Elsewhere, type ErasureAnswer, type ErasureOrder, type ExportPage, type ItemScores, type LedgerHealth, type LedgerBatch, type LedgerReceipt, type LedgerShop, type PersonErasureAnswer, type PersonErasureOrder, type ShardStats, type StatsRequest } from "./contract.ts";
import { confirmOrders } from "./confirm.ts";
import { countBatches } from "./count.ts";
import { clearTables, dumpPage, restoreRows, type DumpCursor, type DumpPage } from "./dump.ts";
import { noteFailure, noteSuccess, readHealth, type Chore } from "./health.ts";
import { beginErasure, beginPersonErasure, erasedAmong, finishErasures, forgetErasures, hasUnfinishedErasures, isAuthorised, nextForgettingMs, receiptOf, receiptsOfPerson } from "./erasure.ts";
import { compactOnce } from "./compact.ts";
import { bucketOf } from "./layout.ts";
import { dropMoved, heldBuckets, joinShards, letGo, nameHeldBuckets, readMoving, SHARD_FACT, shardNumber, sharedFacts, stage, takeIn, type MovingPage } from "./move.ts";
import { clientsOf, personKeyOf, rekeyLogins } from "./people.ts";
import { itemScores } from "./popularity.ts";
import { goOnMoving, hasMoves, planMoves, type ShardInMove } from "./reshard.ts";
import { forgetBefore } from "./retention.ts";
import { createTables } from "./schema.ts";
import { readSubject, type Subject } from "./subject.ts";
import { readStats } from "./stats.ts";
import { createTally } from "./tally.ts";

/** Should the request that began an erasure not live to see the end of it. */
const ERASURE_RETRY_MS = 10_000;
/** How long a ledger that is being read for a backup waits for the next question. */
const FROZEN_MS = 60_000;
/** Objects that nothing points at any more are deleted this much later: an export may be reading one. */
const STALE_OBJECTS_MS = 60_000;

/** The ledger stands still for a moment; what is asked again later is done. */
class FrozenLedgerError extends Error {
  override name = "FrozenLedgerError";
  readonly retryable = true;
}

export class ShopLedger extends DurableObject<Env> {
  /** Bytes of events not archived yet. */
  private pendingBytes: number;
  private alarmAtMs: number | null = null;
  /** Which of the shop's shards this is. */
  private shard: number;
  /** Buckets whose clients are counted here; null: all. */
  private held: Set<number> | null;
  /** While a backup reads. */
  private frozen: { hold: string; untilMs: number } | null = null;
  /** Work on R2 happens in turn: what one has read, no other may have changed by the time it writes. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    createTables(ctx.storage.sql);
    this.pendingBytes = this.readPendingBytes();
    this.shard = shardNumber(ctx.storage.sql);
    this.held = heldBuckets(ctx.storage.sql);
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAtMs = await ctx.storage.getAlarm();
    });
  }

  /** Counts batches in one transaction; resolves once it is on disk (the output gate sees to it). */
  async count(request: CountRequest): Promise<(LedgerReceipt | Elsewhere)[]> {
    this.refuseWhileFrozen();
    const { storage } = this.ctx;
    const { sql } = storage;
    const { receipts, journalBytes } = storage.transactionSync(() => {
      this.noteShop(request.shop.id);
      const erased = erasedAmong(sql, request.batches.map(({ clientId }) => clientId), request.receivedAtMs);
      const isHere = (batch: LedgerBatch) => this.holds(batch.clientId) && !this.needsClaims(batch);
      const batches = request.batches.filter((batch) => isHere(batch) && !erased.has(batch.clientId));
      rekeyLogins(sql, batches);
      const counted = countBatches(sql, { ...request, batches });
      return { ...counted, receipts: request.batches.map((batch) => (!isHere(batch) ? ELSEWHERE : erased.has(batch.clientId) ? null : counted.receipts.shift()!)) };
    });
    this.pendingBytes += journalBytes;
    if (journalBytes > 0) await this.scheduleArchive(request.receivedAtMs);
    return receipts;
  }

  /** Erases a client: at once what is here, then what is in R2. Asked again, it goes on, or answers the same. */
  async erase({ shop, clientId, secretSha256, nowMs, elsewhere }: ErasureOrder): Promise<ErasureAnswer | Elsewhere> {
    this.refuseWhileFrozen();
    const clientSha256 = await sha256Hex(clientId);
    const { storage } = this.ctx;
    if (elsewhere !== null && !this.holds(clientId)) return ELSEWHERE;
    const authorised = storage.transactionSync(() => {
      this.noteShop(shop);
      forgetErasures(storage.sql, nowMs);
      return beginErasure(storage.sql, { shop, clientId, clientSha256, secretSha256, nowMs, elsewhere, shard: this.shard });
    });
    if (!authorised) return { state: "wrong-secret" };
    await this.goOnErasing(shop, nowMs);
    const receipt = receiptOf(storage.sql, clientId);
    return receipt ? { state: "done", receipt } : { state: "pending" };
  }

  /** Erases every client that a person, named as devices name it, was logged in on. */
  async erasePerson({ shop, userId, nowMs, elsewhere }: PersonErasureOrder): Promise<PersonErasureAnswer> {
    this.refuseWhileFrozen();
    const { storage } = this.ctx;
    const personKey = personKeyOf(storage.sql, userId);
    const clients = await Promise.all(clientsOf(storage.sql, personKey).map(async (clientId) => ({ shop, shard: this.shard, clientId, clientSha256: await sha256Hex(clientId), nowMs, elsewhere: elsewhere[clientId] ?? 0 })));
    storage.transactionSync(() => {
      this.noteShop(shop);
      forgetErasures(storage.sql, nowMs);
      beginPersonErasure(storage.sql, personKey, clients);
    });
    await this.goOnErasing(shop, nowMs);
    const receipts = receiptsOfPerson(storage.sql, personKey);
    const done = receipts.filter((receipt) => receipt !== null);
    return done.length === receipts.length ? { state: "done", receipts: done } : { state: "pending" };
  }

  /** Whether a wish to erase comes with the client's own secret, or from the shop. */
  async authorise(clientId: string, secretSha256: string | null): Promise<boolean | Elsewhere> {
    return this.holds(clientId) ? isAuthorised(this.ctx.storage.sql, clientId, secretSha256) : ELSEWHERE;
  }

  /** The clients of this shard on which a person was logged in, those that are being erased among them. */
  async clientsOfPerson(userId: string): Promise<string[]> {
    return clientsOf(this.ctx.storage.sql, personKeyOf(this.ctx.storage.sql, userId));
  }

  /** Makes orders their first teller's, where several shards count. @returns for each whether it is that client's */
  async claimOrders(claims: Claim[], nowMs: number): Promise<(boolean | Elsewhere)[]> {
    const { storage } = this.ctx;
    return storage.transactionSync(() => {
      const own = claimOrders(storage.sql, claims.filter(({ transactionId }) => this.holds(transactionId)), nowMs);
      return claims.map(({ transactionId }) => (this.holds(transactionId) ? own.shift()! : ELSEWHERE));
    });
  }

  /** Of the first shard: orders as the shop's own server knows them. */
  async confirmOrders(shop: LedgerShop, orders: ConfirmedOrder[]): Promise<{ confirmed: number; unchanged: number }> {
    this.refuseWhileFrozen();
    return this.ctx.storage.transactionSync(() => {
      this.noteShop(shop.id);
      return confirmOrders(this.ctx.storage.sql, shop.currency, orders);
    });
  }

  async health(): Promise<LedgerHealth> {
    return readHealth(this.ctx.storage.sql);
  }

  /** Changes nothing from now on until it is let go, or not asked for a while. @returns the name of the hold */
  async freeze(): Promise<string> {
    this.refuseWhileFrozen();
    // What is being written to R2 is written down first.
    await this.turn;
    const hold = createId();
    this.frozen = { hold, untilMs: Date.now() + FROZEN_MS };
    return hold;
  }
  async thaw(hold: string): Promise<void> {
    if (this.frozen?.hold === hold) this.frozen = null;
  }
  /** A page of its tables. @throws Error when the ledger has gone on meanwhile: the backup would be of two moments */
  async dump(hold: string, cursor: DumpCursor): Promise<DumpPage> {
    if (this.frozen?.hold !== hold || !this.isFrozen()) throw new Error("the ledger has gone on: begin the backup anew");
    this.frozen.untilMs = Date.now() + FROZEN_MS;
    return dumpPage(this.ctx.storage.sql, cursor);
  }
  /** Makes room for another account's ledger; the shop is not known here yet. */
  async beginRestore(): Promise<void> {
    this.change(() => clearTables(this.ctx.storage.sql));
  }
  async restore(table: string, rows: { [column: string]: SqlStorageValue }[]): Promise<number> {
    return this.ctx.storage.transactionSync(() => restoreRows(this.ctx.storage.sql, table, rows));
  }
  async endRestore(nowMs: number): Promise<void> {
    this.change(() => undefined);
    this.pendingBytes = this.readPendingBytes();
    await this.ring(nowMs);
  }

  /** All that is kept here of a client. */
  async subject(clientId: string): Promise<Subject> {
    return readSubject(this.ctx.storage.sql, clientId);
  }

  /** Forgets what tells of single shoppers and was received before a time. */
  async forgetBefore(beforeMs: number, nowMs: number): Promise<void> {
    if (this.ctx.storage.transactionSync(() => forgetBefore(this.ctx.storage.sql, beforeMs))) await this.ring(nowMs);
  }

  /** Counts what was refused before it reached the ledger. */
  async drop(receivedAtMs: number, dropped: { [reason: string]: number }): Promise<void> {
    const { storage } = this.ctx;
    storage.transactionSync(() => {
      const tally = createTally();
      for (const [reason, count] of Object.entries(dropped)) tally.drop(receivedAtMs, reason, count);
      tally.write(storage.sql);
    });
  }

  async stats(request: StatsRequest): Promise<ShardStats> {
    return { ...readStats(this.ctx.storage.sql, request), held: this.held && [...this.held] };
  }

  async exportPage(cursor: number): Promise<ExportPage> {
    return exportPage(this.ctx.storage.sql, cursor);
  }

  async itemScores(): Promise<ItemScores> {
    return itemScores(this.ctx.storage.sql);
  }

  /** Of the first shard: makes the others ready, before any Worker asks them. */
  async prepareShards(shop: string, shards: number): Promise<void> {
    const facts = await sharedFacts(this.ctx.storage.sql);
    for (let index = 1; index < shards; index += 1) await this.shardOf(shop, index).join({ ...facts, shop, [SHARD_FACT]: String(index) });
  }

  /** Of the first shard, once Workers can know: spreads the shop's clients over another number of shards. It goes on by alarm. */
  async reshard({ shop, before, shards, nowMs }: { shop: string; before: number; shards: number; nowMs: number }): Promise<void> {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      this.noteShop(shop);
      if (hasMoves(sql)) return;
      if (this.held === null) {
        nameHeldBuckets(sql);
        claimAllOrders(sql);
      }
      planMoves(sql, before, shards);
    });
    this.held = heldBuckets(sql);
    await this.ring(nowMs);
  }

  /** Another shard's part of that (see reshard.ts). */
  async join(facts: { [name: string]: string }): Promise<void> {
    this.change(() => joinShards(this.ctx.storage.sql, facts));
  }
  async letGo(buckets: number[]): Promise<boolean> {
    // Its receipt is this shard's to give.
    if (hasUnfinishedErasures(this.ctx.storage.sql)) return false;
    this.change(() => letGo(this.ctx.storage.sql, buckets));
    return true;
  }
  async moving(buckets: number[], from: MovingPage["next"]): Promise<MovingPage> {
    return readMoving(this.ctx.storage.sql, buckets, from);
  }
  async stage(page: number, moving: MovingPage): Promise<void> {
    this.change(() => stage(this.ctx.storage.sql, page, moving));
  }
  async dropMoved(buckets: number[]): Promise<void> {
    this.change(() => dropMoved(this.ctx.storage.sql, buckets));
  }
  async takeIn(buckets: number[], nowMs: number): Promise<void> {
    this.change(() => takeIn(this.ctx.storage.sql, buckets, nowMs));
  }

  override async alarm(): Promise<void> {
    this.alarmAtMs = null;
    const nowMs = Date.now();
    const { sql } = this.ctx.storage;
    const shop = sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = 'shop'`).one().value;
    forgetErasures(sql, nowMs);
    if (this.isFrozen()) return this.ring(this.frozen!.untilMs);
    await this.settled("move", await this.goOnMoving(shop), shop, nowMs);
    await this.settled("erasure", await this.finish(shop, nowMs), shop, nowMs);
    if ((await this.settled("archive", await this.archive(shop, nowMs), shop, nowMs)) && this.pendingBytes > 0) await this.scheduleArchive(nowMs);
    const forgetAtMs = nextForgettingMs(sql);
    if (forgetAtMs !== null) await this.ring(forgetAtMs);
  }

  /** Notes how a chore went, and rings again where it failed. @returns whether it went well */
  private async settled(chore: Chore, failure: unknown, shop: string, nowMs: number): Promise<boolean> {
    const { sql } = this.ctx.storage;
    if (failure === null) {
      noteSuccess(sql, chore);
      return true;
    }
    const { attempt, retryInMs } = noteFailure(sql, chore);
    log("warn", `${chore}-failed`, { shop, shard: this.shard, attempt, retryInMs, error: failure });
    await this.ring(nowMs + retryInMs);
    return false;
  }

  /** Moves the buckets that have yet to move. @returns why some are left, or null */
  private async goOnMoving(shop: string): Promise<unknown> {
    const { sql } = this.ctx.storage;
    if (!hasMoves(sql)) return null;
    try {
      return (await goOnMoving(sql, (index) => this.shardOf(shop, index), () => settleLayout(this.env.DB, shop), Date.now)) ? null : new Error("an erasure has to end first");
    } catch (error) {
      return error;
    }
  }

  private shardOf(shop: string, index: number): ShardInMove {
    return index === 0 ? this : this.env.LEDGER.get(this.env.LEDGER.idFromName(ledgerName(shop, index)));
  }

  private holds(id: string): boolean {
    return this.held === null || this.held.has(bucketOf(id));
  }
  /** Whether a Worker that takes this for an only shard has sent orders that another shard's client may have told of. */
  private needsClaims({ events, foreignOrders }: LedgerBatch): boolean {
    return this.held !== null && foreignOrders === undefined && events.some(({ name }) => name === "purchase");
  }
  private isFrozen(): boolean {
    return this.frozen !== null && Date.now() < this.frozen.untilMs;
  }
  /** @throws an error as the platform marks those after which the same may be asked again */
  private refuseWhileFrozen(): void {
    if (this.isFrozen()) throw new FrozenLedgerError("the ledger is being read for a backup");
  }
  private change(work: () => void): void {
    this.ctx.storage.transactionSync(work);
    this.held = heldBuckets(this.ctx.storage.sql);
    this.shard = shardNumber(this.ctx.storage.sql);
  }

  private async goOnErasing(shop: string, nowMs: number): Promise<void> {
    this.pendingBytes = this.readPendingBytes();
    if (!hasUnfinishedErasures(this.ctx.storage.sql)) return;
    // Should this request not live to see the end of it. By the alarm's own clock, not the caller's.
    await this.ring(Date.now() + ERASURE_RETRY_MS);
    await this.finish(shop, nowMs);
  }

  /** Brings erasures to their end. @returns why it could not, or null */
  private finish(shop: string, nowMs: number): Promise<unknown> {
    return this.inTurn(() => finishErasures(this.ctx.storage, this.env.FILES, { shop, shard: this.shard, nowMs }));
  }

  /** Archives one piece, if one is due. @returns why it could not, or null */
  private archive(shop: string, nowMs: number): Promise<unknown> {
    return this.inTurn(async () => {
      const moved = await archiveOnce(this.ctx.storage, this.env.FILES, { shop, shard: this.shard, minBytes: this.segmentBytes(), maxAgeMs: this.maxAgeMs(), nowMs });
      if (!moved) return;
      this.pendingBytes = this.readPendingBytes();
      if (await compactOnce(this.ctx.storage, this.env.FILES, { shop, shard: this.shard })) await this.ring(nowMs + STALE_OBJECTS_MS);
    });
  }

  private inTurn(work: () => Promise<void>): Promise<unknown> {
    const done = this.turn.then(work).then(() => null, (error: unknown) => error ?? new Error("failed without a reason"));
    this.turn = done;
    return done;
  }

  private noteShop(shop: string): void {
    this.ctx.storage.sql.exec(`INSERT OR IGNORE INTO fact (name, value) VALUES ('shop', ?1)`, shop);
  }

  private async scheduleArchive(nowMs: number): Promise<void> {
    await this.ring(this.pendingBytes >= this.segmentBytes() ? nowMs : nowMs + this.maxAgeMs());
  }

  /** Sets the alarm, unless it rings before that. */
  private async ring(atMs: number): Promise<void> {
    if (this.alarmAtMs !== null && this.alarmAtMs <= atMs) return;
    this.alarmAtMs = atMs;
    await this.ctx.storage.setAlarm(atMs);
  }

  private readPendingBytes(): number {
    return this.ctx.storage.sql.exec<{ bytes: number }>(`SELECT coalesce(sum(bytes), 0) AS bytes FROM journal`).one().bytes;
  }
  private segmentBytes(): number {
    return numberVariable(this.env, "ARCHIVE_SEGMENT_BYTES");
  }
  private maxAgeMs(): number {
    return numberVariable(this.env, "ARCHIVE_AGE_MS");
  }
}
