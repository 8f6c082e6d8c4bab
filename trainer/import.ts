/** `npm run import`: brings a real shop's catalogue and history to its edge, and reports what was left out. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CatalogueReport, ImportLine, ImportReport } from "../core/api.ts";
import type { Product } from "../core/catalogue.ts";
import { CredentialsError, ENDCAP_FOLDER, readAccess } from "./credentials.ts";
import { bytesOf, findSource, readShop } from "./data/files.ts";
import { formatsList } from "./data/formats.ts";
import { DataFileError } from "./data/rows.ts";
import { createEdgeClient, EdgeError, type EdgeClient } from "./edge-client.ts";
import { createProgress, type Progress } from "./progress.ts";

const HELP = `npm run import -- --shop <name> [--catalogue <file>] [--events <file>] [options]
npm run import -- --shop <name> --data <file or folder> [options]

Files are plain or gzip:
  --catalogue   products: Merchant Center's XML, CSV or TSV, Shopify's products.json,
                WooCommerce's CSV, or JSON lines;
                replaces the shop's whole catalogue
  --events      history, in any of the formats below
  --data        a history's file, or a folder of them, perhaps with catalogue.* and mapping.json;
                or the UCI Online Retail log
  --mapping     what the columns of a table of your own mean: {"columns": {"client": "…",
                "item": "…", "time": "…", "event": "…"}, "events": {"bought": "purchase"}}

Options:
  --edge <url>        another edge than the one in the shop's credentials
  --data-dir <folder> where the credentials are (default: .endcap in the checkout)
  --shift-weeks <n>   move the times of a data set by as many weeks as an earlier import did
  --dates <order>     day-first or month-first, for dates such as 3/4/2026
  --replace           take a catalogue that lacks a large part of what the shop has now
  --dry-run           read and report, send nothing

Sending the same files again counts nothing twice.

Formats of histories, told apart by what is in them:
${formatsList()}
`;

/** A feed that broke off at the end of a row looks like a small shop: more than this share of products does not leave unasked. */
const MAX_LEAVING_SHARE = 0.3;
/** Below this many products a shop is being set up, and its catalogue may change as it likes. */
const MIN_GUARDED_PRODUCTS = 20;

class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What `runImport` is given by the machine; tests give their own. */
export interface ImportContext {
  now: () => number;
  write: (text: string) => void;
  writeError: (text: string) => void;
  createProgress: typeof createProgress;
}

const MACHINE: ImportContext = {
  now: Date.now,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  createProgress,
};

/**
 * Runs the command.
 * @param argv what follows `import`
 * @returns the exit code: 0 done, 1 a file, the credentials or the edge stood in the way, 2 called wrongly
 */
export async function runImport(argv: readonly string[], context: ImportContext = MACHINE): Promise<number> {
  try {
    const call = parseCall(argv);
    if (call === "help") context.write(HELP);
    else await bring(call, context);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      context.writeError(`${error.message}\n\n${HELP}`);
      return 2;
    }
    if (!(error instanceof DataFileError || error instanceof CredentialsError || error instanceof EdgeError)) throw error;
    context.writeError(`${error instanceof EdgeError && error.status > 0 ? `The edge refuses (${error.code}): ` : ""}${error.message}${error.message.endsWith(".") ? "" : "."}\n`);
    return 1;
  }
}

interface Call {
  shop: string;
  data?: string;
  catalogue?: string;
  events?: string;
  mapping?: string;
  dates?: "day-first" | "month-first";
  edge?: string;
  folder: string;
  shiftWeeks?: number;
  dryRun: boolean;
  replace: boolean;
}

function parseCall(argv: readonly string[]): Call | "help" {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        shop: { type: "string" }, data: { type: "string" }, catalogue: { type: "string" }, events: { type: "string" }, mapping: { type: "string" }, dates: { type: "string" }, edge: { type: "string" },
        "data-dir": { type: "string" }, "shift-weeks": { type: "string" }, "dry-run": { type: "boolean", default: false }, replace: { type: "boolean", default: false }, help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return "help";
  const { shop, data, catalogue, events, mapping, dates, edge } = values;
  if (shop === undefined) throw new UsageError("Which shop? Add --shop <name>.");
  if (data === undefined && catalogue === undefined && events === undefined) throw new UsageError("What is to be imported? Add --catalogue, --events or --data.");
  if (data !== undefined && (catalogue !== undefined || events !== undefined)) throw new UsageError("--data names both files; leave out --catalogue and --events.");
  if (dates !== undefined && dates !== "day-first" && dates !== "month-first") throw new UsageError(`--dates takes day-first or month-first, not "${dates}".`);
  const shiftWeeks = values["shift-weeks"] === undefined ? undefined : Number(values["shift-weeks"]);
  if (shiftWeeks !== undefined && !Number.isInteger(shiftWeeks)) throw new UsageError(`--shift-weeks must be a whole number, not "${values["shift-weeks"]}".`);
  return { shop, data, catalogue, events, mapping, dates, edge, folder: resolve(values["data-dir"] ?? ENDCAP_FOLDER), shiftWeeks, dryRun: values["dry-run"], replace: values.replace };
}

async function bring(call: Call, { now, write, createProgress }: ImportContext): Promise<void> {
  const source = findSource(call);
  // Before anything long: a person without credentials should not wait for the reading.
  const client = call.dryRun ? undefined : connect(call);
  const info = await client?.shop(call.shop);
  if (info && source.kind === "online-retail" && info.currency !== source.currency) {
    throw new DataFileError(`The log's prices are in ${source.currency}, but the shop "${call.shop}" was made for ${info.currency}. Import it into a shop of its own`);
  }
  const sizes = bytesOf(source);
  const reading = createProgress("Reading", sizes.catalogue, "bytes");
  let sending: Progress | undefined;
  // In a dry run nothing is kept, so the currency of amounts without one does not matter; XXX is "none" in ISO 4217.
  const data = await readShop(source, {
    currency: info?.currency ?? "XXX", nowMs: now(), shiftWeeks: call.shiftWeeks,
    onBytes: (bytes) => {
      if (!sending) reading.advance(bytes);
    },
  });
  reading.done(data.products.length > 0 ? `${data.products.length.toLocaleString("en")} products` : "");
  const hasCatalogue = source.kind === "online-retail" || source.catalogue !== undefined;
  if (hasCatalogue && data.products.length === 0) {
    write(`\nCleaning report\n${data.report.print()}\n`);
    throw new DataFileError("Not one row of the catalogue is a product, so the shop keeps the catalogue that it has");
  }

  let catalogueReport: CatalogueReport | undefined;
  let leaving = 0;
  if (client && hasCatalogue) {
    leaving = await countLeaving(client, call, data.products);
    catalogueReport = await importCatalogue(client, call.shop, data.products);
  }
  let importReport: ImportReport | undefined;
  let events = 0;
  if (data.events !== 0) {
    sending = createProgress(client ? "Importing history" : "Reading history", data.events ?? 0, "events");
    if (client) {
      importReport = await importHistory(client, call.shop, data.lines(), sending);
    } else {
      for await (const line of data.lines()) {
        events += line.events.length;
        sending.advance(line.events.length);
      }
      sending.done();
    }
  }
  write(`\nCleaning report\n${data.report.print()}\n`);
  if (catalogueReport) write(`\nThe edge on the catalogue\n${describeCatalogue(catalogueReport)}${leaving > 0 ? `\n  ${leaving.toLocaleString("en")} products that the shop had are no longer in it.` : ""}\n`);
  if (importReport) write(`\nThe edge on the history\n${describeHistory(importReport)}\n`);
  if (!client) write(`\nDry run: ${data.products.length.toLocaleString("en")} products and ${events.toLocaleString("en")} events would have been sent.\n`);
}

/** How many of the shop's products a new catalogue lacks. @throws DataFileError when they are too many to be meant */
async function countLeaving(client: EdgeClient, { shop, replace }: Call, products: readonly Product[]): Promise<number> {
  const coming = new Set(products.map(({ id }) => id));
  const { products: had } = await client.catalogue(shop);
  const leaving = had.filter(({ id }) => !coming.has(id)).length;
  if (!replace && had.length >= MIN_GUARDED_PRODUCTS && leaving > MAX_LEAVING_SHARE * had.length) {
    const n = (value: number) => value.toLocaleString("en");
    throw new DataFileError(`The shop has ${n(had.length)} products, and ${n(leaving)} of them are not in the new catalogue of ${n(products.length)}. Is the file complete? If it is, add --replace`);
  }
  return leaving;
}

function connect({ shop, edge, folder }: Call): EdgeClient {
  const access = readAccess(shop, { edge, folder });
  return createEdgeClient({ edge: access.edge, token: access.merchantToken });
}

/** Replaces the shop's catalogue. @throws EdgeError */
export function importCatalogue(client: EdgeClient, shop: string, products: Iterable<Product> | AsyncIterable<Product>): Promise<CatalogueReport> {
  return client.putCatalogue(shop, products);
}

/**
 * Sends history; what the edge has already counted is only recognised, so an interrupted import is simply run again.
 * @param progress advanced by the number of events; ended here
 * @throws EdgeError
 */
export async function importHistory(client: EdgeClient, shop: string, lines: Iterable<ImportLine> | AsyncIterable<ImportLine>, progress: Progress): Promise<ImportReport> {
  let answered = 0;
  const report = await client.importBatches(shop, lines, ({ events }) => {
    progress.advance(events - answered);
    answered = events;
  });
  progress.done(report.duplicate > 0 ? `${report.duplicate.toLocaleString("en")} were known already` : "");
  return report;
}

/** For people. */
export function describeCatalogue({ imported, rejected, errors }: CatalogueReport): string {
  return [`  ${imported.toLocaleString("en")} products imported, ${rejected.toLocaleString("en")} refused.`, ...errors.slice(0, 5).map(({ line, path, message }) => `  line ${line}: ${path} ${message}`)].join("\n");
}

/** For people. */
export function describeHistory({ accepted, duplicate, conflicts, rejected, errors }: ImportReport): string {
  const n = (value: number) => value.toLocaleString("en");
  const lines = [`  ${n(accepted)} events counted, ${n(duplicate)} known already, ${n(rejected)} refused.`];
  if (conflicts > 0) lines.push(`  ${n(conflicts)} numbers were used before by other events, which stay. (Were the times moved otherwise, or was the file changed since?)`);
  return [...lines, ...errors.slice(0, 5).map(({ line, code, message }) => `  batch ${line}: ${message} (${code})`)].join("\n");
}
