/** Orders out of recorded events, for the statistics. */
import type { ImportLine } from "../../core/api.ts";
import type { Order } from "./statistics.ts";

/** One order per transaction, however many `purchase` events it took to tell of it. */
export function ordersOf(lines: Iterable<ImportLine>): Order[] {
  const orders = new Map<string, { clientId: string; atMs: number; items: Set<string> }>();
  for (const { clientId, events } of lines) {
    for (const event of events) {
      if (event.name !== "purchase") continue;
      const key = `${clientId} ${event.params.transaction_id}`;
      const order = orders.get(key) ?? { clientId, atMs: event.occurredAtMs, items: new Set<string>() };
      for (const { item_id } of event.params.items) order.items.add(item_id);
      orders.set(key, order);
    }
  }
  return [...orders.values()].map((order) => ({ ...order, items: [...order.items] }));
}
