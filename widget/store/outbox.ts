/** Events on disk until the edge has acknowledged them. */
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, OUTBOX_LIFETIME_MS, type BatchHead, type VoidReason } from "../../core/events.ts";
import { reportVoid, type Client } from "./sequence.ts";
import type { StoreName, Transaction } from "./database.ts";

/** Well under what a browser counts against the shop's own storage. */
const MAX_OUTBOX_BYTES = 512 * 1024;
/** Batches kept in the ledger that the shopper can open. */
const KEPT_SENT = 200;
/** Room for the batch's head beside its events. */
const HEAD_BYTES = 4096;

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
}

export const OUTBOX_STORES: StoreName[] = ["meta", "outbox", "voids", "sent"];
const EMPTY: Totals = { outboxBytes: 0, sentEvents: 0, sentBytes: 0, batches: 0, dropped: {} };

export async function readTotals(transaction: Transaction): Promise<Totals> {
  return { ...EMPTY, ...(await transaction.get<Totals>("meta", "totals")) };
}

/** Adds entries; those beyond the cap are dropped, counted and reported void. @returns the numbers dropped */
export async function append(transaction: Transaction, entries: readonly OutboxEntry[]): Promise<Set<number>> {
  const totals = await readTotals(transaction);
  const dropped = new Set<number>();
  for (const entry of entries) {
    // A page's last words may have reached the disk after all.
    if (await transaction.get("outbox", entry.seq)) continue;
    if (totals.outboxBytes + entry.json.length > MAX_OUTBOX_BYTES) {
      dropped.add(entry.seq);
      await drop(transaction, totals, entry.seq, "over-quota");
      continue;
    }
    totals.outboxBytes += entry.json.length;
    await transaction.put("outbox", entry.seq, entry);
  }
  await transaction.put("meta", "totals", totals);
  return dropped;
}

/** The oldest entries that fit one batch, after those past their lifetime are dropped. @returns null with nothing to send */
export async function nextBatch(transaction: Transaction, nowMs: number): Promise<Batch | null> {
  const client = await transaction.get<Client>("meta", "client");
  if (!client) return null;
  const totals = await readTotals(transaction);
  const entries: OutboxEntry[] = [];
  let bytes = HEAD_BYTES;
  for (const entry of await transaction.all<OutboxEntry>("outbox", MAX_EVENTS_PER_BATCH)) {
    if (nowMs - entry.occurredAtMs > OUTBOX_LIFETIME_MS) {
      await discard(transaction, totals, entry, "expired");
      continue;
    }
    bytes += byteLength(entry.json) + 1;
    if (bytes > MAX_BATCH_BYTES && entries.length > 0) break;
    entries.push(entry);
  }
  await transaction.put("meta", "totals", totals);
  const voids = await transaction.all<Void>("voids", MAX_EVENTS_PER_BATCH);
  return entries.length + voids.length > 0 ? { client, entries, voids } : null;
}

/** Deletes what the edge has answered for, and writes the batch into the ledger of bytes sent. */
export async function acknowledge(transaction: Transaction, batch: Batch, bytes: number, refused: { [reason: string]: number }, nowMs: number): Promise<void> {
  const totals = await readTotals(transaction);
  for (const entry of batch.entries) {
    // Another tab may have sent it too, by beacon.
    if (!(await transaction.get("outbox", entry.seq))) continue;
    await transaction.remove("outbox", entry.seq);
    totals.outboxBytes -= entry.json.length;
    totals.sentEvents += 1;
  }
  for (const { from } of batch.voids) await transaction.remove("voids", from);
  for (const reason of Object.keys(refused)) totals.dropped[reason] = (totals.dropped[reason] ?? 0) + refused[reason]!;
  totals.sentBytes += bytes;
  totals.batches += 1;
  await transaction.put("meta", "totals", totals);
  await transaction.put("sent", totals.batches, { atMs: nowMs, bytes, events: batch.entries.length } satisfies SentLine);
  await transaction.remove("sent", totals.batches - KEPT_SENT);
}

/** Gives up what the edge will never take. */
export async function bury(transaction: Transaction, batch: Batch, reason: VoidReason): Promise<void> {
  const totals = await readTotals(transaction);
  for (const entry of batch.entries) await discard(transaction, totals, entry, reason);
  for (const { from } of batch.voids) await transaction.remove("voids", from);
  await transaction.put("meta", "totals", totals);
}

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

async function discard(transaction: Transaction, totals: Totals, entry: OutboxEntry, reason: VoidReason): Promise<void> {
  await transaction.remove("outbox", entry.seq);
  totals.outboxBytes -= entry.json.length;
  await drop(transaction, totals, entry.seq, reason);
}
async function drop(transaction: Transaction, totals: Totals, seq: number, reason: VoidReason): Promise<void> {
  totals.dropped[reason] = (totals.dropped[reason] ?? 0) + 1;
  await reportVoid(transaction, seq, seq, reason);
}
