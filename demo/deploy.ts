/**
 * `npm run deploy`: builds everything, brings the database up to date and deploys the edge to the account that wrangler is signed in to.
 *
 * `--dry-run` does all of it that touches no account, and says what else has to be there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildBundles } from "./stack.ts";

const ROOT = resolve(import.meta.dirname, "..");
/** What wrangler.toml holds before somebody has made a database. */
const NO_DATABASE = "00000000-0000-0000-0000-000000000000";
const SECRETS = [
  ["ADMIN_TOKEN", "creates shops; make one with `openssl rand -base64 24`"],
  ["METRICS_TOKEN", "opens /metrics; optional"],
] as const;

const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false }, "skip-build": { type: "boolean", default: false }, config: { type: "string", default: "wrangler.toml" } } });
const dryRun = values["dry-run"];
const config = resolve(ROOT, values.config);
if (!existsSync(config)) fail(`There is no ${config}.`);
if (!dryRun && readFileSync(config, "utf8").includes(NO_DATABASE)) {
  fail("wrangler.toml names no database yet. Make one with `npx wrangler d1 create endcap`, put its id where the zeros are (database_id), and `npx wrangler r2 bucket create endcap`; then deploy again.");
}
if (values["skip-build"]) mkdirSync(join(ROOT, "dist"), { recursive: true });
else await buildBundles();
// Before the code that needs it: migrations only ever add.
if (!dryRun) wrangler("d1", "migrations", "apply", "DB", "--remote");
wrangler("deploy", ...(dryRun ? ["--dry-run"] : []));
console.log(dryRun ? "\nDry run: nothing was deployed. Before the first deployment:" : "\nDeployed. Secrets that this edge may still need:");
for (const [name, what] of SECRETS) console.log(`  npx wrangler secret put ${name}   (${what})`);

function wrangler(...args: string[]): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, "node_modules/wrangler/bin/wrangler.js"), ...args, "--config", config], { cwd: ROOT, stdio: "inherit", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } });
  if (status !== 0) fail(`\`wrangler ${args.join(" ")}\` failed; its own words stand above.`);
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
