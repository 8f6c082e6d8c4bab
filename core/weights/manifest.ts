/** The signed manifest: which weights a shop serves, how good they are, and who vouches for them. */
import { fromBase64Url, sha256Hex, SHA256_PATTERN, SHOP_ID_PATTERN, toBase64Url } from "../ids.ts";
import { parse, type Infer, type Parsed } from "../schema.ts";

/** Signed with the payload, so that a signature over anything else is never one over a manifest. */
const SIGNING_CONTEXT = "endcap-manifest-v1\n";

/** Heads of a model by what a device can afford, see `head.ts`. */
export const HEAD_NAMES = ["light", "standard"] as const;
export type HeadName = (typeof HEAD_NAMES)[number];

const figure = {
  type: "object",
  required: ["value", "low", "high"],
  properties: { value: { type: "number" }, low: { type: "number", description: "95 % bootstrap interval" }, high: { type: "number" } },
} as const;
/** A model's figures on the held-out part: full-catalogue ranking, never sampled. */
const figures = { type: "object", required: ["ndcg10", "recall10", "mrr10"], properties: { ndcg10: figure, recall10: figure, mrr10: figure, coverage10: { type: "number" } } } as const;

export const MANIFEST_SCHEMA = {
  type: "object",
  required: ["format", "shop", "version", "createdAtMs", "expiresAtMs", "weights", "training", "evaluation"],
  properties: {
    format: { type: "string", enum: ["endcap-manifest/1"] },
    shop: { type: "string", pattern: SHOP_ID_PATTERN },
    version: { type: "integer", minimum: 1, description: "never goes down, promote and roll back included" },
    createdAtMs: { type: "integer", minimum: 0 },
    expiresAtMs: { type: "integer", minimum: 0 },
    weights: { type: "object", required: ["sha256", "bytes"], properties: { sha256: { type: "string", pattern: SHA256_PATTERN }, bytes: { type: "integer", minimum: 8 } } },
    heads: {
      type: "array",
      maxItems: HEAD_NAMES.length,
      description: "of a large shop: the model's most popular items as models of their own, which devices hold instead of all of it",
      items: {
        type: "object",
        required: ["name", "items", "sha256", "bytes"],
        properties: {
          name: { type: "string", enum: HEAD_NAMES },
          items: { type: "integer", minimum: 1 },
          sha256: { type: "string", pattern: SHA256_PATTERN },
          bytes: { type: "integer", minimum: 8 },
        },
      },
    },
    /** The same of all of these gives the same weights hash. */
    training: {
      type: "object",
      required: ["dataHash", "seed", "steps", "backend", "workers", "events", "items", "config"],
      properties: {
        dataHash: { type: "string", pattern: SHA256_PATTERN },
        parent: { type: "string", pattern: SHA256_PATTERN, description: "weights that training started from" },
        seed: { type: "integer" },
        steps: { type: "integer", minimum: 0 },
        backend: { type: "string", maxLength: 40 },
        workers: { type: "integer", minimum: 1 },
        seconds: { type: "number" },
        events: { type: "integer", minimum: 0 },
        items: { type: "integer", minimum: 1 },
        config: { type: "string", maxLength: 4000, description: "the trainer's configuration as canonical JSON" },
      },
    },
    evaluation: {
      type: "object",
      required: ["protocol", "cases", "clients", "model", "popularity", "itemKnn", "differences"],
      properties: {
        protocol: { type: "string", maxLength: 500 },
        cases: { type: "integer", minimum: 0 },
        clients: { type: "integer", minimum: 0, description: "different clients behind the cases" },
        model: figures,
        popularity: figures,
        itemKnn: figures,
        incumbent: figures,
        differences: {
          type: "object",
          required: ["popularity", "itemKnn"],
          properties: { popularity: figure, itemKnn: figure, incumbent: figure },
          description: "in NDCG@10, paired case by case: the model's less the other's",
        },
        oracle: { type: "object", required: ["ndcg10"], properties: { ndcg10: figure }, description: "the best possible, where the truth is known (simulated shoppers)" },
      },
    },
  },
} as const;
export type Manifest = Infer<typeof MANIFEST_SCHEMA>;
export type Head = NonNullable<Manifest["heads"]>[number];
export type Evaluation = Manifest["evaluation"];
export type Figures = Evaluation["model"];
export type Figure = Figures["ndcg10"];

/** The manifest as it travels. The signature covers the payload's exact bytes: verify first, parse after. */
export const SIGNED_MANIFEST_SCHEMA = {
  type: "object",
  required: ["payload", "signature", "publicKey"],
  properties: {
    payload: { type: "string", maxLength: 20000, description: "the manifest as canonical JSON" },
    signature: { type: "string", maxLength: 100, description: "Ed25519, base64url" },
    publicKey: { type: "string", maxLength: 60, description: "raw Ed25519 key, base64url" },
  },
} as const;
export type SignedManifest = Infer<typeof SIGNED_MANIFEST_SCHEMA>;

/** Ed25519 over bytes, however the platform does it. `verify` answers false for malformed keys and signatures. */
export type Sign = (message: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>;
export type Verify = (publicKey: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>, message: Uint8Array<ArrayBuffer>) => Promise<boolean>;

export const MANIFEST_REFUSALS = ["malformed", "unknown-signer", "signature-mismatch", "wrong-shop", "older-version", "expired"] as const;
export type ManifestRefusal = (typeof MANIFEST_REFUSALS)[number];

export async function signManifest(manifest: Manifest, publicKey: Uint8Array, sign: Sign): Promise<SignedManifest> {
  const payload = canonicalJson(manifest);
  return { payload, signature: toBase64Url(await sign(signedBytes(payload))), publicKey: toBase64Url(publicKey) };
}

/** How a tag names a signer: the first 32 hex digits of its raw public key's SHA-256. */
export async function fingerprint(publicKey: Uint8Array): Promise<string> {
  return (await sha256Hex(publicKey)).slice(0, 32);
}

/**
 * Decides whether a manifest may be used.
 *
 * @param expected what the caller trusts: signers' fingerprints (from the tag, or the shop's record), the
 *   shop's id where it is known, the lowest version still acceptable, and the time now
 */
export async function openManifest(
  signed: unknown,
  expected: { fingerprints: readonly string[]; shop?: string; minVersion: number; nowMs: number },
  verify: Verify,
): Promise<{ ok: true; manifest: Manifest } | { ok: false; reason: ManifestRefusal; message: string }> {
  const envelope = parse(SIGNED_MANIFEST_SCHEMA, signed, "manifest");
  if (!envelope.ok) return refuse("malformed", `${envelope.path} ${envelope.message}`);
  let publicKey: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>;
  try {
    publicKey = fromBase64Url(envelope.value.publicKey);
    signature = fromBase64Url(envelope.value.signature);
  } catch {
    return refuse("malformed", "key or signature is not base64url");
  }
  const signer = await fingerprint(publicKey);
  if (!expected.fingerprints.includes(signer)) return refuse("unknown-signer", `signed by ${signer}, which is not among the trusted signers`);
  if (!(await verify(publicKey, signature, signedBytes(envelope.value.payload)))) return refuse("signature-mismatch", "the signature does not belong to this payload");
  const manifest = parseManifest(envelope.value.payload);
  if (!manifest.ok) return refuse("malformed", `${manifest.path} ${manifest.message}`);
  const { shop, version, expiresAtMs } = manifest.value;
  if (expected.shop !== undefined && shop !== expected.shop) return refuse("wrong-shop", `made for shop "${shop}", not "${expected.shop}"`);
  if (version < expected.minVersion) return refuse("older-version", `version ${version} is below ${expected.minVersion}`);
  if (expiresAtMs <= expected.nowMs) return refuse("expired", `expired at ${new Date(expiresAtMs).toISOString()}`);
  return { ok: true, manifest: manifest.value };
}

/** Reads a manifest's payload without judging who signed it. */
export function parseManifest(payload: string): Parsed<Manifest> {
  try {
    return parse(MANIFEST_SCHEMA, JSON.parse(payload), "manifest");
  } catch {
    return { ok: false, path: "manifest", message: "is not JSON" };
  }
}

/** JSON with sorted keys, no spaces and no undefined: the same value always gives the same bytes. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry);
}

function signedBytes(payload: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(SIGNING_CONTEXT + payload);
}
function refuse(reason: ManifestRefusal, message: string): { ok: false; reason: ManifestRefusal; message: string } {
  return { ok: false, reason, message };
}
