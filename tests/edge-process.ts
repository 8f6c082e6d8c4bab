/** The whole edge as a process of its own, for tests that pull its plug and for benchmarks: `wrangler dev` on local disk. */
import { execFile, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const CONFIG = join(ROOT, "wrangler.toml");
const ENVIRONMENT = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_LOG: "error", CI: "1" };
export const OPERATOR_TOKEN = "operator-secret";

export interface EdgeProcess {
  url: string;
  /** SIGKILL for wrangler, its proxy and workerd at once: nobody gets to say goodbye. Resolves when all are gone. */
  kill(): Promise<void>;
}

/** Brings the local database up to date. */
export async function migrate(stateDir: string, config = CONFIG): Promise<void> {
  await promisify(execFile)(process.execPath, [WRANGLER, "d1", "migrations", "apply", "endcap", "--local", "--config", config, "--persist-to", stateDir], { cwd: ROOT, env: ENVIRONMENT });
}

/** @param options.vars override the Worker's variables */
export async function startEdgeProcess({ port, stateDir, vars = {}, config = CONFIG }: { port: number; stateDir: string; vars?: { [name: string]: string }; config?: string }): Promise<EdgeProcess> {
  // Built files are not what is looked at here, and a build at the same time must not disturb.
  const assets = join(stateDir, "assets");
  mkdirSync(assets, { recursive: true });
  const variables = Object.entries({ ADMIN_TOKEN: OPERATOR_TOKEN, ...vars }).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const child = spawn(
    process.execPath,
    [WRANGLER, "dev", "--config", config, "--port", String(port), "--ip", "127.0.0.1", "--persist-to", stateDir, "--show-interactive-dev-session=false", "--inspector-port", "0", ...(config === CONFIG ? ["--assets", assets] : []), ...variables],
    { cwd: ROOT, env: ENVIRONMENT, detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => { output += chunk.toString(); });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const kill = async () => {
    try {
      // Negative: the process group, which detached made its own.
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // Gone already.
    }
    await exited;
    while (await answers(url)) await pause(50);
  };
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (child.exitCode !== null) break;
    if (await answers(url)) return { url, kill };
    await pause(100);
  }
  await kill();
  throw new Error(`the edge did not start on port ${port}:\n${output}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`)).ok;
  } catch {
    return false;
  }
}
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
