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
/** WebGPU on the CPU, the same on every machine. Without these flags `requestAdapter()` gives null here. */
export const SOFTWARE_WEBGPU_FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
