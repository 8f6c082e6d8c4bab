import { describe, expect, it } from "vitest";
import { routes, type ModelRecord } from "../../core/api.ts";
import { sha256Hex } from "../../core/ids.ts";
import { writeModel } from "../../core/model/config.ts";
import { openManifest, type Evaluation, type SignedManifest } from "../../core/weights/manifest.ts";
import { readOrCreateKey, verify } from "../../trainer/keys.ts";
import { RestoreError, restoreModel } from "../../trainer/restore.ts";
import { randomModel } from "../core/random-model.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CONFIG = { width: 8, length: 4, blocks: 0, heads: 1, neighbours: 2 };
const figure = { value: 0.2, low: 0.1, high: 0.3 };
const figures = { ndcg10: figure, recall10: figure, mrr10: figure };
const evaluation: Evaluation = { protocol: "Time split.", cases: 300, clients: 100, model: figures, popularity: figures, itemKnn: figures, differences: { popularity: figure, itemKnn: figure } };
const NOW_MS = Date.UTC(2026, 5, 1);

/** A shop that has had these models, oldest first. */
async function shopWith(seeds: readonly number[]) {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const models: ModelRecord[] = [];
  for (const [i, seed] of seeds.entries()) {
    const weights = writeModel(randomModel(CONFIG, 20, seed));
    const sha256 = await sha256Hex(weights);
    files.set(sha256, weights);
    models.unshift({
      version: i + 1, createdAtMs: i, publishedAtMs: i, sha256, bytes: weights.byteLength, items: 20, evaluation: { ...evaluation, cases: 300 + seed }, current: i === seeds.length - 1,
      training: { dataHash: "a".repeat(64), seed, steps: 10, backend: "wasm-simd", workers: 1, events: 100, items: 20, config: "{}" },
    });
  }
  const published: SignedManifest[] = [];
  const client: Parameters<typeof restoreModel>[0]["client"] = {
    edge: "http://edge",
    models: async () => ({ paused: false, models }),
    catalogue: async () => ({ currency: "EUR", products: [] }),
    publishModel: async (_, signed) => {
      published.push(signed);
      return { ...models[0]!, version: JSON.parse(signed.payload).version };
    },
  };
  const fetch = async (url: string | URL | Request) => {
    const file = files.get(String(url).split("/").at(-1)!);
    return file && String(url) === `http://edge${routes.file(String(url).split("/").at(-1)!)}` ? new Response(file) : new Response(null, { status: 404 });
  };
  const folder = mkdtempSync(join(tmpdir(), "endcap-"));
  const key = await readOrCreateKey("gifts", folder);
  rmSync(folder, { recursive: true });
  return { models, published, files, restore: (version?: number) => restoreModel({ client, shop: "gifts", key, version, nowMs: NOW_MS, fetch: fetch as typeof globalThis.fetch }), open: (signed: SignedManifest) => openManifest(signed, { fingerprints: [key.fingerprint], shop: "gifts", minVersion: 1, nowMs: NOW_MS }, verify) };
}

describe("going back to an earlier model", () => {
  it("serves its weights and figures again, under a version above all others", async () => {
    const { models, published, restore, open } = await shopWith([1, 2, 3]);
    const { from } = await restore();
    expect(from.version).toBe(2);
    const opened = await open(published[0]!);
    expect(opened).toMatchObject({ ok: true, manifest: { version: 4, weights: { sha256: models[1]!.sha256 }, evaluation: { cases: 302 }, training: { seed: 2 } } });
    await restore(1);
    expect(await open(published[1]!)).toMatchObject({ ok: true, manifest: { weights: { sha256: models[2]!.sha256 } } });
  });

  it("past copies of the one in service finds the newest other one", async () => {
    const { restore } = await shopWith([1, 2, 2]);
    expect((await restore()).from.version).toBe(1);
  });

  it.each([
    ["there was no other", [1], undefined, /has had no other model to go back to/],
    ["there was no such version", [1, 2], 7, /has had no version 7\. Its versions: 2, 1/],
    ["it is in service already", [1, 2], 2, /Version 2 is what "gifts" serves now/],
  ])("is refused with a sentence where %s", async (_, seeds, version, sentence) => {
    const { restore, published } = await shopWith(seeds);
    await expect(restore(version)).rejects.toThrow(sentence);
    await expect(restore(version)).rejects.toThrow(RestoreError);
    expect(published).toEqual([]);
  });

  it("signs nothing for weights that are not what they were", async () => {
    const { models, files, restore, published } = await shopWith([1, 2]);
    files.get(models[1]!.sha256)![100]! ^= 1;
    await expect(restore()).rejects.toThrow(/does not give out the weights of version 1 as they were/);
    expect(published).toEqual([]);
  });
});
