/** A shop's ledger: the Durable Object that counts its events and keeps them. */
import { DurableObject } from "cloudflare:workers";
import { numberVariable, type Env } from "../env.ts";
import { archiveOnce, exportPage } from "./archive.ts";
import type { CountRequest, ExportPage, LedgerReceipt, LedgerStats, StatsRequest } from "./contract.ts";
import { countBatches } from "./count.ts";
import { popularItems } from "./popularity.ts";
import { createTables } from "./schema.ts";
import { readStats } from "./stats.ts";
import { createTally } from "./tally.ts";

/** After R2 refused a piece, the archive tries again this much later. */
const ARCHIVE_RETRY_MS = 60_000;

export class ShopLedger extends DurableObject<Env> {
  /** Bytes of events not archived yet. */
  private pendingBytes: number;
  private alarmAtMs: number | null = null;

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
    const { receipts, journalBytes } = storage.transactionSync(() => {
      storage.sql.exec(`INSERT OR IGNORE INTO fact (name, value) VALUES ('shop', ?1)`, request.shop.id);
      return countBatches(storage.sql, request);
    });
    this.pendingBytes += journalBytes;
    if (journalBytes > 0) await this.scheduleArchive(request.receivedAtMs);
    return receipts;
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
    const shop = this.ctx.storage.sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = 'shop'`).one().value;
    try {
      const moved = await archiveOnce(this.ctx.storage, this.env.FILES, { shop, minBytes: this.segmentBytes(), maxAgeMs: this.maxAgeMs(), nowMs });
      if (moved) this.pendingBytes = this.readPendingBytes();
    } catch (error) {
      console.error(`archive of ${shop} failed, will be tried again: ${String(error)}`);
      await this.setAlarm(nowMs + ARCHIVE_RETRY_MS);
      return;
    }
    if (this.pendingBytes > 0) await this.scheduleArchive(nowMs);
  }

  private async scheduleArchive(nowMs: number): Promise<void> {
    const dueMs = this.pendingBytes >= this.segmentBytes() ? nowMs : nowMs + this.maxAgeMs();
    if (this.alarmAtMs === null || dueMs < this.alarmAtMs) await this.setAlarm(dueMs);
  }

  private async setAlarm(atMs: number): Promise<void> {
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
