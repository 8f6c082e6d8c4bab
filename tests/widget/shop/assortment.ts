/** A small assortment in clear categories, with a signed model that knows them: what the widget's tests recommend from. */
import type { Card, CatalogueSnapshot } from "../../../core/catalogue.ts";
import { sha256Hex } from "../../../core/ids.ts";
import { encoderShapes, NO_NEIGHBOUR, quantiseRows, writeModel, type Model, type ModelConfig } from "../../../core/model/config.ts";
import { headFile } from "../../../core/weights/head.ts";
import { fingerprint, HEAD_NAMES, signManifest, type Head, type Manifest, type SignedManifest } from "../../../core/weights/manifest.ts";

export const SHOP = "tea-house";
const CATEGORIES = ["Tea", "Coffee", "Cups", "Kettles", "Honey"];
const PER_CATEGORY = 12;

/** Popular ones first: categories take turns, so that any 12 neighbours hold two or three of each. */
export const CARDS: Card[] = Array.from({ length: CATEGORIES.length * PER_CATEGORY }, (_, index) => {
  const category = CATEGORIES[index % CATEGORIES.length]!;
  const number = Math.floor(index / CATEGORIES.length) + 1;
  const onSale = index % 7 === 3;
  return {
    id: `${category.toLowerCase()}-${number}`,
    title: `${category} no. ${number}${index % 4 === 1 ? ", in a tin that keeps what it holds fresh for a long while" : ""}`,
    link: `/product/${category.toLowerCase()}-${number}`,
    image_link: `/pictures/${category.toLowerCase()}-${number}.svg`,
    availability: "in_stock",
    price: 5 + index,
    ...(onSale && { sale_price: 4 + index * 0.8 }),
    brand: ["Morning & Sons", "Kanji", "Hill"][index % 3]!,
    product_type: category,
    ...(index % 5 !== 4 && { rating_value: 3.2 + (index % 9) / 5, review_count: 3 + index * 7 }),
  };
});

export const snapshot: CatalogueSnapshot = { shop: SHOP, currency: "EUR", createdAtMs: 1_700_000_000_000, cards: CARDS };

/** A model without attention: the session is the mean of its items, and items of a category are alike. */
export function teaModel(): Model {
  const config: ModelConfig = { width: 8, length: 10, blocks: 0, heads: 1, neighbours: 2 };
  const encoder: Model["encoder"] = {};
  for (const [name, shape] of encoderShapes(config)) encoder[name] = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(/Norm$/.test(name) ? 1 : 0);
  const rows = new Float32Array(CARDS.length * config.width);
  CARDS.forEach((_, index) => {
    rows[index * config.width + (index % CATEGORIES.length)] = Math.sqrt(0.95);
    rows[index * config.width + CATEGORIES.length + (index % 3)] = Math.sqrt(0.05);
  });
  const itemIds = CARDS.map(({ id }) => id);
  return {
    config, itemIds, encoder, ...quantiseRows(rows, config.width),
    indexOf: new Map(itemIds.map((id, index) => [id, index])),
    neighbours: new Uint32Array(CARDS.length * 2).fill(NO_NEIGHBOUR),
    neighbourWeights: new Uint8Array(CARDS.length * 2),
    popularity: Float32Array.from(CARDS, (_, index) => 1 - index / CARDS.length),
    blend: [0.2, 0, 1],
  };
}

export interface Published {
  weights: Uint8Array<ArrayBuffer>;
  manifest: SignedManifest;
  signer: string;
  /** The version after, by the same signer: of a shop where what sold least sells most. */
  next(): Promise<Pick<Published, "weights" | "manifest">>;
}

/** Signs the model with a key made for this run. @param heads items in its light and in its standard head, where the shop has them */
export async function publish(version: number, heads?: { light: number; standard: number }): Promise<Published> {
  const weights = writeModel(teaModel());
  const keys = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  const figure = { value: 0.1, low: 0.1, high: 0.1 };
  const figures = { ndcg10: figure, recall10: figure, mrr10: figure };
  const manifest: Manifest = {
    format: "endcap-manifest/1", shop: SHOP, version, createdAtMs: Date.now(), expiresAtMs: Date.now() + 86_400_000,
    weights: { sha256: await sha256Hex(weights), bytes: weights.length },
    ...(heads && {
      heads: await Promise.all(HEAD_NAMES.map(async (name): Promise<Head> => {
        const file = headFile(teaModel(), heads[name]);
        return { name, items: heads[name], sha256: await sha256Hex(file), bytes: file.length };
      })),
    }),
    training: { dataHash: "0".repeat(64), seed: 1, steps: 0, backend: "none", workers: 1, events: 0, items: CARDS.length, config: "{}" },
    evaluation: { protocol: "none", cases: 0, clients: 0, model: figures, popularity: figures, itemKnn: figures, differences: { popularity: figure, itemKnn: figure } },
  };
  const sign = async (message: Uint8Array<ArrayBuffer>) => new Uint8Array(await crypto.subtle.sign("Ed25519", keys.privateKey, message));
  return {
    weights, manifest: await signManifest(manifest, publicKey, sign), signer: await fingerprint(publicKey),
    async next() {
      const model = teaModel();
      const other = writeModel({ ...model, popularity: model.popularity.toReversed() });
      const signed = await signManifest({ ...manifest, version: version + 1, weights: { sha256: await sha256Hex(other), bytes: other.length } }, publicKey, sign);
      return { weights: other, manifest: signed };
    },
  };
}
