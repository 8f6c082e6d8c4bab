/** Opens a shop's files as rows: plain or gzip, comma or tab separated or a JSON value a line. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CsvError, parse } from "csv-parse";

/** The file cannot be used at all. The message names it, where it can the line, and what to do. */
export class DataFileError extends Error {
  override readonly name = "DataFileError";
}

export interface Row {
  /** Line of the file where the row ends, from 1. */
  line: number;
  values: { [column: string]: string };
}

/** How much of a file has been read, in bytes on disk. */
export type OnBytes = (bytes: number) => void;

const GZIP_MAGIC = [0x1f, 0x8b];

/** @throws DataFileError if there is no such file */
export function sizeOf(path: string): number {
  if (!existsSync(path)) throw new DataFileError(`There is no file ${path}. Check the path`);
  const stats = statSync(path);
  if (!stats.isFile()) throw new DataFileError(`${path} is not a file. Name the file itself`);
  return stats.size;
}

/**
 * Rows of a CSV or TSV file with a header line. Quotes as in RFC 4180, lenient about stray ones; rows with
 * too few cells lack the last columns.
 *
 * @param required columns without which the file is something else
 * @param rename from a header cell as it stands to the column's name
 * @throws DataFileError for a missing file, missing columns, broken compression
 */
export async function* readTable(path: string, { required, delimiter, rename = (name) => name, onBytes }: { required: readonly string[]; delimiter?: string; rename?: (name: string) => string; onBytes?: OnBytes }): AsyncGenerator<Row> {
  const stream = await openText(path, onBytes);
  const separator = delimiter ?? (/\.tsv(\.gz)?$/i.test(path) ? "\t" : ",");
  const parser = parse({ delimiter: separator, bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true, info: true });
  pipeline(stream, parser, () => undefined);
  let columns: string[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (!columns) {
        columns = record.map((name) => rename(name.trim()));
        const missing = required.filter((name) => !columns!.includes(name));
        if (missing.length > 0) throw new DataFileError(`${path}, line 1: no column ${missing.map((name) => `"${name}"`).join(", ")}. The columns are ${columns.join(", ")}`);
        continue;
      }
      const values: { [column: string]: string } = {};
      for (let i = 0; i < columns.length; i += 1) values[columns[i]!] = record[i] ?? "";
      yield { line: info.lines, values };
    }
  } catch (cause) {
    throw cause instanceof CsvError ? new DataFileError(`${path}: ${cause.message}`, { cause }) : cause;
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

async function isGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === GZIP_MAGIC[0] && buffer[1] === GZIP_MAGIC[1];
  } finally {
    await handle.close();
  }
}
