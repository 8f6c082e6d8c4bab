import { expect, test } from "vitest";
import { CARD_FIELDS, categoryPath, currentPrice, isBuyable, parseProduct, toCard, type Product } from "../../core/catalogue.ts";

const KETTLE: Product = { id: "K1", title: "Kettle", link: "/kettle", price: 30, sale_price: 24, quantity: 7, cost_of_goods_sold: 11, availability: "in_stock", brand: "Alba" };

test("a card carries neither cost nor stock to the shopper's device", () => {
  expect(toCard(KETTLE)).toEqual({ id: "K1", title: "Kettle", link: "/kettle", price: 30, sale_price: 24, availability: "in_stock", brand: "Alba" });
  for (const secret of ["quantity", "cost_of_goods_sold"]) expect(CARD_FIELDS).not.toContain(secret);
});

test("a sale price may equal the price, not exceed it", () => {
  expect(parseProduct({ ...KETTLE, sale_price: 30 }).ok).toBe(true);
  expect(parseProduct({ ...KETTLE, sale_price: 30.01 }, "line 4")).toMatchObject({ ok: false, path: "line 4.sale_price" });
});

test.each(["id", "title", "link", "price"])("a product without %s is refused", (field) => {
  expect(parseProduct({ ...KETTLE, sale_price: undefined, [field]: undefined })).toMatchObject({ ok: false, path: `product.${field}` });
});

test.each([
  "http://", "https://", "https://[bad", "https:kettle.example", "javascript:alert(1)", "data:text/html,kettle", "ftp://shop.example/kettle", "kettle", "?id=1", " /kettle",
  "//elsewhere.example/kettle", "/\\elsewhere.example/kettle", "/\t/elsewhere.example/kettle",
])("a row that links to %j is refused, and so is a picture there", (link) => {
  expect(parseProduct({ ...KETTLE, link })).toMatchObject({ ok: false, path: "product.link" });
  expect(parseProduct({ ...KETTLE, image_link: link }, "line 4")).toMatchObject({ ok: false, path: "line 4.image_link" });
});

test.each(["/", "/kettle", "/kettle?colour=red#reviews", "/a b/kettle", "/kettles//7", "https://shop.example/kettle", "HTTP://shop.example", "http://localhost:4321/p/1", "https://köttel.example/é"])("a product may link to %s", (link) => {
  expect(parseProduct({ ...KETTLE, link, image_link: link })).toMatchObject({ ok: true, value: { link, image_link: link } });
});

test("everything but out of stock can be bought, and the sale price is what is paid", () => {
  expect((["in_stock", "preorder", "backorder", "out_of_stock", undefined] as const).map((availability) => isBuyable({ availability }))).toEqual([true, true, true, false, true]);
  expect(currentPrice({ price: 30, sale_price: 24 })).toBe(24);
  expect(currentPrice({ price: 30 })).toBe(30);
  expect(currentPrice({ price: 30, sale_price: 0 })).toBe(0);
});

test("a category path loses stray spaces and empty levels", () => {
  expect(categoryPath(" Home >  Kitchen>Kettles > ")).toEqual(["Home", "Kitchen", "Kettles"]);
  expect(categoryPath(undefined)).toEqual([]);
});
