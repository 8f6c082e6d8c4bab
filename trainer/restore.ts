/** Serves an earlier model's weights again, signed under a new version, since versions never go down. */
import { routes, type ModelRecord } from "../core/api.ts";
import { sha256Hex } from "../core/ids.ts";
import { readModel } from "../core/model/config.ts";
import type { EdgeClient } from "./edge-client.ts";
import type { SigningKey } from "./keys.ts";
import { manifestContent } from "./pipeline.ts";
import { headsOf, makeManifest } from "./publish.ts";

/** There is nothing to go back to, or it is not what it was; the message says so. */
export class RestoreError extends Error {
  override readonly name = "RestoreError";
}

export interface RestoreOptions {
  client: Pick<EdgeClient, "edge" | "models" | "catalogue" | "publishModel">;
  shop: string;
  key: SigningKey;
  /** Which model; the newest before the current one, where it is left out. */
  version?: number;
  nowMs: number;
  fetch?: typeof globalThis.fetch;
}

/**
 * The figures stay those with which the model passed the gate, and the edge takes it back for them. The weights are at the
 * edge already: nothing is uploaded.
 * @throws RestoreError, EdgeError
 */
export async function restoreModel({ client, shop, key, version, nowMs, fetch = globalThis.fetch }: RestoreOptions): Promise<{ record: ModelRecord; from: ModelRecord }> {
  const { models } = await client.models(shop);
  const current = models.find((record) => record.current);
  const from = version === undefined ? models.find((record) => !record.current && record.sha256 !== current?.sha256) : models.find((record) => record.version === version);
  if (!current || !from) throw new RestoreError(version === undefined ? `"${shop}" has had no other model to go back to` : `"${shop}" has had no version ${version}. Its versions: ${models.map((record) => record.version).join(", ") || "none"}`);
  if (from.sha256 === current.sha256) throw new RestoreError(`Version ${from.version} is what "${shop}" serves now, as version ${current.version}`);
  if (!from.training) throw new RestoreError(`The edge does not say how version ${from.version} was made: deploy the edge of this trainer's version first`);
  const response = await fetch(client.edge + routes.file(from.sha256));
  const weights = new Uint8Array(await response.arrayBuffer());
  if (!response.ok || (await sha256Hex(weights)) !== from.sha256) throw new RestoreError(`The edge does not give out the weights of version ${from.version} as they were (${response.status} for ${routes.file(from.sha256)})`);
  const { products } = await client.catalogue(shop);
  const next = models.reduce((highest, record) => Math.max(highest, record.version), 0) + 1;
  const heads = await headsOf(readModel(weights), products);
  const signed = await makeManifest({ ...manifestContent(shop, next, from.training, from.evaluation), ...(heads.length > 0 && { heads }) }, weights, key, nowMs);
  return { record: await client.publishModel(shop, signed), from };
}
