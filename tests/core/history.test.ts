import { expect, test } from "vitest";
import { appendEntries, encodeHistory, entriesOf, GAP_BOUNDS_MS, GAP_BUCKETS, gapBucket, HISTORY_KINDS, toHistory, type HistoryEntry } from "../../core/history.ts";

const view = (item_id: string, atMs = 0): HistoryEntry => ({ item_id, kind: "view", atMs });
const INDEX: { [id: string]: number } = { a: 0, b: 1, c: 2 };
const indexOf = (id: string) => INDEX[id];

test.each(GAP_BOUNDS_MS.map((bound, bucket) => [bound, bucket]))("a gap of exactly %i ms opens the next bucket", (bound, bucket) => {
  expect(gapBucket(bound - 1)).toBe(bucket);
  expect(gapBucket(bound)).toBe(bucket + 1);
});

test("the longest gap and no gap at all have buckets of their own", () => {
  expect(gapBucket(Number.MAX_SAFE_INTEGER)).toBe(GAP_BUCKETS - 2);
  expect(gapBucket(undefined)).toBe(GAP_BUCKETS - 1);
  expect(gapBucket(0)).toBe(0);
});

test("events become entries by what they say about items", () => {
  const at = { occurredAtMs: 5 };
  expect(entriesOf({ name: "purchase", params: { transaction_id: "T", items: [{ item_id: "a" }, { item_id: "b" }] }, ...at })).toEqual([
    { item_id: "a", kind: "purchase", atMs: 5 }, { item_id: "b", kind: "purchase", atMs: 5 },
  ]);
  expect(entriesOf({ name: "view_item", params: { items: [{ item_id: "a" }] }, ...at })).toEqual([view("a", 5)]);
  expect(entriesOf({ name: "page_view", params: {}, ...at })).toEqual([]);
  expect(entriesOf({ name: "view_item_list", params: { items: [{ item_id: "a" }] }, ...at })).toEqual([]);
});

test("a view and the add to cart that follows are one step, of the stronger kind", () => {
  const cart: HistoryEntry = { item_id: "a", kind: "cart", atMs: 3 };
  expect(toHistory([view("a", 1), cart])).toEqual([{ item_id: "a", kind: "cart", atMs: 1 }]);
  expect(toHistory([cart, view("a", 4)])).toEqual([cart]);
  expect(toHistory([view("a"), view("b"), view("a")])).toHaveLength(3);
});

test("adding to a history leaves the old one as it was", () => {
  const before = [view("a", 1)];
  const after = appendEntries(before, [{ item_id: "a", kind: "purchase", atMs: 2 }]);
  expect(before).toEqual([view("a", 1)]);
  expect(after[0]!.kind).toBe("purchase");
});

test("a history of exactly the model's length fills it, and one more pushes the oldest out", () => {
  expect([...encodeHistory([view("a"), view("b"), view("c")], indexOf, 3).items]).toEqual([0, 1, 2]);
  const pushed = encodeHistory([view("a"), view("b", 60_000), view("c", 60_000), view("a", 60_000)], indexOf, 3);
  expect([...pushed.items]).toEqual([1, 2, 0]);
  // The entry before has fallen off, the gap to it is still known.
  expect(pushed.gaps[0]).toBe(1);
  expect(pushed.count).toBe(3);
});

test("unused places come first, and unknown items leave no hole", () => {
  const encoded = encodeHistory([view("a", 0), view("unknown", 1), view("b", 90_000)], indexOf, 4);
  expect([...encoded.items]).toEqual([-1, -1, 0, 1]);
  expect(encoded.count).toBe(2);
  // The gap is the time since the shopper's last step, known to the model or not.
  expect([...encoded.gaps]).toEqual([0, 0, GAP_BUCKETS - 1, 1]);
  expect(encodeHistory([], indexOf, 2)).toEqual({ items: Int32Array.of(-1, -1), kinds: new Uint8Array(2), gaps: new Uint8Array(2), count: 0 });
});

test("a clock that ran backwards counts as no time, and every kind has its column", () => {
  expect(encodeHistory([view("a", 50_000), view("b", 0)], indexOf, 2).gaps[1]).toBe(0);
  const all = HISTORY_KINDS.map((kind): HistoryEntry => ({ item_id: "a", kind, atMs: 0 }));
  expect([...encodeHistory(all, indexOf, all.length).kinds]).toEqual([0, 1, 2, 3]);
});
