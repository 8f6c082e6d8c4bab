/** Every sequence number is used once or accounted for. */
import { expect, test } from "vitest";
import { OUTBOX_LIFETIME_MS } from "../../core/events.ts";
import { acknowledge, append, bury, logSent, MAX_OUTBOX_CHARS, nextBatch, type OutboxEntry } from "../../widget/store/outbox.ts";
import { LEASE_MS, reserveNumbers, returnLease, takeLease } from "../../widget/store/sequence.ts";
import { newState, type State } from "../../widget/store/state.ts";

function device(): State {
  return { ...newState(), client: { id: "client-one", secret: "s", nextSeq: 1 } };
}
const entry = (seq: number, text = "x", occurredAtMs = 0): OutboxEntry => [seq, JSON.stringify({ occurredAtMs, text })];
const batchOf = (state: State, nowMs = 0, limit?: number) => nextBatch(state, nowMs, limit)!;

test("gives the rest of a lease back when nobody has leased since, so that no number is wasted", () => {
  const state = device();
  const lease = takeLease(state, 0);
  lease.next += 3;
  returnLease(state, lease);
  expect(state.client!.nextSeq).toBe(4);
  expect(state.voids).toEqual([]);
});
test("reports the rest void when another tab has leased since", () => {
  const state = device();
  const first = takeLease(state, 0);
  const second = takeLease(state, 0);
  first.next += 1;
  returnLease(state, first);
  expect(state.voids).toEqual([{ from: 2, to: second.next - 1, reason: "unused" }]);
});
test("gives a lease back once, however often a page is left", () => {
  const state = device();
  const lease = takeLease(state, 0);
  returnLease(state, lease);
  const { nextSeq } = state.client!;
  takeLease(state, 0);
  returnLease(state, lease);
  expect(state.client!.nextSeq).toBe(nextSeq + 32);
  expect(state.voids).toEqual([]);
});
test("reports nothing of a lease that was used up", () => {
  const state = device();
  const lease = takeLease(state, 0);
  lease.next = lease.to + 1;
  takeLease(state, 0);
  returnLease(state, lease);
  expect(state.voids).toEqual([]);
});
test("leases as many numbers as a burst needs", () => {
  const state = device();
  const { next, to } = takeLease(state, 0, 5_000);
  expect(to - next + 1).toBe(5_000);
});
test("holds a silent tab for dead only when it would not use its numbers any more", () => {
  const state = device();
  const lease = takeLease(state, 0);
  takeLease(state, 2 * LEASE_MS);
  expect(state.voids).toEqual([]);
  takeLease(state, 2 * LEASE_MS + 1);
  expect(state.voids).toEqual([{ from: 1, to: lease.to, reason: "unused" }]);
});
test("keeps every lease when the clock is put back", () => {
  const state = device();
  takeLease(state, 100 * LEASE_MS);
  takeLease(state, 0);
  expect(state.voids).toEqual([]);
});
test("sets numbers aside for a checkout, and reports them void when its time is over", () => {
  const state = device();
  const { next, to } = reserveNumbers(state, 4, LEASE_MS);
  takeLease(state, 3 * LEASE_MS);
  expect(state.voids).toEqual([]);
  takeLease(state, 3 * LEASE_MS + 1);
  expect(state.voids).toEqual([{ from: next, to, reason: "unused" }]);
});

test("drops what is past its lifetime, counts it and reports its number", () => {
  const state = device();
  append(state, [entry(1, "old", 0), entry(2, "new", 1)]);
  const batch = batchOf(state, OUTBOX_LIFETIME_MS + 1);
  expect(batch.entries.map(([seq]) => seq)).toEqual([2]);
  expect(batch.voids).toEqual([{ from: 1, to: 1, reason: "expired" }]);
  expect(state.dropped).toEqual({ expired: 1 });
});
test("refuses events beyond the cap, counts them, and takes others once there is room", () => {
  const state = device();
  const large = "x".repeat(0.6 * MAX_OUTBOX_CHARS);
  append(state, [entry(1, large), entry(2, large)]);
  expect(Object.keys(state.outbox)).toEqual(["1"]);
  acknowledge(state, batchOf(state), []);
  append(state, [entry(3, large)]);
  expect(Object.keys(state.outbox)).toEqual(["3"]);
  expect(state).toMatchObject({ dropped: { "over-quota": 1 }, sentEvents: 1, voids: [] });
});
test("takes an event that comes twice once", () => {
  const state = device();
  append(state, [entry(1)]);
  append(state, [entry(1)]);
  acknowledge(state, batchOf(state), []);
  acknowledge(state, { client: state.client!, entries: [entry(1)], voids: [] }, []);
  expect(state).toMatchObject({ outbox: {}, sentEvents: 1 });
});
test("never puts more into a batch than the edge takes", () => {
  const state = device();
  append(state, Array.from({ length: 60 }, (_, i) => entry(i + 1, "é".repeat(500))));
  const { entries } = batchOf(state);
  expect(entries.length).toBeLessThanOrEqual(50);
  expect(new TextEncoder().encode(entries.map(([, json]) => json).join(",")).length).toBeLessThan(44 * 1024 + 1);
  expect(entries.length).toBeGreaterThan(40);
});
test("sends the oldest first, by number and not by spelling", () => {
  const state = device();
  append(state, [entry(10), entry(9), entry(100)]);
  expect(batchOf(state).entries.map(([seq]) => seq)).toEqual([9, 10, 100]);
});
test("tells of a range again that has grown while it was told, and of no other", () => {
  const state = device();
  append(state, [entry(1), entry(2), entry(7)]);
  bury(state, [entry(1), entry(7)]);
  const batch = batchOf(state);
  bury(state, [entry(8)]);
  acknowledge(state, batch, []);
  expect(state.voids).toEqual([{ from: 7, to: 8, reason: "rejected" }]);
  expect(state.dropped).toEqual({ rejected: 3 });
});
test("keeps every message in the sums, the newest two hundred in the ledger, and what the newest sixteen said", () => {
  const state = device();
  for (let i = 0; i < 201; i += 1) logSent(state, "body", i, [entry(1), entry(2)]);
  expect(state).toMatchObject({ batches: 201, sentBytes: 804 });
  expect(state.sent).toHaveLength(200);
  expect(state.sent.map(({ content }) => content !== undefined)).toEqual([...Array<boolean>(184).fill(false), ...Array<boolean>(16).fill(true)]);
});
