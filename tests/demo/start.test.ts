/** `npm start` when something is in the way: one sentence, and nothing left running. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resetData } from "../../demo/loop.ts";

const ROOT = join(import.meta.dirname, "../..");
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "endcap-start-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a script of the project until it ends by itself. */
function run(script: string, args: string[], execArgv: string[] = []): Promise<{ code: number; said: string }> {
  return new Promise((done) => {
    const child = execFile(process.execPath, [...execArgv, join(ROOT, script), ...args], { timeout: 30_000 }, (_, stdout, stderr) => done({ code: child.exitCode ?? -1, said: (stdout + stderr).trim() }));
  });
}
const start = (...args: string[]) => run("demo/start.ts", ["--data-dir", folder, ...args]);
const SENTENCE_ONLY = /^[^\n]*$/;

test("a port that another program holds is named, with what to do", async () => {
  const other: Server = createServer();
  const port = await new Promise<number>((listening) => other.listen(0, "127.0.0.1", () => listening((other.address() as { port: number }).port)));
  try {
    const { code, said } = await start("--port", String(port));
    expect(code).toBe(1);
    expect(said).toBe(`Port ${port} for the shop is taken by another program. Stop that one, or choose another port with --port <number>.`);
  } finally {
    other.close();
  }
});

test.each([
  ["a folder that is not there", ["--data", "/nowhere/at/all"], /There is no file or folder \/nowhere\/at\/all/],
  ["a port that is none", ["--port", "shop"], /--port must be a port number from 1 to 65535, not "shop"/],
  ["one port for two", ["--port", "5001", "--edge-port", "5001"], /cannot both listen on port 5001/],
])("%s gets one clear sentence", async (_, args, sentence) => {
  const { code, said } = await start(...args);
  expect(code).toBe(1);
  expect(said).toMatch(sentence);
  expect(said).toMatch(SENTENCE_ONLY);
});

test("a Node that is too old gets one sentence that says how to get another", async () => {
  const old = join(folder, "old.cjs");
  writeFileSync(old, 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.19.0" } });');
  const { code, said } = await run("demo/check-node.cjs", [], ["--require", old]);
  expect(code).toBe(1);
  expect(said).toMatch(/this is Node 18\.19\.0\. Run `npm ci` again/);
  expect(said).toMatch(SENTENCE_ONLY);
  expect((await run("demo/check-node.cjs", [])).code).toBe(0);
});

test("a reset forgets the shops that starts made, and keeps every other key and file", () => {
  const files = ["operator-token", "edge/db.sqlite", "demo/demo/state.json", "shops/demo.json", "keys/demo.json", "cache/demo/log", "keys/my-live-shop.json", "shops/my-live-shop.json", "thesis.txt"];
  for (const file of files) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), "x");
  }
  resetData(folder);
  expect(files.filter((file) => existsSync(join(folder, file)))).toEqual(["operator-token", "keys/my-live-shop.json", "shops/my-live-shop.json", "thesis.txt"]);
});

test("a reset leaves a folder alone that no start has made", () => {
  mkdirSync(join(folder, "demo"));
  expect(() => resetData(folder)).toThrow(/was not made by npm start/);
  expect(existsSync(join(folder, "demo"))).toBe(true);
});
