import { defineConfig } from "@playwright/test";
import { BASE_FLAGS, chromiumPath, SOFTWARE_WEBGPU_FLAGS, USER_AGENT } from "./browser.ts";

const launch = (args: string[]) => ({ launchOptions: { executablePath: chromiumPath(), args: [...BASE_FLAGS, `--user-agent=${USER_AGENT}`, ...args] } });

export default defineConfig({
  testDir: ".",
  testMatch: ["widget/**/*.spec.ts", "e2e/**/*.spec.ts", "dashboard/**/*.spec.ts"],
  outputDir: "../test-results",
  // Tests wait more than they work; each file's run one after the other, in a browser of their own.
  workers: 2,
  timeout: 60_000,
  reporter: [["list"], ["json", { outputFile: "../test-results/playwright.json" }]],
  projects: [
    { name: "webgpu", use: launch(SOFTWARE_WEBGPU_FLAGS) },
    // The same widget tests where there is no GPU adapter; what does not touch the engine runs once.
    { name: "no-webgpu", use: launch([]), testMatch: ["widget/**/*.spec.ts"], grepInvert: /@once/ },
  ],
});
