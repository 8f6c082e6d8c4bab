/** Signs what the ledger attests, with an Ed25519 key of its own: not one that models are signed with. */
import type { ErasureReceipt } from "../../core/api.ts";
import { toBase64Url } from "../../core/ids.ts";
import { canonicalJson } from "../../core/weights/manifest.ts";

/** The private key is in the ledger as a JSON Web Key (RFC 8037). */
export const RECEIPT_KEY_FACT = "receipt-key";

/** Signs a receipt; the ledger's key is made when it is needed first. */
export async function signReceipt(sql: SqlStorage, receipt: ErasureReceipt["receipt"]): Promise<ErasureReceipt> {
  const jwk = await receiptKey(sql);
  const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
  const signature = await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(canonicalJson(receipt)));
  return { receipt, signature: toBase64Url(new Uint8Array(signature)), publicKey: jwk.x! };
}

/** The ledger's key, made when there is none. */
export async function receiptKey(sql: SqlStorage): Promise<JsonWebKey> {
  return readKey(sql) ?? keepKey(sql, await createKey());
}

async function createKey(): Promise<JsonWebKey> {
  const { privateKey } = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { kty, crv, x, d } = (await crypto.subtle.exportKey("jwk", privateKey)) as JsonWebKey;
  return { kty, crv, x, d } as JsonWebKey;
}

function readKey(sql: SqlStorage): JsonWebKey | null {
  const [row] = sql.exec<{ value: string }>(`SELECT value FROM fact WHERE name = ?1`, RECEIPT_KEY_FACT).toArray();
  return row ? (JSON.parse(row.value) as JsonWebKey) : null;
}

/** @returns the key that was there first */
function keepKey(sql: SqlStorage, jwk: JsonWebKey): JsonWebKey {
  sql.exec(`INSERT OR IGNORE INTO fact (name, value) VALUES (?1, ?2)`, RECEIPT_KEY_FACT, JSON.stringify(jwk));
  return readKey(sql)!;
}
