/** A signer as the trainer is one, and a manifest to sign. */
import { fingerprint, signManifest, type Manifest, type Sign, type SignedManifest, type Verify } from "../../../core/weights/manifest.ts";

const figure = { value: 0.2, low: 0.19, high: 0.21 };
const figures = { ndcg10: figure, recall10: figure, mrr10: figure };
export const MANIFEST: Manifest = {
  format: "endcap-manifest/1",
  shop: "demo",
  version: 3,
  createdAtMs: 1_700_000_000_000,
  expiresAtMs: 1_800_000_000_000,
  weights: { sha256: "ab".repeat(32), bytes: 1000 },
  training: { dataHash: "cd".repeat(32), seed: 1, steps: 10, backend: "wasm", workers: 1, events: 100, items: 12, config: "{}" },
  evaluation: { protocol: "time split", cases: 10, clients: 10, model: figures, popularity: figures, itemKnn: figures, differences: { popularity: figure, itemKnn: figure } },
};

export interface Signer {
  publicKey: Uint8Array<ArrayBuffer>;
  fingerprint: string;
  sign: Sign;
  verify: Verify;
  publish(manifest: Manifest): Promise<SignedManifest>;
}

export async function createSigner(): Promise<Signer> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const sign: Sign = async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
  return {
    publicKey,
    fingerprint: await fingerprint(publicKey),
    sign,
    async verify(key, signature, message) {
      try {
        return await crypto.subtle.verify("Ed25519", await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]), signature, message);
      } catch {
        return false;
      }
    },
    publish: (manifest) => signManifest(manifest, publicKey, sign),
  };
}
