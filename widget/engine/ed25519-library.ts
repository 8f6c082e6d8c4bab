/** Ed25519 in JavaScript, loaded only where WebCrypto lacks it. */
import { verifyAsync } from "@noble/ed25519";
import type { Verify } from "../../core/weights/manifest.ts";

export const libraryVerify: Verify = async (publicKey, signature, message) => {
  try {
    // RFC 8032's rules, as WebCrypto has them, not the laxer ones of ZIP 215. SHA-512 is WebCrypto's.
    return await verifyAsync(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};
