import { expect, test } from "vitest";
import { toCard, type Product } from "../../core/catalogue.ts";
import { sha256Hex } from "../../core/ids.ts";
import { readModel } from "../../core/model/config.ts";
import { cardBytes, HEAD_BYTES, headFile, rowBytes } from "../../core/weights/head.ts";
import { headsOf } from "../../trainer/publish.ts";
import { randomModel } from "../core/random-model.ts";

const CONFIG = { width: 16, length: 8, blocks: 1, heads: 2, neighbours: 10 };
const productsOf = (ids: readonly string[]): Product[] => ids.map((id) => ({ id, title: `A product that is called ${id}`, description: "Long. ".repeat(50), link: `/products/${id}`, price: 10, quantity: 3 }));

test("a large shop's manifest names heads that anybody with the weights makes again, within their budgets with the cards that devices get", async () => {
  const model = randomModel(CONFIG, 6_000, 1);
  const products = productsOf(model.itemIds);
  const cards = new Map(products.map((product) => [product.id, toCard(product)]));
  const heads = await headsOf(model, products);
  expect(heads.map(({ name }) => name)).toEqual(["light", "standard"]);
  for (const { name, items, sha256, bytes } of heads) {
    const file = headFile(model, items);
    expect([await sha256Hex(file), file.byteLength]).toEqual([sha256, bytes]);
    const { itemIds } = readModel(file);
    expect(itemIds).toHaveLength(items);
    const spent = rowBytes(model, bytes) + itemIds.reduce((sum, id) => sum + cardBytes(cards.get(id)!), 0);
    expect(spent).toBeLessThanOrEqual(HEAD_BYTES[name]);
    expect(spent).toBeGreaterThan(0.95 * HEAD_BYTES[name]);
  }
});

test("a small shop's manifest names none: its devices hold all of the model", async () => {
  const model = randomModel(CONFIG, 300, 1);
  expect(await headsOf(model, productsOf(model.itemIds))).toEqual([]);
});
