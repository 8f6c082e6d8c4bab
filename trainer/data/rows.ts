/** Opens a shop's files as rows: plain or gzip, separated by commas, semicolons or tabs, or a JSON value a line. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** The file cannot be used at all. The message names it, where it can the line, and what to do. */
export class DataFileError extends Error {
  override readonly name = "DataFileError";
}

export interface Row {
  /** Line of the file where the row ends, from 1. */
  line: number;
  values: { [column: string]: string };
}

/** A row as it stands, its cells in the file's order. */
export interface Cells {
  /** Line of the file where the row ends, from 1. */
  line: number;
  cells: string[];
}

/** How much of a file has been read, in bytes on disk. */
export type OnBytes = (bytes: number) => void;

const GZIP_MAGIC = [0x1f, 0x8b];
/** How spreadsheets that save as UTF-16 begin their files. */
const UTF16_MARKS = ["fffe", "feff"];
const SEPARATORS = [",", ";", "\t", "|"];
/** A row that goes on for longer has a quotation mark that is never closed. */
const MAX_ROW_CHARACTERS = 1_000_000;
/** What is read to find out what a file is. */
const HEAD_BYTES = 64 * 1024;

/** @throws DataFileError if there is no such file */
export function sizeOf(path: string): number {
  if (!existsSync(path)) throw new DataFileError(`There is no file ${path}. Check the path`);
  const stats = statSync(path);
  if (!stats.isFile()) throw new DataFileError(`${path} is not a file. Name the file itself`);
  return stats.size;
}

/** The first lines of a file, unpacked, without the last one, which may be cut off, unless the file ends there. @throws DataFileError */
export async function headOf(path: string): Promise<string[]> {
  let text = "";
  const stream = (await openText(path)).setEncoding("utf8");
  for await (const chunk of stream as AsyncIterable<string>) {
    text += chunk;
    if (text.length >= HEAD_BYTES) {
      stream.destroy();
      text = text.slice(0, HEAD_BYTES);
      text = text.slice(0, text.lastIndexOf("\n") + 1 || text.length);
      break;
    }
  }
  return text.replace(/^\ufeff/, "").split(/\r?\n/).filter((line) => line.trim() !== "");
}

/** The separator that a header line has most of. */
export function separatorOf(header: string): string {
  return SEPARATORS.reduce((best, separator) => (header.split(separator).length > header.split(best).length ? separator : best));
}

/** The cells of one row's text. @returns undefined where a quotation mark is still open at its end */
export function splitRow(text: string, separator: string): string[] | undefined {
  if (!text.includes('"')) return text.split(separator);
  const cells: string[] = [];
  let cell = "";
  for (let at = 0; ; ) {
    if (text[at] === '"') {
      // Quoted, with quotation marks doubled (RFC 4180); what follows the closing one belongs to the cell, as spreadsheets have it.
      let from = at + 1;
      for (;;) {
        const close = text.indexOf('"', from);
        if (close < 0) return undefined;
        cell += text.slice(from, close);
        from = close + 1;
        if (text[from] !== '"') break;
        cell += '"';
        from += 1;
      }
      at = from;
    }
    const end = text.indexOf(separator, at);
    if (end < 0) {
      cells.push(cell + text.slice(at));
      return cells;
    }
    cells.push(cell + text.slice(at, end));
    cell = "";
    at = end + 1;
  }
}

/**
 * All rows of a separated file, the header among them, some hundreds at a time. Stray quotation marks are kept as they are; empty lines are left out.
 * @param separator the one that the first line has most of, where it is left out
 * @throws DataFileError for a missing file, broken compression, a quotation mark that is never closed
 */
export async function* readRows(path: string, { separator, onBytes }: { separator?: string; onBytes?: OnBytes } = {}): AsyncGenerator<Cells[]> {
  let line = 0;
  let open = "";
  let openedAt = 0;
  function take(text: string, rows: Cells[]): void {
    line += 1;
    if (text.endsWith("\r")) text = text.slice(0, -1);
    if (line === 1 && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    if (open === "" && text.trim() === "") return;
    separator ??= /\.tsv(\.gz)?$/i.test(path) ? "\t" : separatorOf(text);
    const cells = splitRow(open === "" ? text : `${open}\n${text}`, separator);
    if (cells) {
      rows.push({ line, cells });
      open = "";
      return;
    }
    if (open === "") openedAt = line;
    open = open === "" ? text : `${open}\n${text}`;
    if (open.length > MAX_ROW_CHARACTERS) throw neverClosed(path, openedAt);
  }
  let rest = "";
  for await (const chunk of (await openText(path, onBytes)).setEncoding("utf8") as AsyncIterable<string>) {
    const rows: Cells[] = [];
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const text of lines) take(text, rows);
    if (rows.length > 0) yield rows;
  }
  const rows: Cells[] = [];
  if (rest !== "") take(rest, rows);
  if (open !== "") throw neverClosed(path, openedAt);
  if (rows.length > 0) yield rows;
}

function neverClosed(path: string, line: number): DataFileError {
  return new DataFileError(`${path}, line ${line}: a quotation mark is opened there and never closed. Double the ones that belong to the text`);
}

/**
 * Rows of a file with a header line; rows with too few cells lack the last columns.
 *
 * @param required columns without which the file is something else
 * @param rename from a header cell as it stands to the column's name
 * @throws DataFileError for a missing file, missing columns, broken compression
 */
export async function* readTable(path: string, { required, rename = (name) => name, onBytes }: { required: readonly string[]; rename?: (name: string) => string; onBytes?: OnBytes }): AsyncGenerator<Row> {
  let columns: string[] | undefined;
  for await (const rows of readRows(path, { onBytes })) {
    for (const { line, cells } of rows) {
      if (!columns) {
        columns = cells.map((name) => rename(name.trim()));
        const missing = required.filter((name) => !columns!.includes(name));
        if (missing.length > 0) throw new DataFileError(`${path}, line 1: no column ${missing.map((name) => `"${name}"`).join(", ")}. The columns are ${columns.join(", ")}`);
        continue;
      }
      const values: { [column: string]: string } = {};
      for (let i = 0; i < columns.length; i += 1) values[columns[i]!] = cells[i] ?? "";
      yield { line, values };
    }
  }
  if (!columns) throw new DataFileError(`${path} is empty. A header line with the columns ${required.join(", ")} is needed`);
}

/** Values of a file with one JSON value a line; a line that is none has `value` undefined. */
export async function* readJsonLines(path: string, onBytes?: OnBytes): AsyncGenerator<{ line: number; value: unknown }> {
  const stream = await openText(path, onBytes);
  let line = 0;
  let rest = "";
  const parsed = (text: string) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undefined;
    }
  };
  for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const text of lines) {
      line += 1;
      if (text.trim()) yield { line, value: parsed(text) };
    }
  }
  if (rest.trim()) yield { line: line + 1, value: parsed(rest) };
}

/** All of a file as text, piece by piece. @throws DataFileError */
export async function readText(path: string, onBytes?: OnBytes): Promise<AsyncIterable<string>> {
  return (await openText(path, onBytes)).setEncoding("utf8") as AsyncIterable<string>;
}

/** Where something stands, for messages. */
export function place(path: string, line: number, what?: string): string {
  return `${basename(path)}, line ${line}${what === undefined ? "" : `: ${what}`}`;
}

/** @returns the file's bytes, unpacked if they are gzip; fails with a DataFileError */
async function openText(path: string, onBytes: OnBytes = () => undefined): Promise<Readable> {
  sizeOf(path);
  const packed = await isGzip(path);
  // How far the file is good, for the message.
  let lines = 0;
  async function* read(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
        onBytes(chunk.length);
        yield chunk;
      }
    } catch (cause) {
      throw new DataFileError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }
  async function* unpack(): AsyncGenerator<Buffer> {
    const gunzip = createGunzip();
    pipeline(read(), gunzip, () => undefined);
    try {
      for await (const chunk of gunzip as AsyncIterable<Buffer>) {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
        yield chunk;
      }
    } catch (cause) {
      if (cause instanceof DataFileError) throw cause;
      throw new DataFileError(`${path}, after line ${lines}: the gzip data is cut off or damaged (${(cause as Error).message}). Copy the file again`, { cause });
    }
  }
  return Readable.from(packed ? unpack() : read(), { objectMode: false });
}

/** @throws DataFileError for text in an encoding that would be read as nonsense */
async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    if (UTF16_MARKS.includes(buffer.toString("hex"))) throw new DataFileError(`${path} is saved as UTF-16. Save it as "CSV UTF-8" instead`);
    return bytesRead === 2 && buffer[0] === GZIP_MAGIC[0] && buffer[1] === GZIP_MAGIC[1];
  } finally {
    await handle.close();
  }
}
