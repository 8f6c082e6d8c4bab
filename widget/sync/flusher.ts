/** Brings the outbox to the edge: one tab at a time, deleting only what the edge has answered for. */
import { routes } from "../../core/api.ts";
import { MAX_EVENTS_PER_BATCH, type BatchHead, type BatchReceipt } from "../../core/events.ts";
import type { Faults } from "../faults.ts";
import { toJson } from "../json.ts";
import { acknowledge, bury, fit, logSent, nextBatch, type Batch } from "../store/outbox.ts";
import { newState, type State } from "../store/state.ts";
import type { Journal } from "../store/journal.ts";
import { backoffMs, MAX_WAIT_MS } from "./backoff.ts";

/** Events of one moment travel together. */
const GATHER_MS = 1_000;
/** An edge that has not answered by then has not answered; others wait for their turn. */
const TIMEOUT_MS = 30_000;

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
  let isFlushing = false;
  /** Events in a batch; halved until what the edge refuses as a whole is found, or has shrunk enough. */
  let limit = MAX_EVENTS_PER_BATCH;
  /** Sent on the page's last breath; not again unless the page lives on and the outbox still has them. */
  const lastBreath = new Set<number>();

  /** How long the edge is to be left alone; further away than any wait is only what a clock that was put back makes of it. */
  const waitMsOf = (state: State | undefined) => {
    const waitMs = (state?.retryAtMs ?? 0) - nowMs();
    return waitMs > 0 && waitMs <= MAX_WAIT_MS ? waitMs : 0;
  };

  /** @returns what the answer makes of what is kept */
  const send = async (batch: Batch, keepalive: boolean): Promise<(state: State) => void> => {
    const { client, entries, voids } = batch;
    const head: BatchHead = { key, clientId: client.id, sentAtMs: nowMs(), secretHash: client.secretHash, ...(voids.length > 0 && { voids }) };
    const body = `${toJson(head).slice(0, -1)},"events":[${entries.map(([, json]) => json).join()}]}`;
    let retryAfter: string | null = null;
    let outcome = (state: State) => {
      state.retryAtMs = nowMs() + backoffMs((state.failures += 1), retryAfter, nowMs(), random);
    };
    try {
      const response = await fetch(url, {
        // `text/plain` needs no preflight, which a closing page would not live to see answered.
        method: "POST", body, keepalive, credentials: "omit", referrerPolicy: "origin", headers: { "Content-Type": "text/plain" },
        ...(!keepalive && { signal: AbortSignal.timeout?.(TIMEOUT_MS) }),
      });
      const { status, headers } = response;
      retryAfter = headers.get("Retry-After");
      if (response.ok) {
        const { conflicts, rejected } = (await response.json()) as BatchReceipt;
        const refused = [...conflicts.map(() => "conflict"), ...rejected.map(({ code }) => code)];
        limit = Math.min(limit * 2, MAX_EVENTS_PER_BATCH);
        outcome = (state) => {
          acknowledge(state, batch, refused);
          state.failures = state.retryAtMs = 0;
        };
      } else if (entries.length > 0 && (status === 413 || status === 400)) {
        // Too large, or malformed as a whole: halves find what is to blame, and the rest goes through.
        const isAlone = limit === 1;
        limit = Math.min(limit, entries.length) >> 1 || 1;
        outcome = (state) => isAlone && bury(state, entries);
      } else if (status === 410) {
        // The shop has erased this client: the device forgets it too, and begins anew.
        outcome = (state) => void Object.assign(state, newState(), { client: undefined });
      }
    } catch (error) {
      faults.note("sync", error);
      // More than `fetch` takes at a page's end, or a browser in which it ends with the page.
      if (keepalive) navigator.sendBeacon(url, body);
    }
    return (state) => {
      logSent(state, body, nowMs(), entries);
      outcome(state);
    };
  };

  /** @param isUrgent asks the edge now, whatever it has been told to wait */
  const drain = async (isUrgent: boolean) => {
    let outcome: (state: State) => void = () => {};
    for (;;) {
      const next = await journal.run((state) => {
        outcome(state);
        if (allowed()) return (!isUrgent && waitMsOf(state)) || nextBatch(state, nowMs(), limit);
      });
      journal.tell();
      isUrgent = false;
      if (typeof next === "number") return schedule(next);
      if (!next) return;
      outcome = await send(next, false);
    }
  };

  const flush = async (isUrgent: boolean) => {
    clearTimeout(timer);
    timer = undefined;
    // The one that is about to end may have seen the outbox before this one's events were in it.
    if (isFlushing) return schedule(GATHER_MS);
    if (!allowed()) return;
    isFlushing = true;
    await journal.ready();
    const take = async () => navigator.locks.request(`endcap-sync-${key}`, () => drain(isUrgent));
    // Where the browser has no locks, the edge counts once what two tabs send.
    await take().catch(() => drain(isUrgent)).catch((error: unknown) => faults.note("sync", error));
    isFlushing = false;
  };
  const schedule = (delayMs: number) => {
    timer ??= setTimeout(() => void flush(false), delayMs);
  };

  return {
    poke: () => schedule(GATHER_MS),
    flush: () => flush(true),
    sendLeaving() {
      const client = journal.client();
      // What is on disk is not lost by waiting, and the rest is among the page's last words.
      if (!client || !allowed() || waitMsOf(journal.kept())) return;
      const entries = fit(journal.unsettled().filter(([seq]) => !lastBreath.has(seq)), MAX_EVENTS_PER_BATCH, () => true);
      for (const [seq] of entries) lastBreath.add(seq);
      // Should the page live on, the answer still counts; otherwise the next page asks again, and is told "duplicate".
      if (entries.length > 0) faults.watch("last breath", send({ client, entries, voids: [] }, true).then(journal.run));
    },
  };
}
