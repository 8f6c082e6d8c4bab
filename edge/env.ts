/** The Worker's bindings and variables, and what the variables mean. */
import type { ShopLedger } from "./ledger/ledger.ts";

export interface Env {
  DB: D1Database;
  FILES: R2Bucket;
  LEDGER: DurableObjectNamespace<ShopLedger>;
  ASSETS: Fetcher;
  /** The operator's token; creates shops. Without it nobody can. */
  ADMIN_TOKEN?: string;
  /** Opens /metrics. Without it nobody reads them. */
  METRICS_TOKEN?: string;
  /** Requests a minute. */
  RATE_LIMIT_PER_KEY: string;
  RATE_LIMIT_PER_CLIENT: string;
  RATE_LIMIT_PER_NETWORK: string;
  /** Events of one client on one day that are counted. */
  DAILY_EVENTS_PER_CLIENT: string;
  /** The journal is archived in pieces of about this many bytes of JSON, as soon as it holds one. */
  ARCHIVE_SEGMENT_BYTES: string;
  /** What is older than this is archived even if it is less. */
  ARCHIVE_AGE_MS: string;
}

/** A variable of this name holds something that is not a number above zero. */
export class InvalidVariableError extends Error {
  override name = "InvalidVariableError";
}

type NumberVariable = "RATE_LIMIT_PER_KEY" | "RATE_LIMIT_PER_CLIENT" | "RATE_LIMIT_PER_NETWORK" | "DAILY_EVENTS_PER_CLIENT" | "ARCHIVE_SEGMENT_BYTES" | "ARCHIVE_AGE_MS";

/** @throws InvalidVariableError: a deployment that lost a limit must not run as if it had none */
export function numberVariable(env: Pick<Env, NumberVariable>, name: NumberVariable): number {
  const value = Number(env[name]);
  if (!(value > 0)) throw new InvalidVariableError(`${name} is ${JSON.stringify(env[name])}, expected a number above 0`);
  return value;
}
