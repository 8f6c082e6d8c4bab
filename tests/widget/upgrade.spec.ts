/** Devices that an earlier tag has been on: what it kept is there still, and is sent. */
import { createId } from "../../core/ids.ts";
import { carouselReady, delivered, expect, GRANTED, itemsIn, test } from "./fixtures.ts";

const NAME = "endcap-wk_tea";

test("brings a device of the first layout over: the same shopper, and every event that waited @once", async ({ page, shop, edge }) => {
  const [clientId, sessionId] = [createId(), createId()];
  const atMs = Date.now() - 60_000;
  const wish = (seq: number) => ({ seq, occurredAtMs: atMs, json: JSON.stringify({ seq, sessionId, name: "add_to_wishlist", occurredAtMs: atMs, page: { type: "product", path: "/old" }, params: { items: [{ item_id: `old-${seq}` }] } }) });
  shop.options = { tag: "" };
  await page.goto(shop.origin);
  await page.evaluate(async ({ name, clientId, atMs, entries, last }) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => ["meta", "outbox", "voids", "leases", "sent"].forEach((store) => request.result.createObjectStore(store));
    await new Promise((resolve) => (request.onsuccess = resolve));
    const transaction = request.result.transaction(["meta", "outbox", "leases"], "readwrite");
    const meta = transaction.objectStore("meta");
    meta.put({ id: clientId, secret: "s", nextSeq: 33 }, "client");
    meta.put({ outboxBytes: 1, sentEvents: 7, sentBytes: 900, batches: 2, dropped: { expired: 3 } }, "totals");
    meta.put([...Array(8).keys()].map((i) => ({ item_id: `kettles-${i}`, kind: "view", atMs: atMs + i })), "history");
    transaction.objectStore("leases").put({ id: "lease", next: 4, to: 32, leasedAtMs: atMs }, "lease");
    for (const entry of entries) transaction.objectStore("outbox").put(entry, entry.seq);
    await new Promise((resolve) => (transaction.oncomplete = resolve));
    request.result.close();
    localStorage.setItem(`${name}:lease`, JSON.stringify({ lease: null, entries: [last], events: [], steps: [], rows: { dismissed: ["kettles-9"] } }));
  }, { name: NAME, clientId, atMs, entries: [wish(1), wish(2)], last: wish(3) });
  shop.options = { tag: GRANTED };
  await page.goto(shop.origin);
  await carouselReady(page);
  await expect.poll(() => edge.counted.filter(({ name }) => name === "add_to_wishlist").map(({ seq }) => seq)).toEqual([1, 2, 3]);
  await delivered(page);
  expect(new Set(edge.counted.map((event) => event.clientId))).toEqual(new Set([clientId]));
  expect(Math.min(...edge.counted.filter(({ name }) => name !== "add_to_wishlist").map(({ seq }) => seq))).toBe(33);
  expect(edge.voids).toContainEqual({ clientId, from: 4, to: 32, reason: "unused" });
  expect(edge.conflicts).toEqual([]);
  expect((await itemsIn(page)).filter((id) => id.startsWith("kettles-")).length).toBeGreaterThan(3);
  expect(await itemsIn(page)).not.toContain("kettles-9");
  expect(await page.evaluate((prefix) => Object.keys(localStorage).filter((key) => key.startsWith(prefix)), `${NAME}:`)).toEqual([]);
});
