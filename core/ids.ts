/** Identifiers, their spelling, and the hashes that content addresses and stable draws are made of. */

/** What a client, session or slate id may look like. Shop ids are stricter: they appear in paths. */
export const ID_PATTERN = "^[A-Za-z0-9_-]{8,64}$";
export const SHOP_ID_PATTERN = "^[a-z0-9][a-z0-9-]{1,39}$";
export const SHA256_PATTERN = "^[0-9a-f]{64}$";

/** A new 128-bit random id in base64url (22 characters). */
export function createId(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(16)));
}

export function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 1) binary += String.fromCharCode(bytes[i]!);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @throws whatever `atob` throws when the text is not base64 */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Lower-case hex SHA-256: the address of every immutable file, and what tokens are stored as. */
export async function sha256Hex(data: Uint8Array | string): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  let hex = "";
  for (const byte of digest) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

/**
 * What a shop calls a person, as it leaves a device: hashed with the shop's key, so that two shops' cannot be compared.
 * @param name a customer number, an e-mail address; case and spaces around it don't count
 */
export function personHash(key: string, name: string): Promise<string> {
  return sha256Hex(`${key}\n${name.trim().normalize("NFKC").toLowerCase()}`);
}

/**
 * FNV-1a, 32 bits, over UTF-16 code units: for hash buckets (title words, experiment arms, shards),
 * never for security.
 * @returns an unsigned 32-bit integer
 */
export function hash32(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  // Murmur3's finaliser: FNV alone leaves the high bits of short strings nearly constant.
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * A seeded pseudo-random generator (mulberry32), for everything that must be repeatable.
 * @returns a function giving uniform numbers in [0, 1)
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
