import { expect, test } from "vitest";
import type { Card } from "../../../core/catalogue.ts";
import { readModel } from "../../../core/model/config.ts";
import { cardBytes, fileFor, HEAD_BYTES, headFile, headFor, planHeads, rowBytes, WHOLE_SHOP_PRODUCTS } from "../../../core/weights/head.ts";
import { randomModel } from "../random-model.ts";

const CONFIG = { width: 16, length: 8, blocks: 1, heads: 2, neighbours: 10 };
const cardOf = (id: string): Card => ({ id, title: `A product that is called ${id}`, link: `/products/${id}`, image_link: `/pictures/${id}.webp`, price: 10, brand: "Someone & Daughters" });

test("shops of up to 2,000 products ship whole, larger ones to every device whose budget has room for all of them", () => {
  expect(planHeads(randomModel(CONFIG, WHOLE_SHOP_PRODUCTS, 1), cardOf)).toEqual([]);
  expect(planHeads(randomModel(CONFIG, WHOLE_SHOP_PRODUCTS + 1, 1), cardOf).map(({ name }) => name)).toEqual(["light"]);
});

test("a larger shop's heads take as many products as the budget has room for, rows and cards together", () => {
  const model = randomModel(CONFIG, 8_000, 1);
  for (const { name, items } of planHeads(model, cardOf)) {
    const spent = (count: number) => {
      const file = headFile(model, count);
      const { itemIds } = readModel(file);
      return rowBytes(model, file.byteLength) + itemIds.reduce((sum, id) => sum + cardBytes(cardOf(id)), 0);
    };
    expect(spent(items)).toBeLessThanOrEqual(HEAD_BYTES[name]);
    expect(spent(items + 1)).toBeGreaterThan(HEAD_BYTES[name]);
  }
});

test("a device that saves data, or has little memory, reads the light head; one that tells nothing the standard one", () => {
  expect(headFor({})).toBe("standard");
  expect(headFor({ saveData: false, deviceMemory: 2 })).toBe("standard");
  expect(headFor({ saveData: true, deviceMemory: 8 })).toBe("light");
  expect(headFor({ deviceMemory: 1 })).toBe("light");
  const weights = { sha256: "w", bytes: 9 };
  const heads = [{ name: "light", items: 1, sha256: "l", bytes: 1 }, { name: "standard", items: 2, sha256: "s", bytes: 2 }] as const;
  expect(fileFor({ weights, heads: [...heads] }, "light")).toEqual({ sha256: "l", bytes: 1, whole: false });
  expect(fileFor({ weights }, "light")).toEqual({ sha256: "w", bytes: 9, whole: true });
});
