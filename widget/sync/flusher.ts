/** Brings the outbox to the edge: one tab at a time, deleting only what the edge has answered for. */
import { routes } from "../../core/api.ts";
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, type BatchHead, type BatchReceipt } from "../../core/events.ts";
import type { Faults } from "../faults.ts";
import { toJson } from "../json.ts";
import { acknowledge, bury, byteLength, nextBatch, OUTBOX_STORES, type Batch, type OutboxEntry } from "../store/outbox.ts";
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
  stop(): void;
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

type Outcome = { kind: "done" } | { kind: "wait"; retryAfter: string | null };

export function createFlusher({ edge, key, journal, faults, fetch, nowMs, random, allowed }: FlusherOptions): Flusher {
  const url = edge + routes.events;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let flushing = false;
  let stopped = false;
  /** Sent on the page's last breath; not again unless the page lives on and the outbox still has them. */
  const lastBreath = new Set<number>();

  const inOutbox = <T>(work: Parameters<ReturnType<Journal["database"]>["run"]>[2]) => journal.database().run(OUTBOX_STORES, "readwrite", work) as Promise<T>;
  const bodyOf = ({ client, entries, voids }: Batch) => {
    const head: BatchHead = { key, clientId: client.id, sentAtMs: nowMs(), secretHash: client.secretHash, ...(voids.length > 0 && { voids }) };
    return `${toJson(head).slice(0, -1)},"events":[${entries.map(({ json }) => json).join(",")}]}`;
  };
  // `text/plain` needs no preflight, which a closing page would not live to see answered.
  const post = (body: string, keepalive: boolean) =>
    fetch(url, { method: "POST", body, keepalive, credentials: "omit", referrerPolicy: "origin", headers: { "Content-Type": "text/plain" } });

  const settle = async (batch: Batch, bytes: number, receipt: BatchReceipt) => {
    const refused: { [reason: string]: number } = {};
    if (receipt.conflicts.length > 0) refused["conflict"] = receipt.conflicts.length;
    for (const { code } of receipt.rejected) refused[code] = (refused[code] ?? 0) + 1;
    await inOutbox((transaction) => acknowledge(transaction, batch, bytes, refused, nowMs()));
    journal.settled(batch.entries.map(({ seq }) => seq));
  };

  const send = async (batch: Batch): Promise<Outcome> => {
    const body = bodyOf(batch);
    let response: Response;
    try {
      response = await post(body, false);
    } catch {
      return { kind: "wait", retryAfter: null };
    }
    if (response.ok) {
      await settle(batch, byteLength(body), (await response.json()) as BatchReceipt);
      return { kind: "done" };
    }
    // Too large, or malformed as a whole: halves find what is to blame, and the rest goes through.
    if (response.status !== 413 && response.status !== 400) return { kind: "wait", retryAfter: response.headers.get("Retry-After") };
    const halves = split(batch);
    if (!halves) {
      faults.note("edge refuses", `${response.status}: ${await response.text().catch(() => "")}`);
      await inOutbox((transaction) => bury(transaction, batch, "rejected"));
      journal.settled(batch.entries.map(({ seq }) => seq));
      return { kind: "done" };
    }
    for (const half of halves) {
      const outcome = await send(half);
      if (outcome.kind === "wait") return outcome;
    }
    return { kind: "done" };
  };

  const drain = async () => {
    for (;;) {
      if (stopped || !allowed()) return;
      const batch = await inOutbox<Batch | null>((transaction) => nextBatch(transaction, nowMs()));
      if (!batch) return;
      let outcome: Outcome;
      try {
        outcome = await send(batch);
      } catch (error) {
        faults.note("sync", error);
        outcome = { kind: "wait", retryAfter: null };
      }
      if (outcome.kind === "wait") {
        failures += 1;
        return schedule(backoffMs(failures, outcome.retryAfter, nowMs(), random));
      }
      failures = 0;
    }
  };

  const flush = async () => {
    clearTimeout(timer);
    timer = undefined;
    if (flushing || stopped || !allowed()) return;
    flushing = true;
    try {
      await journal.ready();
      if (!navigator.locks) await drain();
      else await navigator.locks.request(`endcap-sync-${key}`, { ifAvailable: true }, (lock) => (lock ? drain() : schedule(RECHECK_MS)));
    } catch (error) {
      faults.note("sync", error);
      schedule(RECHECK_MS);
    } finally {
      flushing = false;
    }
  };
  const schedule = (delayMs: number) => {
    if (!stopped) timer ??= setTimeout(() => void flush(), delayMs);
  };

  return {
    poke: () => schedule(GATHER_MS),
    flush,
    sendLeaving() {
      const client = journal.client();
      if (!client || stopped || !allowed()) return;
      const entries: OutboxEntry[] = [];
      let bytes = 0;
      for (const entry of journal.unsettled()) {
        if (lastBreath.has(entry.seq)) continue;
        bytes += byteLength(entry.json) + 1;
        if (bytes > MAX_BATCH_BYTES - 4096 || entries.length >= MAX_EVENTS_PER_BATCH) break;
        entries.push(entry);
        lastBreath.add(entry.seq);
      }
      if (entries.length === 0) return;
      const batch = { client, entries, voids: [] };
      const body = bodyOf(batch);
      try {
        // Should the page live on, the answer still counts; otherwise the next page asks again, and is told "duplicate".
        faults.watch("last breath", post(body, true).then(async (response) => {
          if (response.ok) await settle(batch, byteLength(body), (await response.json()) as BatchReceipt);
        }));
      } catch {
        navigator.sendBeacon?.(url, body);
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** @returns the two parts to try apart, or null for what is single */
function split({ client, entries, voids }: Batch): [Batch, Batch] | null {
  if (entries.length > 0 && voids.length > 0) return [{ client, entries, voids: [] }, { client, entries: [], voids }];
  const middle = entries.length >> 1;
  return middle > 0 ? [{ client, entries: entries.slice(0, middle), voids }, { client, entries: entries.slice(middle), voids }] : null;
}
