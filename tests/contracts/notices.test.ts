/** The notices file against what the shipped code imports. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
/** What is imported for types, or while building, and never shipped. */
const NOT_SHIPPED = ["vite", "virtual:endcap-bundles", "cloudflare:workers"];

function importsOf(folder: string): Set<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
    const source = readFileSync(join(entry.parentPath, entry.name), "utf8");
    for (const [, name] of source.matchAll(/^(?:import|export)(?! type)[^;]*?from "([^."][^"]*)"|import\("([^."][^"]*)"\)/gm)) {
      if (name) found.add(name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : name.split("/")[0]!);
    }
  }
  return found;
}

test.each(["core", "widget", "edge"])("every package that %s ships is named in the notices", (folder) => {
  const notices = readFileSync(join(ROOT, "THIRD_PARTY_NOTICES.md"), "utf8");
  const table = notices.slice(0, notices.indexOf("## MIT"));
  const packages = [...importsOf(folder)].filter((name) => !NOT_SHIPPED.includes(name));
  expect(packages.length).toBeGreaterThan(0);
  expect(packages.filter((name) => !table.includes(name))).toEqual([]);
});
