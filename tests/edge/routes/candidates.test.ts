import { beforeAll, describe, expect, it } from "vitest";
import { candidatePaths, routes, type Candidates, type CatalogueSnapshot, type RecommendResponse, type ShopConfig } from "../../../core/api.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { readModel, writeModel, type Model } from "../../../core/model/config.ts";
import { byPopularity } from "../../../core/model/part.ts";
import { joinShelf, readCandidates } from "../../../core/ranking/candidates.ts";
import { createShelf, recommend, type Shelf } from "../../../core/ranking/recommend.ts";
import { cardBytes, HEAD_BYTES, headFile, planHeads, rowBytes } from "../../../core/weights/head.ts";
import { parseManifest, signManifest, type Head } from "../../../core/weights/manifest.ts";
import { randomModel } from "../../core/random-model.ts";
import { codeOf, createShop, NOON, SHOP_ORIGIN, startEdge, type TestShop } from "../edge.ts";
import { createSigner, manifestOf } from "../signed-model.ts";

const MODEL = randomModel({ width: 16, length: 8, blocks: 1, heads: 2, neighbours: 6 }, 3_000, 5);
const RARE = MODEL.itemIds.at(-1)!;
const products = MODEL.itemIds.map((id) => ({ id, title: `Product ${id}, as shops call them`, link: `/products/${id}`, image_link: `/pictures/${id}-large.webp`, price: 10, brand: "Someone & Daughters", quantity: 3 }));

interface LargeShop {
  shop: TestShop;
  publish(change?: { version?: number; heads?: Head[] }): Promise<Response>;
  heads: Head[];
}
async function largeShop(model: Model = MODEL): Promise<LargeShop> {
  const signer = await createSigner();
  const shop = await createShop(startEdge(), { signers: [signer.fingerprint] });
  await shop.admin(routes.admin.catalogue(shop.id), { method: "PUT", body: products.map((product) => JSON.stringify(product)).join("\n") });
  const weights = writeModel(model);
  await shop.admin(routes.admin.weights(shop.id, await sha256Hex(weights)), { method: "PUT", body: weights });
  const cards = new Map(products.map((product) => [product.id, product]));
  const heads = await Promise.all(planHeads(model, (id) => cards.get(id)).map(async ({ name, items }): Promise<Head> => {
    const file = headFile(model, items);
    return { name, items, sha256: await sha256Hex(file), bytes: file.byteLength };
  }));
  return {
    shop, heads,
    publish: async (change) => shop.admin(routes.admin.models(shop.id), { method: "POST", body: JSON.stringify(await signManifest(await manifestOf(shop.id, weights, { items: model.itemIds.length, heads, ...change }), signer.publicKey, signer.sign)) }),
  };
}
const config = async (shop: TestShop) => (await shop.edge.fetch(routes.config(shop.writeKey))).json<ShopConfig>();
const file = (shop: TestShop, sha256: string) => shop.edge.fetch(routes.file(sha256));
const personal = (shop: TestShop, body: object, origin = SHOP_ORIGIN) => shop.edge.fetch(candidatePaths.personal, { method: "POST", headers: { origin }, body: JSON.stringify({ key: shop.writeKey, model_version: 1, head: "light", ...body }) });

describe("a shop with more products than devices are given", () => {
  let large: LargeShop;
  beforeAll(async () => {
    large = await largeShop();
    expect((await large.publish()).status).toBe(201);
  });
  /** The shelf of a device with the light head, as it would make it. */
  async function device(): Promise<Shelf & { model: NonNullable<Shelf["model"]> }> {
    const { catalogue, manifest } = await config(large.shop);
    const parsed = parseManifest(manifest!.payload);
    const light = parsed.ok ? parsed.value.heads!.find(({ name }) => name === "light")! : undefined;
    const model = readModel(new Uint8Array(await (await file(large.shop, light!.sha256)).arrayBuffer()));
    const { cards } = await (await file(large.shop, catalogue!.sha256)).json<CatalogueSnapshot>();
    return createShelf(cards, { model, version: 1 }) as Shelf & { model: NonNullable<Shelf["model"]> };
  }

  it("gives devices a light head first and the rest of the standard one beside it, each within its budget of rows and cards", async () => {
    const { catalogue } = await config(large.shop);
    const first = await (await file(large.shop, catalogue!.sha256)).json<CatalogueSnapshot>();
    expect(first.cards).toHaveLength(large.heads[0]!.items);
    const rest = await (await file(large.shop, first.more!.sha256)).json<CatalogueSnapshot>();
    expect(first.cards.length + rest.cards.length).toBe(large.heads[1]!.items);
    expect(new Set([...first.cards, ...rest.cards].map(({ id }) => id)).size).toBe(large.heads[1]!.items);
    for (const [head, cards] of [[large.heads[0]!, first.cards], [large.heads[1]!, [...first.cards, ...rest.cards]]] as const) {
      const bytes = new Uint8Array(await (await file(large.shop, head.sha256)).arrayBuffer());
      expect([bytes.byteLength, await sha256Hex(bytes)]).toEqual([head.bytes, head.sha256]);
      expect(cards.map(({ id }) => id).sort()).toEqual([...readModel(bytes).itemIds].sort());
      expect(rowBytes(MODEL, head.bytes) + cards.map(cardBytes).reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(HEAD_BYTES[head.name]);
    }
    expect(JSON.stringify([first, rest])).not.toContain("quantity");
  });

  it("adds the tail's candidates for a shopper's history, so that the device shows what the edge itself would, for the same reasons", async () => {
    const history = [RARE, MODEL.itemIds.at(-40)!].map((item_id, at) => ({ item_id, kind: "view" as const, ageMs: (2 - at) * 60_000 }));
    const answer = await personal(large.shop, { history });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    const head = await device();
    const read = readCandidates(await answer.json<Candidates>(), head.model);
    const context = { cart: [], dismissed: [], shown: [], nowMs: NOON, history: history.map(({ ageMs, ...entry }) => ({ ...entry, atMs: NOON - ageMs })) };
    const slate = await recommend(joinShelf(head, read.ok ? [read.value] : []), { id: "home-for-you", strategy: "for_you", k: 12 }, context, "treatment", undefined, { because: true });
    const edge = await large.shop.edge.fetch(routes.recommend, { method: "POST", headers: { origin: SHOP_ORIGIN }, body: JSON.stringify({ key: large.shop.writeKey, placement: "home-for-you", history }) });
    const shown = (await edge.json<RecommendResponse>()).items;
    expect(slate.items).toEqual(shown);
    expect(shown.filter(({ item_id }) => head.cardOf(item_id) === undefined).length).toBeGreaterThan(0);
  });

  it("gives the candidates of one product to everybody alike, to be cached", async () => {
    const path = candidatePaths.ofItem(large.shop.writeKey, 1, "standard", RARE);
    const answer = await large.shop.edge.fetch(path);
    expect([answer.status, answer.headers.get("cache-control"), answer.headers.get("access-control-allow-origin")]).toEqual([200, "public, max-age=300", "*"]);
    const { ids, cards, visits } = await answer.clone().json<Candidates>();
    expect(visits.map(({ id }) => id)).toEqual([RARE]);
    expect(ids).toContain(RARE);
    const held = new Set(byPopularity(MODEL).slice(0, large.heads[1]!.items).map((item) => MODEL.itemIds[item]!));
    expect(ids.filter((id) => held.has(id))).toEqual([]);
    expect(cards.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(JSON.stringify(cards)).not.toContain("quantity");
    expect(await (await large.shop.edge.fetch(path)).json()).toEqual(await answer.json());
  });

  it("refuses what cannot be joined or is not the shop's", async () => {
    const get = async (version: number, head: string, id: string, key = large.shop.writeKey) => {
      const answer = await large.shop.edge.fetch(candidatePaths.ofItem(key, version, head, id));
      return [answer.status, await codeOf(answer)];
    };
    expect(await get(2, "light", RARE)).toEqual([409, "other-version"]);
    expect(await get(1, "heavy", RARE)).toEqual([404, "no-head"]);
    expect(await get(1, "light", "nowhere")).toEqual([404, "unknown-item"]);
    expect(await get(1, "light", RARE, "wk_nobody")).toEqual([404, "unknown-key"]);
    expect(await codeOf(await personal(large.shop, {}, "https://elsewhere.example"))).toBe("foreign-origin");
    expect(await codeOf(await personal(large.shop, { head: "heavy" }))).toBe("invalid-request");
    expect(await codeOf(await personal(large.shop, { model_version: 3 }))).toBe("other-version");
  });
});

it("refuses a head that its weights do not make", async () => {
  const { publish, heads } = await largeShop();
  const [light, standard] = heads as [Head, Head];
  for (const wrong of [{ ...light, items: light.items + 1 }, { ...light, sha256: "0".repeat(64) }, { ...light, items: MODEL.itemIds.length }]) {
    expect(await codeOf(await publish({ heads: [wrong, standard] }))).toBe("head-mismatch");
  }
});

it("has no second stage for a shop whose devices hold all of it", async () => {
  const { shop, publish } = await largeShop();
  await publish({ heads: [] });
  expect(await codeOf(await shop.edge.fetch(candidatePaths.ofItem(shop.writeKey, 1, "light", RARE)))).toBe("no-head");
  const { catalogue } = await config(shop);
  expect(catalogue!.products).toBe(MODEL.itemIds.length);
});
