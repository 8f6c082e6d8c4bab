/** Verifies manifests' signatures: WebCrypto where it knows Ed25519, a small library where it doesn't. */
import type { Verify } from "../../core/weights/manifest.ts";

/** RFC 8032's first test key: a browser that cannot import it does not have Ed25519. */
const KNOWN_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** 2^255 - 19, and the encodings below it of points whose order divides 8: anything verifies under such a key. */
const FIELD = 2n ** 255n - 19n;
const SMALL_ORDER_Y = [
  0n, 1n, FIELD - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
];

/** The verifier of this browser. @param subtle of a secure context */
export async function createVerify(subtle: SubtleCrypto): Promise<Verify> {
  const raw = Uint8Array.from(KNOWN_KEY.match(/../g)!, (digits) => parseInt(digits, 16));
  const known = await subtle.importKey("raw", raw, "Ed25519", false, ["verify"]).then(() => true, () => false);
  return strict(known ? webCryptoVerify(subtle) : (await import("./ed25519-library.ts")).libraryVerify);
}

export function webCryptoVerify(subtle: SubtleCrypto): Verify {
  return async (publicKey, signature, message) => {
    try {
      return await subtle.verify("Ed25519", await subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]), signature, message);
    } catch {
      return false;
    }
  };
}

/**
 * Refuses what implementations disagree about, before they are asked: keys and signatures of another length, points
 * not in their one canonical encoding, and keys or commitments of small order.
 */
export function strict(verify: Verify): Verify {
  return async (publicKey, signature, message) =>
    publicKey.length === KEY_BYTES && signature.length === SIGNATURE_BYTES
    && isOrdinaryPoint(publicKey) && isOrdinaryPoint(signature.subarray(0, KEY_BYTES))
    && verify(publicKey, signature, message);
}

/** @param encoding y in little-endian, its highest bit the sign of x */
function isOrdinaryPoint(encoding: Uint8Array): boolean {
  let y = 0n;
  for (let i = KEY_BYTES - 1; i >= 0; i -= 1) y = (y << 8n) | BigInt(i === KEY_BYTES - 1 ? encoding[i]! & 0x7f : encoding[i]!);
  return y < FIELD && !SMALL_ORDER_Y.includes(y);
}
