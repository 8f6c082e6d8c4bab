/** The processes behind a running Endcap: the bundles' build, and the Worker in workerd on local disk. */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { routes } from "../core/api.ts";

const ROOT = resolve(import.meta.dirname, "..");
/** What the bundles are made of; a change there calls for a new build. */
const BUNDLE_SOURCES = ["core", "widget", "edge/dashboard", "vite.config.ts", "package-lock.json", "THIRD_PARTY_NOTICES.md"];
const WRANGLER_ENV = { WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_LOG: "error", NO_UPDATE_NOTIFIER: "1", FORCE_COLOR: "0" };
const OPERATOR_TOKEN = "operator-token";
const START_DEADLINE_MS = 60_000;
const STOP_GRACE_MS = 5_000;

/** Something a person has to put right; the message says what and how. */
export class StartError extends Error {
  override name = "StartError";
}

/** @throws StartError when something else listens there */
export async function claimPort(port: number, what: string, option: string): Promise<void> {
  for (const host of ["127.0.0.1", "::1"]) {
    await new Promise<void>((free, taken) => {
      const probe = createServer();
      probe.once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "EADDRINUSE") taken(new StartError(`Port ${port} for ${what} is taken by another program. Stop that one, or choose another port with ${option} <number>.`));
        else if (error.code === "EACCES") taken(new StartError(`Port ${port} for ${what} is for the system's own programs. Choose one above 1023 with ${option} <number>.`));
        else free(); // No such address family on this machine.
      });
      probe.listen({ port, host, exclusive: true }, () => probe.close(() => free()));
    });
  }
}

/** Builds the tag, its chunks and the dashboard into dist/, unless their sources are as they were. @returns whether it built */
export async function buildBundles(): Promise<boolean> {
  // Beside what it speaks of: whoever else builds into dist/ empties it first, the stamp included.
  const stamp = join(ROOT, "dist/sources.sha256");
  const hash = hashTree(BUNDLE_SOURCES);
  if (existsSync(join(ROOT, "dist/tag.js")) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return false;
  await runTool("vite", ["build", "--app", "--logLevel", "warn"]);
  await runTool("vite", ["build", "--mode", "dashboard", "--logLevel", "warn"]);
  writeFileSync(stamp, hash);
  return true;
}

export interface Edge {
  url: string;
  adminToken: string;
  /** Ends workerd and everything around it, and waits for it. */
  stop(): Promise<void>;
  /** SIGKILL to wrangler, its proxy and workerd at once, as a power cut would; resolves when nothing answers any more. */
  kill(): Promise<void>;
}

/** A Worker with a D1 database bound as `DB`: its wrangler configuration, and the migrations that this names. Both from the project's root. */
export interface Worker {
  config: string;
  migrations: string;
}
/** The edge itself. */
export const ENDCAP: Worker = { config: "wrangler.toml", migrations: "edge/migrations" };

export interface EdgeOptions {
  port: number;
  /** D1, R2 and Durable Objects are kept below it. */
  dataDir: string;
  /** More variables for the Worker, e.g. limits. */
  vars?: { [name: string]: string };
  /** Serves built files from this folder, made if it is not there, instead of those that the configuration names. */
  assets?: string;
  /** Another Worker than the edge, to measure it against. */
  worker?: Worker;
}

/**
 * Starts the Worker in workerd, migrated, through `wrangler dev`.
 *
 * @throws StartError when it does not answer in a minute; its own words are in the message
 */
export async function startEdge({ port, dataDir, vars = {}, assets, worker = ENDCAP }: EdgeOptions): Promise<Edge> {
  const persist = join(dataDir, "edge");
  mkdirSync(persist, { recursive: true });
  const adminToken = operatorToken(dataDir);
  const envFile = join(dataDir, "edge.env");
  writeFileSync(envFile, Object.entries({ ADMIN_TOKEN: adminToken, ...vars }).map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });

  const stamp = join(persist, "migrations.sha256");
  const migrations = hashTree([worker.migrations]);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== migrations) {
    await runTool("wrangler", ["d1", "migrations", "apply", "DB", "--local", "--config", worker.config, "--persist-to", persist]);
    writeFileSync(stamp, migrations);
  }

  if (assets !== undefined) mkdirSync(assets, { recursive: true });
  const child = spawn(process.execPath, [
    join(import.meta.dirname, "leash.ts"), tool("wrangler"), "dev", "--config", worker.config, ...(assets === undefined ? [] : ["--assets", assets]), "--port", String(port), "--ip", "localhost", "--inspector-port", "0", "--persist-to", persist,
    "--env-file", envFile, "--show-interactive-dev-session=false", "--log-level", "error",
  ], { cwd: ROOT, env: { ...process.env, ...WRANGLER_ENV }, stdio: ["pipe", "pipe", "pipe"], detached: true });
  let output = "";
  const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000));
  child.stdout!.on("data", keep);
  child.stderr!.on("data", keep);
  const exited = new Promise<void>((done) => child.once("exit", () => done()));

  const url = `http://localhost:${port}`;
  const edge: Edge = {
    url,
    adminToken,
    async stop() {
      signalGroup(child, "SIGTERM");
      const timer = setTimeout(() => signalGroup(child, "SIGKILL"), STOP_GRACE_MS);
      await exited;
      clearTimeout(timer);
      // workerd may outlive the process that started it.
      signalGroup(child, "SIGKILL");
    },
    async kill() {
      signalGroup(child, "SIGKILL");
      await exited;
      while (await answers(url + routes.health)) await pause(50);
    },
  };
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await answers(url + routes.health))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await edge.kill();
      throw new StartError(`The edge did not start on port ${port}. It said:\n${output.trim() || "(nothing)"}`);
    }
    await pause(100);
  }
  return edge;
}

/** Whether an edge was started with this data folder: each leaves its operator's token there. */
export function isDataFolder(dataDir: string): boolean {
  return existsSync(join(dataDir, OPERATOR_TOKEN));
}

/** The operator's token of this data folder, made on first use. */
function operatorToken(dataDir: string): string {
  const file = join(dataDir, OPERATOR_TOKEN);
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, randomBytes(16).toString("base64url"), { mode: 0o600 });
  }
  return readFileSync(file, "utf8").trim();
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    // The group is gone already.
  }
}

/** A tool of this project, to be run by the Node that runs this: another may come first in the PATH, and be too old. */
function tool(name: string): string {
  return join(ROOT, "node_modules/.bin", name);
}

async function runTool(name: string, args: string[]): Promise<void> {
  const child = spawn(process.execPath, [tool(name), ...args], { cwd: ROOT, env: { ...process.env, ...WRANGLER_ENV, CI: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done, fail) => child.once("error", fail).once("close", done));
  if (code !== 0) throw new StartError(`\`${name} ${args.join(" ")}\` failed:\n${output.trim().slice(-4000)}`);
}

/** A hash over names and contents of files and folders below the project's root. */
function hashTree(paths: readonly string[]): string {
  const hash = createHash("sha256");
  const visit = (path: string) => {
    const full = join(ROOT, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) for (const name of readdirSync(full).sort()) visit(join(path, name));
    else hash.update(path).update("\0").update(readFileSync(full)).update("\0");
  };
  paths.forEach(visit);
  return hash.digest("hex");
}
