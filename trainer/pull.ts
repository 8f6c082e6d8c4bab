/** Keeps a local copy of a shop's event log, fetching only what is new and deleting who has been erased. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { finished } from "node:stream/promises";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ExportLine } from "../core/api.ts";
import type { EdgeClient } from "./edge-client.ts";
import { diskError, writeWhole } from "./whole-file.ts";

/** How far the copy reaches: everything before `cursor` is in the first `bytes` of the file. */
interface Mark {
  source: string;
  cursor: string;
  bytes: number;
  events: number;
  /** Erased clients, by the SHA-256 of their ids, and how many bytes of the file came before: their lines may still be in these. */
  erased: { [clientSha256: string]: number };
  /** When anybody was erased last; 0 if nobody was. */
  newestErasureMs: number;
}

export interface LogCopy {
  /** Events in the copy. */
  events: number;
  /** Fetched just now. */
  fetched: number;
  /** Events deleted just now, of clients that have been erased. */
  erased: number;
  /** When anybody was erased last, by the edge's clock; 0 if nobody was. */
  newestErasureMs: number;
  lines(): AsyncIterable<ExportLine>;
}

/**
 * Brings the copy up to date. An interrupted pull goes on behind its last whole page; a page cut short is fetched again.
 *
 * @param folder of this shop's copy; made where missing
 * @param source names the log, e.g. by the token that reads it: a copy of another log is thrown away
 */
export async function pullLog(client: Pick<EdgeClient, "edge" | "exportEvents">, shop: string, folder: string, source: string, onEvents?: (count: number) => void): Promise<LogCopy> {
  mkdirSync(folder, { recursive: true });
  const logPath = join(folder, "events.ndjson");
  const markPath = join(folder, "cursor.json");
  const identity = createHash("sha256").update(JSON.stringify([client.edge, shop, source])).digest("hex");
  let mark = readMark(markPath);
  if (mark && (mark.source !== identity || !existsSync(logPath) || statSync(logPath).size < mark.bytes)) mark = null;
  if (mark) truncateSync(logPath, mark.bytes);
  else rmSync(logPath, { force: true });
  // Left by a deletion that was interrupted.
  rmSync(`${logPath}.tmp`, { force: true });
  const out = createAppender(logPath, "a");
  let page: string[] = [];
  let current: Mark = mark ?? { source: identity, cursor: "", bytes: 0, events: 0, erased: {}, newestErasureMs: 0 };
  const erased = { ...current.erased };
  let { newestErasureMs } = current;
  let pageBytes = 0;
  let pageEvents = 0;
  let fetched = 0;
  let pending: Mark | null = null;
  const flush = async () => {
    if (!pending) return;
    if (page.length > 0) await out.write(page.join(""));
    page = [];
    writeWhole(markPath, JSON.stringify(pending));
    pending = null;
  };
  for await (const line of client.exportEvents(shop, {
    ...(mark && { cursor: mark.cursor }),
    onPage(cursor) {
      current = { source: identity, cursor, bytes: current.bytes + pageBytes, events: current.events + pageEvents, erased: { ...erased }, newestErasureMs };
      pageBytes = pageEvents = 0;
      pending = current;
    },
    onErased(clientSha256, erasedAtMs) {
      newestErasureMs = Math.max(newestErasureMs, erasedAtMs);
      erased[clientSha256] = current.bytes + pageBytes;
    },
  })) {
    await flush();
    const text = `${JSON.stringify(line)}\n`;
    page.push(text);
    pageBytes += Buffer.byteLength(text);
    pageEvents += line.events.length;
    fetched += line.events.length;
    onEvents?.(line.events.length);
  }
  await flush();
  await out.end();
  const before = current.events;
  if (Object.keys(current.erased).length > 0) {
    current = await purge(logPath, current);
    writeWhole(markPath, JSON.stringify(current));
  }
  return { events: current.events, fetched, erased: before - current.events, newestErasureMs, lines: () => readLines(logPath) };
}

/**
 * Deletes erased clients' lines from the copy. The mark is written after it: what is interrupted in between is done again,
 * or, where the copy has become shorter than its mark, fetched anew.
 */
async function purge(logPath: string, mark: Mark): Promise<Mark> {
  const out = createAppender(`${logPath}.tmp`, "w");
  const goneBefore = new Map<string, number>();
  let [at, bytes, events] = [0, 0, 0];
  for await (const line of readLines(logPath)) {
    let before = goneBefore.get(line.clientId);
    if (before === undefined) goneBefore.set(line.clientId, (before = mark.erased[createHash("sha256").update(line.clientId).digest("hex")] ?? 0));
    const text = `${JSON.stringify(line)}\n`;
    const isGone = at < before;
    at += Buffer.byteLength(text);
    if (isGone) continue;
    bytes += Buffer.byteLength(text);
    events += line.events.length;
    await out.write(text);
  }
  await out.end();
  renameSync(`${logPath}.tmp`, logPath);
  return { ...mark, bytes, events, erased: {} };
}

async function* readLines(path: string): AsyncGenerator<ExportLine> {
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) if (text) yield JSON.parse(text) as ExportLine;
}

function readMark(path: string): Mark | null {
  try {
    const mark = JSON.parse(readFileSync(path, "utf8")) as Partial<Mark>;
    return typeof mark.cursor === "string" && typeof mark.bytes === "number" && typeof mark.source === "string" && typeof mark.events === "number" ? { ...(mark as Mark), erased: mark.erased ?? {}, newestErasureMs: mark.newestErasureMs ?? Infinity } : null;
  } catch {
    return null;
  }
}
/** Appends text, waiting where the disk is slower than the network. */
function createAppender(path: string, flags: "a" | "w"): { write(text: string): Promise<void>; end(): Promise<void> } {
  const out = createWriteStream(path, { flags });
  let failure: unknown;
  out.on("error", (error) => (failure = error));
  const check = () => {
    if (failure !== undefined) throw diskError(path, failure);
  };
  return {
    async write(text) {
      check();
      if (!out.write(text)) await once(out, "drain").catch(() => undefined);
      check();
    },
    async end() {
      out.end();
      await finished(out).catch((error: unknown) => (failure ??= error));
      check();
    },
  };
}
