/** The trainer's command line. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DAY_MS, HOUR_MS } from "../core/calendar.ts";
import { judge, type Verdict } from "../core/gate.ts";
import { personHash } from "../core/ids.ts";
import { readModel, type Model } from "../core/model/config.ts";
import { canonicalJson } from "../core/weights/manifest.ts";
import { assess, oracleKey, type OracleRanks } from "./assess.ts";
import { HELP, parseCall, UsageError, type Call } from "./call.ts";
import { CandidateError, readCandidate, writeCandidate } from "./candidate.ts";
import { openCheckpoints, type Checkpoints } from "./checkpoints.ts";
import { defaultConfig, type TrainConfig } from "./config.ts";
import { CredentialsError, readAccess } from "./credentials.ts";
import { DataFileError } from "./data/rows.ts";
import { createEdgeClient, EdgeError, type EdgeClient } from "./edge-client.ts";
import { createKey, KeyError, readKey, readOrCreateNextKey, takeNextKey } from "./keys.ts";
import { loadFromEdge, loadFromFiles, type LoadedDataset } from "./load.ts";
import { prepareTraining } from "./models/network.ts";
import { fetchIncumbent, manifestContent, nextVersion, requireMoments, trainAndAssess } from "./pipeline.ts";
import { DatasetError, type Dataset } from "./prepare.ts";
import { createProgress } from "./progress.ts";
import { headsOf, makeManifest, publish } from "./publish.ts";
import { pullLog } from "./pull.ts";
import { reportPage, type ReportData } from "./report-page.ts";
import { cleaningLines, figuresTable } from "./report.ts";
import { RestoreError, restoreModel } from "./restore.ts";
import { search, validationScore } from "./search.ts";
import { watch } from "./watch.ts";
import { DiskError, diskError, writeWhole } from "./whole-file.ts";

/** The gate said no. */
class GateRefusal extends Error {
  override readonly name = "GateRefusal";
}

/** A model's log was fetched some time before the model was made. */
const WARM_START_MARGIN_MS = DAY_MS;

const COMMANDS: { [name: string]: (call: Call) => Promise<void> } = { keygen, prepare, train, evaluate, gate, publish: publishCandidate, rollback, rotate, erase, login };

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
const EXPECTED = [UsageError, GateRefusal, EdgeError, CredentialsError, KeyError, DataFileError, DatasetError, CandidateError, DiskError, RestoreError];

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
  return call.watchEveryMs === undefined ? trainOnce(call) : keepFresh(call, call.watchEveryMs);
}

/** Until SIGINT or SIGTERM, which wait for a training that runs; a second one does not. */
async function keepFresh(call: Call, everyMs: number): Promise<void> {
  const { shop } = call;
  if (!call.isShop) throw new UsageError("--watch keeps a shop's model fresh: give --shop NAME");
  const client = connect(call);
  // What is wrong from the beginning does not become right by waiting.
  await readKey(shop, call.folder);
  let stopped = false;
  let wake = () => {};
  const stop = () => {
    if (stopped) process.exit(130);
    stopped = true;
    wake();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  print(`Watching "${shop}": trains every ${everyMs / HOUR_MS} h, and does what its dashboard asks for. Ctrl-C ends it.`);
  try {
    await watch({
      client, shop, everyMs, now: Date.now, stopped: () => stopped,
      train: () => trainOnce(call),
      restore: (version) => rollback({ ...call, version }),
      wait: (ms) => new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
      onError(error) {
        if (!EXPECTED.some((kind) => error instanceof kind)) throw error;
        print(`${new Date().toISOString()}: ${(error as Error).message}`);
      },
    });
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

async function rollback(call: Call): Promise<void> {
  const { shop, folder, version, dryRun } = call;
  if (dryRun) throw new UsageError("rollback has no --dry-run: the dashboard lists the versions");
  const { record, from } = await restoreModel({ client: connect(call), shop, key: await readKey(shop, folder), version, nowMs: Date.now() });
  print(`"${shop}" serves the model of version ${from.version} again, as version ${record.version}.`);
}

async function rotate(call: Call): Promise<void> {
  const { shop, folder, finish } = call;
  const client = connect(call);
  if (finish) {
    const { fingerprint } = await takeNextKey(shop, folder);
    await client.setSigners(shop, [fingerprint]);
    print(`From now on ${fingerprint} signs for "${shop}", and the edge takes no other. Train and publish once more, then take the old fingerprint out of the tag.`);
    return;
  }
  const [old, next] = [await readKey(shop, folder, {}), await readOrCreateNextKey(shop, folder)];
  await client.setSigners(shop, [old.fingerprint, next.fingerprint]);
  print(`The edge takes manifests of both keys now. Change the tag to data-signers="${old.fingerprint},${next.fingerprint}", and once no page with the old tag is in any cache: npm run trainer -- rotate --shop ${shop} --finish`);
}

async function trainOnce(call: Call): Promise<void> {
  const startMs = performance.now();
  const { shop, isShop, folder, seed, minutes, steps } = call;
  // Before minutes of work: without a key nothing could be published.
  if (isShop && !call.dryRun) await readKey(shop, folder);
  const oracle = readOracle(call.oracle);
  const client = isShop ? connect(call) : undefined;
  const { dataset, newestErasureMs } = await loadDataset(call, client);
  describe(dataset);
  const incumbent = client && (await fetchIncumbent(client, shop));
  const config = call.searchMs === undefined ? readSettings(call, dataset) : searchSettings(call, dataset, call.searchMs);
  let checkpoints: Checkpoints | undefined;
  const run = await trainAndAssess(dataset, {
    seed, minutes, steps, oracle, config, incumbent: incumbent?.model, ...(call.warm && { parent: warmStart(incumbent, newestErasureMs) }),
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

/** Finds this shop's settings and keeps them for trainings to come. @throws DatasetError if there is nothing to learn from */
function searchSettings(call: Call, dataset: Dataset, budgetMs: number): TrainConfig {
  const { shop, folder, seed } = call;
  requireMoments(dataset);
  const base = defaultConfig(dataset.objective);
  const fullSteps = prepareTraining(dataset, base, seed).plannedSteps;
  const bar = createProgress("Searching", Math.round(budgetMs / 1000), "s");
  let shownS = 0;
  const { best, trials } = search({
    path: join(folder, "search", `${shop}.json`), identity: { dataHash: dataset.dataHash }, base, fullSteps, seed, budgetMs, now: () => performance.now(), evaluate: validationScore(dataset, seed),
    onTrial({ ndcg10, steps }, spentMs) {
      bar.note(`NDCG@10 ${ndcg10.toFixed(4)} after ${steps} steps`);
      bar.advance(Math.round(spentMs / 1000) - shownS);
      shownS = Math.round(spentMs / 1000);
    },
  });
  bar.done(`${trials} trials, the best .${best.ndcg10.toFixed(4).slice(2)} on the validation part`);
  mkdirSync(candidateFolder(call), { recursive: true });
  writeWhole(settingsPath(call), canonicalJson(best.config));
  return best.config;
}

/** The settings that a search has found, as long as they have all that trainings of today need; else undefined. */
function readSettings(call: Call, dataset: Dataset): TrainConfig | undefined {
  let settings: TrainConfig;
  try {
    settings = JSON.parse(readFileSync(settingsPath(call), "utf8")) as TrainConfig;
  } catch {
    return undefined;
  }
  const names = (of: TrainConfig) => canonicalJson(Object.keys(of).sort());
  if (names(settings) !== names(defaultConfig(dataset.objective))) return undefined;
  print(`Trains with the settings that a search has found (${settingsPath(call)}).`);
  return settings;
}

function settingsPath(call: Call): string {
  return join(candidateFolder(call), "settings.json");
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

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
