/** The ledger's own secret, and the keys that are made with it: they tell the same thing apart from another, and name nothing to anybody else. */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { fromBase64Url, toBase64Url } from "../../core/ids.ts";

/** What is keyed; the same text gives another key for each. */
export type Keyed = "client" | "order" | "person";

/** The fact that holds it: all shards of a ledger share one. */
export const SECRET_FACT = "secret";

/** HMAC-SHA-256 in hex. Synchronous, since it is made within transactions, where WebCrypto's promises cannot be awaited. */
export type KeyOf = (what: Keyed, text: string) => string;

/** Keys by the ledger's secret, which is made when it is needed first. Part of a transaction of the caller. */
export function keyOfLedger(sql: SqlStorage): KeyOf {
  let secret: Uint8Array | undefined;
  return (what, text) => toHex(hmac(sha256, (secret ??= readSecret(sql)), new TextEncoder().encode(`${what}\n${text}`)));
}

function readSecret(sql: SqlStorage): Uint8Array {
  sql.exec(`INSERT OR IGNORE INTO fact (name, value) VALUES (?1, ?2)`, SECRET_FACT, toBase64Url(crypto.getRandomValues(new Uint8Array(32))));
  return fromBase64Url(sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?1`, SECRET_FACT).one().value);
}

function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += byte.toString(16).padStart(2, "0");
  return hex;
}
