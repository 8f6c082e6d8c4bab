/** Keeps a local copy of a shop's event log, fetching only what is new. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { finished } from "node:stream/promises";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ExportLine } from "../core/api.ts";
import type { EdgeClient } from "./edge-client.ts";

/** How far the copy reaches: everything before `cursor` is in the first `bytes` of the file. */
interface Mark {
  source: string;
  cursor: string;
  bytes: number;
  events: number;
}

export interface LogCopy {
  /** Events in the copy. */
  events: number;
  /** Of these, fetched just now. */
  fetched: number;
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
  const stored = mark?.events ?? 0;

  const out = createWriteStream(logPath, { flags: "a" });
  let page: string[] = [];
  let current: Mark = mark ?? { source: identity, cursor: "", bytes: 0, events: 0 };
  let pageEvents = 0;
  let pending: Mark | null = null;
  const flush = async () => {
    if (!pending) return;
    if (page.length > 0 && !out.write(page.join(""))) await once(out, "drain");
    page = [];
    writeMark(markPath, pending);
    pending = null;
  };
  for await (const line of client.exportEvents(shop, {
    ...(mark && { cursor: mark.cursor }),
    onPage(cursor) {
      const bytes = page.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      current = { source: identity, cursor, bytes: current.bytes + bytes, events: current.events + pageEvents };
      pageEvents = 0;
      pending = current;
    },
  })) {
    await flush();
    page.push(`${JSON.stringify(line)}\n`);
    pageEvents += line.events.length;
    onEvents?.(line.events.length);
  }
  await flush();
  out.end();
  await finished(out);
  return { events: current.events, fetched: current.events - stored, lines: () => readLines(logPath) };
}

async function* readLines(path: string): AsyncGenerator<ExportLine> {
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) if (text) yield JSON.parse(text) as ExportLine;
}

function readMark(path: string): Mark | null {
  try {
    const mark = JSON.parse(readFileSync(path, "utf8")) as Partial<Mark>;
    return typeof mark.cursor === "string" && typeof mark.bytes === "number" && typeof mark.source === "string" && typeof mark.events === "number" ? (mark as Mark) : null;
  } catch {
    return null;
  }
}
function writeMark(path: string, mark: Mark): void {
  writeFileSync(`${path}.tmp`, JSON.stringify(mark));
  renameSync(`${path}.tmp`, path);
}
