import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKey, keyPath, readKey, readOrCreateNextKey, takeNextKey } from "../../trainer/keys.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "endcap-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("changing a shop's signing key", () => {
  it("makes a next key once, which signs nothing until it is taken, and then keeps the old one", async () => {
    const old = await createKey("gifts", folder);
    const next = await readOrCreateNextKey("gifts", folder);
    expect(next.fingerprint).not.toBe(old.fingerprint);
    expect((await readOrCreateNextKey("gifts", folder)).fingerprint).toBe(next.fingerprint);
    expect((await readKey("gifts", folder, {})).fingerprint).toBe(old.fingerprint);
    expect((await takeNextKey("gifts", folder)).fingerprint).toBe(next.fingerprint);
    expect((await readKey("gifts", folder, {})).fingerprint).toBe(next.fingerprint);
    const kept = readdirSync(join(folder, "keys"));
    expect(kept.sort()).toEqual([`gifts.${old.fingerprint}.retired.json`, "gifts.json"].sort());
    for (const name of kept) expect(statSync(join(folder, "keys", name)).mode & 0o777).toBe(0o600);
  });

  it("is refused where there is no key, or no next one", async () => {
    await expect(readOrCreateNextKey("gifts", folder)).rejects.toThrow(/No signing key for shop "gifts"/);
    await createKey("gifts", folder);
    await expect(takeNextKey("gifts", folder)).rejects.toThrow(/No next key for shop "gifts".*rotate --shop gifts/);
  });
});

it("reads a key from the environment, where a machine keeps its secrets there", async () => {
  const { fingerprint } = await createKey("gifts", folder);
  const env = { ENDCAP_SIGNING_KEY: readFileSync(keyPath("gifts", folder), "utf8") };
  expect((await readKey("gifts", join(folder, "elsewhere"), env)).fingerprint).toBe(fingerprint);
  await expect(readKey("gifts", folder, { ENDCAP_SIGNING_KEY: "{}" })).rejects.toThrow("ENDCAP_SIGNING_KEY does not hold an Ed25519 private key as JWK");
});
