/** A shop's keys on this machine: where its edge is, and what proves that we may act for it. */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse, type Infer } from "../core/schema.ts";
import { SHOP_ID_PATTERN } from "../core/ids.ts";

/** Where a checkout keeps what belongs to this machine alone; git-ignored. */
export const ENDCAP_FOLDER = resolve(import.meta.dirname, "..", ".endcap");

const CREDENTIALS_SCHEMA = {
  type: "object",
  required: ["edge", "shop", "writeKey", "merchantToken", "signer"],
  properties: {
    edge: { type: "string", minLength: 1, description: "the edge's origin" },
    shop: { type: "string", pattern: SHOP_ID_PATTERN },
    writeKey: { type: "string", minLength: 1, description: "public; goes into the tag" },
    merchantToken: { type: "string", minLength: 1, description: "secret" },
    signer: { type: "string", minLength: 1, description: "fingerprint of the key that signs the shop's models" },
  },
} as const;
export type ShopCredentials = Infer<typeof CREDENTIALS_SCHEMA>;

/** What it takes to act for a shop. */
export type ShopAccess = Pick<ShopCredentials, "edge" | "shop" | "merchantToken">;

/** The message names the file and says what to do. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
}

export function credentialsPath(shop: string, folder = ENDCAP_FOLDER): string {
  if (!new RegExp(SHOP_ID_PATTERN).test(shop)) throw new CredentialsError(`"${shop}" is not a shop's id: use lower-case letters, digits and hyphens`);
  return join(folder, "shops", `${shop}.json`);
}

/** @throws CredentialsError if the file is missing, unreadable or not what it should be */
export function readCredentials(shop: string, folder = ENDCAP_FOLDER): ShopCredentials {
  const path = credentialsPath(shop, folder);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw new CredentialsError(`${path} cannot be read: check its owner and mode (600)`, { cause });
    throw new CredentialsError(`No credentials for shop "${shop}": ${path} does not exist. Create the shop first (npm start makes one), or set ENDCAP_EDGE and ENDCAP_TOKEN`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CredentialsError(`${path} is not JSON: restore it, or create the shop anew`, { cause });
  }
  const parsed = parse(CREDENTIALS_SCHEMA, value);
  if (!parsed.ok) throw new CredentialsError(`${path}: ${parsed.path} ${parsed.message}. Restore it, or create the shop anew`);
  if (parsed.value.shop !== shop) throw new CredentialsError(`${path} holds the credentials of shop "${parsed.value.shop}": rename it to ${parsed.value.shop}.json`);
  return parsed.value;
}

/** Writes the file whole or not at all, readable by its owner only. */
export function writeCredentials(credentials: ShopCredentials, folder = ENDCAP_FOLDER): string {
  const path = credentialsPath(credentials.shop, folder);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  // The mode above is only for new files, and narrowed by the umask.
  chmodSync(draft, 0o600);
  renameSync(draft, path);
  return path;
}

/**
 * Finds out how to reach a shop: ENDCAP_EDGE and ENDCAP_TOKEN where both are set (for machines that
 * keep secrets in their environment), else the credentials on disk.
 *
 * @param edge overrides where the edge is, e.g. from `--edge`
 * @throws CredentialsError
 */
export function readAccess(shop: string, { edge, folder = ENDCAP_FOLDER, env = process.env }: { edge?: string; folder?: string; env?: NodeJS.ProcessEnv } = {}): ShopAccess {
  const fromEnv = { edge: edge ?? env["ENDCAP_EDGE"], merchantToken: env["ENDCAP_TOKEN"] };
  if (fromEnv.merchantToken && fromEnv.edge) return { shop, edge: fromEnv.edge, merchantToken: fromEnv.merchantToken };
  if (fromEnv.merchantToken) throw new CredentialsError("ENDCAP_TOKEN is set but ENDCAP_EDGE is not: set both, or neither");
  if (env["ENDCAP_EDGE"]) throw new CredentialsError("ENDCAP_EDGE is set but ENDCAP_TOKEN is not: set both, or neither");
  const { edge: stored, merchantToken } = readCredentials(shop, folder);
  return { shop, edge: edge ?? stored, merchantToken };
}
