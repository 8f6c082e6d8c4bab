/** Finds the files of a shop and the right reader for each. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Product } from "../../core/catalogue.ts";
import type { DayOrder } from "./acts.ts";
import { readCatalogueFile } from "./catalogue-file.ts";
import { createCleaningReport, type CleaningReport } from "./cleaning.ts";
import { formatsList, readerOf, unknownFormat } from "./formats.ts";
import { importLines } from "./import-lines.ts";
import { findOnlineRetail, ONLINE_RETAIL_CURRENCY, readOnlineRetail } from "./online-retail.ts";
import { readMapping, type LogPiece, type Mapping, type Reader } from "./reader.ts";
import { DataFileError, sizeOf, type OnBytes } from "./rows.ts";
import type { ShopData } from "./shop-data.ts";

const EXTENSION = "(ndjson|jsonl|json|csv|tsv|txt|dat)(\\.gz)?$";
const DATA_FILE = new RegExp(`\\.${EXTENSION}`, "i");
const MAPPING_NAME = "mapping.json";

export interface ShopFiles {
  /** A log's file, or a folder of them, perhaps with `catalogue.*`, `events.*` or `mapping.json`; or a known data set's. */
  data?: string;
  catalogue?: string;
  events?: string;
  /** What the columns of the shop's own tables mean. */
  mapping?: string;
  dates?: DayOrder;
}

/** Which files are read. */
export type ShopSource = { kind: "online-retail"; path: string; currency: string } | { kind: "files"; catalogue?: string; logs: string[]; mapping?: string; dates?: DayOrder };

/**
 * Looks only at names; nothing is read yet.
 * @throws DataFileError if a file is missing or a folder holds none
 */
export function findSource({ data, catalogue, events, mapping, dates }: ShopFiles): ShopSource {
  for (const path of [catalogue, events, mapping]) if (path !== undefined) sizeOf(path);
  const told = { ...(mapping !== undefined && { mapping }), ...(dates !== undefined && { dates }) };
  if (data === undefined) return { kind: "files", catalogue, logs: events === undefined ? [] : [events], ...told };
  if (!existsSync(data)) throw new DataFileError(`There is no file or folder ${data}. Check the path`);
  const retail = findOnlineRetail(data);
  if (retail !== undefined) return { kind: "online-retail", path: retail, currency: ONLINE_RETAIL_CURRENCY };
  if (statSync(data).isFile()) return { kind: "files", catalogue, logs: [data], ...told };
  const names = readdirSync(data).sort().filter((name) => statSync(join(data, name)).isFile() && DATA_FILE.test(name));
  const named = (name: string) => names.filter((file) => new RegExp(`^${name}\\.${EXTENSION}`, "i").test(file)).map((file) => join(data, file));
  const [ownCatalogue] = [...named("catalogue"), ...named("catalog"), ...named("products")];
  const found = { catalogue: catalogue ?? ownCatalogue, ...(names.includes(MAPPING_NAME) && { mapping: join(data, MAPPING_NAME) }), ...told };
  const others = names.map((name) => join(data, name)).filter((path) => path !== ownCatalogue && basename(path) !== MAPPING_NAME);
  const logs = named("events").length > 0 ? named("events") : others;
  if (logs.length === 0 && found.catalogue === undefined) throw new DataFileError(`${data} holds no shop that Endcap knows: neither online_retail.csv(.gz) nor a log as ndjson, json, csv, tsv or txt, plain or gzip. What can be read:\n${formatsList()}`);
  return { kind: "files", logs, ...found };
}

export interface ReadOptions {
  /** ISO 4217, for what the files leave open. */
  currency: string;
  nowMs: number;
  /** Only for data sets whose times are moved: by this much instead of until now. */
  shiftWeeks?: number;
  onBytes?: OnBytes;
}

/** Bytes on disk that reading goes through, for progress. */
export function bytesOf(source: ShopSource): { catalogue: number; events: number } {
  if (source.kind === "online-retail") return { catalogue: sizeOf(source.path), events: 0 };
  return { catalogue: source.catalogue === undefined ? 0 : sizeOf(source.catalogue), events: source.logs.reduce((sum, path) => sum + sizeOf(path), 0) };
}

/** Reads the catalogue now and the history as it is asked for. @throws DataFileError */
export async function readShop(source: ShopSource, { currency, nowMs, shiftWeeks, onBytes }: ReadOptions): Promise<ShopData> {
  if (source.kind === "online-retail") return readOnlineRetail({ path: source.path, nowMs, shiftWeeks, onBytes });
  const log = await openLog(source, { onBytes });
  return { products: log.products ?? [], report: log.report, events: source.logs.length === 0 ? 0 : undefined, lines: () => importLines(log.pieces(), { currency, nowMs, report: log.report }) };
}

export interface OpenedLog {
  /** Undefined where the files have no catalogue. */
  products: Product[] | undefined;
  report: CleaningReport;
  /** Each call begins anew. */
  pieces(): AsyncGenerator<LogPiece[]>;
}

/** Finds a reader for each of a shop's logs, and reads its catalogue. @throws DataFileError if a file is broken, or none of them can be read */
export async function openLog(source: Extract<ShopSource, { kind: "files" }>, { onBytes, known }: { onBytes?: OnBytes; known?: Iterable<string> }): Promise<OpenedLog> {
  const report = createCleaningReport();
  const mapping = source.mapping === undefined ? undefined : readMapping(source.mapping);
  const logs = await chooseReaders(source.logs, mapping, report);
  const products = source.catalogue === undefined ? undefined : await readCatalogueFile({ path: source.catalogue, report, onBytes });
  const ids = products ? new Set(products.map(({ id }) => id)) : known && new Set(known);
  return {
    products, report,
    async *pieces() {
      for (const { path, reader } of logs) yield* reader.read(path, { report, onBytes, mapping, known: ids, dates: source.dates });
    },
  };
}

async function chooseReaders(paths: readonly string[], mapping: Mapping | undefined, report: CleaningReport): Promise<{ path: string; reader: Reader }[]> {
  const chosen: { path: string; reader: Reader }[] = [];
  const unknown: string[] = [];
  const isBenchmark = paths.some((path) => /train/i.test(basename(path)));
  for (const path of paths) {
    if (isBenchmark && /(^|[^a-z])(test|val)([^a-z]|$)/i.test(basename(path))) {
      report.remark(`${path} is left out: it is the test part of a benchmark.`);
      continue;
    }
    const reader = await readerOf(path, mapping);
    if (!reader) unknown.push(path);
    else {
      report.remark(`${path} is read as ${reader.what}.`);
      chosen.push({ path, reader });
    }
  }
  if (chosen.length === 0 && unknown.length > 0) throw new DataFileError(await unknownFormat(unknown[0]!));
  for (const path of unknown) report.remark(`${path} is left out: it is of no format that Endcap knows.`);
  return chosen;
}
