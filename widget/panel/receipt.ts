/** Whether an erasure receipt is what the edge signed. */
import type { ErasureReceipt } from "../../core/api.ts";
import { fromBase64Url } from "../../core/ids.ts";
import { canonicalJson } from "../../core/weights/manifest.ts";
import { createVerify } from "../engine/ed25519.ts";

/** @returns undefined where this page cannot tell: `crypto.subtle` exists on https pages and localhost only */
export async function verifyReceipt({ receipt, signature, publicKey }: ErasureReceipt): Promise<boolean | undefined> {
  const { subtle } = globalThis.crypto;
  if (!subtle) return undefined;
  const verify = await createVerify(subtle);
  try {
    return await verify(fromBase64Url(publicKey), fromBase64Url(signature), new TextEncoder().encode(canonicalJson(receipt)));
  } catch {
    return false;
  }
}
