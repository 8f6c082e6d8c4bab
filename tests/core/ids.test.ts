import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createId, fromBase64Url, hash32, personHash, ID_PATTERN, seededRandom, sha256Hex, toBase64Url } from "../../core/ids.ts";

test("ids are new each time and of the shape that events ask for", () => {
  const ids = Array.from({ length: 1000 }, createId);
  expect(new Set(ids).size).toBe(1000);
  for (const id of ids) expect(id).toMatch(new RegExp(ID_PATTERN));
});

test("base64url survives every byte and every length", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 255);
    const text = toBase64Url(bytes);
    expect(text).toBe(Buffer.from(bytes).toString("base64url"));
    expect(fromBase64Url(text)).toEqual(bytes);
  }
});

test("SHA-256 agrees with Node's, for text and for a view into a larger buffer", async () => {
  expect(await sha256Hex("schön")).toBe(createHash("sha256").update("schön").digest("hex"));
  const view = new Uint8Array(100).fill(7).subarray(10, 20);
  expect(await sha256Hex(view)).toBe(createHash("sha256").update(view).digest("hex"));
});

test("one person has one hash, however the name is typed, and another at every shop", async () => {
  // printf 'key\nann@mail.example' | sha256sum
  const hash = "4223d2a01b429b71d8da6eea9492c822c00d8e020deb44ada65fe796b654576c";
  for (const name of ["ann@mail.example", " Ann@Mail.example\n", "ＡＮＮ@mail.example"]) expect(await personHash("key", name)).toBe(hash);
  expect(await personHash("other", "ann@mail.example")).not.toBe(hash);
});

test("hash buckets are even, also for short texts that differ in their last digit", () => {
  const buckets = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i += 1) buckets[Math.floor((hash32(`c${i}`) / 2 ** 32) * 10)]! += 1;
  for (const count of buckets) expect(Math.abs(count - 1000)).toBeLessThan(130);
});

test("the same seed gives the same numbers, in [0, 1), around one half", () => {
  const [a, b, c] = [seededRandom(5), seededRandom(5), seededRandom(6)];
  const draws = Array.from({ length: 5000 }, () => a());
  expect(draws.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => b()));
  expect(c()).not.toBe(draws[0]);
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  expect(Math.abs(draws.reduce((sum, x) => sum + x) / draws.length - 0.5)).toBeLessThan(0.02);
});
