/** Weights and signed manifests: what a trainer publishes, what the merchant may pause. */
import { MODEL_REQUEST_SCHEMA, PAUSE_SCHEMA, routes, type ModelsResponse } from "../../core/api.ts";
import { SHA256_PATTERN, sha256Hex } from "../../core/ids.ts";
import { readModel } from "../../core/model/config.ts";
import { parse } from "../../core/schema.ts";
import { WeightsFormatError } from "../../core/weights/format.ts";
import { headFile } from "../../core/weights/head.ts";
import { openManifest, type SignedManifest } from "../../core/weights/manifest.ts";
import { merchantOnly } from "../access.ts";
import type { App, Services } from "../app.ts";
import { parseJson, readBounded } from "../body.ts";
import { currentVersion, insertHeads, insertModel, listModels, passedBefore, requestedModel, requestModel, weightsObject } from "../db/models.ts";
import { setModelsPaused } from "../db/shops.ts";
import { gateRefusal } from "../gate.ts";
import { refuse } from "../refusal.ts";
import { createRepublisher } from "../republish.ts";
import { verifyEd25519 } from "../verify.ts";

/** 100,000 products at width 64 are 6.6 MB of rows, and their neighbours 25. */
const MAX_WEIGHTS_BYTES = 48 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 64 * 1024;
const SHA256 = new RegExp(SHA256_PATTERN);

export function modelRoutes(app: App, services: Services): void {
  const { now } = services;
  const merchant = merchantOnly(services);
  const republish = createRepublisher(services);

  app.put(routes.admin.weights(":shop", ":sha256"), merchant, async (c) => {
    const sha256 = c.req.param("sha256") ?? "";
    if (!SHA256.test(sha256)) return refuse(400, "invalid-sha256", "The address of weights is their SHA-256, 64 lower-case hex digits.");
    const body = await readBounded(c.req.raw, MAX_WEIGHTS_BYTES);
    if (!body.ok) return refuse(413, "weights-too-large", `Weights may hold ${MAX_WEIGHTS_BYTES} bytes.`);
    const actual = await sha256Hex(body.bytes);
    if (actual !== sha256) return refuse(422, "hash-mismatch", `These bytes have the SHA-256 ${actual}, not ${sha256}. Send them again.`, { retry: true });
    await c.env.FILES.put(weightsObject(c.get("shop").id, sha256), body.bytes);
    return c.json({ sha256, bytes: body.bytes.byteLength }, 201);
  });

  app.post(routes.admin.models(":shop"), merchant, async (c) => {
    const shop = c.get("shop");
    const nowMs = now();
    const body = await readBounded(c.req.raw, MAX_MANIFEST_BYTES);
    if (!body.ok) return refuse(413, "manifest-too-large", `A signed manifest may hold ${MAX_MANIFEST_BYTES} bytes.`);
    const json = parseJson(body.bytes);
    if (!json.ok) return refuse(400, "invalid-json", "The body is not JSON in UTF-8.");
    const newest = await currentVersion(c.env.DB, shop.id);
    const opened = await openManifest(json.value, { fingerprints: shop.signers, shop: shop.id, minVersion: newest + 1, nowMs }, verifyEd25519);
    if (!opened.ok) return refuse(422, opened.reason, `The manifest was refused: ${opened.message}.`);
    const { weights, heads = [], version, evaluation, training } = opened.manifest;
    const loss = (await passedBefore(c.env.DB, shop.id, weights.sha256, evaluation)) ? null : gateRefusal(evaluation, newest > 0);
    if (loss) return refuse(422, loss.code, `The gate refuses this model. ${loss.message}`);
    const object = await c.env.FILES.get(weightsObject(shop.id, weights.sha256));
    if (!object) return refuse(422, "weights-missing", `The weights ${weights.sha256} have not been uploaded. Put them first.`, { retry: true });
    if (object.size !== weights.bytes) return refuse(422, "weights-size", `The weights have ${object.size} bytes, the manifest says ${weights.bytes}.`);
    try {
      const model = readModel(new Uint8Array(await object.arrayBuffer()));
      if (model.itemIds.length !== training.items) return refuse(422, "weights-items", `The weights hold ${model.itemIds.length} products, the manifest says ${training.items}.`);
      // Heads follow from the weights: the trainer signs their hashes, and they are made here.
      for (const { name, items, sha256, bytes } of heads) {
        const head = items < model.itemIds.length ? headFile(model, items) : null;
        if (head?.byteLength !== bytes || (await sha256Hex(head)) !== sha256) return refuse(422, "head-mismatch", `The ${name} head is not what the weights' ${items} most popular products make. Publish with the trainer of this version.`);
        await c.env.FILES.put(weightsObject(shop.id, sha256), head);
      }
    } catch (error) {
      if (!(error instanceof WeightsFormatError)) throw error;
      return refuse(422, "weights-unreadable", `The weights are no model: ${error.message}.`);
    }
    if (heads.length > 0) await insertHeads(c.env.DB, shop.id, version, heads);
    const current = await insertModel(c.env.DB, { shop: shop.id, version, sha256: weights.sha256, manifest: json.value as SignedManifest, nowMs });
    if (!current) return refuse(409, "older-version", `Version ${version} is no longer above the current one. Publish again with a higher version.`);
    republish.soon(c.env, (promise) => c.executionCtx.waitUntil(promise), shop.id);
    const [record] = await listModels(c.env.DB, shop.id);
    return c.json(record!, 201);
  });

  app.get(routes.admin.models(":shop"), merchant, async (c) => {
    const shop = c.get("shop");
    return c.json({ paused: shop.modelsPaused, requested: await requestedModel(c.env.DB, shop.id), models: await listModels(c.env.DB, shop.id) } satisfies ModelsResponse, 200, { "cache-control": "no-store" });
  });

  app.post(routes.admin.modelRequest(":shop"), merchant, async (c) => {
    const { id } = c.get("shop");
    const body = await readBounded(c.req.raw, MAX_MANIFEST_BYTES);
    const json = body.ok ? parseJson(body.bytes) : null;
    const parsed = parse(MODEL_REQUEST_SCHEMA, json?.ok ? json.value : undefined, "request");
    if (!parsed.ok) return refuse(400, "invalid-request", `${parsed.path} ${parsed.message}; send {"version": 3}, or {} to take the wish back.`);
    const { version } = parsed.value;
    if (version !== undefined && !(await listModels(c.env.DB, id)).some((record) => record.version === version)) return refuse(404, "unknown-version", `The shop has had no version ${version}.`);
    await requestModel(c.env.DB, id, version ?? null, now());
    return c.json(parsed.value);
  });

  app.post(routes.admin.pause(":shop"), merchant, async (c) => {
    const body = await readBounded(c.req.raw, MAX_MANIFEST_BYTES);
    const json = body.ok ? parseJson(body.bytes) : null;
    const parsed = parse(PAUSE_SCHEMA, json?.ok ? json.value : undefined, "request");
    if (!parsed.ok) return refuse(400, "invalid-request", `${parsed.path} ${parsed.message}; send {"paused": true} or {"paused": false}.`);
    await setModelsPaused(c.env.DB, c.get("shop").id, parsed.value.paused);
    services.shops.clear();
    return c.json(parsed.value);
  });
}
