/** Counting: every number of every client once, whatever arrives twice, late or out of order. */
import { type StatSum } from "../../core/api.ts";
import type { BatchReceipt, EventOf, ShopEvent } from "../../core/events.ts";
import { hash32 } from "../../core/ids.ts";
import { canonicalJson } from "../../core/weights/manifest.ts";
import { dayOf, eventTime, type BatchClock } from "./clock.ts";
import { newestRow } from "./archive.ts";
import type { CountRequest, LedgerBatch } from "./contract.ts";
import { erasedOrdersAmong } from "./erasure.ts";
import { MAX_LINE_MINOR, toMinor } from "./money.ts";
import { addLines, attribute, contribute, pruneTrail, type Order, type OrderLine, type Trail } from "./orders.ts";
import { closeGaps, hasReceived, markReceived, MAX_LEAD, type Received } from "./sequence.ts";
import { SOURCE_SUMS, type HealthSum, type Presence } from "./schema.ts";
import { createTally, WHOLE_SHOP, type Tally } from "./tally.ts";

interface ClientState extends Received {
  clientId: string;
  secretHash: string | null;
  trail: Trail;
  /** Hashes of what was refused, by which it is known when an answer was lost and it comes again; newest last. */
  refused: number[];
  /** What the client has told of by day, for those days that this request has looked at. */
  days: Map<number, Told>;
}

/** Of one client on one day. */
interface Told {
  events: number;
  clicks: number;
  /** Events of broken pages. */
  troubles: number;
}

/** As many as one batch may hold, and some. */
const MAX_REFUSED_KEPT = 64;
/** Events of broken pages that one client may tell of on one day: an error in a loop says nothing new. */
export const MAX_DAILY_TROUBLES = 200;
/** Clicks on carousels that one client may make on one day: many times what a keen shopper does. */
export const MAX_DAILY_CLICKS = 500;
const TROUBLES: ReadonlySet<string> = new Set(["rage_click", "dead_click", "script_error", "form_abandon"]);

/** A purchase or clicks of this request, settled once all its events are known. */
interface Settlement {
  purchases: { event: EventOf<"purchase">; atMs: number; client: ClientState }[];
  clickedBy: Set<ClientState>;
  /** Who logged in, by key, and on which client. */
  logins: [personKey: string, clientId: string][];
}

/**
 * Counts batches; part of one transaction of the caller.
 * @returns a receipt per batch, in order, and the bytes added to the journal
 */
export function countBatches(sql: SqlStorage, request: CountRequest): { receipts: BatchReceipt[]; journalBytes: number } {
  const { receivedAtMs, imported, shop } = request;
  const clients = loadClients(sql, request.batches);
  const tally = createTally();
  const settlement: Settlement = { purchases: [], clickedBy: new Set(), logins: [] };
  const fresh: ShopEvent[][] = [];
  const repeats: { batch: number; event: ShopEvent }[] = [];

  const receipts = request.batches.map((batch, index): BatchReceipt => {
    const client = clients.get(batch.clientId)!;
    const clock: BatchClock = { receivedAtMs, offsetMs: imported ? null : receivedAtMs - batch.sentAtMs };
    const receipt: BatchReceipt = { accepted: 0, duplicate: 0, conflicts: [], rejected: [], watermark: 0 };
    client.secretHash ??= batch.secretHash ?? null;
    const counted: ShopEvent[] = [];
    for (const event of batch.events) {
      const refusal = refusalOf(event, client, shop.currency);
      if (refusal) {
        receipt.rejected.push({ seq: event.seq, ...refusal });
        tally.drop(receivedAtMs, "rejected", markRefused(client, event.seq));
        continue;
      }
      if (hasReceived(client, event.seq)) {
        repeats.push({ batch: index, event });
        continue;
      }
      const excess = excessOf(sql, client, event, dayOf(eventTime(event.occurredAtMs, clock)), imported ? Infinity : request.dailyEventsPerClient);
      if (excess) {
        receipt.rejected.push({ seq: event.seq, ...excess });
        tally.drop(receivedAtMs, excess.code, markReceived(client, event.seq, event.seq));
      } else {
        markReceived(client, event.seq, event.seq);
        counted.push(event);
        countEvent(tally, settlement, client, event, eventTime(event.occurredAtMs, clock), batch.foreignOrders);
      }
    }
    for (const seq of batch.refusedSeqs) tally.drop(receivedAtMs, "rejected", markRefused(client, seq));
    for (const hash of batch.refusedHashes) tally.drop(receivedAtMs, "rejected", markKnown(client, hash));
    for (const { from, to, reason } of batch.voids) {
      if (from <= to && to <= client.watermark + MAX_LEAD) tally.drop(receivedAtMs, reason, markReceived(client, from, to));
      else receipt.rejected.push({ seq: from, code: "void-out-of-range", message: `The numbers ${from} to ${to} are no range within ${MAX_LEAD} of the last one counted.` });
    }
    tally.drop(receivedAtMs, "gap-closed", closeGaps(client));
    receipt.accepted = counted.length;
    receipt.watermark = client.watermark;
    fresh.push(counted);
    return receipt;
  });

  judgeRepeats(sql, request, clients, fresh, repeats, receipts, tally);
  settle(sql, settlement, shop.currency, tally, receivedAtMs);
  if (settlement.logins.length > 0) sql.exec(`INSERT OR IGNORE INTO client_person (person_key, client_id) SELECT value ->> 0, value ->> 1 FROM json_each(?1)`, JSON.stringify(settlement.logins));
  const journalBytes = writeJournal(sql, request, fresh);
  writeClients(sql, clients);
  tally.write(sql);
  return { receipts, journalBytes };
}

/** Why a well-formed event can still not be counted. */
function refusalOf(event: ShopEvent, client: Received, currency: string): { code: string; message: string } | null {
  if (event.seq > client.watermark + MAX_LEAD) {
    return { code: "seq-too-far", message: `Number ${event.seq} is more than ${MAX_LEAD} above the last one counted, ${client.watermark}.` };
  }
  if (event.name !== "purchase") return null;
  const amounts = [toMinor(event.params.value ?? 0, 1, currency), ...event.params.items.map(({ price, quantity }) => toMinor(price ?? 0, quantity ?? 1, currency))];
  if (amounts.every((amount) => Math.abs(amount) <= MAX_LINE_MINOR)) return null;
  return { code: "amount-out-of-range", message: "A line of this purchase is worth more than any real one." };
}

/** Voids a refused event's number; one too far away for that is known by a hash. @returns 1, or 0 where it is known already */
function markRefused(client: ClientState, seq: number): number {
  return seq <= client.watermark + MAX_LEAD ? markReceived(client, seq, seq) : markKnown(client, hash32(`seq ${seq}`));
}

/** @returns 1 for what has not been refused before, else 0 */
function markKnown(client: ClientState, hash: number): number {
  if (client.refused.includes(hash)) return 0;
  client.refused = [...client.refused, hash].slice(-MAX_REFUSED_KEPT);
  return 1;
}

/** Why an event is one too many of its client's on that day; if it is not, it is one more. */
function excessOf(sql: SqlStorage, { clientId, days }: ClientState, event: ShopEvent, day: number, maxEvents: number): { code: "flood" | "client-cap"; message: string } | null {
  let told = days.get(day);
  if (!told) {
    [told = { events: 0, clicks: 0, troubles: 0 }] = sql.exec<{ events: number; clicks: number; troubles: number }>(`SELECT events, clicks, troubles FROM client_day WHERE day = ?1 AND client_id = ?2`, day, clientId).toArray();
    days.set(day, told);
  }
  const isTrouble = TROUBLES.has(event.name);
  const isClick = event.name === "rec_click" && maxEvents < Infinity;
  if (isTrouble && told.troubles >= MAX_DAILY_TROUBLES) return { code: "flood", message: `More than ${MAX_DAILY_TROUBLES} errors and futile clicks of one browser on one day are not kept.` };
  if (isClick && told.clicks >= MAX_DAILY_CLICKS) return { code: "client-cap", message: `More than ${MAX_DAILY_CLICKS} clicks on carousels of one browser on one day are no shopper's.` };
  if (told.events >= maxEvents) return { code: "client-cap", message: `More than ${maxEvents} events of one browser on one day are no shopper's.` };
  told.events += 1;
  if (isTrouble) told.troubles += 1;
  if (isClick) told.clicks += 1;
  return null;
}

const SOURCE_SUM = new Map<string, HealthSum>(SOURCE_SUMS);
const SUM_OF_EVENT: { readonly [name: string]: StatSum } = {
  page_view: "page_view", view_item: "view_item", search: "search", add_to_cart: "add_to_cart", begin_checkout: "begin_checkout",
  rec_render: "rec_render", rec_view: "rec_view", rec_click: "rec_click", rec_add_to_cart: "rec_add_to_cart", rec_dismiss: "rec_dismiss",
};
const PRESENCE_OF_EVENT: { readonly [name: string]: Presence } = { view_item: "viewed", add_to_cart: "carted", begin_checkout: "checkout" };

function countEvent(tally: Tally, settlement: Settlement, client: ClientState, event: ShopEvent, atMs: number, foreignOrders: readonly string[] = []): void {
  const { clientId } = client;
  tally.count(atMs, WHOLE_SHOP, "events", 1);
  tally.countForClient(clientId, atMs, "events", 1);
  tally.present(clientId, atMs, "active", isSlateEvent(event) ? event.params.arm : undefined);
  const presence = PRESENCE_OF_EVENT[event.name];
  if (presence) tally.present(clientId, atMs, presence);
  const sum = SUM_OF_EVENT[event.name];
  if (sum) tally.count(atMs, WHOLE_SHOP, sum, 1);
  if (event.source) tally.count(atMs, WHOLE_SHOP, SOURCE_SUM.get(event.source)!, 1);
  if (event.name === "view_item" && event.params.conflicts?.length) tally.count(atMs, WHOLE_SHOP, "conflicts", 1);
  if (event.name === "view_search_results" && event.params.results === 0) tally.count(atMs, WHOLE_SHOP, "empty_searches", 1);
  if (event.name === "login" && event.params.user_id !== undefined) settlement.logins.push([event.params.user_id, clientId]);
  if (TROUBLES.has(event.name)) tally.countForClient(clientId, atMs, "troubles", 1);
  if (event.name === "purchase" && !foreignOrders.includes(event.params.transaction_id)) settlement.purchases.push({ event, atMs, client });
  if (!isSlateEvent(event)) return;
  const { placement, items } = event.params;
  if (placement !== WHOLE_SHOP) tally.count(atMs, placement, event.name, 1);
  if (event.name !== "rec_click") return;
  tally.countForClient(clientId, atMs, "clicks", 1);
  for (const { item_id } of items) client.trail.clicks.push([item_id, atMs, placement]);
  settlement.clickedBy.add(client);
}

type SlateEvent = EventOf<"rec_render" | "rec_view" | "rec_click" | "rec_add_to_cart" | "rec_dismiss">;
function isSlateEvent(event: ShopEvent): event is SlateEvent {
  return event.name.startsWith("rec_");
}

/** Adds new purchases to their orders, and attributes every order that a new purchase or a late click concerns. */
function settle(sql: SqlStorage, { purchases, clickedBy }: Pick<Settlement, "purchases" | "clickedBy">, currency: string, tally: Tally, receivedAtMs: number): void {
  const concerned = new Set(purchases.map(({ event }) => event.params.transaction_id));
  for (const client of clickedBy) for (const [transactionId] of client.trail.orders) concerned.add(transactionId);
  if (concerned.size > 0) settleOrders(sql, concerned, { purchases, clickedBy }, currency, tally, receivedAtMs);
  // Only now: an import may tell years of one client at once.
  for (const client of clickedBy) pruneTrail(client.trail);
  for (const { client } of purchases) pruneTrail(client.trail);
}

function settleOrders(sql: SqlStorage, concerned: Set<string>, { purchases, clickedBy }: Pick<Settlement, "purchases" | "clickedBy">, currency: string, tally: Tally, receivedAtMs: number): void {
  const orders = loadOrders(sql, concerned);
  const erased = erasedOrdersAmong(sql, [...concerned].filter((transactionId) => !orders.has(transactionId)), receivedAtMs);
  for (const order of orders.values()) contribute(tally, order, -1);
  const trails = new Map<string, Trail>();
  for (const client of clickedBy) trails.set(client.clientId, client.trail);
  for (const { event, atMs, client } of purchases) {
    const { transaction_id } = event.params;
    if (erased.has(transaction_id)) continue;
    trails.set(client.clientId, client.trail);
    let order = orders.get(transaction_id);
    if (!order) {
      orders.set(transaction_id, (order = { transactionId: transaction_id, clientId: client.clientId, atMs, lines: [] }));
      client.trail.orders.push([transaction_id, atMs]);
    }
    if (order.clientId !== client.clientId || addLines(order, event.params, atMs, currency) === 0) continue;
    if (event.params.currency !== undefined && event.params.currency !== currency) tally.drop(receivedAtMs, "foreign-currency", 1);
  }
  for (const order of orders.values()) {
    attribute(order, trails.get(order.clientId)?.clicks ?? []);
    contribute(tally, order, 1);
  }
  sql.exec(UPSERT_ORDERS, JSON.stringify([...orders.values()].map((order) => [order.transactionId, order.clientId, order.atMs, JSON.stringify(order.lines)])));
}

/** Tells a redelivered event from a number that was used for something else. Archived events are taken at their number. */
function judgeRepeats(
  sql: SqlStorage, request: CountRequest, clients: ReadonlyMap<string, ClientState>, fresh: readonly ShopEvent[][],
  repeats: readonly { batch: number; event: ShopEvent }[], receipts: BatchReceipt[], tally: Tally,
): void {
  if (repeats.length === 0) return;
  const wanted = new Map<string, ShopEvent | null>();
  const key = (clientId: string, seq: number) => `${seq} ${clientId}`;
  const ranges = new Map<string, [first: number, last: number]>();
  for (const { batch, event } of repeats) {
    const { clientId } = request.batches[batch]!;
    wanted.set(key(clientId, event.seq), null);
    const range = ranges.get(clientId);
    if (range) ranges.set(clientId, [Math.min(range[0], event.seq), Math.max(range[1], event.seq)]);
    else ranges.set(clientId, [event.seq, event.seq]);
  }
  const note = (clientId: string, events: readonly ShopEvent[]) => {
    for (const event of events) if (wanted.get(key(clientId, event.seq)) === null) wanted.set(key(clientId, event.seq), event);
  };
  const stored = sql.exec<{ client_id: string; events: string }>(
    `SELECT journal.client_id, journal.events FROM json_each(?1) AS range
     JOIN journal ON journal.client_id = range.value ->> 0 AND journal.last_seq >= range.value ->> 1 AND journal.first_seq <= range.value ->> 2`,
    JSON.stringify([...ranges].map(([clientId, [first, last]]) => [clientId, first, last])),
  );
  for (const row of stored) note(row.client_id, JSON.parse(row.events) as ShopEvent[]);
  request.batches.forEach((batch, index) => note(batch.clientId, fresh[index]!));
  for (const { batch, event } of repeats) {
    const { clientId } = request.batches[batch]!;
    const first = wanted.get(key(clientId, event.seq));
    const receipt = receipts[batch]!;
    const content = canonicalJson(event);
    if (!first || canonicalJson(first) === content) {
      receipt.duplicate += 1;
    } else {
      receipt.conflicts.push(event.seq);
      tally.drop(request.receivedAtMs, "conflict", markKnown(clients.get(clientId)!, hash32(content)));
    }
  }
}

function loadClients(sql: SqlStorage, batches: readonly LedgerBatch[]): Map<string, ClientState> {
  const clients = new Map<string, ClientState>();
  for (const { clientId } of batches) clients.set(clientId, { clientId, watermark: 0, intervals: [], secretHash: null, trail: { clicks: [], orders: [] }, refused: [], days: new Map() });
  const rows = sql.exec<{ client_id: string; watermark: number; intervals: string; secret_hash: string | null; trail: string | null; refused: string | null }>(
    `SELECT client.* FROM json_each(?1) AS wanted JOIN client ON client.client_id = wanted.value`,
    JSON.stringify([...clients.keys()]),
  );
  for (const row of rows) {
    clients.set(row.client_id, {
      clientId: row.client_id,
      watermark: row.watermark,
      intervals: JSON.parse(row.intervals) as Received["intervals"],
      secretHash: row.secret_hash,
      trail: row.trail === null ? { clicks: [], orders: [] } : (JSON.parse(row.trail) as Trail),
      refused: row.refused === null ? [] : (JSON.parse(row.refused) as number[]),
      days: new Map(),
    });
  }
  return clients;
}

function writeClients(sql: SqlStorage, clients: Map<string, ClientState>): void {
  if (clients.size === 0) return;
  const rows = [...clients.values()].map(({ clientId, watermark, intervals, secretHash, trail, refused }) =>
    [clientId, watermark, JSON.stringify(intervals), secretHash, trail.clicks.length + trail.orders.length === 0 ? null : JSON.stringify(trail), refused.length === 0 ? null : JSON.stringify(refused)]);
  sql.exec(
    `INSERT OR REPLACE INTO client (client_id, watermark, intervals, secret_hash, trail, refused)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1)`,
    JSON.stringify(rows),
  );
}

function loadOrders(sql: SqlStorage, transactionIds: Set<string>): Map<string, Order> {
  const orders = new Map<string, Order>();
  const rows = sql.exec<{ transaction_id: string; client_id: string; at_ms: number; lines: string }>(
    `SELECT purchase_order.* FROM json_each(?1) AS wanted JOIN purchase_order ON transaction_id = wanted.value`,
    JSON.stringify([...transactionIds]),
  );
  for (const row of rows) {
    orders.set(row.transaction_id, { transactionId: row.transaction_id, clientId: row.client_id, atMs: row.at_ms, lines: JSON.parse(row.lines) as OrderLine[] });
  }
  return orders;
}

const UPSERT_ORDERS = `INSERT OR REPLACE INTO purchase_order (transaction_id, client_id, at_ms, lines)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)`;

/** One row a batch, with what was new in it. A statement each: as one JSON parameter the events would be quoted and parsed twice. */
function writeJournal(sql: SqlStorage, request: CountRequest, fresh: readonly ShopEvent[][]): number {
  let row = newestRow(sql);
  let journalBytes = 0;
  request.batches.forEach((batch, index) => {
    const events = fresh[index]!;
    if (events.length === 0) return;
    const json = JSON.stringify(events);
    let first = Infinity;
    let last = 0;
    for (const { seq } of events) {
      first = Math.min(first, seq);
      last = Math.max(last, seq);
    }
    row += 1;
    journalBytes += json.length;
    sql.exec(
      `INSERT INTO journal (row, client_id, received_at_ms, offset_ms, first_seq, last_seq, bytes, events) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      row, batch.clientId, request.receivedAtMs, request.imported ? null : request.receivedAtMs - batch.sentAtMs, first, last, json.length, json,
    );
  });
  return journalBytes;
}
