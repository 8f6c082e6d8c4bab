import { describe, expect, it } from "vitest";
import { routes, type CatalogueExport, type CatalogueSnapshot, type ModelsResponse, type RecommendResponse, type ShopConfig } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { encoderShapes, writeModel, type Model, type ModelConfig } from "../../../core/model/config.ts";
import { signManifest } from "../../../core/weights/manifest.ts";
import { MAX_SNAPSHOT_CARDS } from "../../../edge/snapshot.ts";
import { codeOf, createShop, event, NOON, SHOP_ORIGIN, startEdge, type TestShop } from "../edge.ts";
import { against, createSigner, difference, manifestOf, type Signer } from "../signed-model.ts";

const ITEMS = ["a", "b", "c", "d"];

/** A model in which every item was met with the next one, and the last with the first. */
function ringModel(itemIds: string[]): Uint8Array<ArrayBuffer> {
  const config: ModelConfig = { width: 4, length: 4, blocks: 0, heads: 1, neighbours: 1 };
  const count = itemIds.length;
  const model: Model = {
    config, itemIds, indexOf: new Map(itemIds.map((id, index) => [id, index])),
    rows: new Int8Array(count * config.width).fill(1), scales: new Float32Array(count).fill(0.1),
    encoder: Object.fromEntries(encoderShapes(config).map(([name, shape]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))])),
    neighbours: Uint32Array.from(itemIds.map((_, index) => (index + 1) % count)), neighbourWeights: new Uint8Array(count).fill(255),
    popularity: new Float32Array(count), blend: [0, 1, 0],
  };
  return writeModel(model);
}

async function setUp(itemIds = ITEMS) {
  const signer = await createSigner();
  const shop = await createShop(startEdge(), { signers: [signer.fingerprint] });
  const rows = itemIds.map((id) => JSON.stringify({ id, title: id, link: `/${id}`, price: 1 }));
  await shop.admin(routes.admin.catalogue(shop.id), { method: "PUT", body: rows.join("\n") });
  const weights = ringModel(itemIds);
  const putWeights = async (bytes: Uint8Array<ArrayBuffer> = weights, name?: string) => shop.admin(routes.admin.weights(shop.id, name ?? (await sha256Hex(bytes))), { method: "PUT", body: bytes });
  const publish = async (change: Partial<Parameters<typeof manifestOf>[2]> = {}, by: Signer = signer, bytes = weights) => shop.admin(routes.admin.models(shop.id), { method: "POST", body: JSON.stringify(await signManifest(await manifestOf(shop.id, bytes, { items: itemIds.length, ...change }), by.publicKey, by.sign)) });
  const config = async () => (await shop.edge.fetch(routes.config(shop.writeKey))).json<ShopConfig>();
  const models = async () => (await shop.admin(routes.admin.models(shop.id))).json<ModelsResponse>();
  return { shop, signer, weights, putWeights, publish, config, models };
}

describe("publishing a model", () => {
  it("makes it current for every device, with weights that are public from then on", async () => {
    const { shop, weights, putWeights, publish, config, models } = await setUp();
    const sha256 = await sha256Hex(weights);
    expect((await putWeights()).status).toBe(201);
    expect((await shop.edge.fetch(routes.file(sha256))).status).toBe(404);
    expect((await publish()).status).toBe(201);
    const { manifest } = await config();
    expect(JSON.parse(manifest!.payload)).toMatchObject({ version: 1, weights: { sha256 } });
    expect(new Uint8Array(await (await shop.edge.fetch(routes.file(sha256))).arrayBuffer())).toEqual(weights);
    expect(await models()).toMatchObject({ paused: false, models: [{ version: 1, items: 4, current: true, evaluation: { model: { ndcg10: { value: 0.3 } } } }] });
  });

  it("takes a better one with a higher version, and keeps the record of the one before", async () => {
    const { putWeights, publish, models } = await setUp();
    await putWeights();
    await publish();
    expect((await publish({ version: 5, evaluation: against(0.01) })).status).toBe(201);
    expect((await models()).models.map(({ version, current }) => [version, current])).toEqual([[5, true], [1, false]]);
  });

  it("takes an earlier model back with the figures that it had passed with, and no others, though a better one came since", async () => {
    const { shop, signer, weights, putWeights, publish, models } = await setUp();
    const better = ringModel([...ITEMS].reverse());
    await putWeights();
    await putWeights(better);
    await publish();
    const betterSha = await sha256Hex(better);
    expect((await publish({ version: 2, evaluation: against(0.01) }, signer, better)).status).toBe(201);

    const wish = (body: object) => shop.admin(routes.admin.modelRequest(shop.id), { method: "POST", body: JSON.stringify(body) });
    expect(await codeOf(await wish({ version: 7 }))).toBe("unknown-version");
    expect((await wish({ version: 1 })).status).toBe(200);
    expect((await models()).requested).toEqual({ version: 1, requestedAtMs: NOON });
    // Nothing has changed for shoppers: the edge cannot sign.
    expect((await models()).models[0]).toMatchObject({ version: 2, sha256: betterSha, current: true });

    expect(await codeOf(await publish({ version: 3, evaluation: against(-0.01) }))).toBe("loses-to-incumbent");
    expect((await publish({ version: 3 })).status).toBe(201);
    expect((await models()).models[0]).toMatchObject({ version: 3, sha256: await sha256Hex(weights), current: true });
    expect((await models()).requested).toBeUndefined();
    await wish({ version: 2 });
    await wish({});
    expect((await models()).requested).toBeUndefined();
  });

  it("refuses weights with one flipped byte", async () => {
    const { weights, putWeights } = await setUp();
    const flipped = weights.slice();
    flipped[flipped.length - 1]! ^= 1;
    const answer = await putWeights(flipped, await sha256Hex(weights));
    expect([answer.status, await codeOf(answer)]).toEqual([422, "hash-mismatch"]);
  });

  it.each([
    ["an older version", { version: 1 }, "older-version"],
    ["one made for another shop", { version: 2, shop: "another-shop" }, "wrong-shop"],
    ["an expired one", { version: 2, expiresAtMs: NOON }, "expired"],
    ["one whose weights have another size", { version: 2, bytes: 9, evaluation: against(0.1) }, "weights-size"],
    ["one whose weights hold other products", { version: 2, items: 5, evaluation: against(0.1) }, "weights-items"],
    ["one that is not clearly better than popularity", { version: 2, evaluation: against(0.1, { popularity: { value: 0.01, low: 0, high: 0.02 } }) }, "loses-to-popularity"],
    ["one that does no better than item-kNN", { version: 2, evaluation: against(0.1, { itemKnn: difference(-0.01) }) }, "loses-to-item-knn"],
    ["one that does no better than what the shop has", { version: 2, evaluation: against(0) }, "loses-to-incumbent"],
    ["one that was measured on too few cases", { version: 2, evaluation: { ...against(0.1), cases: 199 } }, "too-few-cases"],
    ["one that was measured on too few people", { version: 2, evaluation: { ...against(0.1), clients: 49 } }, "too-few-clients"],
    ["one that was not held against what the shop has", { version: 2 }, "incumbent-not-measured"],
  ])("refuses %s, and goes on with the current one", async (_, change, code) => {
    const { putWeights, publish, config } = await setUp();
    await putWeights();
    await publish();
    const before = await config();
    const answer = await publish(change);
    expect([answer.status, await codeOf(answer)]).toEqual([422, code]);
    expect(await config()).toEqual(before);
  });

  it("refuses a stranger's signature, and a payload changed after signing", async () => {
    const { shop, signer, weights, putWeights, publish } = await setUp();
    await putWeights();
    expect(await codeOf(await publish({}, await createSigner()))).toBe("unknown-signer");
    const signed = await signManifest(await manifestOf(shop.id, weights, { items: ITEMS.length }), signer.publicKey, signer.sign);
    const forged = { ...signed, payload: signed.payload.replace('"version":1', '"version":9') };
    expect(await codeOf(await shop.admin(routes.admin.models(shop.id), { method: "POST", body: JSON.stringify(forged) }))).toBe("signature-mismatch");
  });

  it("refuses a manifest whose weights are missing, or are no model", async () => {
    const { shop, signer, putWeights, publish } = await setUp();
    expect(await codeOf(await publish())).toBe("weights-missing");
    const junk = new Uint8Array(64).fill(7);
    await putWeights(junk);
    const body = JSON.stringify(await signManifest(await manifestOf(shop.id, junk, { items: ITEMS.length }), signer.publicKey, signer.sign));
    expect(await codeOf(await shop.admin(routes.admin.models(shop.id), { method: "POST", body }))).toBe("weights-unreadable");
  });

  it("stops serving it while the merchant has paused it, and goes on after", async () => {
    const { shop, putWeights, publish, config, models } = await setUp();
    await putWeights();
    await publish();
    const pause = (paused: unknown) => shop.admin(routes.admin.pause(shop.id), { method: "POST", body: JSON.stringify({ paused }) });
    expect((await pause("yes")).status).toBe(400);
    await pause(true);
    expect((await config()).manifest).toBeNull();
    expect((await models()).paused).toBe(true);
    await pause(false);
    expect((await config()).manifest).not.toBeNull();
  });
});

describe("recommendations from the edge", () => {
  const ask = (shop: TestShop, body: object, origin = SHOP_ORIGIN) => shop.edge.fetch(routes.recommend, { method: "POST", headers: { origin }, body: JSON.stringify({ key: shop.writeKey, placement: "home-for-you", ...body }) });

  it("are popular products before there is a model, and the model's after", async () => {
    const { shop, putWeights, publish } = await setUp();
    const history = [{ item_id: "b", kind: "view", ageMs: 60_000 }];
    expect(await (await ask(shop, { history })).json<RecommendResponse>()).toMatchObject({ strategy: "popular", model_version: 0 });
    await putWeights();
    await publish();
    const answer = await (await ask(shop, { history })).json<RecommendResponse>();
    expect(answer).toMatchObject({ placement: "home-for-you", strategy: "for_you", model_version: 1 });
    expect(answer.items[0]).toMatchObject({ item_id: "c", because: [{ item_id: "b", share: 1 }] });
    expect(answer.items.map(({ item_id }) => item_id)).not.toContain("b");
    expect(answer.cards.map(({ id }) => id)).toEqual(answer.items.map(({ item_id }) => item_id));
  });

  it("for a product and for everybody may be cached", async () => {
    const { shop, putWeights, publish } = await setUp();
    await putWeights();
    await publish();
    const related = await shop.edge.fetch(routes.related(shop.writeKey, "d"));
    expect(related.headers.get("cache-control")).toContain("public");
    expect((await related.json<RecommendResponse>()).items[0]!.item_id).toBe("a");
    expect((await (await shop.edge.fetch(routes.popular(shop.writeKey))).json<RecommendResponse>()).items).toHaveLength(4);
    expect((await shop.edge.fetch(routes.related(shop.writeKey, "zzz"))).status).toBe(404);
  });

  it("are for the shop's own pages and placements", async () => {
    const { shop } = await setUp();
    expect(await codeOf(await ask(shop, {}, "https://elsewhere.example"))).toBe("foreign-origin");
    expect(await codeOf(await ask(shop, { placement: "nowhere" }))).toBe("unknown-placement");
    expect(await codeOf(await ask(shop, { history: [{ item_id: "a", kind: "stare", ageMs: 1 }] }))).toBe("invalid-request");
  });
});

describe("a shop with one product more than devices are given", () => {
  const all = Array.from({ length: MAX_SNAPSHOT_CARDS + 1 }, (_, index) => `p${index}`);
  const [beforeLast, last] = all.slice(-2) as [string, string];

  it("keeps all of them, gives devices the popular head, and recommends for the rest too", async () => {
    const { shop, putWeights, publish, config } = await setUp(all);
    const onDevices = async () => {
      const { catalogue } = await config();
      expect(catalogue!.products).toBe(MAX_SNAPSHOT_CARDS);
      const { cards } = await (await shop.edge.fetch(routes.file(catalogue!.sha256))).json<CatalogueSnapshot>();
      return cards.map(({ id }) => id);
    };
    expect(await onDevices()).toEqual(all.slice(0, -1));

    // Whoever looks at a product of the tail brings it into the head, and the least popular one out.
    const look = event(1, "view_item", { items: [{ item_id: last }] });
    await shop.admin(routes.admin.import(shop.id), { method: "POST", body: JSON.stringify({ clientId: "client-0001", sentAtMs: 0, events: [look] }) });
    expect(await onDevices()).toEqual([last, ...all.slice(0, -2)]);
    const { products } = await (await shop.admin(routes.admin.catalogue(shop.id))).json<CatalogueExport>();
    expect(products.map(({ id }) => id)).toEqual(all);

    await putWeights();
    expect((await publish()).status).toBe(201);
    const similar = async (itemId: string) => {
      const answer = await shop.edge.fetch(routes.recommend, { method: "POST", headers: { origin: SHOP_ORIGIN }, body: JSON.stringify({ key: shop.writeKey, placement: "product-similar", itemId }) });
      return (await answer.json<RecommendResponse>()).items.map(({ item_id }) => item_id);
    };
    // The product left out was met with the last one; the one before it was met with the product left out.
    expect((await similar(beforeLast))[0]).toBe(last);
    const neighbours = await similar(all.at(-3)!);
    expect(neighbours).toHaveLength(12);
    expect(neighbours[0]).toBe(beforeLast);
    const related = await shop.edge.fetch(routes.related(shop.writeKey, beforeLast));
    expect((await related.json<RecommendResponse>()).items[0]!.item_id).toBe(last);
    expect((await shop.edge.fetch(routes.related(shop.writeKey, "nowhere"))).status).toBe(404);
  });
});
