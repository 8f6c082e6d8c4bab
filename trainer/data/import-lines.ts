/** Makes of a log's acts the numbered events that the edge counts: in sessions, each client's in the file's order. */
import type { ImportLine } from "../../core/api.ts";
import { EVENT_SCHEMAS, parseEvent, SESSION_TIMEOUT_MS, type EventItem, type EventOf, type ShopEvent } from "../../core/events.ts";
import { ID_PATTERN } from "../../core/ids.ts";
import type { Act } from "./acts.ts";
import type { CleaningReport } from "./cleaning.ts";
import type { LogPiece } from "./reader.ts";
import { batchesOf, clientIdOf, sessionIdOf } from "./shop-data.ts";

const MAX_ITEMS = EVENT_SCHEMAS.purchase.properties.items.maxItems;
/** Events held back so that one client's go out together; beyond it all are sent on. */
const MAX_BUFFERED_EVENTS = 50_000;
const OUR_ID = new RegExp(ID_PATTERN);

export interface ImportLinesOptions {
  /** ISO 4217, for the values of acts. */
  currency: string;
  /** When it is read; batches carry it as the time of sending. */
  nowMs: number;
  report: CleaningReport;
}

interface Client {
  id: string;
  /** The number of its newest event. */
  seq: number;
  lastMs: number;
  sessionId: string;
  buffer: ShopEvent[];
}

/**
 * Memory grows with the number of clients, not of events. Every client's good acts are numbered in their order: the same
 * files read again give the same numbers, a file with a row repaired in the middle does not. Acts of one order that follow
 * each other become one event.
 */
export async function* importLines(pieces: AsyncIterable<LogPiece[]>, { currency, nowMs, report }: ImportLinesOptions): AsyncGenerator<ImportLine> {
  const clients = new Map<string, Client>();
  let buffered = 0;
  function* flush(): Generator<ImportLine> {
    for (const client of clients.values()) {
      if (client.buffer.length === 0) continue;
      yield* batchesOf(client.id, client.buffer, nowMs);
      client.buffer = [];
    }
    buffered = 0;
  }
  function take(act: Act): void {
    const { client: source, name, itemId, atMs, price, quantity } = act;
    let client = clients.get(source);
    // A client id of ours is kept; anything else (an account number, an e-mail address) is hashed.
    if (!client) clients.set(source, (client = { id: OUR_ID.test(source) ? source : clientIdOf("events", source), seq: 0, lastMs: -Infinity, sessionId: "", buffer: [] }));
    if (atMs - client.lastMs > SESSION_TIMEOUT_MS || client.sessionId === "") client.sessionId = sessionIdOf(client.id, atMs);
    client.lastMs = Math.max(client.lastMs, atMs);
    const isOrder = name === "purchase" || name === "refund";
    const item: EventItem = { item_id: itemId, ...(price !== undefined && { price }), ...(quantity !== undefined && { quantity }) };
    const value = price === undefined ? undefined : cents(price * (quantity ?? 1));
    const params = {
      items: [item],
      ...(value !== undefined && { currency, value }),
      // What a client buys in one moment without an order's number is one order.
      ...(isOrder && { transaction_id: act.transactionId ?? sessionIdOf(client.id, atMs, "order") }),
    };
    const event = parseEvent({ seq: client.seq + 1, name, occurredAtMs: atMs, sessionId: client.sessionId, params });
    if (!event.ok) {
      report.note(`not an event: ${event.path} ${event.message}`, `line ${act.line}: ${itemId}`);
      return;
    }
    const last = client.buffer.at(-1);
    if (last && belongsTo(last, event.value)) {
      last.params.items.push(item);
      if (value !== undefined) Object.assign(last.params, { currency, value: cents((last.params.value ?? 0) + value) });
      return;
    }
    client.seq += 1;
    client.buffer.push(event.value);
    buffered += 1;
  }
  for await (const list of pieces) {
    for (const piece of list) {
      if ("act" in piece) take(piece.act);
      else if ("line" in piece) yield { sentAtMs: nowMs, ...piece.line };
      else report.note("note of an erasure, which an import cannot repeat");
      if (buffered >= MAX_BUFFERED_EVENTS) yield* flush();
    }
  }
  yield* flush();
}

/** Whether an act is a further product of the order just before it. */
function belongsTo(last: ShopEvent, event: ShopEvent): last is EventOf<"purchase"> {
  return last.name === "purchase" && event.name === "purchase" && last.params.transaction_id === event.params.transaction_id && last.params.items.length < MAX_ITEMS;
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
