/** The edge's Worker in a workerd that can be killed like a machine, and started again on the same disk. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

// The one that wrangler brings, whatever version that is.
const { convertV4MiniflareOptions, Miniflare } = createRequire(import.meta.resolve("wrangler"))("miniflare") as typeof import("miniflare");
const ROOT = resolve(import.meta.dirname, "../../..");

export const ADMIN_TOKEN = "operator-secret";

export interface Workerd {
  /** Changes with every start. */
  readonly url: string;
  /** SIGKILL to workerd, in the middle of whatever it does. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Processor time that workerd has used, and the most memory it has held. */
  usage(): { cpuMs: number; peakBytes: number };
}

export interface WorkerdOptions {
  /** For the bundle, and for what the Worker stores unless `disk` says otherwise. */
  folder: string;
  disk?: string;
  vars?: { [name: string]: string };
  /** Paths from the project's root. The edge with faults at its bindings, unless another is named. */
  worker?: { config: string; main: string; migrations: string };
}
const WITH_FAULTS = { config: "wrangler.toml", main: "tests/edge/faults.ts", migrations: "edge/migrations" };

export async function openWorkerd({ folder, disk = join(folder, "disk"), vars = {}, worker = WITH_FAULTS }: WorkerdOptions): Promise<Workerd> {
  const bundle = join(folder, "bundle");
  mkdirSync(folder, { recursive: true });
  mkdirSync(disk, { recursive: true });
  const config = join(folder, "wrangler.toml");
  const described = readFileSync(join(ROOT, worker.config), "utf8")
    .replace(/\[assets\]\n(.+\n)+/, "")
    .replace(/^main = .*$/m, `main = ${JSON.stringify(join(ROOT, worker.main))}`)
    .replace(/^migrations_dir = .*$/m, "");
  writeFileSync(config, described);
  const built = spawnSync(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--config", config, "--outdir", bundle], {
    cwd: ROOT, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
  });
  if (built.status !== 0) throw new Error(`The bundle failed:\n${built.stdout}${built.stderr}`);
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
  const { assets: _, modulesRules: __, ...options } = workerOptions;
  const script = join(bundle, readdirSync(bundle).find((name) => name.endsWith(".js"))!);

  let miniflare: InstanceType<typeof Miniflare>;
  let url = "";
  /** The processes of this workerd, among those of others that this program has started. */
  let own = new Set<number>();
  const workerd: Workerd = {
    get url() {
      return url;
    },
    async start() {
      const before = childrenOf(process.pid);
      miniflare = new Miniflare(convertV4MiniflareOptions({
        resourcePersistencePath: disk,
        // What the Worker logs of the faults that it is given.
        handleStructuredLogs: () => undefined,
        workers: [{ ...options, bindings: { ...(options.bindings as object), ADMIN_TOKEN, ...vars }, modules: true, scriptPath: script, modulesRoot: bundle, unsafeDirectSockets: [{ port: 0 }] }],
      }));
      await miniflare.ready;
      url = (await miniflare.unsafeGetDirectURL()).origin;
      own = new Set([...childrenOf(process.pid)].filter((pid) => !before.has(pid)));
    },
    async kill() {
      for (const pid of own) process.kill(pid, "SIGKILL");
      await miniflare.dispose().catch(() => undefined);
    },
    stop: () => miniflare.dispose(),
    usage() {
      let cpuMs = 0;
      let peakBytes = 0;
      for (const pid of own) {
        // utime and stime, in hundredths of a second on every Linux that matters.
        const [utime, stime] = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ").slice(11, 13).map(Number) as [number, number];
        cpuMs += 10 * (utime + stime);
        peakBytes += 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
      }
      return { cpuMs, peakBytes };
    },
  };
  await workerd.start();
  const db = await miniflare!.getD1Database("DB");
  for (const query of (await readD1Migrations(join(ROOT, worker.migrations))).flatMap(({ queries }) => queries)) await db.prepare(query).run();
  return workerd;
}

/** Linux tells a process's children. */
function childrenOf(pid: number): Set<number> {
  const pids = new Set<number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    for (const child of readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ")) if (child.trim()) pids.add(Number(child));
  }
  return pids;
}
