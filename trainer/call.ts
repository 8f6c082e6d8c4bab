/** What the trainer's command line was asked for. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { HOUR_MS } from "../core/calendar.ts";
import { ENDCAP_FOLDER } from "./credentials.ts";
import type { ShopFiles } from "./data/files.ts";
import { formatsList } from "./data/formats.ts";
import { nameOfFiles } from "./load.ts";

export const HELP = `Usage: npm run trainer -- <command> --shop <name> [options]
       npm run train -- --data <file or folder> [options]      learns from files, without an edge

  train       all of it: prepare, train, evaluate, gate, sign, publish
  prepare     fetch what is new in the shop's log, clean it, and say what is in it
  evaluate    hold the model trained last against popularity, item-kNN and the shop's current model
  gate        say whether the model trained last may be published, and if not, why
  publish     sign and publish the model trained last, if the gate lets it pass
  keygen      make the shop's signing key; prints the fingerprint that its tag trusts
  import      bring in a shop's files (see: import --help)
  erase       delete all that the shop's edge has of one shopper (--person or --client), and print the receipts
  rollback    serve the model before the current one again, or that of --version
  rotate      begin to change the signing key: the edge takes both, and the tag must list both; --finish ends it
  login       print a link that opens the shop's dashboard once, within 15 minutes

Options
  --shop NAME       the shop's id
  --data-dir DIR    where credentials, keys, caches and reports are (default: .endcap in the checkout)
  --edge URL        another edge than the credentials name
  --data PATH       learn from a file, or from a folder of files, instead of the shop's log; without --shop nothing is published
  --catalogue FILE  the products of these files: Merchant Center's column names as JSON lines, CSV or TSV; else those that the log names
  --mapping FILE    what the columns of a table of your own mean: {"columns": {"client": "…", "item": "…", "time": "…", "event": "…"},
                    "events": {"bought": "purchase"}}; in a folder, mapping.json is found by itself
  --dates ORDER     day-first or month-first, for dates such as 3/4/2026
  --minutes M       train about so long, instead of the configured passes over the data
  --steps N         train exactly so many steps, e.g. those in a manifest, to get its weights again
  --warm            start from the model that the shop has: a tenth of the steps, unless --minutes or --steps says otherwise
  --search TIME     first look for the shop's own settings on the validation part, e.g. 20m, 90s or 1h; later trainings keep them;
                    a search that was cut off goes on where it was
  --checkpoint S    keep the state of a run every S seconds (default 15): one that was killed goes on where it was
  --seed N          default 1; the same data, seed and steps give the same weights
  --oracle FILE     best possible ranks of simulated shoppers: NDJSON of {"clientId", "seq", "rank"}
  --watch           go on: train every --every hours (default 24), and serve again what the dashboard asks for, within a minute
  --every HOURS     how often --watch trains
  --version N       which model rollback serves again
  --finish          from now on the next key signs, and the edge takes no other
  --dry-run         do everything but publish
  --person NAME     who is erased, by what the shop's pages call them when they log in: a customer number, an e-mail address
  --client ID       which browser is erased, by its id

Files may be plain or gzip, and are told apart by what is in them:
${formatsList()}
  - the UCI Online Retail log: online_retail.csv
`;

/** What was asked for cannot be done as asked; the message says what to change. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
const OPTIONS = {
  data: { type: "string" }, catalogue: { type: "string" }, mapping: { type: "string" }, dates: { type: "string" },
  shop: { type: "string" }, "data-dir": { type: "string" }, edge: { type: "string" }, minutes: { type: "string" }, steps: { type: "string" },
  seed: { type: "string" }, oracle: { type: "string" }, "dry-run": { type: "boolean" }, warm: { type: "boolean" }, search: { type: "string" }, watch: { type: "boolean" }, every: { type: "string" }, version: { type: "string" }, finish: { type: "boolean" }, checkpoint: { type: "string" }, person: { type: "string" }, client: { type: "string" }, help: { type: "boolean", short: "h" },
} as const;

export interface Call {
  /** What the model is called; the shop's id, if `isShop`. */
  shop: string;
  isShop: boolean;
  /** Learnt from, instead of the shop's log. */
  files: ShopFiles | undefined;
  folder: string;
  edge: string | undefined;
  seed: number;
  minutes: number | undefined;
  steps: number | undefined;
  oracle: string | undefined;
  dryRun: boolean;
  warm: boolean;
  searchMs: number | undefined;
  /** Between two trainings of a watch; undefined where there is none. */
  watchEveryMs: number | undefined;
  version: number | undefined;
  finish: boolean;
  checkpointMs: number | undefined;
  person: string | undefined;
  client: string | undefined;
}

/** @throws UsageError for what is wrong or missing */
export function parseCall(argv: readonly string[]): Call | "help" {
  let values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];
  try {
    ({ values } = parseArgs({ args: [...argv], options: OPTIONS }));
  } catch (cause) {
    throw new UsageError((cause as Error).message);
  }
  if (values.help) return "help";
  const { shop, data, catalogue, mapping, dates } = values;
  if (shop === undefined && data === undefined) throw new UsageError("Which shop? Give --shop NAME, or --data with files to learn from");
  if (data === undefined && (catalogue ?? mapping ?? dates) !== undefined) throw new UsageError("--catalogue, --mapping and --dates say what the files of --data mean: give --data too");
  if (dates !== undefined && dates !== "day-first" && dates !== "month-first") throw new UsageError(`--dates takes day-first or month-first, not "${dates}"`);
  const files = data === undefined ? undefined : { data, catalogue, mapping, dates } satisfies ShopFiles;
  const minutes = numberOf("--minutes", values.minutes);
  const steps = numberOf("--steps", values.steps);
  if (minutes !== undefined && steps !== undefined) throw new UsageError("--minutes and --steps both choose the number of steps: give one");
  if (steps !== undefined && !(Number.isInteger(steps) && steps > 0)) throw new UsageError("--steps takes a whole number above 0");
  if (minutes !== undefined && !(minutes > 0)) throw new UsageError("--minutes takes a number above 0");
  const checkpoint = numberOf("--checkpoint", values.checkpoint);
  if (checkpoint !== undefined && checkpoint < 0) throw new UsageError("--checkpoint takes a number of seconds");
  const every = numberOf("--every", values.every);
  if (every !== undefined && !(values.watch && every > 0)) throw new UsageError("--every takes a number of hours above 0, and goes with --watch");
  const version = numberOf("--version", values.version);
  if (version !== undefined && !(Number.isInteger(version) && version > 0)) throw new UsageError("--version takes a model's version, a whole number above 0");
  const seed = numberOf("--seed", values.seed) ?? 1;
  if (!Number.isInteger(seed)) throw new UsageError("--seed takes a whole number");
  return { shop: shop ?? nameOfFiles(files!), isShop: shop !== undefined, files, folder: resolve(values["data-dir"] ?? ENDCAP_FOLDER), edge: values.edge, seed, minutes, steps, oracle: values.oracle, dryRun: values["dry-run"] ?? false, warm: values.warm ?? false, searchMs: durationOf(values.search), watchEveryMs: values.watch ? (every ?? 24) * HOUR_MS : undefined, version, finish: values.finish ?? false, checkpointMs: checkpoint === undefined ? undefined : checkpoint * 1000, person: values.person, client: values.client };
}

function durationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) === 0) throw new UsageError(`--search takes a time such as 20m, 90s or 1h, not "${text}"`);
  return Number(amount) * { s: 1000, m: 60_000, h: HOUR_MS }[unit as "s" | "m" | "h"];
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UsageError(`${name} takes a number, not "${text}"`);
  return value;
}
