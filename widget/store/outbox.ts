/** Events on disk until the edge has acknowledged them. */
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, OUTBOX_LIFETIME_MS, type BatchHead, type VoidReason } from "../../core/events.ts";
import { reportVoid, type Client } from "./sequence.ts";
import type { Transaction } from "./database.ts";

/** Well under what a browser counts against the shop's own storage. */
const MAX_OUTBOX_BYTES = 512 * 1024;
/** Batches kept in the ledger that the shopper can open. */
const KEPT_SENT = 200;
/** The newest of them with what they said, as far as it fits: 64 KiB at most. */
const KEPT_CONTENTS = 16;
const CONTENT_CHARS = 4096;
/** Room for the batch's head beside its events. */
export const HEAD_BYTES = 4096;

export interface OutboxEntry {
  seq: number;
  occurredAtMs: number;
  /** The event as it is sent, byte for byte. */
  json: string;
}
export type Void = NonNullable<BatchHead["voids"]>[number];

/** Sums over the device's life; what was dropped, by reason. */
export interface Totals {
  outboxBytes: number;
  sentEvents: number;
  sentBytes: number;
  batches: number;
  dropped: { [reason: string]: number };
}
export interface Batch {
  client: Client;
  entries: OutboxEntry[];
  voids: Void[];
}
/** A line of the ledger of bytes sent. */
export interface SentLine {
  atMs: number;
  bytes: number;
  events: number;
  /** What was sent, one event a line; its beginning, and of the newest messages only. */
  content?: string;
}


export async function readTotals(transaction: Transaction): Promise<Totals> {
  return (await transaction.get<Totals>("meta", "totals")) ?? { outboxBytes: 0, sentEvents: 0, sentBytes: 0, batches: 0, dropped: {} };
}

/** Adds entries; those beyond the cap are dropped, counted and reported void. @returns the numbers dropped */
export function append(transaction: Transaction, entries: readonly OutboxEntry[]): Promise<Set<number>> {
  return account(transaction, async (totals) => {
    const dropped = new Set<number>();
    for (const entry of entries) {
      const { seq, json } = entry;
      // A page's last words may have reached the disk after all.
      if (await transaction.get("outbox", seq)) continue;
      if (totals.outboxBytes + json.length > MAX_OUTBOX_BYTES) {
        dropped.add(seq);
        await drop(transaction, totals, seq, "over-quota");
      } else {
        totals.outboxBytes += json.length;
        await transaction.put("outbox", seq, entry);
      }
    }
    return dropped;
  });
}

/**
 * The oldest entries that fit one batch, after those past their lifetime are dropped.
 *
 * @param limit number of entries and of void ranges; below the most that a batch may hold, the two travel apart
 * @returns null with nothing to send
 */
export async function nextBatch(transaction: Transaction, nowMs: number, limit = MAX_EVENTS_PER_BATCH): Promise<Batch | null> {
  const client = await transaction.get<Client>("meta", "client");
  if (!client) return null;
  const entries = await account(transaction, async (totals) => {
    const fitting: OutboxEntry[] = [];
    let bytes = HEAD_BYTES;
    for (const entry of await transaction.all<OutboxEntry>("outbox", limit)) {
      if (nowMs - entry.occurredAtMs > OUTBOX_LIFETIME_MS) {
        await discard(transaction, totals, entry, "expired");
        continue;
      }
      bytes += byteLength(entry.json) + 1;
      if (bytes > MAX_BATCH_BYTES && fitting.length > 0) break;
      fitting.push(entry);
    }
    return fitting;
  });
  const voids = entries.length > 0 && limit < MAX_EVENTS_PER_BATCH ? [] : await transaction.all<Void>("voids", limit);
  return entries.length + voids.length > 0 ? { client, entries, voids } : null;
}

/** Deletes what the edge has answered for, and writes the batch into the ledger of bytes sent. */
export function acknowledge(transaction: Transaction, { entries, voids }: Batch, bytes: number, refused: readonly string[], nowMs: number): Promise<void> {
  return account(transaction, async (totals) => {
    for (const { seq, json } of entries) {
      // Another tab may have sent it too, by beacon.
      if (!(await transaction.get("outbox", seq))) continue;
      await transaction.remove("outbox", seq);
      totals.outboxBytes -= json.length;
      totals.sentEvents += 1;
    }
    for (const { from } of voids) await transaction.remove("voids", from);
    for (const reason of refused) countDropped(totals, reason);
    await logSent(transaction, totals, { atMs: nowMs, bytes, events: entries.length, content: entries.map(({ json }) => json).join("\n") });
  });
}

/** Writes a message into the ledger that the shopper can open, and adds it to the sums. */
export async function logSent(transaction: Transaction, totals: Totals, line: SentLine): Promise<void> {
  const at = (totals.batches += 1);
  totals.sentBytes += line.bytes;
  await transaction.put("sent", at, { ...line, content: line.content?.slice(0, CONTENT_CHARS) });
  await transaction.remove("sent", at - KEPT_SENT);
  const older = await transaction.get<SentLine>("sent", at - KEPT_CONTENTS);
  if (older) await transaction.put("sent", at - KEPT_CONTENTS, { ...older, content: undefined });
}

/** Gives up what the edge will never take. */
export function bury(transaction: Transaction, { entries, voids }: Batch): Promise<void> {
  return account(transaction, async (totals) => {
    for (const { from } of voids) await transaction.remove("voids", from);
    for (const entry of entries) await discard(transaction, totals, entry, "rejected");
  });
}

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Does what changes the sums, and writes them. */
async function account<T>(transaction: Transaction, work: (totals: Totals) => Promise<T>): Promise<T> {
  const totals = await readTotals(transaction);
  const result = await work(totals);
  await transaction.put("meta", "totals", totals);
  return result;
}
async function discard(transaction: Transaction, totals: Totals, { seq, json }: OutboxEntry, reason: VoidReason): Promise<void> {
  await transaction.remove("outbox", seq);
  totals.outboxBytes -= json.length;
  await drop(transaction, totals, seq, reason);
}
function drop(transaction: Transaction, totals: Totals, seq: number, reason: VoidReason): Promise<void> {
  countDropped(totals, reason);
  return reportVoid(transaction, seq, seq, reason);
}
function countDropped({ dropped }: Totals, reason: string): void {
  dropped[reason] = (dropped[reason] ?? 0) + 1;
}
