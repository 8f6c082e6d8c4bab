/** A Worker in workerd with nothing in front of it: requests go straight to its socket, as `wrangler dev`'s do not. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { ENDCAP, type Worker } from "../../demo/stack.ts";

// The one that wrangler brings, whatever version that is.
const { convertV4MiniflareOptions, Miniflare } = createRequire(import.meta.resolve("wrangler"))("miniflare") as typeof import("miniflare");
const ROOT = resolve(import.meta.dirname, "../..");

export interface DirectWorker {
  url: string;
  stop(): Promise<void>;
}

/** @param dataDir of a Worker that `startEdge` has started before, and stopped: its database and shops are used */
export async function startDirectly({ dataDir, vars = {}, worker = ENDCAP }: { dataDir: string; vars?: { [name: string]: string }; worker?: Worker }): Promise<DirectWorker> {
  const bundle = join(dataDir, "bundle");
  const built = spawnSync(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), "deploy", "--dry-run", "--config", worker.config, "--outdir", bundle], {
    cwd: ROOT, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
  });
  if (built.status !== 0) throw new Error(`The bundle of ${worker.config} failed:\n${built.stdout}${built.stderr}`);
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(join(ROOT, worker.config));
  // Built files are not what is measured; with them a router would stand before the Worker.
  // (modulesRules tell a bundler, and this is bundled.)
  const { assets: _, modulesRules: __, ...options } = workerOptions;
  const script = join(bundle, main!.replace(/^.*\//, "").replace(/\.ts$/, ".js"));
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    resourcePersistencePath: join(dataDir, "edge/v3"),
    workers: [{ ...options, bindings: { ...(options.bindings as object), ...vars }, modules: true, scriptPath: script, modulesRoot: bundle, unsafeDirectSockets: [{ port: 0 }] }],
  }));
  await miniflare.ready;
  return { url: (await miniflare.unsafeGetDirectURL()).origin, stop: () => miniflare.dispose() };
}
