import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

it("names in SECURITY.md only tests that there are, and a test for every row", () => {
  const rows = readFileSync(join(ROOT, "SECURITY.md"), "utf8").split("\n").filter((line) => line.startsWith("| V"));
  expect(rows.length).toBeGreaterThan(25);
  for (const row of rows) {
    const named = row.match(/`(tests\/[^`]+|npm run [^`]+)`/g) ?? [];
    expect([row.slice(0, 40), named.length > 0]).toEqual([row.slice(0, 40), true]);
    for (const name of named) {
      const path = name.slice(1, -1);
      if (path.startsWith("tests/")) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
      else expect(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).scripts).toHaveProperty(path.replace("npm run ", ""));
    }
  }
});
