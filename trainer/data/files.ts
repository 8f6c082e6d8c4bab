/** Finds the right reader for a shop's files. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { readCatalogueFile } from "./catalogue-file.ts";
import { createCleaningReport } from "./cleaning.ts";
import { readEventsFile } from "./events-file.ts";
import { findOnlineRetail, ONLINE_RETAIL_CURRENCY, readOnlineRetail } from "./online-retail.ts";
import { DataFileError, sizeOf, type OnBytes } from "./rows.ts";
import type { ShopData } from "./shop-data.ts";

const EXTENSION = "(ndjson|jsonl|csv|tsv)(\\.gz)?$";

export interface ShopFiles {
  /** A known data set's file or folder, or a folder with `catalogue.*` and `events.*`. */
  data?: string;
  catalogue?: string;
  events?: string;
}

/** Which files an import reads, and how. */
export type ShopSource = { kind: "online-retail"; path: string; currency: string } | { kind: "files"; catalogue?: string; events?: string };

/**
 * Looks only at names; nothing is read yet.
 * @throws DataFileError if a file is missing or a folder holds nothing known
 */
export function findSource({ data, catalogue, events }: ShopFiles): ShopSource {
  if (data === undefined) {
    for (const path of [catalogue, events]) if (path !== undefined) sizeOf(path);
    return { kind: "files", catalogue, events };
  }
  if (!existsSync(data)) throw new DataFileError(`There is no file or folder ${data}. Check the path`);
  const retail = findOnlineRetail(data);
  if (retail !== undefined) return { kind: "online-retail", path: retail, currency: ONLINE_RETAIL_CURRENCY };
  const named = (name: string) => {
    const entry = readdirSync(data).sort().find((file) => new RegExp(`^${name}\\.${EXTENSION}`, "i").test(file));
    return entry === undefined ? undefined : join(data, entry);
  };
  const found = { catalogue: named("catalogue"), events: named("events") };
  if (!found.catalogue && !found.events) throw new DataFileError(`${data} holds no shop that Endcap knows: neither online_retail.csv(.gz) nor catalogue and events files (ndjson, csv or tsv)`);
  return { kind: "files", ...found };
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
  return { catalogue: source.catalogue === undefined ? 0 : sizeOf(source.catalogue), events: source.events === undefined ? 0 : sizeOf(source.events) };
}

/** Reads the catalogue now and the history as it is asked for. @throws DataFileError */
export async function readShop(source: ShopSource, { currency, nowMs, shiftWeeks, onBytes }: ReadOptions): Promise<ShopData> {
  if (source.kind === "online-retail") return readOnlineRetail({ path: source.path, nowMs, shiftWeeks, onBytes });
  const report = createCleaningReport();
  const products = source.catalogue === undefined ? [] : await readCatalogueFile({ path: source.catalogue, report, onBytes });
  const { events } = source;
  return { products, report, events: events === undefined ? 0 : undefined, lines: () => (events === undefined ? [] : readEventsFile({ path: events, currency, nowMs, report, onBytes })) };
}
