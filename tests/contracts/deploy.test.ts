import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const deploy = (...args: string[]) => spawnSync(process.execPath, [join(ROOT, "demo/deploy.ts"), ...args], { cwd: ROOT, encoding: "utf8", env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "1" } });

it("bundles a Worker that the platform takes, and says which secrets it needs, without touching an account", () => {
  const { status, stdout, stderr } = deploy("--dry-run", "--skip-build");
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  // The smallest plan takes 3 MB, packed.
  const packed = /gzip: ([\d.]+) KiB/.exec(stdout)?.[1];
  expect(Number(packed)).toBeLessThan(3 * 1024);
  for (const word of ["env.LEDGER", "env.DB", "env.FILES", "ADMIN_TOKEN", "METRICS_TOKEN"]) expect(stdout).toContain(word);
}, 60_000);

it("does not begin to deploy without a database, and says how to make one", () => {
  const { status, stderr } = deploy("--skip-build");
  expect(status).toBe(1);
  expect(stderr).toMatch(/wrangler d1 create endcap.*r2 bucket create endcap/s);
});
