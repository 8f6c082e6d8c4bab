/** When the outbox is brought to the edge: nothing that is stored waits for ever. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_EVENTS_PER_BATCH } from "../../core/events.ts";
import { createFaults } from "../../widget/faults.ts";
import type { Journal } from "../../widget/store/journal.ts";
import { append } from "../../widget/store/outbox.ts";
import { newState, type State } from "../../widget/store/state.ts";
import { createFlusher } from "../../widget/sync/flusher.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A device whose disk answers at once, and an edge that counts all it is sent. */
function device() {
  const state: State = { ...newState(), client: { id: "client-0001", secret: "secret", nextSeq: 1 } };
  const counted: number[] = [];
  const journal = { ready: async () => {}, run: async (work: (state: State) => unknown) => work(state), tell() {}, kept: () => state } as unknown as Journal;
  const fetch = async (_: string, { body }: RequestInit) => {
    const { events } = JSON.parse(body as string) as { events: { seq: number }[] };
    counted.push(...events.map(({ seq }) => seq));
    return Response.json({ accepted: events.length, duplicate: 0, conflicts: [], rejected: [], watermark: 0 });
  };
  const flusher = createFlusher({ edge: "https://edge.example", key: "wk", journal, faults: createFaults(), fetch: fetch as typeof globalThis.fetch, nowMs: () => Date.now(), random: () => 0.5, allowed: () => true });
  const store = (seq: number) => {
    append(state, [[seq, JSON.stringify({ seq, occurredAtMs: Date.now() })]]);
    flusher.poke();
  };
  return { counted, store };
}

test("sends what is stored while a flush that has seen the outbox empty is slow to end", async () => {
  // Browsers on busy machines take their time to hand a lock back.
  vi.stubGlobal("navigator", { locks: { request: async (_: string, work: () => Promise<void>) => {
    await work();
    await new Promise((done) => setTimeout(done, 5_000));
  } } });
  const { counted, store } = device();
  store(1);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(counted).toEqual([1]);
  store(2);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(counted).toEqual([1, 2]);
});

test("sends a backlog batch by batch, one after the other", async () => {
  vi.stubGlobal("navigator", { locks: { request: (_: string, work: () => Promise<void>) => work() } });
  const { counted, store } = device();
  const all = Array.from({ length: 3 * MAX_EVENTS_PER_BATCH - 7 }, (_, i) => i + 1);
  all.forEach(store);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(counted).toEqual(all);
});
