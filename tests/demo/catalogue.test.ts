import { describe, expect, it } from "vitest";
import { parseProduct } from "../../core/catalogue.ts";
import { DEMO_CATALOGUE_SEED, generateShop, gtinCheckDigit } from "../../demo/catalogue/generate.ts";
import { ASSORTMENTS } from "../../demo/catalogue/assortment.ts";
import { BRANDS } from "../../demo/catalogue/brands.ts";
import { CATEGORIES, CATEGORY_BY_ID, DEPARTMENTS, productTypeOf } from "../../demo/catalogue/taxonomy.ts";

const { products, facts } = generateShop({ seed: DEMO_CATALOGUE_SEED });
const share = (count: number) => count / products.length;

describe("the generated catalogue", () => {
  it("holds a department store: 1,200 rows or more, 900 products or more, 12 to 40 rows a category", () => {
    expect(products.length).toBeGreaterThanOrEqual(1200);
    expect(new Set(products.map(({ id, item_group_id }) => item_group_id ?? id)).size).toBeGreaterThanOrEqual(900);
    for (const category of CATEGORIES) {
      const rows = products.filter(({ product_type }) => product_type === productTypeOf(category)).length;
      expect(rows, category.id).toBeGreaterThanOrEqual(12);
      expect(rows, category.id).toBeLessThanOrEqual(40);
    }
  });

  it("gives the same shop for the same seed and another for another", () => {
    expect(generateShop({ seed: DEMO_CATALOGUE_SEED })).toEqual({ products, facts });
    expect(generateShop({ seed: DEMO_CATALOGUE_SEED + 1 }).products[0]).not.toEqual(products[0]);
  });

  it("has only rows that the catalogue's schema takes, unchanged", () => {
    for (const product of products) expect(parseProduct(product)).toEqual({ ok: true, value: product });
  });

  it("uses no id, link, title or GTIN twice", () => {
    for (const field of ["id", "link", "title", "gtin"] as const) expect(new Set(products.map((product) => product[field])).size, field).toBe(products.length);
  });

  it("writes GTINs whose check digit is right", () => {
    // GS1's own worked example, and an EAN printed on a well-known pen (the first alone is blind to swapped weights).
    expect(gtinCheckDigit("629104150021")).toBe(3);
    expect(gtinCheckDigit("400638133393")).toBe(1);
    for (const { gtin } of products) expect(gtinCheckDigit(gtin!.slice(0, 12))).toBe(Number(gtin![12]));
  });

  it("puts about a seventh on sale and a twenty-fifth out of stock, and never sells below cost", () => {
    const onSale = products.filter(({ sale_price }) => sale_price !== undefined);
    expect(share(onSale.length)).toBeGreaterThan(0.1);
    expect(share(onSale.length)).toBeLessThan(0.2);
    for (const { sale_price, price } of onSale) expect(sale_price!).toBeLessThan(price);
    const out = products.filter(({ availability }) => availability === "out_of_stock");
    expect(share(out.length)).toBeGreaterThan(0.025);
    expect(share(out.length)).toBeLessThan(0.065);
    for (const product of products) {
      expect(product.quantity === 0).toBe(product.availability === "out_of_stock");
      expect(product.cost_of_goods_sold!).toBeLessThan(product.sale_price ?? product.price);
    }
  });

  it("knows the latent facts of every row, the same for all variants of one product", () => {
    expect([...facts.keys()]).toEqual(products.map(({ id }) => id));
    const appeal = new Map<string, number>();
    for (const { id, item_group_id, product_type } of products) {
      const fact = facts.get(id)!;
      expect(productTypeOf(CATEGORY_BY_ID.get(fact.category)!)).toBe(product_type);
      for (const value of [fact.priceTier, fact.quality]) expect(value >= 0 && value <= 1).toBe(true);
      const group = item_group_id ?? id;
      expect(fact.baseAppeal).toBe(appeal.get(group) ?? fact.baseAppeal);
      appeal.set(group, fact.baseAppeal);
    }
  });
});

describe("the taxonomy", () => {
  it("names only categories and departments that exist", () => {
    for (const category of CATEGORIES) {
      expect(DEPARTMENTS.some(({ id }) => id === category.department), category.id).toBe(true);
      for (const id of category.complements) expect(CATEGORY_BY_ID.has(id), `${category.id} → ${id}`).toBe(true);
      expect(category.complements).not.toContain(category.id);
      expect(ASSORTMENTS[category.id], category.id).toBeDefined();
    }
    for (const brand of BRANDS) for (const id of brand.departments) expect(DEPARTMENTS.some((department) => department.id === id), brand.name).toBe(true);
  });

  it("spreads each category's demand over twelve months with mean 1", () => {
    for (const { id, season } of CATEGORIES) {
      expect(season, id).toHaveLength(12);
      expect(season.reduce((sum, weight) => sum + weight, 0) / 12, id).toBeCloseTo(1, 9);
    }
  });
});
