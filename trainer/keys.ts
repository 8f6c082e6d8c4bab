/** The shop's signing key: made here, kept here, and never sent anywhere. */
import type { webcrypto } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fromBase64Url, SHOP_ID_PATTERN } from "../core/ids.ts";
import { fingerprint, type Sign, type Verify } from "../core/weights/manifest.ts";
import { ENDCAP_FOLDER } from "./credentials.ts";

const { subtle } = globalThis.crypto;

/** The message names the file and says what to do. */
export class KeyError extends Error {
  override readonly name = "KeyError";
}

export interface SigningKey {
  /** Raw Ed25519, 32 bytes. */
  publicKey: Uint8Array<ArrayBuffer>;
  /** How the tag and the edge name this signer. */
  fingerprint: string;
  sign: Sign;
}

export function keyPath(shop: string, folder = ENDCAP_FOLDER): string {
  if (!new RegExp(SHOP_ID_PATTERN).test(shop)) throw new KeyError(`"${shop}" is not a shop's id: use lower-case letters, digits and hyphens`);
  return join(folder, "keys", `${shop}.json`);
}

/** Makes a shop's key; one that exists is never overwritten, since the shop's tag trusts it. @throws KeyError if there is one */
export async function createKey(shop: string, folder = ENDCAP_FOLDER): Promise<SigningKey> {
  const path = keyPath(shop, folder);
  const pair = (await subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"])) as unknown as webcrypto.CryptoKeyPair;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${JSON.stringify(await subtle.exportKey("jwk", pair.privateKey), null, 2)}\n`, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new KeyError(`${path} exists already, and the shop's tag trusts it: move it away first if you mean to rotate keys`, { cause });
  }
  // The mode above is narrowed by the umask only; this makes it exact.
  chmodSync(path, 0o600);
  return readKey(shop, folder, {});
}

/**
 * From ENDCAP_SIGNING_KEY, where that holds a key file's content (for machines that keep secrets in their environment), else from the disk.
 * @throws KeyError if there is none, or it is not an Ed25519 private key
 */
export async function readKey(shop: string, folder = ENDCAP_FOLDER, env: NodeJS.ProcessEnv = process.env): Promise<SigningKey> {
  const given = env["ENDCAP_SIGNING_KEY"];
  const path = given ? "ENDCAP_SIGNING_KEY" : keyPath(shop, folder);
  let text: string;
  try {
    text = given || readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw new KeyError(`${path} cannot be read: check its owner and mode (600)`, { cause });
    throw new KeyError(`No signing key for shop "${shop}": ${path} does not exist. Make one with: npm run keygen -- --shop ${shop}`, { cause });
  }
  try {
    const jwk = JSON.parse(text) as { x?: string };
    const privateKey = await subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["sign"]);
    const publicKey = fromBase64Url(jwk.x ?? "");
    return { publicKey, fingerprint: await fingerprint(publicKey), sign: async (message) => new Uint8Array(await subtle.sign("Ed25519", privateKey, message)) };
  } catch (cause) {
    throw new KeyError(`${path} does not hold an Ed25519 private key as JWK: restore it from a backup`, { cause });
  }
}

/**
 * Makes the key that comes after the shop's present one; asked again, it is the same.
 * @throws KeyError if the shop has no key yet
 */
export async function readOrCreateNextKey(shop: string, folder = ENDCAP_FOLDER): Promise<SigningKey> {
  await readKey(shop, folder, {});
  const next = nextKeyName(shop);
  return existsSync(keyPath(next, folder)) ? readKey(next, folder, {}) : createKey(next, folder);
}

/** Makes the next key the shop's; the present one stays beside it under its fingerprint. @throws KeyError if there is no next key */
export async function takeNextKey(shop: string, folder = ENDCAP_FOLDER): Promise<SigningKey> {
  const old = await readKey(shop, folder, {});
  const path = keyPath(nextKeyName(shop), folder);
  if (!existsSync(path)) throw new KeyError(`No next key for shop "${shop}": ${path} does not exist. Make it with: npm run trainer -- rotate --shop ${shop}`);
  await readKey(nextKeyName(shop), folder, {});
  copyFileSync(keyPath(shop, folder), join(folder, "keys", `${shop}.${old.fingerprint}.retired.json`));
  renameSync(path, keyPath(shop, folder));
  return readKey(shop, folder, {});
}

/** Within what a shop's id may look like, and no longer than one. */
function nextKeyName(shop: string): string {
  return `${shop.slice(0, 35)}-next`;
}

export async function readOrCreateKey(shop: string, folder = ENDCAP_FOLDER): Promise<SigningKey> {
  try {
    return await createKey(shop, folder);
  } catch (error) {
    if (error instanceof KeyError) return readKey(shop, folder);
    throw error;
  }
}

/** Node's own Ed25519. */
export const verify: Verify = async (publicKey, signature, message) => {
  try {
    return await subtle.verify("Ed25519", await subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]), signature, message);
  } catch {
    return false;
  }
};
