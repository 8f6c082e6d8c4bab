/** Brings a data set together: from a shop's edge, whose log is copied as far as it is new, or from files. */
import { basename, join, resolve } from "node:path";
import { readAccess } from "./credentials.ts";
import { bytesOf, findSource, openLog, type ShopFiles } from "./data/files.ts";
import { readOnlineRetail } from "./data/online-retail.ts";
import type { EdgeClient } from "./edge-client.ts";
import { createDatasetBuilder, type Dataset, type DatasetBuilder } from "./prepare.ts";
import { createProgress } from "./progress.ts";
import { pullLog } from "./pull.ts";

export interface EdgeLog {
  client: EdgeClient;
  shop: string;
  /** Endcap's own folder on this machine. */
  folder: string;
  edge: string | undefined;
  nowMs: number;
  print: (text: string) => void;
}

/** A data set, and when anybody was last erased from the log that it was made of; 0 if nobody was. */
export interface LoadedDataset {
  dataset: Dataset;
  newestErasureMs: number;
}

/** @throws DatasetError, EdgeError, CredentialsError */
export async function loadFromEdge({ client, shop, folder, edge, nowMs, print }: EdgeLog): Promise<LoadedDataset> {
  const { products } = await client.catalogue(shop);
  const bar = createProgress("Fetching what is new", 0, "events");
  const copy = await pullLog(client, shop, join(folder, "cache", shop), readAccess(shop, { edge, folder }).merchantToken, (count) => bar.advance(count));
  bar.done(`${copy.events.toLocaleString("en")} in all`);
  if (copy.erased > 0) print(`${copy.erased.toLocaleString("en")} events of shoppers who have been erased are deleted here too.`);
  const builder = createDatasetBuilder({ catalogue: products, nowMs });
  const reading = createProgress("Reading the log", copy.events, "events");
  for await (const line of copy.lines()) {
    builder.add(line);
    reading.advance(line.events.length);
  }
  reading.done();
  return { dataset: builder.finish(), newestErasureMs: copy.newestErasureMs };
}

export interface FileLog {
  files: ShopFiles;
  /** Asked for the shop's catalogue where the files have none; without it, the products are those that the log names. */
  shop?: { client: Pick<EdgeClient, "catalogue">; id: string };
  nowMs: number;
  print: (text: string) => void;
}

/** @throws DataFileError if a file cannot be read, DatasetError if nothing can be learnt from them, EdgeError */
export async function loadFromFiles({ files, shop, nowMs, print }: FileLog): Promise<Dataset> {
  const source = findSource(files);
  const sizes = bytesOf(source);
  const reading = createProgress("Reading the files", sizes.catalogue + sizes.events, "bytes");
  const onBytes = (bytes: number) => reading.advance(bytes);
  let builder: DatasetBuilder;
  let report: { print(): string };
  if (source.kind === "online-retail") {
    // Its own times serve as well as shifted ones.
    const data = await readOnlineRetail({ path: source.path, nowMs, shiftWeeks: 0, onBytes });
    builder = createDatasetBuilder({ catalogue: data.products, nowMs });
    for (const line of data.lines()) builder.add(line);
    report = data.report;
  } else {
    const asked = source.catalogue === undefined && shop ? (await shop.client.catalogue(shop.id)).products : undefined;
    const log = await openLog(source, { onBytes, known: asked?.map(({ id }) => id) });
    builder = createDatasetBuilder({ catalogue: log.products ?? asked, nowMs });
    let count = 0;
    for await (const pieces of log.pieces()) {
      for (const piece of pieces) {
        if ("act" in piece) builder.addAct(piece.act);
        else if ("line" in piece) builder.add(piece.line);
        else builder.erase(piece.erased);
      }
      count += pieces.length;
      reading.note(`${count.toLocaleString("en")} acts`);
    }
    report = log.report;
  }
  reading.done();
  if (report.print() !== "") print(`What the files held\n${report.print()}`);
  return builder.finish();
}

/** What a model trained from files is called, where no shop is named. */
export function nameOfFiles({ data, events = "" }: ShopFiles): string {
  return basename(resolve(data ?? events)).toLowerCase().replace(/\.(gz|csv|tsv|txt|json|jsonl|ndjson)\b/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40) || "files";
}
