/** The ledger against a model of it that is slow, obvious and written apart: thousands of operations, drawn from a seed. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { routes, STAT_SUMS, type ErasureReceipt, type ImportReport } from "../../../core/api.ts";
import { ATTRIBUTION_WINDOW_MS, OUTBOX_LIFETIME_MS, VOID_REASONS, type BatchReceipt, type EventBatch, type ShopEvent } from "../../../core/events.ts";
import { seededRandom } from "../../../core/ids.ts";
import { archiveOnce } from "../../../edge/ledger/archive.ts";
import { click, createShop, env, event, NOON, startEdge } from "../edge.ts";

const MINUTE = 60_000;
const SLOT = 15 * MINUTE;
const DAY = 24 * 60 * MINUTE;
/** The last one is what a page's own code may send: a click that is nobody's, but earns. */
const PLACEMENTS = ["home-for-you", "product-similar", "cart-together", ""];
const MAX_GAPS = 64;

type Batch = Pick<EventBatch, "clientId" | "sentAtMs"> & { events: unknown[]; voids?: EventBatch["voids"] };

/** What a shop's counts must be, by the promises alone: sets of numbers, and lists of events. */
class Model {
  /** By client and number: the first event of that number, or null where it was void. */
  seen = new Map<string, Map<number, string | null>>();
  counted: { clientId: string; atMs: number; event: ShopEvent }[] = [];
  /** Numbers of each row of the journal, in order. */
  rows: { clientId: string; seqs: number[] }[] = [];
  /** Of whom sums stay, and nothing else. */
  erased = new Set<string>();
  dropped: { [reason: string]: number } = {};

  /** @param offsetMs null for an import */
  receive(batch: Batch, receivedAtMs: number, offsetMs: number | null): BatchReceipt {
    const { clientId } = batch;
    const seen = this.seen.get(clientId) ?? new Map<number, string | null>();
    this.seen.set(clientId, seen);
    const receipt: BatchReceipt = { accepted: 0, duplicate: 0, conflicts: [], rejected: [], watermark: 0 };
    const valid = (batch.events as ShopEvent[]).filter(({ name }) => (name as string) !== "teleport");
    const invalid = (batch.events as ShopEvent[]).filter(({ name }) => (name as string) === "teleport");
    const fresh: number[] = [];
    for (const event of valid) {
      const text = JSON.stringify(event);
      const first = seen.get(event.seq);
      if (first === undefined) {
        seen.set(event.seq, text);
        fresh.push(event.seq);
        receipt.accepted += 1;
        const atMs = offsetMs === null ? event.occurredAtMs : Math.min(receivedAtMs, Math.max(receivedAtMs - OUTBOX_LIFETIME_MS, event.occurredAtMs + offsetMs));
        this.counted.push({ clientId, atMs, event });
      } else if (first === null || first === text || this.#archived.has(`${clientId} ${event.seq}`)) {
        receipt.duplicate += 1;
      } else {
        receipt.conflicts.push(event.seq);
        // Sent again, it is the same one that is not counted.
        if (!this.#conflicts.has(`${clientId} ${text}`)) this.#drop("conflict");
        this.#conflicts.add(`${clientId} ${text}`);
      }
    }
    const avoid = (seq: number, reason: string) => {
      if (seen.has(seq)) return;
      seen.set(seq, null);
      this.#drop(reason);
    };
    for (const { seq } of invalid) avoid(seq, "rejected");
    for (const { from, to, reason } of batch.voids ?? []) for (let seq = from; seq <= to; seq += 1) avoid(seq, reason);
    receipt.watermark = this.#closeGaps(seen);
    if (fresh.length > 0) this.rows.push({ clientId, seqs: fresh });
    return receipt;
  }

  #conflicts = new Set<string>();
  #archived = new Set<string>();
  archivedUpTo(row: number): void {
    for (const { clientId, seqs } of this.rows.slice(0, row)) for (const seq of seqs) this.#archived.add(`${clientId} ${seq}`);
  }

  #drop(reason: string): void {
    this.dropped[reason] = (this.dropped[reason] ?? 0) + 1;
  }

  #closeGaps(seen: Map<number, string | null>): number {
    for (;;) {
      const missing: number[][] = [];
      const highest = Math.max(0, ...seen.keys());
      for (let seq = 1; seq < highest; seq += 1) {
        if (seen.has(seq)) continue;
        if (missing.at(-1)?.at(-1) === seq - 1) missing.at(-1)!.push(seq);
        else missing.push([seq]);
      }
      if (missing.length <= MAX_GAPS) return missing.length === 0 ? highest : missing[0]![0]! - 1;
      for (const seq of missing[0]!) {
        seen.set(seq, null);
        this.#drop("gap-closed");
      }
    }
  }

  /** @returns the events that there were */
  erase(clientId: string): number {
    this.erased.add(clientId);
    // The notice to readers is a row too, where there was anything to tell of.
    if (this.seen.has(clientId)) this.rows.push({ clientId: "", seqs: [] });
    return this.counted.filter((counted) => counted.clientId === clientId).length;
  }

  /** Sums and people of a range; of a placement, only the sums that it has. */
  figures(fromMs: number, toMs: number, placement?: string): { [sum: string]: number } {
    const within = this.counted.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
    const ofPlacement = ({ event }: { event: ShopEvent }) => placement === undefined || (event.params as { placement?: string }).placement === placement;
    const sums: { [sum: string]: number } = {};
    for (const sum of STAT_SUMS) sums[sum] = within.filter(({ event }) => sum === "events" || event.name === sum).filter(ofPlacement).length;
    sums["purchase"] = sums["revenue"] = sums["attributed_orders"] = sums["attributed_revenue"] = 0;
    const buyers = new Set<string>();
    for (const { clientId, atMs, lines } of this.#orders()) {
      if (atMs >= fromMs && atMs < toMs) {
        sums["purchase"] += 1;
        if (!this.erased.has(clientId)) buyers.add(clientId);
        if (lines.some((line) => (placement === undefined ? line.placement !== null : line.placement === placement))) sums["attributed_orders"] += 1;
      }
      for (const line of lines) {
        if (line.atMs < fromMs || line.atMs >= toMs) continue;
        sums["revenue"] += line.cents;
        if (placement === undefined ? line.placement !== null : line.placement === placement) sums["attributed_revenue"] += line.cents;
      }
    }
    sums["revenue"] /= 100;
    sums["attributed_revenue"] /= 100;
    const people = (name?: string) => new Set(within.filter(({ clientId, event }) => !this.erased.has(clientId) && (name === undefined || event.name === name)).map(({ clientId }) => clientId)).size;
    return { ...sums, shoppers: people(), buyers: buyers.size, viewed: people("view_item"), carted: people("add_to_cart"), checkout: people("begin_checkout") };
  }

  /** An order is its first sender's; of each kind of line it has the most that one event named, as of the earliest that did. */
  #orders() {
    const orders = new Map<string, { clientId: string; atMs: number; lines: Map<string, { item: string; cents: number; atMs: number }> }>();
    for (const { clientId, atMs, event } of this.counted) {
      if (event.name !== "purchase") continue;
      const { transaction_id, items } = event.params;
      const order = orders.get(transaction_id) ?? { clientId, atMs, lines: new Map() };
      orders.set(transaction_id, order);
      if (order.clientId !== clientId) continue;
      order.atMs = Math.min(order.atMs, atMs);
      items.forEach(({ item_id, price, quantity }, index) => {
        const occurrence = items.slice(0, index).filter((other) => other.item_id === item_id && other.price === price && other.quantity === quantity).length;
        const key = `${item_id} ${price} ${quantity} ${occurrence}`;
        const line = order.lines.get(key);
        if (line) line.atMs = Math.min(line.atMs, atMs);
        else order.lines.set(key, { item: item_id, cents: Math.round(price! * 100) * quantity!, atMs });
      });
    }
    return [...orders.values()].map(({ clientId, atMs, lines }) => ({
      clientId, atMs,
      lines: [...lines.values()].map((line) => {
        const clicks = this.counted.filter(({ clientId: who, atMs: when, event }) => who === clientId && event.name === "rec_click" && event.params.items[0]!.item_id === line.item && when <= line.atMs && line.atMs - when <= ATTRIBUTION_WINDOW_MS);
        const latest = clicks.reduce<(typeof clicks)[number] | null>((best, next) => (best === null || next.atMs > best.atMs ? next : best), null);
        return { ...line, placement: latest ? (latest.event.params as { placement: string }).placement : null };
      }),
    }));
  }
}

describe("the ledger, after thousands of operations in any order", () => {
  it.each([1, 2])("has exactly the counts of an independent model (seed %i)", async (seed) => {
    const random = seededRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
    const edge = startEdge();
    const shop = await createShop(edge);
    const model = new Model();
    const clients = Array.from({ length: 6 }, (_, index) => ({ clientId: `client-${seed}00${index}`, clockMs: index === 5 ? 0 : pick([0, 0, -3 * DAY, 400 * DAY, 17_001]), next: 1, /** One leaves every second number out. */ step: index === 4 ? 2 : 1, waiting: [] as ShopEvent[], sent: [] as ShopEvent[], imports: index === 5 }));
    let orders = 0;

    const someEvent = (seq: number, occurredAtMs: number): ShopEvent => {
      const item_id = `p${below(5)}`;
      const line = () => ({ item_id: `p${below(5)}`, price: pick([0.1, 19.99, 3.33, 250]), quantity: pick([1, 1, 2]) });
      switch (below(8)) {
        case 0: return event(seq, "page_view", {}, occurredAtMs);
        case 1: return event(seq, "add_to_cart", { items: [{ item_id }] }, occurredAtMs);
        case 2: return event(seq, "begin_checkout", {}, occurredAtMs);
        case 3: case 4: return click(seq, item_id, pick(PLACEMENTS), occurredAtMs);
        // Some orders are told in several events, some of them by another client.
        case 5: return event(seq, "purchase", { transaction_id: `T${random() < 0.5 ? (orders += 1) : 1 + below(orders + 1)}`, currency: "EUR", items: Array.from({ length: 1 + below(3) }, line) }, occurredAtMs);
        default: return event(seq, "view_item", { items: [{ item_id }] }, occurredAtMs);
      }
    };
    const deliver = async (client: (typeof clients)[number], events: unknown[], voids: EventBatch["voids"] = []) => {
      // The way takes up to ten seconds.
      const lateMs = below(10_000);
      const batch: Batch = { clientId: client.clientId, sentAtMs: edge.nowMs + client.clockMs - lateMs, events, voids };
      if (client.imports) {
        const expected = model.receive(batch, edge.nowMs, null);
        const answer = await shop.admin(routes.admin.import(shop.id), { method: "POST", body: JSON.stringify(batch) });
        const { accepted, duplicate, conflicts } = await answer.json<ImportReport>();
        expect({ accepted, duplicate, conflicts }).toEqual({ accepted: expected.accepted, duplicate: expected.duplicate, conflicts: expected.conflicts.length });
        return;
      }
      const expected = model.receive(batch, edge.nowMs, edge.nowMs - batch.sentAtMs);
      const answer = await shop.post({ key: shop.writeKey, ...batch });
      const receipt = await answer.json<BatchReceipt>();
      expect({ ...receipt, rejected: [] }).toEqual(expected);
    };
    const archive = async (outcome: "written" | "not written" | "written, but the answer was lost") => {
      const last = await runInDurableObject(shop.ledger(), async (_, { storage }) => {
        const store = { put: async (key: string, value: ArrayBuffer) => {
          if (outcome !== "not written") await env.FILES.put(key, value);
          if (outcome !== "written") throw new Error("R2 is away");
        } };
        await archiveOnce(storage, store, { shop: shop.id, shard: 0, minBytes: 3_000, maxAgeMs: 1e12, nowMs: edge.nowMs }).catch(() => undefined);
        return storage.sql.exec<{ last: number }>(`SELECT coalesce(max(last_row), 0) AS last FROM segment WHERE archived_at_ms IS NOT NULL`).one().last;
      });
      model.archivedUpTo(last);
    };
    const check = async () => {
      const toMs = edge.nowMs + 1;
      for (const fromMs of [NOON - 30 * DAY, edge.nowMs - (1 + below(40)) * 60 * MINUTE]) {
        const stats = await shop.stats(`?fromMs=${fromMs}&toMs=${toMs}`);
        const { viewed, carted, checkout, ...totals } = model.figures(stats.fromMs, stats.toMs);
        expect(stats.totals).toEqual(totals);
        expect(stats.funnel).toEqual({ viewed, carted, checkout, purchased: totals["buyers"] });
        for (const { placement, ...sums } of stats.placements) expect(model.figures(stats.fromMs, stats.toMs, placement)).toMatchObject(sums);
        stats.series.forEach(({ startMs, ...sums }, index) => expect(model.figures(startMs, stats.series[index + 1]?.startMs ?? stats.toMs)).toMatchObject(sums));
      }
      const { dropped } = await shop.stats(`?fromMs=${NOON - DAY}&toMs=${toMs + SLOT}`);
      expect(Object.fromEntries(dropped.map(({ reason, count }) => [reason, count]))).toEqual(model.dropped);
    };

    for (let operation = 1; operation <= 1000; operation += 1) {
      edge.nowMs += below(14 * MINUTE);
      const client = pick(clients);
      switch (below(12)) {
        case 0: // Sent before, all or part of it, in another order.
          if (client.sent.length > 0) await deliver(client, Array.from({ length: 1 + below(8) }, () => pick(client.sent)));
          break;
        case 1: { // A number used again for something else, beside something good.
          const good = someEvent((client.next += 1) - 1, edge.nowMs + client.clockMs);
          client.sent.push(good);
          await deliver(client, [someEvent(1 + below(client.next), edge.nowMs + client.clockMs - below(DAY)), good]);
          break;
        }
        case 2: { // Voids, over numbers that were counted too.
          const from = 1 + below(client.next + 3);
          const to = from + below(4);
          client.next = Math.max(client.next, to + 1);
          await deliver(client, [], [{ from, to, reason: pick(VOID_REASONS) }]);
          break;
        }
        case 3: // Some of it can never be counted.
          await deliver(client, [someEvent(client.next, edge.nowMs + client.clockMs), { ...event(client.next + 1, "page_view", {}), name: "teleport" }, { ...event(1 + below(client.next), "page_view", {}), name: "teleport" }]);
          client.next += 2;
          break;
        case 4: // A tab that never came back.
          client.next += below(3);
          break;
        case 5:
          await archive(pick(["written", "written", "not written", "written, but the answer was lost"]));
          break;
        case 6: // A transaction that fails at its end leaves nothing behind.
          await runInDurableObject(shop.ledger(), async (ledger) => {
            const good = { clientId: client.clientId, sentAtMs: edge.nowMs, events: [someEvent(client.next, edge.nowMs), event(client.next + 1, "purchase", { transaction_id: "T1", items: [{ item_id: "p1", price: 1e6, quantity: 1 }] })], voids: [], refusedSeqs: [client.next + 2], refusedHashes: [1, 2, 3] };
            const broken = { ...good, clientId: null as unknown as string };
            await expect((ledger as unknown as { count(request: object): Promise<unknown> }).count({ shop: { id: shop.id, currency: "EUR" }, receivedAtMs: edge.nowMs, imported: false, batches: [good, broken] })).rejects.toThrow("NOT NULL");
          });
          break;
        case 7:
          // Whatever it holds in memory is gone; that it runs must be sure first.
          await shop.popularItems();
          await evictDurableObject(shop.ledger());
          break;
        default: { // What shoppers do: events pile up, and go in pieces that overtake one another.
          const made = Array.from({ length: 1 + below(6) }, () => someEvent((client.next += client.step) - 1, edge.nowMs + client.clockMs - below(30 * MINUTE)));
          client.waiting.push(...made);
          if (random() < 0.4) break;
          const leaving = client.waiting.filter(() => random() < 0.7).sort(() => random() - 0.5).slice(0, 50);
          client.waiting = client.waiting.filter((waiting) => !leaving.includes(waiting));
          client.sent.push(...leaving);
          await deliver(client, leaving);
        }
      }
      if (operation % 90 === 0) {
        // Somebody leaves for good, and is somebody else from then on. Not the one whose gaps are to be closed.
        const leaver = pick(clients.filter(({ step }) => step === 1));
        const { receipt } = await (await shop.admin(routes.admin.client(shop.id, leaver.clientId), { method: "DELETE" })).json<ErasureReceipt>();
        expect(receipt.events).toBe(model.erase(leaver.clientId));
        const late = await shop.post({ key: shop.writeKey, clientId: leaver.clientId, sentAtMs: edge.nowMs, events: [someEvent(leaver.next, edge.nowMs), ...leaver.sent].slice(0, 50) });
        expect(late.status).toBe(410);
        Object.assign(leaver, { clientId: `${leaver.clientId}-${operation}`, next: 1, waiting: [], sent: [] });
      }
      if (operation % 250 === 0) await check();
    }
    const { lines } = await shop.export();
    expect(lines.flatMap(({ clientId, events }) => events.map(({ seq, occurredAtMs }) => `${clientId} ${seq} ${occurredAtMs}`))).toEqual(model.counted.filter(({ clientId }) => !model.erased.has(clientId)).map(({ clientId, event, atMs }) => `${clientId} ${event.seq} ${atMs}`));
    expect(model.counted.length).toBeGreaterThan(1000);
    expect(model.dropped["conflict"]).toBeGreaterThan(10);
    expect(model.dropped["gap-closed"]).toBeGreaterThan(10);
    expect(model.figures(NOON - 30 * DAY, edge.nowMs)["attributed_orders"]).toBeGreaterThan(10);
  }, 180_000);
});
