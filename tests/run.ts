/** `npm test`: a browser if there is none, type check, build, unit and workerd tests, browser and end-to-end tests, faults; one closing line. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium } from "@playwright/test";
import { buildBundles } from "../demo/stack.ts";
import { chromiumPath } from "./browser.ts";

const ROOT = resolve(import.meta.dirname, "..");
const RESULTS = join(ROOT, "test-results");

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Runs a tool of this project in the foreground. @returns its exit code */
function run(name: string, args: string[]): number {
  console.log(`\n> ${name} ${args.join(" ")}`);
  const outcome = spawnSync(name, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}:${process.env["PATH"]}` } });
  if (outcome.error) console.error(outcome.error.message);
  return outcome.status ?? 1;
}

/** Finds a Chromium, or installs one: Debian's own where this is root on Debian, else Playwright's in its own folder. */
function ensureBrowser(): boolean {
  if (chromiumPath() ?? existsSync(chromium.executablePath())) return true;
  // Debian itself: on what derives from it, the package of that name may be a stub for another installer.
  const isDebian = existsSync("/etc/os-release") && /^ID="?debian"?$/m.test(readFileSync("/etc/os-release", "utf8"));
  if (isDebian && process.getuid?.() === 0) return run("apt-get", ["update"]) === 0 && run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"]) === 0;
  return run("playwright", ["install", "chromium"]) === 0;
}

/** A step that either holds or not, counted like one test. */
function step(name: string, args: string[]): Counts {
  return run(name, args) === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** What shops and merchants download, built once for all that follows. */
async function bundles(): Promise<Counts> {
  console.log("\n> build");
  try {
    console.log((await buildBundles()) ? "Built." : "Built before from the same sources.");
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    console.error((error as Error).message);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function vitest(): Counts {
  const file = join(RESULTS, "vitest.json");
  const code = run("vitest", ["run", "--config", "tests/vitest.config.ts", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`]);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(file, "utf8")) as { numPassedTests: number; numFailedTests: number; numPendingTests: number; numTodoTests: number };
  return atLeastOneFailure(code, { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests + report.numTodoTests });
}

function playwright(): Counts {
  const file = join(RESULTS, "playwright.json");
  const code = run("playwright", ["test", "--config", "tests/playwright.config.ts"]);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  const { stats } = JSON.parse(readFileSync(file, "utf8")) as { stats: { expected: number; unexpected: number; flaky: number; skipped: number } };
  return atLeastOneFailure(code, { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped });
}

/** The faults of `npm run test:faults`, or of `test:edge-faults`, each for a shorter while. */
function faults(program: string): Counts {
  const file = join(RESULTS, "faults.json");
  rmSync(file, { force: true });
  const code = run("node", [program, "--short", "--json", file]);
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  return atLeastOneFailure(code, { ...(JSON.parse(readFileSync(file, "utf8")) as Pick<Counts, "passed" | "failed">), skipped: 0 });
}

/** A runner that failed outside its tests has failed all the same. */
function atLeastOneFailure(code: number, counts: Counts): Counts {
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
if (!ensureBrowser()) {
  console.error("No Chromium was found and none could be installed. Install one and name it in CHROMIUM_PATH, then run the tests again.");
  console.log("0 passed, 1 failed");
  process.exit(1);
}
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const part of [
  () => step("tsc", ["-b"]),
  bundles,
  vitest,
  playwright,
  () => faults("tests/faults/main.ts"),
  () => faults("tests/faults/edge/main.ts"),
]) {
  const counts = await part();
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exit(total.failed > 0 ? 1 : 0);
