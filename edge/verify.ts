/** Ed25519 by WebCrypto, as Workers have it. */
import type { Verify } from "../core/weights/manifest.ts";

export const verifyEd25519: Verify = async (publicKey, signature, message) => {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, message);
  } catch {
    // A key or signature of the wrong length: not a signature at all.
    return false;
  }
};
