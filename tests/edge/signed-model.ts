/** Signing keys as trainers have them, and manifests of the tests' day. */
import { fingerprint, type Manifest, type Sign } from "../../core/weights/manifest.ts";
import { NOON } from "./edge.ts";
import { manifestOf as manifestAt } from "../core/weights/manifest-of.ts";

export interface Signer { publicKey: Uint8Array; sign: Sign; fingerprint: string }
export async function createSigner(): Promise<Signer> {
  const keys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = new Uint8Array((await crypto.subtle.exportKey("raw", keys.publicKey)) as ArrayBuffer);
  return { publicKey, fingerprint: await fingerprint(publicKey), sign: async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", keys.privateKey, message)) };
}

export { against, difference, type EvaluationChange } from "../core/weights/manifest-of.ts";

export function manifestOf(shop: string, weights: Uint8Array, change: Omit<Parameters<typeof manifestAt>[2], "nowMs">): Promise<Manifest> {
  return manifestAt(shop, weights, { nowMs: NOON, ...change });
}
