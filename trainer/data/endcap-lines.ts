/** Reads Endcap's own logs: batches as the import route takes them and as an export gives them, one a line. */
import type { ImportLine } from "../../core/api.ts";
import { BATCH_SCHEMA, MAX_EVENTS_PER_BATCH, parseEvent, type ShopEvent } from "../../core/events.ts";
import { ID_PATTERN, SHA256_PATTERN } from "../../core/ids.ts";
import { parse, type ObjectSchema } from "../../core/schema.ts";
import type { LogPiece, ReadContext, Reader } from "./reader.ts";
import { place, readJsonLines } from "./rows.ts";

const PIECES = 100;

const { key: _key, ...headProperties } = BATCH_SCHEMA.properties;
const MAX_VOIDS = headProperties.voids.maxItems;
const IMPORT_SCHEMA = { type: "object", required: ["clientId", "sentAtMs"], properties: headProperties } as const satisfies ObjectSchema;
const EXPORT_SCHEMA = { type: "object", required: ["clientId", "receivedAtMs"], properties: { clientId: { type: "string", pattern: ID_PATTERN }, receivedAtMs: { type: "integer", minimum: 0 } } } as const satisfies ObjectSchema;
const ERASED = new RegExp(SHA256_PATTERN);

export const ENDCAP_LINES: Reader = {
  what: "Endcap's own log",
  looks: "JSON lines with clientId and events, as the import route takes them or as an export gives them",
  detects: ({ json }) => json !== undefined && (("clientId" in json && "events" in json) || "erased" in json),
  read,
};

async function* read(path: string, { report, onBytes }: ReadContext): AsyncGenerator<LogPiece[]> {
  let pieces: LogPiece[] = [];
  for await (const { line, value } of readJsonLines(path, onBytes)) {
    pieces.push(...piecesOf(value, (reason, what) => report.note(reason, place(path, line, what))));
    if (pieces.length < PIECES) continue;
    yield pieces;
    pieces = [];
  }
  yield pieces;
}

function* piecesOf(value: unknown, skip: (reason: string, what?: string) => void): Generator<LogPiece> {
  if (value === undefined) return skip("line that is not JSON");
  const { erased, receivedAtMs, events: given } = (value ?? {}) as { erased?: unknown; receivedAtMs?: unknown; events?: unknown };
  if (typeof erased === "string" && ERASED.test(erased)) return yield { erased };
  const isExport = receivedAtMs !== undefined;
  const head = parse(isExport ? EXPORT_SCHEMA : IMPORT_SCHEMA, value, "batch");
  if (!head.ok) return skip(`not a batch: ${head.path} ${head.message}`);
  if (!Array.isArray(given)) return skip("not a batch: batch.events must be a list");
  const { voids = [], ...rest } = { sentAtMs: receivedAtMs as number, ...head.value } as Omit<ImportLine, "events">;
  const events: ShopEvent[] = [];
  for (const [index, one] of given.entries()) {
    const event = parseEvent(one, "event");
    if (event.ok) {
      events.push(event.value);
      continue;
    }
    skip(`not an event: ${event.path} ${event.message}`, `events[${index}]`);
    // Its number will never come: said so, lest the edge wait for it.
    const seq = (one as { seq?: unknown } | null)?.seq;
    if (Number.isSafeInteger(seq) && (seq as number) >= 1 && voids.length < MAX_VOIDS) voids.push({ from: seq as number, to: seq as number, reason: "rejected" });
  }
  if (voids.length > 0 && events.length === 0) yield { line: { ...rest, voids, events } };
  for (let from = 0; from < events.length; from += MAX_EVENTS_PER_BATCH) yield { line: { ...rest, ...(from === 0 && voids.length > 0 ? { voids } : {}), events: events.slice(from, from + MAX_EVENTS_PER_BATCH) } };
}
