/** Reads logs of Segment's e-commerce calls, and those of RudderStack and others that keep its names: one JSON call a line. */
import { isbot } from "isbot";
import { actNameOf, timeOf } from "./acts.ts";
import { createRowGuard, numberIn, textIn, type LogPiece, type ReadContext, type Reader } from "./reader.ts";
import { place, readJsonLines } from "./rows.ts";

const PIECES = 500;

interface Product {
  product_id?: unknown;
  sku?: unknown;
  name?: unknown;
  brand?: unknown;
  category?: unknown;
  price?: unknown;
  quantity?: unknown;
}
interface Call {
  type?: unknown;
  event?: unknown;
  anonymousId?: unknown;
  anonymous_id?: unknown;
  userId?: unknown;
  user_id?: unknown;
  timestamp?: unknown;
  originalTimestamp?: unknown;
  received_at?: unknown;
  context?: { userAgent?: unknown; user_agent?: unknown } | null;
  properties?: (Product & { order_id?: unknown; products?: unknown }) | null;
}

/** @see https://segment.com/docs/connections/spec/ecommerce/v2/ */
export const SEGMENT: Reader = {
  what: "a log of Segment-style track calls",
  looks: "JSON lines with type, event, anonymousId or userId, timestamp and properties",
  detects: ({ json }) => json !== undefined && ("anonymousId" in json || "userId" in json || "anonymous_id" in json) && ("type" in json || "event" in json || "properties" in json),
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
    const call = value as Call;
    if (call.type !== undefined && call.type !== "track") continue; // page, identify, group …
    const name = actNameOf(textIn(call.event) ?? "");
    if (name === undefined) continue;
    const agent = textIn(call.context?.userAgent ?? call.context?.user_agent);
    if (agent !== undefined && isbot(agent)) {
      report.note("call of a program, by its user agent", place(path, line, agent));
      continue;
    }
    const person = textIn(call.userId ?? call.user_id);
    const client = textIn(call.anonymousId ?? call.anonymous_id) ?? person;
    const when = textIn(call.timestamp) ?? textIn(call.originalTimestamp) ?? textIn(call.received_at) ?? "";
    const atMs = timeOf(when);
    if (client === undefined || Number.isNaN(atMs)) {
      guard.bad(line, client === undefined ? "call without anonymousId and userId" : "timestamp that cannot be read", client === undefined ? textIn(call.event) : when);
      continue;
    }
    const properties = call.properties ?? {};
    const transactionId = name === "purchase" || name === "refund" ? textIn(properties.order_id) : undefined;
    const products = Array.isArray(properties.products) ? (properties.products as Product[]) : [properties];
    for (const product of products) {
      const itemId = textIn(product?.product_id) ?? textIn(product?.sku);
      if (itemId === undefined) {
        guard.bad(line, "product without id", textIn(call.event));
        continue;
      }
      guard.good();
      pieces.push({
        act: {
          line, client, name, itemId, atMs, transactionId, ...(person !== undefined && { person }),
          price: numberIn(product.price), quantity: numberIn(product.quantity),
          product: { title: textIn(product.name), brand: textIn(product.brand), category: textIn(product.category)?.replace(/\s*[/>]\s*/g, " > ") },
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
