/** Reads Google Analytics 4's export from BigQuery: one JSON event a line, as `bq extract` and `EXPORT DATA` write it. */
import { actNameOf } from "./acts.ts";
import { createRowGuard, numberIn, textIn, type LogPiece, type ReadContext, type Reader } from "./reader.ts";
import { place, readJsonLines } from "./rows.ts";

const PIECES = 500;

interface Ga4Item {
  item_id?: unknown;
  item_name?: string;
  item_brand?: string;
  price?: unknown;
  quantity?: unknown;
  [category: `item_category${string}`]: string | undefined;
}
interface Ga4Event {
  event_timestamp?: unknown;
  event_name?: unknown;
  user_pseudo_id?: unknown;
  user_id?: unknown;
  ecommerce?: { transaction_id?: string | null } | null;
  items?: unknown;
}

/** @see https://support.google.com/analytics/answer/7029846 */
export const GA4: Reader = {
  what: "a GA4 export from BigQuery",
  looks: "JSON lines with event_name, event_timestamp, user_pseudo_id and items",
  detects: ({ json }) => json !== undefined && "event_name" in json && ("event_timestamp" in json || "user_pseudo_id" in json),
  read,
};

async function* read(path: string, { report, onBytes }: ReadContext): AsyncGenerator<LogPiece[]> {
  const guard = createRowGuard(path, report);
  let pieces: LogPiece[] = [];
  for await (const { line, value } of readJsonLines(path, onBytes)) {
    if (value === null || typeof value !== "object") {
      guard.bad(line, "line that is not JSON");
      continue;
    }
    const event = value as Ga4Event;
    const name = actNameOf(String(event.event_name ?? ""));
    if (name === undefined) continue; // Most events are about pages and sessions.
    const atMs = Math.round(Number(event.event_timestamp) / 1000);
    const client = textOf(event.user_pseudo_id) ?? textOf(event.user_id);
    if (client === undefined || !Number.isFinite(atMs)) {
      guard.bad(line, client === undefined ? "event without user_pseudo_id, of somebody who did not consent" : "event_timestamp that is not a number", String(event.event_name));
      continue;
    }
    const transactionId = name === "purchase" || name === "refund" ? textOf(event.ecommerce?.transaction_id) : undefined;
    const person = textOf(event.user_id);
    const items = Array.isArray(event.items) ? (event.items as Ga4Item[]) : [];
    if (items.length === 0) report.note(`${name} without items`, place(path, line));
    for (const item of items) {
      const itemId = textOf(item?.item_id) ?? textOf(item?.item_name);
      if (itemId === undefined) {
        guard.bad(line, "product without id", String(event.event_name));
        continue;
      }
      guard.good();
      const category = [item.item_category, item.item_category2, item.item_category3, item.item_category4, item.item_category5].map(textOf).filter((level) => level !== undefined).join(" > ");
      pieces.push({
        act: {
          line, client, name, itemId, atMs, transactionId, ...(person !== undefined && { person }),
          price: numberIn(item.price), quantity: numberIn(item.quantity), product: { title: textOf(item.item_name), brand: textOf(item.item_brand), ...(category && { category }) },
        },
      });
    }
    if (pieces.length < PIECES) continue;
    yield pieces;
    pieces = [];
  }
  guard.end();
  yield pieces;
}

/** BigQuery writes what is not set as null, "" or "(not set)". */
function textOf(value: unknown): string | undefined {
  return value === "(not set)" ? undefined : textIn(value);
}
