/** A Chromium whose profile is on disk and whose power can be cut. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { chromium, type Browser, type BrowserContext } from "@playwright/test";
import { BASE_FLAGS, chromiumPath, USER_AGENT } from "../browser.ts";

const START_DEADLINE_MS = 30_000;
/** Where nobody reaps orphans, dead processes stay in the list. */
const EXIT_DEADLINE_MS = 1_000;

export interface KillableBrowser {
  context: BrowserContext;
  /** SIGKILL to all its processes at once; resolves when they are gone. */
  kill(): Promise<void>;
  /** As a person closes it: pages are told, and the profile is written. */
  close(): Promise<void>;
}

/** @param profile a folder; what an earlier browser kept there is found again */
export async function openBrowser(profile: string): Promise<KillableBrowser> {
  const child = spawn(chromiumPath() ?? chromium.executablePath(), [
    ...BASE_FLAGS, "--headless=new", `--user-data-dir=${profile}`, "--remote-debugging-port=0", `--user-agent=${USER_AGENT}`,
    // Some libraries take a browser that says it is driven for a robot.
    "--disable-blink-features=AutomationControlled",
    // A killed browser offers to restore its tabs; here each begins with an empty one.
    "--no-default-browser-check", "--hide-crash-restore-bubble", "--disable-gpu", "about:blank",
  ], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  const signal = (name: NodeJS.Signals | 0): boolean => {
    try {
      return process.kill(-child.pid!, name);
    } catch {
      // They are gone already.
      return false;
    }
  };
  /** The process that has the profile's databases open may outlive the first one by a moment. */
  const gone = async () => {
    await exited;
    const deadlineMs = Date.now() + EXIT_DEADLINE_MS;
    for (signal("SIGKILL"); signal(0) && Date.now() < deadlineMs; ) await new Promise((done) => setTimeout(done, 20));
  };
  const endpoint = await new Promise<string>((found, failed) => {
    let output = "";
    const timer = setTimeout(() => failed(new Error(`Chromium did not start:\n${output}`)), START_DEADLINE_MS);
    child.stderr.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4000);
      const address = /DevTools listening on (ws:\S+)/.exec(output)?.[1];
      if (!address) return;
      clearTimeout(timer);
      found(address);
    });
  }).catch((error: unknown) => {
    signal("SIGKILL");
    throw error;
  });
  const browser: Browser = await chromium.connectOverCDP(endpoint);
  return {
    context: browser.contexts()[0]!,
    async kill() {
      signal("SIGKILL");
      await gone();
      await browser.close().catch(() => {});
    },
    async close() {
      const session = await browser.newBrowserCDPSession();
      await session.send("Browser.close").catch(() => {});
      const timer = setTimeout(() => signal("SIGKILL"), 10_000);
      await gone();
      clearTimeout(timer);
      await browser.close().catch(() => {});
    },
  };
}

/** Forgets a profile for good. */
export function removeProfile(profile: string): void {
  // Chromium's children may write a moment longer than it lives.
  rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
