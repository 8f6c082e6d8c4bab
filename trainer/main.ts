/** The trainer's command line. */
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DAY_MS } from "../core/calendar.ts";
import { judge, type Verdict } from "../core/gate.ts";
import { personHash } from "../core/ids.ts";
import { readModel, type Model } from "../core/model/config.ts";
import { assess, oracleKey, type OracleRanks } from "./assess.ts";
import { CandidateError, readCandidate, writeCandidate } from "./candidate.ts";
import { openCheckpoints, type Checkpoints } from "./checkpoints.ts";
import { CredentialsError, ENDCAP_FOLDER, readAccess } from "./credentials.ts";
import type { ShopFiles } from "./data/files.ts";
import { formatsList } from "./data/formats.ts";
import { DataFileError } from "./data/rows.ts";
import { createEdgeClient, EdgeError, type EdgeClient } from "./edge-client.ts";
import { createKey, KeyError, readKey } from "./keys.ts";
import { fetchIncumbent, manifestContent, nextVersion, trainAndAssess } from "./pipeline.ts";
import { loadFromEdge, loadFromFiles, nameOfFiles, type LoadedDataset } from "./load.ts";
import { DatasetError, type Dataset } from "./prepare.ts";
import { headsOf, makeManifest, publish } from "./publish.ts";
import { pullLog } from "./pull.ts";
import { DiskError, diskError, writeWhole } from "./whole-file.ts";
import { cleaningLines, figuresTable } from "./report.ts";
import { reportPage, type ReportData } from "./report-page.ts";

const HELP = `Usage: npm run trainer -- <command> --shop <name> [options]
       npm run train -- --data <file or folder> [options]      learns from files, without an edge

  train       all of it: prepare, train, evaluate, gate, sign, publish
  prepare     fetch what is new in the shop's log, clean it, and say what is in it
  evaluate    hold the model trained last against popularity, item-kNN and the shop's current model
  gate        say whether the model trained last may be published, and if not, why
  publish     sign and publish the model trained last, if the gate lets it pass
  keygen      make the shop's signing key; prints the fingerprint that its tag trusts
  import      bring in a shop's files (see: import --help)
  erase       delete all that the shop's edge has of one shopper (--person or --client), and print the receipts
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
  --checkpoint S    keep the state of a run every S seconds (default 15): one that was killed goes on where it was
  --seed N          default 1; the same data, seed and steps give the same weights
  --oracle FILE     best possible ranks of simulated shoppers: NDJSON of {"clientId", "seq", "rank"}
  --dry-run         do everything but publish
  --person NAME     who is erased, by what the shop's pages call them when they log in: a customer number, an e-mail address
  --client ID       which browser is erased, by its id

Files may be plain or gzip, and are told apart by what is in them:
${formatsList()}
  - the UCI Online Retail log: online_retail.csv
`;

/** What was asked for cannot be done as asked; the message says what to change. */
class UsageError extends Error {
  override readonly name = "UsageError";
}
/** The gate said no. */
class GateRefusal extends Error {
  override readonly name = "GateRefusal";
}

const OPTIONS = {
  data: { type: "string" }, catalogue: { type: "string" }, mapping: { type: "string" }, dates: { type: "string" },
  shop: { type: "string" }, "data-dir": { type: "string" }, edge: { type: "string" }, minutes: { type: "string" }, steps: { type: "string" },
  seed: { type: "string" }, oracle: { type: "string" }, "dry-run": { type: "boolean" }, warm: { type: "boolean" }, checkpoint: { type: "string" }, person: { type: "string" }, client: { type: "string" }, help: { type: "boolean", short: "h" },
} as const;

/** A model's log was fetched some time before the model was made. */
const WARM_START_MARGIN_MS = DAY_MS;

interface Call {
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
  checkpointMs: number | undefined;
  person: string | undefined;
  client: string | undefined;
}

const COMMANDS: { [name: string]: (call: Call) => Promise<void> } = { keygen, prepare, train, evaluate, gate, publish: publishCandidate, erase, login };

/**
 * Runs one command.
 * @param argv what follows the script's name
 * @returns the exit code: 0 done, 1 refused or failed, 2 called wrongly
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  try {
    if (command === undefined || command === "--help" || command === "-h" || command === "help") {
      process.stdout.write(HELP);
      return command === undefined ? 2 : 0;
    }
    if (command === "import") {
      const { runImport } = await import("./import.ts");
      return await runImport([...rest]);
    }
    const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (!run) throw new UsageError(`There is no command "${command}". Commands: ${Object.keys(COMMANDS).join(", ")}, import`);
    const call = parseCall(rest);
    if (call === "help") process.stdout.write(HELP);
    else await run(call);
    return 0;
  } catch (thrown) {
    const { path } = thrown as NodeJS.ErrnoException;
    const error = path === undefined ? thrown : diskError(path, thrown);
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${HELP}`);
      return 2;
    }
    if (!EXPECTED.some((kind) => error instanceof kind)) throw error;
    process.stderr.write(error instanceof EdgeError && error.status > 0 ? `The edge refuses (${error.code}): ${error.message}\n` : `${(error as Error).message}\n`);
    return 1;
  }
}

/** Errors whose message is all a person needs; others are faults of ours and show their stack. */
const EXPECTED = [UsageError, GateRefusal, EdgeError, CredentialsError, KeyError, DataFileError, DatasetError, CandidateError, DiskError];

async function keygen({ shop, folder }: Call): Promise<void> {
  const key = await createKey(shop, folder);
  print(`Signing key of "${shop}" made: fingerprint ${key.fingerprint}. The tag's data-signers takes it. Keep a copy of the key: without it no new model can be published.`);
}

async function login(call: Call): Promise<void> {
  print((await connect(call).loginLink(call.shop)).url);
}

async function erase(call: Call): Promise<void> {
  const { shop, folder, edge, person, client } = call;
  if ((person === undefined) === (client === undefined)) throw new UsageError("Who is to be erased? Give --person NAME or --client ID");
  const connection = connect(call);
  const receipts = person === undefined
    ? [await connection.eraseClient(shop, client!)]
    : (await connection.erasePerson(shop, await personHash((await connection.shop(shop)).writeKey, person))).receipts;
  // The copy that training reads.
  const copy = await pullLog(connection, shop, join(folder, "cache", shop), readAccess(shop, { edge, folder }).merchantToken);
  print(receipts.length === 0 ? `Nobody of that name has logged in at "${shop}".` : JSON.stringify(receipts, null, 2));
  print(`${copy.erased.toLocaleString("en")} events deleted from the copy on this machine. The next training leaves them out of the model.`);
}

async function prepare(call: Call): Promise<void> {
  describe((await loadDataset(call, call.isShop ? connect(call) : undefined)).dataset);
}

async function train(call: Call): Promise<void> {
  const startMs = performance.now();
  const { shop, isShop, folder, seed, minutes, steps } = call;
  // Before minutes of work: without a key nothing could be published.
  if (isShop && !call.dryRun) await readKey(shop, folder);
  const oracle = readOracle(call.oracle);
  const client = isShop ? connect(call) : undefined;
  const { dataset, newestErasureMs } = await loadDataset(call, client);
  describe(dataset);
  const incumbent = client && (await fetchIncumbent(client, shop));
  let checkpoints: Checkpoints | undefined;
  const run = await trainAndAssess(dataset, {
    seed, minutes, steps, oracle, incumbent: incumbent?.model, ...(call.warm && { parent: warmStart(incumbent, newestErasureMs) }),
    checkpoints(identity) {
      checkpoints = openCheckpoints(join(folder, "checkpoints", shop), identity, { intervalMs: call.checkpointMs });
      if (checkpoints.doneSteps > 0) print(`Goes on behind step ${checkpoints.doneSteps} of a run that was cut off.`);
      return checkpoints;
    },
  });
  const { assessment } = run;
  writeCandidate(candidateFolder(call), { weights: run.weights, training: run.training, evaluation: assessment.evaluation });
  checkpoints?.remove();
  print(`\n${figuresTable(assessment)}\n\n${assessment.evaluation.protocol} ${assessment.evaluation.cases} cases.`);
  if (assessment.oracleMissing > 0) print(`No oracle figure: ${call.oracle} has no rank for ${assessment.oracleMissing} of the ${assessment.evaluation.cases} cases.`);
  const reports = join(folder, "reports");
  mkdirSync(reports, { recursive: true });
  const name = join(reports, `${shop}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`);
  const { evaluation, network, verdict, details } = assessment;
  const data: ReportData = {
    shop, createdAtMs: Date.now(), training: run.training, evaluation, verdict, details, losses: run.losses, blend: run.fitted.blend, bytes: run.weights.byteLength, seconds: (performance.now() - startMs) / 1000,
    data: { events: dataset.events, shoppers: dataset.shoppers.length, products: dataset.itemIds.length, moments: countMoments(dataset), objective: dataset.objective, ...dataset.split, cleaning: cleaningLines(dataset.report) },
  };
  writeWhole(`${name}.html`, reportPage(data));
  writeWhole(`${name}.json`, `${JSON.stringify({ ...data, network, cleaning: dataset.report })}\n`);
  print(`Report: ${name}.html`);
  if (isShop) return publishCandidate(call);
  if (!assessment.verdict.ok) throw new GateRefusal(refusalOf(assessment.verdict));
  print("The gate lets it pass. No shop is named, so nothing is published: with --shop NAME it would be.");
}

/** The model to start from. @returns undefined, with a word on it, where there is none that may be */
function warmStart(incumbent: Awaited<ReturnType<typeof fetchIncumbent>> | undefined, newestErasureMs: number): { model: Model; sha256: string } | undefined {
  if (!incumbent) print("There is no model to start from yet, so training starts from chance.");
  else if (newestErasureMs > incumbent.record.createdAtMs - WARM_START_MARGIN_MS) print("Somebody was erased since the shop's model was trained, who may be in it: training starts from chance instead.");
  else return { model: incumbent.model, sha256: incumbent.record.sha256 };
  return undefined;
}

async function evaluate(call: Call): Promise<void> {
  const candidate = readCandidate(candidateFolder(call));
  const client = connect(call);
  const { dataset } = await loadDataset(call, client);
  if (dataset.dataHash !== candidate.training.dataHash) throw new CandidateError("The log has grown since this model was trained, so its test part is another one: train again");
  const incumbent = await fetchIncumbent(client, call.shop);
  const assessment = assess(dataset, readModel(candidate.weights), { incumbent: incumbent?.model, oracle: readOracle(call.oracle), seed: call.seed });
  writeCandidate(candidateFolder(call), { ...candidate, evaluation: assessment.evaluation });
  print(`${figuresTable(assessment)}\n\n${assessment.evaluation.protocol} ${assessment.evaluation.cases} cases.`);
}

async function gate(call: Call): Promise<void> {
  const { evaluation } = readCandidate(candidateFolder(call));
  if (!evaluation) throw new CandidateError("The model trained last has not been evaluated: run evaluate first");
  const verdict = judge(evaluation);
  if (!verdict.ok) throw new GateRefusal(refusalOf(verdict));
  print("The gate lets it pass.");
}

function refusalOf({ reasons }: Extract<Verdict, { ok: false }>): string {
  return ["The gate refuses this model:", ...reasons.map(({ sentence }) => `- ${sentence}`)].join("\n");
}

async function publishCandidate(call: Call): Promise<void> {
  const { shop, folder, dryRun } = call;
  await gate(call);
  if (dryRun) return print("Dry run: nothing published.");
  const { weights, training, evaluation } = readCandidate(candidateFolder(call));
  const client = connect(call);
  const version = await nextVersion(client, shop);
  const heads = await headsOf(readModel(weights), (await client.catalogue(shop)).products);
  const content = { ...manifestContent(shop, version, training, evaluation!), ...(heads.length > 0 && { heads }) };
  const signed = await makeManifest(content, weights, await readKey(shop, folder), Date.now());
  const record = await publish(client, shop, signed, weights);
  print(`Published version ${record.version} of "${shop}": ${(record.bytes / 1024).toFixed(0)} KiB, ${record.items} products.`);
}

async function loadDataset({ shop, folder, edge, files }: Call, client: EdgeClient | undefined): Promise<LoadedDataset> {
  const nowMs = Date.now();
  // Files do not say who has been erased since: nothing that was trained before may be built upon.
  if (files) return { dataset: await loadFromFiles({ files, ...(client && { shop: { client, id: shop } }), nowMs, print }), newestErasureMs: Infinity };
  return loadFromEdge({ client: client!, shop, folder, edge, nowMs, print });
}

function countMoments(dataset: Dataset): number {
  return dataset.shoppers.reduce((sum, shopper) => sum + shopper.moments.length, 0);
}

function describe(dataset: Dataset): void {
  print(`${dataset.events.toLocaleString("en")} product events of ${dataset.shoppers.length.toLocaleString("en")} clients, ${dataset.itemIds.length.toLocaleString("en")} products, ${countMoments(dataset).toLocaleString("en")} moments to predict (${dataset.objective}).`);
  for (const line of cleaningLines(dataset.report)) print(`  ${line}`);
}

function connect({ shop, folder, edge }: Call): EdgeClient {
  const access = readAccess(shop, { edge, folder });
  return createEdgeClient({ edge: access.edge, token: access.merchantToken });
}

function candidateFolder({ shop, folder }: Call): string {
  return join(folder, "models", shop);
}

function readOracle(path: string | undefined): OracleRanks | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new UsageError(`--oracle: ${path} cannot be read`);
  }
  const ranks = new Map<string, number>();
  text.split("\n").forEach((line, i) => {
    if (!line.trim()) return;
    let value: { clientId?: unknown; seq?: unknown; rank?: unknown };
    try {
      value = JSON.parse(line) as typeof value;
    } catch {
      throw new UsageError(`--oracle: ${path}, line ${i + 1} is not JSON`);
    }
    const { clientId, seq, rank } = value;
    if (typeof clientId !== "string" || typeof seq !== "number" || typeof rank !== "number" || rank < 1) throw new UsageError(`--oracle: ${path}, line ${i + 1} needs clientId, seq and a rank from 1`);
    ranks.set(oracleKey(clientId, seq), rank);
  });
  return ranks;
}

function parseCall(argv: readonly string[]): Call | "help" {
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
  const seed = numberOf("--seed", values.seed) ?? 1;
  if (!Number.isInteger(seed)) throw new UsageError("--seed takes a whole number");
  return { shop: shop ?? nameOfFiles(files!), isShop: shop !== undefined, files, folder: resolve(values["data-dir"] ?? ENDCAP_FOLDER), edge: values.edge, seed, minutes, steps, oracle: values.oracle, dryRun: values["dry-run"] ?? false, warm: values.warm ?? false, checkpointMs: checkpoint === undefined ? undefined : checkpoint * 1000, person: values.person, client: values.client };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new UsageError(`${name} takes a number, not "${text}"`);
  return value;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
