/**
 * Orders, and which of their lines a carousel earned.
 *
 * A transaction is one order, however many purchase events name it: a reloaded thank-you page repeats lines that
 * are known, an import may tell one order in several events. So an order holds, for each kind of line (item,
 * variant, price, quantity), the most that any one event of it named. Only the client that made an order adds to it.
 * An order and each of its lines are of the earliest time that an event gave them, whichever arrives first.
 *
 * A line is earned by the latest click on its item in a carousel, at most ATTRIBUTION_WINDOW_MS before. Clicks and
 * orders may arrive in either sequence: what an order contributes is taken back and added anew.
 */
import { ATTRIBUTION_WINDOW_MS, OUTBOX_LIFETIME_MS, type EventParams } from "../../core/events.ts";
import { toMinor } from "./money.ts";
import type { Tally } from "./tally.ts";
import { WHOLE_SHOP } from "./tally.ts";

/** One line: its kind and occurrence, item, minor units, time, and the placement that earned it. */
export type OrderLine = [key: string, itemId: string, amountMinor: number, atMs: number, placement: string | null];

export interface Order {
  transactionId: string;
  clientId: string;
  atMs: number;
  lines: OrderLine[];
}

export type Click = [itemId: string, atMs: number, placement: string];

/** What of a client's past attribution may still need. */
export interface Trail {
  clicks: Click[];
  orders: [transactionId: string, atMs: number][];
}

/** Late clicks and late orders meet if both are within this of the client's newest. */
const TRAIL_MS = ATTRIBUTION_WINDOW_MS + OUTBOX_LIFETIME_MS;
const MAX_CLICKS = 500;
const MAX_ORDERS = 100;

/** Forgets what no late event can concern any more. */
export function pruneTrail(trail: Trail): void {
  let newestMs = 0;
  for (const [, atMs] of trail.clicks) newestMs = Math.max(newestMs, atMs);
  for (const [, atMs] of trail.orders) newestMs = Math.max(newestMs, atMs);
  trail.clicks = trail.clicks.filter(([, atMs]) => atMs >= newestMs - TRAIL_MS).sort((a, b) => a[1] - b[1]).slice(-MAX_CLICKS);
  trail.orders = trail.orders.filter(([, atMs]) => atMs >= newestMs - TRAIL_MS).sort((a, b) => a[1] - b[1]).slice(-MAX_ORDERS);
}

/** The item of a line that stands for a whole order. */
const WHOLE_ORDER = "";

/**
 * Adds the lines of one purchase event that the order does not have yet, and takes the event's time where it is earlier.
 * @returns how many lines were new
 */
export function addLines(order: Order, params: EventParams<"purchase">, atMs: number, currency: string): number {
  const ours = params.currency === undefined || params.currency === currency;
  const known = new Map(order.lines.map((line) => [line[0], line]));
  const named = new Map<string, number>();
  let added = 0;
  order.atMs = Math.min(order.atMs, atMs);
  const add = (kind: string, itemId: string, amountMinor: number) => {
    const occurrence = (named.get(kind) ?? 0) + 1;
    named.set(kind, occurrence);
    const key = occurrence === 1 ? kind : `${kind} ${occurrence}`;
    const line = known.get(key);
    if (!line) {
      order.lines.push([key, itemId, amountMinor, atMs, null]);
      added += 1;
    } else if (atMs < line[3]) {
      line[3] = atMs;
      // What earned it as of the later time may have been clicked in between.
      line[4] = null;
    }
  };
  // The same line in another currency is another line, whose money does not count.
  const foreign = ours ? [] : [params.currency];
  const priced = params.items.some(({ price }) => price !== undefined);
  for (const { item_id, item_variant, price, quantity } of params.items) {
    const amountMinor = ours && price !== undefined ? toMinor(price, quantity ?? 1, currency) : 0;
    add(JSON.stringify([item_id, item_variant ?? null, price ?? null, quantity ?? 1, ...foreign]), item_id, amountMinor);
  }
  // Shops that name no prices name the order's value.
  if (!priced && params.value !== undefined) add(JSON.stringify(["value", params.value, ...foreign]), WHOLE_ORDER, ours ? toMinor(params.value, 1, currency) : 0);
  return added;
}

/** Finds, for every line, the click that earned it. @param clicks of the order's client */
export function attribute(order: Order, clicks: readonly Click[]): void {
  for (const line of order.lines) {
    let latestMs = -Infinity;
    let placement: string | null = null;
    for (const [itemId, atMs, clicked] of clicks) {
      if (itemId === line[1] && atMs <= line[3] && line[3] - atMs <= ATTRIBUTION_WINDOW_MS && atMs >= latestMs) {
        latestMs = atMs;
        placement = clicked;
      }
    }
    // A click that has been forgotten since keeps what it earned.
    if (placement !== null) line[4] = placement;
  }
}

/** Adds what an order is worth to the sums. @param sign 1, or -1 to take back what it was worth before a change */
export function contribute(tally: Tally, order: Order, sign: 1 | -1): void {
  if (order.lines.length === 0) return;
  const { clientId } = order;
  tally.count(order.atMs, WHOLE_SHOP, "purchase", sign);
  tally.countForClient(clientId, order.atMs, "orders", sign);
  const placements = new Set<string>();
  const hasPrices = order.lines.some(([, itemId, amountMinor]) => itemId !== WHOLE_ORDER && amountMinor !== 0);
  for (const [, itemId, amountMinor, atMs, placement] of order.lines) {
    // Its value is in the prices that another event of the order named.
    if (itemId === WHOLE_ORDER && hasPrices) continue;
    tally.count(atMs, WHOLE_SHOP, "revenue", sign * amountMinor);
    tally.countForClient(clientId, atMs, "revenue", sign * amountMinor);
    if (placement === null) continue;
    placements.add(placement);
    tally.count(atMs, WHOLE_SHOP, "attributed_revenue", sign * amountMinor);
    if (placement !== WHOLE_SHOP) tally.count(atMs, placement, "attributed_revenue", sign * amountMinor);
    tally.countForClient(clientId, atMs, "attributed_revenue", sign * amountMinor);
  }
  if (placements.size > 0) tally.count(order.atMs, WHOLE_SHOP, "attributed_orders", sign);
  for (const placement of placements) if (placement !== WHOLE_SHOP) tally.count(order.atMs, placement, "attributed_orders", sign);
}
