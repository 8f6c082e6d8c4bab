/** The edge's process lives no longer than what started it. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimPort } from "../../demo/stack.ts";

const PORT = 18_093;
const folder = mkdtempSync(join(tmpdir(), "endcap-leash-"));

test("an edge goes when its starter is killed, so that the next start finds the port free", async () => {
  const script = `
    import { startEdge } from ${JSON.stringify(join(import.meta.dirname, "../../demo/stack.ts"))};
    await startEdge({ port: ${PORT}, dataDir: ${JSON.stringify(folder)} });
    console.log("up");
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((up) => starter.stdout.once("data", up));
  await expect(claimPort(PORT, "the edge", "--edge-port")).rejects.toThrow(/taken/);
  starter.kill("SIGKILL");
  await expect.poll(() => claimPort(PORT, "the edge", "--edge-port").then(() => "free", () => "taken"), { timeout: 10_000 }).toBe("free");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}, 90_000);
