/** Events on disk until the edge has acknowledged them. */
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, OUTBOX_LIFETIME_MS, type VoidReason } from "../../core/events.ts";
import { reportVoid, type Client } from "./sequence.ts";
import type { State, Void } from "./state.ts";

/** Room for a burst of 5,000 events; well under what a browser counts against the shop's own storage. */
export const MAX_OUTBOX_CHARS = 2 * 1024 * 1024;
/** Batches kept in the ledger that the shopper can open. */
const KEPT_SENT = 200;
/** The newest of them with what they said, as far as it fits: 64 KiB at most. */
const KEPT_CONTENTS = 16;
const CONTENT_CHARS = 4096;
/** Room for the batch's head beside its events. */
export const HEAD_BYTES = 4096;

/** A numbered event: its number, and its text as it is sent. */
export type OutboxEntry = [seq: number, json: string];

export interface Batch {
  client: Client;
  entries: OutboxEntry[];
  voids: Void[];
}

/** Adds entries; those beyond the cap are dropped, counted and reported void. */
export function append(state: State, entries: readonly OutboxEntry[]): void {
  const known = Object.values(state.outbox);
  if (known.length < MAX_EVENTS_PER_BATCH) state.outboxChars = known.join("").length;
  for (const [seq, json] of entries) {
    // A page's last words may have reached the disk after all.
    if (state.outbox[seq]) continue;
    if (state.outboxChars + json.length > MAX_OUTBOX_CHARS) drop(state, seq, seq, "over-quota");
    else {
      state.outbox[seq] = json;
      state.outboxChars += json.length;
    }
  }
}

/** Gives up numbers, and counts them. */
export function drop(state: State, from: number, to: number, reason: VoidReason): void {
  reportVoid(state, from, to, reason);
  countDropped(state, reason, to - from + 1);
}

/**
 * The oldest entries that fit one batch, after those past their lifetime are dropped.
 *
 * @param limit number of entries and of void ranges; below the most that a batch may hold, the two travel apart
 * @returns undefined with nothing to send
 */
export function nextBatch(state: State, nowMs: number, limit = MAX_EVENTS_PER_BATCH): Batch | undefined {
  const { client } = state;
  const fitting = fit(Object.entries(state.outbox).map(([seq, json]) => [+seq, json]), limit, ([seq, json]) => {
    const isExpired = nowMs - (JSON.parse(json) as { occurredAtMs: number }).occurredAtMs > OUTBOX_LIFETIME_MS;
    if (isExpired) giveUp(state, seq, "expired");
    return !isExpired;
  });
  const voids = fitting.length > 0 && limit < MAX_EVENTS_PER_BATCH ? [] : state.voids.slice(0, limit);
  return client && fitting.length + voids.length > 0 ? { client, entries: fitting, voids } : undefined;
}

/** As many of the first entries as fit one batch. */
export function fit(entries: Iterable<OutboxEntry>, limit: number, isWanted: (entry: OutboxEntry) => boolean): OutboxEntry[] {
  const fitting: OutboxEntry[] = [];
  let bytes = HEAD_BYTES;
  for (const entry of entries) {
    if (fitting.length >= limit) break;
    if (!isWanted(entry)) continue;
    bytes += byteLength(entry[1]) + 1;
    if (bytes > MAX_BATCH_BYTES && fitting.length > 0) break;
    fitting.push(entry);
  }
  return fitting;
}

/** Writes a message into the ledger that the shopper can open, whatever became of it. @param entries the events in it */
export function logSent(state: State, body: string, atMs: number, entries?: readonly OutboxEntry[]): void {
  const bytes = byteLength(body);
  state.batches += 1;
  state.sentBytes += bytes;
  state.sent = [...state.sent, { atMs, bytes, events: entries?.length ?? 0, content: (entries?.map(([, json]) => json).join("\n") ?? body).slice(0, CONTENT_CHARS) }].slice(-KEPT_SENT);
  delete state.sent.at(-1 - KEPT_CONTENTS)?.content;
}

/** Deletes what the edge has answered for. @param refused codes of the events that it has not counted */
export function acknowledge(state: State, batch: Batch, refused: readonly string[]): void {
  for (const [seq] of batch.entries) {
    // Another tab may have sent it too, by beacon.
    if (remove(state, seq)) state.sentEvents += 1;
  }
  // A range that has grown since is told again, whole.
  state.voids = state.voids.filter(({ from, to }) => !batch.voids.some((told) => told.from === from && told.to === to));
  for (const code of refused) countDropped(state, code);
}

/** Gives up what the edge will never take. */
export function bury(state: State, entries: readonly OutboxEntry[]): void {
  for (const [seq] of entries) giveUp(state, seq, "rejected");
}

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function giveUp(state: State, seq: number, reason: VoidReason): void {
  remove(state, seq);
  drop(state, seq, seq, reason);
}
/** @returns whether it was there */
function remove(state: State, seq: number): boolean {
  const json = state.outbox[seq] ?? "";
  state.outboxChars -= json.length;
  return delete state.outbox[seq] && json !== "";
}
function countDropped({ dropped }: State, reason: string, count = 1): void {
  dropped[reason] = (dropped[reason] ?? 0) + count;
}
