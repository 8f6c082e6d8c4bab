/** Brings the outbox to the edge: one tab at a time, deleting only what the edge has answered for. */
import { routes } from "../../core/api.ts";
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, type BatchHead, type BatchReceipt } from "../../core/events.ts";
import type { Faults } from "../faults.ts";
import { toJson } from "../json.ts";
import { acknowledge, bury, byteLength, HEAD_BYTES, nextBatch, type Batch, type OutboxEntry } from "../store/outbox.ts";
import type { Journal } from "../store/journal.ts";
import { backoffMs } from "./backoff.ts";

/** Events of one moment travel together. */
const GATHER_MS = 1_000;
/** Another tab is sending, or this one lost the right to: look again later. */
const RECHECK_MS = 5_000;

export interface Flusher {
  /** Sends soon. */
  poke(): void;
  /** Sends at once, as far as no other tab is sending. */
  flush(): Promise<void>;
  /** Sends what this page has recorded in a way that outlives it. */
  sendLeaving(): void;
}

export interface FlusherOptions {
  edge: string;
  key: string;
  journal: Journal;
  faults: Faults;
  fetch: typeof globalThis.fetch;
  nowMs: () => number;
  random: () => number;
  /** Whether events may be sent now. */
  allowed: () => boolean;
}

export function createFlusher({ edge, key, journal, faults, fetch, nowMs, random, allowed }: FlusherOptions): Flusher {
  const url = edge + routes.events;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let flushing = false;
  /** Events in a batch; halved until what the edge refuses as a whole is found, or has shrunk enough. */
  let limit = MAX_EVENTS_PER_BATCH;
  /** Sent on the page's last breath; not again unless the page lives on and the outbox still has them. */
  const lastBreath = new Set<number>();

  const bodyOf = ({ client, entries, voids }: Batch) => {
    const head: BatchHead = { key, clientId: client.id, sentAtMs: nowMs(), secretHash: client.secretHash, ...(voids.length > 0 && { voids }) };
    return `${toJson(head).slice(0, -1)},"events":[${entries.map(({ json }) => json).join(",")}]}`;
  };
  // `text/plain` needs no preflight, which a closing page would not live to see answered.
  const post = async (body: string, keepalive: boolean) =>
    fetch(url, { method: "POST", body, keepalive, credentials: "omit", referrerPolicy: "origin", headers: { "Content-Type": "text/plain" } });

  const settle = async (batch: Batch, body: string, response: Response) => {
    const { conflicts, rejected } = (await response.json()) as BatchReceipt;
    const refused = [...conflicts.map(() => "conflict"), ...rejected.map(({ code }) => code)];
    await journal.database()?.run((transaction) => acknowledge(transaction, batch, byteLength(body), refused, nowMs()));
    journal.settled(batch.entries);
  };

  /** @returns how long to wait before the rest may be sent; undefined: go on */
  const send = async (batch: Batch): Promise<number | undefined> => {
    const body = bodyOf(batch);
    let retryAfter: string | null = null;
    try {
      const response = await post(body, false);
      retryAfter = response.headers.get("Retry-After");
      if (response.ok) {
        await settle(batch, body, response);
        failures = 0;
        limit = Math.min(limit * 2, MAX_EVENTS_PER_BATCH);
        return;
      }
      if (response.status === 413 || response.status === 400) {
        // Too large, or malformed as a whole: halves find what is to blame, and the rest goes through.
        const size = Math.max(batch.entries.length, batch.voids.length);
        if (limit > 1) limit = Math.min(limit, size) >> 1 || 1;
        else {
          faults.note("edge refuses", await response.text());
          await journal.database()?.run((transaction) => bury(transaction, batch));
          journal.settled(batch.entries);
        }
        return;
      }
    } catch (error) {
      faults.note("sync", error);
    }
    failures += 1;
    return backoffMs(failures, retryAfter, nowMs(), random);
  };

  const drain = async () => {
    while (allowed()) {
      const batch = await journal.database()?.run((transaction) => nextBatch(transaction, nowMs(), limit));
      if (!batch) return;
      const waitMs = await send(batch);
      if (waitMs !== undefined) return schedule(waitMs);
    }
  };

  const flush = async () => {
    clearTimeout(timer);
    timer = undefined;
    if (flushing || !allowed()) return;
    flushing = true;
    try {
      await journal.ready();
      let asked = false;
      await navigator.locks?.request(`endcap-sync-${key}`, { ifAvailable: true }, (lock) => ((asked = true), lock ? drain() : schedule(RECHECK_MS))).catch((error: unknown) => {
        if (asked) throw error;
      });
      // Old browsers have no locks, and sandboxed frames are refused them.
      if (!asked) await drain();
    } catch (error) {
      faults.note("sync", error);
      schedule(RECHECK_MS);
    } finally {
      flushing = false;
    }
  };
  const schedule = (delayMs: number) => {
    timer ??= setTimeout(() => void flush(), delayMs);
  };

  return {
    poke: () => schedule(GATHER_MS),
    flush,
    sendLeaving() {
      const client = journal.client();
      if (!client || !allowed()) return;
      const entries: OutboxEntry[] = [];
      let bytes = HEAD_BYTES;
      for (const entry of journal.unsettled()) {
        if (lastBreath.has(entry.seq)) continue;
        bytes += byteLength(entry.json) + 1;
        if (bytes > MAX_BATCH_BYTES || entries.length >= MAX_EVENTS_PER_BATCH) break;
        entries.push(entry);
        lastBreath.add(entry.seq);
      }
      if (entries.length === 0) return;
      const batch = { client, entries, voids: [] };
      const body = bodyOf(batch);
      // Should the page live on, the answer still counts; otherwise the next page asks again, and is told "duplicate".
      faults.watch("last breath", post(body, true).then(
        async (response) => {
          if (response.ok) await settle(batch, body, response);
        },
        () => void navigator.sendBeacon(url, body),
      ));
    },
  };
}
