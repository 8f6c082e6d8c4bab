/** Reads a shop's history: batches as the import route takes them, one a line, or a flat table with one act a row. */
import type { ImportLine } from "../../core/api.ts";
import { BATCH_SCHEMA, EVENT_NAMES, EVENT_SCHEMAS, MAX_EVENTS_PER_BATCH, parseEvent, SESSION_TIMEOUT_MS, type EventItem, type EventName, type EventOf, type ShopEvent } from "../../core/events.ts";
import { ID_PATTERN } from "../../core/ids.ts";
import { parse, type ObjectSchema } from "../../core/schema.ts";
import type { CleaningReport } from "./cleaning.ts";
import { place, readJsonLines, readTable, type OnBytes } from "./rows.ts";
import { batchesOf, clientIdOf, sessionIdOf } from "./shop-data.ts";

const MAX_ITEMS = EVENT_SCHEMAS.purchase.properties.items.maxItems;
const JSON_NAME = /\.(ndjson|jsonl|json)(\.gz)?$/i;
const COLUMNS = ["client_id", "event", "item_id", "timestamp"];
/** What other systems call the acts that Endcap learns from. */
const ALIASES: { readonly [name: string]: EventName } = {
  view: "view_item", detail: "view_item", product_view: "view_item", cart: "add_to_cart", addtocart: "add_to_cart", transaction: "purchase", order: "purchase", buy: "purchase",
};
/** Acts that one product is enough for. */
const ITEM_EVENTS: ReadonlySet<EventName> = new Set<EventName>(["view_item", "select_item", "add_to_cart", "remove_from_cart", "add_to_wishlist", "purchase", "refund"]);
/** Events held back so that one client's go out together; beyond it all are sent on. */
const MAX_BUFFERED_EVENTS = 50_000;

export interface EventsFileOptions {
  path: string;
  /** ISO 4217, for the values of a table's acts. */
  currency: string;
  /** When it is read; batches carry it as the time of sending. */
  nowMs: number;
  report: CleaningReport;
  onBytes?: OnBytes;
}

/**
 * Streams the history; memory grows with the number of clients, not of events. What is broken is left
 * out, counted and named. In a table every client's good rows are numbered in the file's order: the same
 * file read again gives the same numbers, a file with a row repaired in the middle does not. Rows of one
 * order that follow each other become one event.
 *
 * @throws DataFileError if the file is missing, broken off or has other columns
 */
export function readEventsFile(options: EventsFileOptions): AsyncGenerator<ImportLine> {
  return JSON_NAME.test(options.path) ? readBatches(options) : readActs(options);
}

const { key: _key, ...headProperties } = BATCH_SCHEMA.properties;
const MAX_VOIDS = headProperties.voids.maxItems;
const LINE_SCHEMA = { type: "object", required: ["clientId", "sentAtMs"], properties: headProperties } as const satisfies ObjectSchema;

async function* readBatches({ path, report, onBytes }: EventsFileOptions): AsyncGenerator<ImportLine> {
  for await (const { line, value } of readJsonLines(path, onBytes)) {
    const head = value === undefined ? undefined : parse(LINE_SCHEMA, value, "batch");
    const given = (value as { events?: unknown } | null | undefined)?.events;
    if (!head) report.note("line that is not JSON", place(path, line));
    else if (!head.ok) report.note(`not a batch: ${head.path} ${head.message}`, place(path, line));
    else if (!Array.isArray(given)) report.note("not a batch: batch.events must be a list", place(path, line));
    else {
      const { voids = [], ...rest } = head.value as Omit<ImportLine, "events">;
      const events: ShopEvent[] = [];
      for (const [index, one] of given.entries()) {
        const event = parseEvent(one, "event");
        if (event.ok) {
          events.push(event.value);
          continue;
        }
        report.note(`not an event: ${event.path} ${event.message}`, place(path, line, `events[${index}]`));
        // Its number will never come: said so, lest the edge wait for it.
        const seq = (one as { seq?: unknown } | null)?.seq;
        if (Number.isSafeInteger(seq) && (seq as number) >= 1 && voids.length < MAX_VOIDS) voids.push({ from: seq as number, to: seq as number, reason: "rejected" });
      }
      if (voids.length > 0 && events.length === 0) yield { ...rest, voids, events };
      for (let from = 0; from < events.length; from += MAX_EVENTS_PER_BATCH) yield { ...rest, ...(from === 0 && voids.length > 0 ? { voids } : {}), events: events.slice(from, from + MAX_EVENTS_PER_BATCH) };
    }
  }
}

interface Client {
  id: string;
  /** The number of its newest event. */
  seq: number;
  lastMs: number;
  sessionId: string;
  buffer: ShopEvent[];
}

async function* readActs({ path, currency, nowMs, report, onBytes }: EventsFileOptions): AsyncGenerator<ImportLine> {
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
  const rename = (name: string) => name.toLowerCase().replace(/[\s-]+/g, "_");
  for await (const { line, values } of readTable(path, { required: COLUMNS, rename, onBytes })) {
    const skip = (reason: string, what: string) => report.note(reason, place(path, line, what));
    const { client_id: source = "", item_id: itemId = "", transaction_id: transactionId = "" } = values;
    if (source === "") {
      skip("no client_id", Object.values(values).join(","));
      continue;
    }
    let client = clients.get(source);
    // A client id of ours is kept; anything else (an account number, an e-mail address) is hashed.
    if (!client) clients.set(source, (client = { id: OUR_ID.test(source) ? source : clientIdOf("events", source), seq: 0, lastMs: -Infinity, sessionId: "", buffer: [] }));
    const name = eventOf(values["event"]!);
    if (name === undefined) {
      skip("event that Endcap does not know", values["event"]!);
      continue;
    }
    const atMs = timeOf(values["timestamp"]!);
    if (Number.isNaN(atMs)) {
      skip("timestamp that cannot be read", values["timestamp"]!);
      continue;
    }
    const price = optionalNumber(values["price"]);
    const quantity = optionalNumber(values["quantity"]);
    if (Number.isNaN(price) || Number.isNaN(quantity)) {
      skip("price or quantity that is not a number", `${values["price"] ?? ""} × ${values["quantity"] ?? ""}`);
      continue;
    }
    if (atMs - client.lastMs > SESSION_TIMEOUT_MS || client.sessionId === "") client.sessionId = sessionIdOf(client.id, atMs);
    client.lastMs = Math.max(client.lastMs, atMs);
    const item: EventItem = { item_id: itemId, ...(price !== undefined && { price }), ...(quantity !== undefined && { quantity }) };
    const value = price === undefined ? undefined : cents(price * (quantity ?? 1));
    const params = {
      ...(itemId !== "" && { items: [item] }),
      ...(value !== undefined && { currency, value }),
      ...(transactionId !== "" && { transaction_id: transactionId }),
    };
    const event = parseEvent({ seq: client.seq + 1, name, occurredAtMs: atMs, sessionId: client.sessionId, params });
    if (!event.ok) {
      skip(`not an event: ${event.path} ${event.message}`, Object.values(values).join(","));
      continue;
    }
    const last = client.buffer.at(-1);
    if (last && belongsTo(last, event.value)) {
      last.params.items.push(item);
      if (value !== undefined) Object.assign(last.params, { currency, value: cents((last.params.value ?? 0) + value) });
      continue;
    }
    client.seq += 1;
    client.buffer.push(event.value);
    buffered += 1;
    if (buffered >= MAX_BUFFERED_EVENTS) yield* flush();
  }
  yield* flush();
}

/** Whether an act is a further product of the order just before it. */
function belongsTo(last: ShopEvent, event: ShopEvent): last is EventOf<"purchase"> {
  return last.name === "purchase" && event.name === "purchase" && last.params.transaction_id === event.params.transaction_id && last.params.items.length < MAX_ITEMS;
}

const OUR_ID = new RegExp(ID_PATTERN);

/** A table holds acts on products: names of ours, or what other systems call them. */
function eventOf(text: string): EventName | undefined {
  const name = text.trim().toLowerCase();
  const event = ALIASES[name] ?? EVENT_NAMES.find((known) => known === name);
  return event !== undefined && ITEM_EVENTS.has(event) ? event : undefined;
}

/** ISO 8601 (UTC where no zone is named), or seconds, or milliseconds since 1970. NaN if it is none. */
function timeOf(text: string): number {
  const trimmed = text.trim();
  if (/^\d{9,10}(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  if (/^\d{12,13}$/.test(trimmed)) return Number(trimmed);
  const iso = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s?(Z|UTC|[+-]\d\d:?\d\d)?$/.exec(trimmed);
  if (!iso) return NaN;
  const [, date, time = "00:00", zone = "Z"] = iso;
  return Date.parse(`${date}T${time}${zone === "UTC" ? "Z" : zone}`);
}

function optionalNumber(cell: string | undefined): number | undefined {
  return cell === undefined || cell.trim() === "" ? undefined : Number(cell);
}
function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
