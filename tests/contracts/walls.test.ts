/** The walls between the folders: a wrong import, or another platform's global, does not compile. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

/** Each goes into the folder it names, by itself; the compiler must refuse it for the reason given, and nothing else. */
const WRONG: { what: string; file: string; source: string; code: number }[] = [
  { what: "the widget imports the edge", file: "widget/wall-edge.ts", source: 'export * from "../edge/gate.ts";', code: 6307 },
  { what: "the widget imports the trainer", file: "widget/wall-trainer.ts", source: 'export * from "../trainer/evaluate.ts";', code: 6307 },
  { what: "the edge imports the trainer", file: "edge/wall-trainer.ts", source: 'export * from "../trainer/evaluate.ts";', code: 6307 },
  { what: "the edge imports the widget", file: "edge/wall-widget.ts", source: 'export * from "../widget/json.ts";', code: 6307 },
  { what: "the trainer imports the widget", file: "trainer/wall-widget.ts", source: 'export * from "../widget/json.ts";', code: 6307 },
  { what: "the trainer imports the edge", file: "trainer/wall-edge.ts", source: 'export * from "../edge/gate.ts";', code: 6307 },
  { what: "the dashboard imports the edge", file: "edge/dashboard/wall-edge.ts", source: 'export * from "../gate.ts";', code: 6307 },
  { what: "core imports the widget", file: "core/wall-widget.ts", source: 'export * from "../widget/json.ts";', code: 6307 },
  { what: "core touches the page", file: "core/wall-document.ts", source: "export const title = document.title;", code: 2584 },
  { what: "core fetches", file: "core/wall-fetch.ts", source: 'export const answer = fetch("/");', code: 2304 },
  { what: "core reads the environment", file: "core/wall-process.ts", source: "export const home = process.env;", code: 2591 },
  { what: "the edge touches the page", file: "edge/wall-document.ts", source: "export const title = document.title;", code: 2584 },
  { what: "the edge touches the window", file: "edge/wall-window.ts", source: "export const width = window.innerWidth;", code: 2304 },
  { what: "the widget reads the environment", file: "widget/wall-process.ts", source: "export const home = process.env;", code: 2591 },
  { what: "the widget takes Node's bytes", file: "widget/wall-buffer.ts", source: 'export const bytes = Buffer.from("");', code: 2591 },
  { what: "the widget imports from Node", file: "widget/wall-node.ts", source: 'export { readFileSync } from "node:fs";', code: 2591 },
  { what: "the dashboard imports from Node", file: "edge/dashboard/wall-node.ts", source: 'export { readFileSync } from "node:fs";', code: 2591 },
];
const RIGHT: { what: string; file: string; source: string }[] = ["widget", "edge", "trainer"].map((folder) => (
  { what: `${folder} imports core`, file: `${folder}/door-core.ts`, source: 'export * from "../core/catalogue.ts";' }
));

describe("in a copy of the sources", () => {
  let copy: string;
  /** The compiler's error codes, by file. */
  const errors = new Map<string, number[]>();

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "walls-"));
    for (const folder of ["core", "widget", "edge", "trainer"]) cpSync(join(ROOT, folder), join(copy, folder), { recursive: true });
    for (const file of ["package.json", "tsconfig.base.json"]) cpSync(join(ROOT, file), join(copy, file));
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    for (const { file, source } of [...WRONG, ...RIGHT]) writeFileSync(join(copy, file), source);
    const { stdout } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-b", "core", "widget", "edge", "edge/dashboard", "trainer", "--pretty", "false"], { cwd: copy, encoding: "utf8" });
    for (const [, file, code] of stdout.matchAll(/^(\S+)\(\d+,\d+\): error TS(\d+)/gm)) errors.set(file!, [...(errors.get(file!) ?? []), Number(code)]);
  }, 60_000);
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it.each(WRONG)("it does not compile that $what", ({ file, code }) => expect(errors.get(file)).toEqual([code]));
  it.each(RIGHT)("it compiles that $what", ({ file }) => expect(errors.get(file)).toBeUndefined());
});

it("core imports no package but tfjs's core, and that in the model alone", () => {
  const found = new Set<string>();
  for (const entry of readdirSync(join(ROOT, "core"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
    const path = join(entry.parentPath, entry.name);
    const source = readFileSync(path, "utf8");
    for (const [, name] of source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["']([\w@][\w@/:.-]*)["']/g)) found.add(`${relative(ROOT, entry.parentPath)}: ${name}`);
  }
  expect([...found]).toEqual(["core/model: @tensorflow/tfjs-core"]);
});
