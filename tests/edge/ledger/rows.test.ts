import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { ShopEvent } from "../../../core/events.ts";
import { countBatches } from "../../../edge/ledger/count.ts";
import { createShop, event, NOON, startEdge, type TestShop } from "../edge.ts";

/** Rows that counting one batch writes; on Cloudflare they are the bill. */
function rowsWritten(shop: TestShop, clientId: string, events: ShopEvent[]): Promise<number> {
  return runInDurableObject(shop.ledger(), (_, { storage }) => {
    const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
    const sql = { exec: (...given: Parameters<SqlStorage["exec"]>) => {
      const cursor = storage.sql.exec(...given);
      cursors.push(cursor);
      return cursor;
    } } as SqlStorage;
    const batch = { clientId, sentAtMs: NOON, events, voids: [], refusedSeqs: [], refusedHashes: [] };
    storage.transactionSync(() => countBatches(sql, { shop: { id: shop.id, currency: "EUR" }, receivedAtMs: NOON, imported: false, dailyEventsPerClient: 1e4, batches: [batch] }));
    return cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
  });
}

it("writes five rows for a batch, however many events it holds, wherever they were learned of and whatever they tell", async () => {
  const shop = await createShop(startEdge());
  const views = (from: number, count: number): ShopEvent[] => Array.from({ length: count }, (_, i) => ({ ...event(from + i, "view_item", { items: [{ item_id: "p1" }], conflicts: ["price"] }), source: i % 2 ? "json-ld" : "data-layer" }));
  // Client, journal and its index, counter, client's day.
  expect(await rowsWritten(shop, "client-0001", views(1, 1))).toBe(5);
  expect(await rowsWritten(shop, "client-0001", views(2, 50))).toBe(5);
  expect(await rowsWritten(shop, "client-0001", [event(52, "script_error", { message: "x" }), event(53, "view_search_results", { search_term: "lamp", results: 0 }), event(54, "web_vitals", { cls: 0 })])).toBe(5);
  // A login adds the client to the person's, and to the index of these.
  expect(await rowsWritten(shop, "client-0001", [event(55, "login", { user_id: "a".repeat(64) })])).toBe(7);
});
