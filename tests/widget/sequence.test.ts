/** Every sequence number is used once or accounted for. */
import { expect, test } from "vitest";
import { OUTBOX_LIFETIME_MS } from "../../core/events.ts";
import { memoryDatabase } from "../../widget/store/memory.ts";
import { acknowledge, append, nextBatch, readTotals, type OutboxEntry } from "../../widget/store/outbox.ts";
import { LEASE_MS, returnLease, takeLease, type Client } from "../../widget/store/sequence.ts";

const newClient: Client = { id: "client-one", secret: "s", nextSeq: 1 };
const entry = (seq: number, text = "x", occurredAtMs = 0): OutboxEntry => ({ seq, occurredAtMs, json: JSON.stringify(text) });

function store() {
  const database = memoryDatabase();
  return <T>(work: Parameters<typeof database.run<T>>[0]) => database.run<T>(work);
}
const stored = (run: ReturnType<typeof store>) => run(async (transaction) => (await transaction.get<Client>("meta", "client"))!);

test("gives the rest of a lease back when nobody has leased since, so that no number is wasted", async () => {
  const run = store();
  const lease = await run((transaction) => takeLease(transaction, newClient, 0));
  lease.next += 3;
  await run((transaction) => returnLease(transaction, lease));
  expect((await stored(run)).nextSeq).toBe(4);
  expect(await run((transaction) => transaction.all("voids"))).toEqual([]);
});
test("reports the rest void when another tab has leased since", async () => {
  const run = store();
  const first = await run((transaction) => takeLease(transaction, newClient, 0));
  const second = await run(async (transaction) => takeLease(transaction, (await transaction.get<Client>("meta", "client"))!, 0));
  first.next += 1;
  await run((transaction) => returnLease(transaction, first));
  expect(await run((transaction) => transaction.all("voids"))).toEqual([{ from: 2, to: second.next - 1, reason: "unused" }]);
});
test("gives a lease back once, however often a page is left", async () => {
  const run = store();
  const lease = await run((transaction) => takeLease(transaction, newClient, 0));
  await run((transaction) => returnLease(transaction, lease));
  await run(async (transaction) => transaction.put("meta", "client", { ...newClient, nextSeq: 33 }));
  await run((transaction) => returnLease(transaction, lease));
  expect((await stored(run)).nextSeq).toBe(33);
});
test("holds a silent tab for dead only when it would not use its numbers any more", async () => {
  const run = store();
  const lease = await run((transaction) => takeLease(transaction, newClient, 0));
  const next = (nowMs: number) => run(async (transaction) => takeLease(transaction, (await transaction.get<Client>("meta", "client"))!, nowMs));
  await next(2 * LEASE_MS);
  expect(await run((transaction) => transaction.all("voids"))).toEqual([]);
  await next(2 * LEASE_MS + 1);
  expect(await run((transaction) => transaction.all("voids"))).toEqual([{ from: 1, to: lease.to, reason: "unused" }]);
});

test("drops what is past its lifetime, counts it and reports its number", async () => {
  const run = store();
  await run((transaction) => transaction.put("meta", "client", newClient));
  await run((transaction) => append(transaction, [entry(1, "old", 0), entry(2, "new", 1)]));
  const batch = await run((transaction) => nextBatch(transaction, OUTBOX_LIFETIME_MS + 1));
  expect(batch!.entries.map(({ seq }) => seq)).toEqual([2]);
  expect(batch!.voids).toEqual([{ from: 1, to: 1, reason: "expired" }]);
  expect(await run(readTotals)).toMatchObject({ dropped: { expired: 1 } });
});
test("refuses events beyond the cap, counts them, and takes others once there is room", async () => {
  const run = store();
  await run((transaction) => transaction.put("meta", "client", newClient));
  const large = "x".repeat(300 * 1024);
  expect([...(await run((transaction) => append(transaction, [entry(1, large), entry(2, large)])))]).toEqual([2]);
  const batch = (await run((transaction) => nextBatch(transaction, 0)))!;
  await run((transaction) => acknowledge(transaction, batch, 10, [], 0));
  expect([...(await run((transaction) => append(transaction, [entry(3, large)])))]).toEqual([]);
  expect(await run(readTotals)).toMatchObject({ dropped: { "over-quota": 1 }, sentEvents: 1 });
});
test("never puts more into a batch than the edge takes", async () => {
  const run = store();
  await run((transaction) => transaction.put("meta", "client", newClient));
  await run((transaction) => append(transaction, Array.from({ length: 60 }, (_, i) => entry(i + 1, "é".repeat(500)))));
  const batch = (await run((transaction) => nextBatch(transaction, 0)))!;
  expect(batch.entries.length).toBeLessThanOrEqual(50);
  expect(new TextEncoder().encode(batch.entries.map(({ json }) => json).join(",")).length).toBeLessThan(44 * 1024 + 1);
  expect(batch.entries.length).toBeGreaterThan(40);
});
