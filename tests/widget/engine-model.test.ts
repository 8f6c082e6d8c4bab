import { beforeAll, beforeEach, expect, test } from "vitest";
import { routes } from "../../core/api.ts";
import { sha256Hex } from "../../core/ids.ts";
import { writeModel } from "../../core/model/config.ts";
import type { Manifest, SignedManifest } from "../../core/weights/manifest.ts";
import { PART_BYTES } from "../../widget/engine/download.ts";
import { loadModel, type CachedWeights, type LoadOptions, type WeightsCache } from "../../widget/engine/model.ts";
import { randomModel } from "../core/random-model.ts";
import { createSigner, MANIFEST, type Signer } from "../core/weights/signer.ts";

const EDGE = "https://edge.example";
const NOW = MANIFEST.createdAtMs + 1000;
const FILES = [1, 2, 3].map((seed) => writeModel(randomModel({ width: 8, length: 5, blocks: 1, heads: 1, neighbours: 2 }, 20, seed)));

/** Longer than a part. */
const LARGE = writeModel(randomModel({ width: 64, length: 5, blocks: 1, heads: 1, neighbours: 2 }, 4000, 4));

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});

/** What the edge holds, by hash, and what it was asked for. */
let files: Map<string, Uint8Array<ArrayBuffer> | number>;
let requests: string[];
let ranges: (string | null)[];
let kept: Map<string, CachedWeights>;
let parts: Map<string, ArrayBuffer>;
beforeEach(() => {
  files = new Map();
  requests = [];
  ranges = [];
  kept = new Map();
  parts = new Map();
});
const cache: WeightsCache = {
  get: async (shop) => kept.get(shop),
  put: async (shop, entry) => void kept.set(shop, entry),
  delete: async (shop) => void kept.delete(shop),
  parts: {
    get: async (sha256, part) => parts.get(`${sha256}:${part}`),
    put: async (sha256, part, bytes) => void parts.set(`${sha256}:${part}`, bytes),
    clear: async () => parts.clear(),
  },
};
const edgeFetch = (async (url: string, init?: RequestInit) => {
  requests.push(url);
  const range = new Headers(init?.headers).get("range");
  ranges.push(range);
  expect(init?.credentials).toBe("omit");
  const file = files.get(url.slice(url.lastIndexOf("/") + 1));
  if (file === undefined) throw new TypeError("Failed to fetch");
  if (typeof file === "number") return new Response(null, { status: file });
  return range ? new Response(file.slice(Number(/^bytes=(\d+)-$/.exec(range)![1])), { status: 206 }) : new Response(file);
}) as typeof fetch;

/** Signs a manifest for the file; the edge then serves `served`, the same file unless said otherwise. */
async function publish(version: number, file = FILES[version - 1]!, { served = file as Uint8Array<ArrayBuffer> | number | null, change = {} as Partial<Manifest> } = {}): Promise<SignedManifest> {
  const sha256 = await sha256Hex(file);
  if (served !== null) files.set(sha256, served);
  return signer.publish({ ...MANIFEST, version, weights: { sha256, bytes: file.length }, ...change });
}
const load = (manifest: SignedManifest | null, change: Partial<LoadOptions> = {}) =>
  loadModel({ config: { shop: "demo", manifest }, edge: EDGE, signers: [signer.fingerprint], fetch: edgeFetch, cache, head: "standard", nowMs: NOW, ...change });

test("loads the published model by its hash, and keeps it", async () => {
  const loaded = await load(await publish(1));
  expect(loaded).toMatchObject({ ok: true, version: 1 });
  expect(loaded.ok && loaded.model.itemIds).toHaveLength(20);
  expect(requests).toEqual([`${EDGE}${routes.file(await sha256Hex(FILES[0]!))}`]);
  expect(kept.get("demo")).toMatchObject({ version: 1 });
});

test("the next page takes the kept model, without a request", async () => {
  const manifest = await publish(1);
  await load(manifest);
  requests = [];
  expect(await load(manifest)).toMatchObject({ ok: true, version: 1 });
  expect(requests).toEqual([]);
});

test("of a large shop's model, the device downloads and keeps the head that it can afford", async () => {
  const head = FILES[1]!;
  const sha256 = await sha256Hex(head);
  files.set(sha256, head);
  const manifest = await publish(1, FILES[0], { change: { heads: [{ name: "light", items: 20, sha256, bytes: head.length }] } });
  expect(await load(manifest, { head: "light" })).toMatchObject({ ok: true, whole: false });
  expect(requests).toEqual([`${EDGE}${routes.file(sha256)}`]);
  requests = [];
  expect(await load(manifest, { head: "light" })).toMatchObject({ ok: true, whole: false });
  expect(requests).toEqual([]);
  expect(await load(manifest)).toMatchObject({ ok: true, whole: true });
});

test("a newer version replaces the kept one", async () => {
  await load(await publish(1));
  expect(await load(await publish(2))).toMatchObject({ ok: true, version: 2 });
  expect(kept.get("demo")).toMatchObject({ version: 2 });
});

test("a newer version may wait while the last good one serves, and a refused one is told at once", async () => {
  await load(await publish(1));
  requests = [];
  const manifest = await publish(2);
  const waiting = await load(manifest, { later: true });
  expect(waiting).toMatchObject({ ok: true, version: 1, newer: true });
  expect(waiting).not.toHaveProperty("refused");
  expect(requests).toEqual([]);
  expect(await load(manifest)).toMatchObject({ ok: true, version: 2 });
  expect(await load(manifest, { later: true })).not.toHaveProperty("newer");
  expect(await load({ ...(await publish(3)), signature: manifest.signature }, { later: true })).toMatchObject({ ok: true, version: 2, refused: { reason: "signature-mismatch" } });
});

test("a first version does not wait, since nothing else serves", async () => {
  expect(await load(await publish(1), { later: true })).toMatchObject({ ok: true, version: 1 });
});

test("a roll back is an old file under a new version, and is not downloaded twice", async () => {
  await load(await publish(1));
  requests = [];
  expect(await load(await publish(2, FILES[0]))).toMatchObject({ ok: true, version: 2 });
  expect(requests).toEqual([]);
  expect(kept.get("demo")).toMatchObject({ version: 2 });
});

const flip = (file: Uint8Array<ArrayBuffer>, at: number) => {
  const flipped = file.slice();
  flipped[at]! ^= 1;
  return flipped;
};
const absurd = () => {
  const header = new TextEncoder().encode(JSON.stringify({ t: { dtype: "F32", shape: [2 ** 30, 2 ** 30], data_offsets: [0, 0] } }));
  const file = new Uint8Array(8 + header.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
};
const bad: [string, string, () => Promise<SignedManifest>][] = [
  ["has a broken signature", "signature-mismatch", async () => ({ ...(await publish(2)), signature: (await publish(3)).signature })],
  ["is signed by a stranger", "unknown-signer", async () => (await createSigner()).publish({ ...MANIFEST, version: 2 })],
  ["is older than the one before", "older-version", () => publish(1, FILES[1])],
  ["is another shop's", "wrong-shop", () => publish(2, FILES[1], { change: { shop: "other" } })],
  ["has expired", "expired", () => publish(2, FILES[1], { change: { expiresAtMs: NOW } })],
  ["is no manifest", "malformed", async () => ({}) as SignedManifest],
  ["has weights cut short", "size-mismatch", () => publish(2, FILES[1], { served: FILES[1]!.slice(0, -1) })],
  ["has weights a byte too long", "size-mismatch", () => publish(2, FILES[1], { served: new Uint8Array([...FILES[1]!, 0]) })],
  ["has weights with one flipped bit", "hash-mismatch", () => publish(2, FILES[1], { served: flip(FILES[1]!, FILES[1]!.length - 1) })],
  ["has weights that the signer himself made of absurd shape", "malformed-weights", () => publish(2, absurd())],
  ["has weights that the edge does not have", "download-failed", () => publish(2, FILES[1], { served: 404 })],
  ["comes while the network is down", "download-failed", () => publish(2, FILES[1], { served: null })],
];
test.each(bad)("a version that %s is refused, and the last good one stays", async (name, reason, make) => {
  const first = name.includes("older") ? 2 : 1;
  await load(await publish(first));
  const loaded = await load(await make());
  expect(loaded).toMatchObject({ ok: true, version: first, refused: { ok: false, reason } });
  expect(loaded.ok && loaded.refused!.message).not.toBe("");
  expect(kept.get("demo")).toMatchObject({ version: first });
});
test.each(bad.filter(([name]) => !name.includes("older")))("a first version that %s is refused, and there is none", async (_, reason, make) => {
  expect(await load(await make())).toMatchObject({ ok: false, reason });
  expect(kept.size).toBe(0);
});

test("a paused model is not used, however well it is kept, and is there again after", async () => {
  const manifest = await publish(1);
  await load(manifest);
  expect(await load(null)).toMatchObject({ ok: false, reason: "no-model" });
  requests = [];
  expect(await load(manifest)).toMatchObject({ ok: true, version: 1 });
  expect(requests).toEqual([]);
});

test("a kept model whose signer the shop no longer trusts, or that has expired, does not stand in", async () => {
  await load(await publish(1));
  const next = await createSigner();
  const unreachable = await next.publish({ ...MANIFEST, version: 2 });
  expect(await load(unreachable, { signers: [next.fingerprint] })).toMatchObject({ ok: false, reason: "download-failed" });
  expect(await load(await publish(2, FILES[1], { change: { expiresAtMs: 1 } }), { nowMs: MANIFEST.expiresAtMs })).toMatchObject({ ok: false, reason: "expired" });
});

test("a kept model damaged on disk is downloaded again", async () => {
  const manifest = await publish(1);
  await load(manifest);
  const entry = kept.get("demo")!;
  kept.set("demo", { ...entry, bytes: flip(new Uint8Array(entry.bytes), 100).buffer });
  expect(await load(manifest)).toMatchObject({ ok: true, version: 1 });
  expect(await sha256Hex(new Uint8Array(kept.get("demo")!.bytes))).toBe(entry.sha256);
  files.clear();
  kept.set("demo", { ...entry, bytes: new ArrayBuffer(8) });
  expect(await load(manifest)).toMatchObject({ ok: false, reason: "download-failed" });
});

test("parts kept of a broken download save that much of the next, and go when the file is whole", async () => {
  const manifest = await publish(1, LARGE, { served: null });
  const sha256 = await sha256Hex(LARGE);
  await cache.parts.put(sha256, 0, LARGE.slice(0, PART_BYTES).buffer);
  expect(await load(manifest)).toMatchObject({ ok: false, reason: "download-failed" });
  expect(parts.size).toBe(1);
  files.set(sha256, LARGE);
  expect(await load(manifest)).toMatchObject({ ok: true, version: 1 });
  expect(ranges).toEqual([`bytes=${PART_BYTES}-`, `bytes=${PART_BYTES}-`]);
  expect(parts.size).toBe(0);
});

test("a damaged part costs a second download, not the model", async () => {
  const manifest = await publish(1, LARGE);
  await cache.parts.put(await sha256Hex(LARGE), 0, flip(LARGE.slice(0, PART_BYTES), 7).buffer);
  expect(await load(manifest)).toMatchObject({ ok: true, version: 1 });
  expect(ranges).toEqual([`bytes=${PART_BYTES}-`, null]);
});

test("a storage that fails costs nothing but the next page's download", async () => {
  const broken: WeightsCache = { get: () => Promise.reject(new Error("blocked")), put: () => Promise.reject(new Error("full")), delete: () => Promise.reject(new Error("blocked")), parts: { get: () => Promise.reject(new Error("blocked")), put: () => Promise.reject(new Error("full")), clear: () => Promise.reject(new Error("blocked")) } };
  expect(await load(await publish(1), { cache: broken })).toMatchObject({ ok: true, version: 1 });
});

test("a page without HTTPS has no model, and says why", async () => {
  expect(await load(await publish(1), { subtle: null as unknown as SubtleCrypto })).toMatchObject({ ok: false, reason: "insecure-context" });
});
