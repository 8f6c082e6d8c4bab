/** A shop's ledger: the Durable Object that counts its events and keeps them. */
import { DurableObject } from "cloudflare:workers";
import { sha256Hex } from "../../core/ids.ts";
import { numberVariable, type Env } from "../env.ts";
import { archiveOnce, exportPage } from "./archive.ts";
import type { CountRequest, ErasureAnswer, ErasureOrder, ExportPage, LedgerReceipt, LedgerStats, PersonErasureAnswer, StatsRequest } from "./contract.ts";
import { countBatches } from "./count.ts";
import { beginErasure, beginPersonErasure, erasedAmong, finishErasures, forgetErasures, hasUnfinishedErasures, nextForgettingMs, receiptOf, receiptsOfPerson } from "./erasure.ts";
import { clientsOf, personKeyOf, rekeyLogins } from "./people.ts";
import { popularItems } from "./popularity.ts";
import { createTables } from "./schema.ts";
import { readStats } from "./stats.ts";
import { createTally } from "./tally.ts";

/** After R2 refused a piece, the archive tries again this much later, */
const ARCHIVE_RETRY_MS = 60_000;
/** and an erasure this much: somebody is waiting. */
const ERASURE_RETRY_MS = 10_000;

export class ShopLedger extends DurableObject<Env> {
  /** Bytes of events not archived yet. */
  private pendingBytes: number;
  private alarmAtMs: number | null = null;
  /** Work on R2 happens in turn: what one has read, no other may have changed by the time it writes. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    createTables(ctx.storage.sql);
    this.pendingBytes = this.readPendingBytes();
    void ctx.blockConcurrencyWhile(async () => {
      this.alarmAtMs = await ctx.storage.getAlarm();
    });
  }

  /** Counts batches in one transaction; resolves once it is on disk (the output gate sees to it). */
  async count(request: CountRequest): Promise<LedgerReceipt[]> {
    const { storage } = this.ctx;
    const { sql } = storage;
    const { receipts, journalBytes } = storage.transactionSync(() => {
      this.noteShop(request.shop.id);
      const erased = erasedAmong(sql, request.batches.map(({ clientId }) => clientId), request.receivedAtMs);
      const batches = request.batches.filter(({ clientId }) => !erased.has(clientId));
      rekeyLogins(sql, batches);
      const counted = countBatches(sql, { ...request, batches });
      return { ...counted, receipts: request.batches.map(({ clientId }) => (erased.has(clientId) ? null : counted.receipts.shift()!)) };
    });
    this.pendingBytes += journalBytes;
    if (journalBytes > 0) await this.scheduleArchive(request.receivedAtMs);
    return receipts;
  }

  /** Erases a client: at once what is here, then what is in R2. Asked again, it goes on, or answers the same. */
  async erase({ shop, clientId, secretSha256, nowMs }: ErasureOrder): Promise<ErasureAnswer> {
    const clientSha256 = await sha256Hex(clientId);
    const { storage } = this.ctx;
    const authorised = storage.transactionSync(() => {
      this.noteShop(shop);
      forgetErasures(storage.sql, nowMs);
      return beginErasure(storage.sql, { shop, clientId, clientSha256, secretSha256, nowMs });
    });
    if (!authorised) return { state: "wrong-secret" };
    await this.goOnErasing(shop, nowMs);
    const receipt = receiptOf(storage.sql, clientId);
    return receipt ? { state: "done", receipt } : { state: "pending" };
  }

  /** Erases every client that a person, named as devices name it, was logged in on. */
  async erasePerson({ shop, userId, nowMs }: { shop: string; userId: string; nowMs: number }): Promise<PersonErasureAnswer> {
    const { storage } = this.ctx;
    const personKey = personKeyOf(storage.sql, userId);
    const clients = await Promise.all(clientsOf(storage.sql, personKey).map(async (clientId) => ({ shop, clientId, clientSha256: await sha256Hex(clientId), nowMs })));
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

  /** Counts what was refused before it reached the ledger. */
  async drop(receivedAtMs: number, dropped: { [reason: string]: number }): Promise<void> {
    const { storage } = this.ctx;
    storage.transactionSync(() => {
      const tally = createTally();
      for (const [reason, count] of Object.entries(dropped)) tally.drop(receivedAtMs, reason, count);
      tally.write(storage.sql);
    });
  }

  async stats(request: StatsRequest): Promise<LedgerStats> {
    return readStats(this.ctx.storage.sql, request);
  }

  async exportPage(cursor: number): Promise<ExportPage> {
    return exportPage(this.ctx.storage.sql, cursor);
  }

  /** Item ids, most popular first. */
  async popularItems(): Promise<string[]> {
    return popularItems(this.ctx.storage.sql);
  }

  override async alarm(): Promise<void> {
    this.alarmAtMs = null;
    const nowMs = Date.now();
    const { sql } = this.ctx.storage;
    const shop = sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = 'shop'`).one().value;
    forgetErasures(sql, nowMs);
    if (!(await this.finish(shop, nowMs))) await this.ring(nowMs + ERASURE_RETRY_MS);
    if (!(await this.archive(shop, nowMs))) await this.ring(nowMs + ARCHIVE_RETRY_MS);
    else if (this.pendingBytes > 0) await this.scheduleArchive(nowMs);
    const forgetAtMs = nextForgettingMs(sql);
    if (forgetAtMs !== null) await this.ring(forgetAtMs);
  }

  private async goOnErasing(shop: string, nowMs: number): Promise<void> {
    this.pendingBytes = this.readPendingBytes();
    if (!hasUnfinishedErasures(this.ctx.storage.sql)) return;
    // Should this request not live to see the end of it. By the alarm's own clock, not the caller's.
    await this.ring(Date.now() + ERASURE_RETRY_MS);
    await this.finish(shop, nowMs);
  }

  /** Brings erasures to their end. @returns false when R2 refused */
  private finish(shop: string, nowMs: number): Promise<boolean> {
    return this.inTurn(`erasure in ${shop}`, () => finishErasures(this.ctx.storage, this.env.FILES, { shop, nowMs }));
  }

  /** Archives one piece, if one is due. @returns false when R2 refused */
  private archive(shop: string, nowMs: number): Promise<boolean> {
    return this.inTurn(`archive of ${shop}`, async () => {
      const moved = await archiveOnce(this.ctx.storage, this.env.FILES, { shop, minBytes: this.segmentBytes(), maxAgeMs: this.maxAgeMs(), nowMs });
      if (moved) this.pendingBytes = this.readPendingBytes();
    });
  }

  private inTurn(what: string, work: () => Promise<void>): Promise<boolean> {
    const done = this.turn.then(work).then(
      () => true,
      (error: unknown) => {
        console.error(`${what} failed, will be tried again: ${String(error)}`);
        return false;
      },
    );
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
