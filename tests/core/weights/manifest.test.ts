import { beforeAll, expect, test } from "vitest";
import { toBase64Url } from "../../../core/ids.ts";
import { canonicalJson, fingerprint, openManifest, parseManifest, signManifest, type Manifest, type SignedManifest } from "../../../core/weights/manifest.ts";
import { createSigner, MANIFEST, type Signer } from "./signer.ts";

const NOW = MANIFEST.createdAtMs + 1000;
let signer: Signer;
let stranger: Signer;
beforeAll(async () => {
  [signer, stranger] = [await createSigner(), await createSigner()];
});

const open = (signed: unknown, change: Partial<Parameters<typeof openManifest>[1]> = {}) =>
  openManifest(signed, { fingerprints: [signer.fingerprint], shop: "demo", minVersion: 1, nowMs: NOW, ...change }, signer.verify);
const reasonOf = async (...args: Parameters<typeof open>) => {
  const opened = await open(...args);
  return opened.ok ? null : opened.reason;
};
const publish = (change: Partial<Manifest> = {}, by = signer) => by.publish({ ...MANIFEST, ...change });

test("what was signed is what is opened", async () => {
  expect(await open(await publish())).toEqual({ ok: true, manifest: MANIFEST });
});

test("either of two signers will do, so a key can be rotated", async () => {
  const both = [signer.fingerprint, stranger.fingerprint];
  expect(await reasonOf(await publish({}, stranger))).toBe("unknown-signer");
  expect(await reasonOf(await publish({}, stranger), { fingerprints: both })).toBeNull();
});

test("one changed character of the payload breaks the signature", async () => {
  const signed = await publish();
  for (const at of [0, 10, signed.payload.length - 1]) {
    const payload = signed.payload.slice(0, at) + (signed.payload[at] === "x" ? "y" : "x") + signed.payload.slice(at + 1);
    expect(await reasonOf({ ...signed, payload })).toBe("signature-mismatch");
  }
});

test("every single flipped bit of the signature breaks it", async () => {
  const signed = await publish();
  const signature = Buffer.from(signed.signature, "base64url");
  for (let bit = 0; bit < 512; bit += 1) {
    const flipped = Uint8Array.from(signature);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(await reasonOf({ ...signed, signature: toBase64Url(flipped) })).toBe("signature-mismatch");
  }
});

test("another shop's signature under a trusted key's name is no signature", async () => {
  const signed = await publish({}, stranger);
  expect(await reasonOf({ ...signed, publicKey: toBase64Url(signer.publicKey) })).toBe("signature-mismatch");
});

test("a signature over the same bytes for another purpose is refused", async () => {
  const payload = canonicalJson(MANIFEST);
  const signature = toBase64Url(await signer.sign(new TextEncoder().encode(payload)));
  expect(await reasonOf({ payload, signature, publicKey: toBase64Url(signer.publicKey) })).toBe("signature-mismatch");
});

test("a version may be opened again, an older one never", async () => {
  const signed = await publish({ version: 5 });
  expect(await reasonOf(signed, { minVersion: 5 })).toBeNull();
  expect(await reasonOf(signed, { minVersion: 6 })).toBe("older-version");
});

test("a manifest ends at its very millisecond", async () => {
  const signed = await publish();
  expect(await reasonOf(signed, { nowMs: MANIFEST.expiresAtMs - 1 })).toBeNull();
  expect(await reasonOf(signed, { nowMs: MANIFEST.expiresAtMs })).toBe("expired");
});

test("another shop's manifest is refused; without an expected shop it is the caller's to judge", async () => {
  const signed = await publish({ shop: "other" });
  expect(await reasonOf(signed)).toBe("wrong-shop");
  expect(await reasonOf(signed, { shop: undefined })).toBeNull();
});

test.each([
  ["nothing", null],
  ["text", "manifest"],
  ["no signature", (signed: SignedManifest) => ({ ...signed, signature: undefined })],
  ["a key that is not base64url", (signed: SignedManifest) => ({ ...signed, publicKey: "~~~" })],
  ["a signature that is not base64url", (signed: SignedManifest) => ({ ...signed, signature: "~~~" })],
  ["a payload of 20,001 characters", (signed: SignedManifest) => ({ ...signed, payload: "x".repeat(20_001) })],
] as const)("%s is malformed", async (_, given) => {
  expect(await reasonOf(typeof given === "function" ? given(await publish()) : given)).toBe("malformed");
});

test("a signed payload that is no manifest is malformed, not trusted", async () => {
  const { weights, ...rest } = MANIFEST;
  for (const payload of [rest, { ...MANIFEST, version: 0 }, { ...MANIFEST, weights: { ...weights, sha256: "A".repeat(64) } }, { ...MANIFEST, format: "endcap-manifest/2" }, 3]) {
    expect(await reasonOf(await signManifest(payload as Manifest, signer.publicKey, signer.sign))).toBe("malformed");
  }
  expect(parseManifest("{")).toMatchObject({ ok: false, message: "is not JSON" });
});

test("a short key or signature is refused, not thrown at", async () => {
  const signed = await publish();
  expect(await reasonOf({ ...signed, signature: "" })).toBe("signature-mismatch");
  expect(await reasonOf({ ...signed, publicKey: "" })).toBe("unknown-signer");
  const empty = await fingerprint(new Uint8Array(0));
  expect(await reasonOf({ ...signed, publicKey: "" }, { fingerprints: [empty] })).toBe("signature-mismatch");
});

test("canonical JSON does not depend on the order in which an object was made", () => {
  expect(canonicalJson({ b: 1, a: { d: [{ z: 1, y: 2 }], c: undefined } })).toBe('{"a":{"d":[{"y":2,"z":1}]},"b":1}');
  expect(canonicalJson({ a: { d: [{ y: 2, z: 1 }] }, b: 1 })).toBe('{"a":{"d":[{"y":2,"z":1}]},"b":1}');
});

test("a fingerprint is 32 hex digits of the key's hash", async () => {
  expect(await fingerprint(new Uint8Array(32))).toBe("66687aadf862bd776c8fc18b8e9f8e20");
});
