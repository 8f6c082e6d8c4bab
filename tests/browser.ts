/** Which Chromium the tests drive, and with which flags. */
import { existsSync } from "node:fs";

/** The machine's own Chromium where there is one; undefined means Playwright's. */
export function chromiumPath(): string | undefined {
  const named = process.env["CHROMIUM_PATH"];
  if (named) return named;
  return existsSync("/usr/bin/chromium") ? "/usr/bin/chromium" : undefined;
}

/** Quiet, and able to run as root in a container. */
export const BASE_FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
/**
 * How a shopper's Chromium calls itself. Headless Chromium says that it is one, and the edge turns robots away; given as
 * a flag (`--user-agent=…`), it holds for requests that outlive their page too.
 */
export const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
/** WebGPU on the CPU, the same on every machine. Without these flags `requestAdapter()` gives null here. */
export const SOFTWARE_WEBGPU_FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
