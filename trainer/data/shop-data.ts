/** What every reader gives: a shop's catalogue and history in Endcap's own shapes, and what was left out. */
import { createHash } from "node:crypto";
import type { ImportLine } from "../../core/api.ts";
import type { Product } from "../../core/catalogue.ts";
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, type ShopEvent } from "../../core/events.ts";
import type { CleaningReport } from "./cleaning.ts";

export interface ShopData {
  products: Product[];
  /** The history; each call begins anew. One client's numbers count up from 1, the same at every reading. */
  lines(): AsyncIterable<ImportLine> | Iterable<ImportLine>;
  /** Events that `lines` gives; undefined where only reading on would tell. */
  events: number | undefined;
  report: CleaningReport;
}

/** A client id that cannot be turned back into the shop's own: the same for the same customer every time. */
export function clientIdOf(source: string, customer: string): string {
  return createHash("sha256").update(`${source}\n${customer}`).digest("base64url").slice(0, 22);
}

/** A session id from what makes the session the same at every reading. */
export function sessionIdOf(...parts: (string | number)[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("base64url").slice(0, 16);
}

/** Cuts one client's events, in order, into batches that the edge takes. */
export function* batchesOf(clientId: string, events: readonly ShopEvent[], sentAtMs: number): Generator<ImportLine> {
  let part: ShopEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(JSON.stringify(event)) + 1;
    if (part.length > 0 && (part.length === MAX_EVENTS_PER_BATCH || bytes + size > MAX_BATCH_BYTES - 256)) {
      yield { clientId, sentAtMs, events: part };
      part = [];
      bytes = 0;
    }
    part.push(event);
    bytes += size;
  }
  if (part.length > 0) yield { clientId, sentAtMs, events: part };
}
