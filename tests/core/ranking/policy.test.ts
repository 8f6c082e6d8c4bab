import { expect, test } from "vitest";
import type { Card } from "../../../core/catalogue.ts";
import type { HistoryKind } from "../../../core/history.ts";
import { applyPolicy, type ShopperContext } from "../../../core/ranking/policy.ts";
import type { Strategy } from "../../../core/slate.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const card = (id: string, extra: Partial<Card> = {}): Card => ({ id, title: id, link: `/${id}`, price: 1, ...extra });
const CARDS = [card("a"), card("b"), card("shirt-s", { item_group_id: "shirt" }), card("shirt-m", { item_group_id: "shirt" }), card("gone", { availability: "out_of_stock" }), card("c"), card("soon", { availability: "preorder" })];
const NOBODY: ShopperContext = { cart: [], history: [], dismissed: [], shown: [], nowMs: NOW };

function shown(context: Partial<ShopperContext>, strategy: Strategy = "for_you", k = 10, cards = CARDS): string[] {
  const cardOf = (id: string) => CARDS.find((candidate) => candidate.id === id);
  return applyPolicy(cards.map((each) => ({ card: each })), strategy, { ...NOBODY, ...context }, cardOf, k).map((chosen) => chosen.card.id);
}
const did = (kind: HistoryKind, item_id: string, agoMs: number) => ({ history: [{ item_id, kind, atMs: NOW - agoMs }] });

test("what is out of stock is never shown, what can be ordered ahead is", () => {
  expect(shown({})).toEqual(["a", "b", "shirt-s", "c", "soon"]);
});

test("one variant of a product is enough", () => {
  expect(shown({})).not.toContain("shirt-m");
});

test("the places are filled in the ranking's order, and no further", () => {
  expect(shown({}, "for_you", 2)).toEqual(["a", "b"]);
  expect(shown({}, "for_you", 0)).toEqual([]);
});

test("a product twice among the candidates is shown once", () => {
  expect(shown({}, "for_you", 10, [CARDS[0]!, CARDS[0]!, CARDS[1]!])).toEqual(["a", "b"]);
});

test.each([
  ["the product of the page", { itemId: "a" }],
  ["what is in the cart", { cart: ["a"] }],
  ["what the shopper asked not to see", { dismissed: ["a"] }],
  ["what a carousel above shows", { shown: ["a"] }],
] as const)("leaves out %s, on every strategy", (_, context) => {
  for (const strategy of ["for_you", "similar", "bought_together", "popular"] as const) expect(shown(context, strategy)).not.toContain("a");
});

test("leaves out the other variants of what is left out", () => {
  expect(shown({ cart: ["shirt-m"] })).not.toContain("shirt-s");
  expect(shown({ itemId: "shirt-m" }, "similar")).not.toContain("shirt-s");
});

test("a purchase rests for exactly thirty days, whatever the carousel is for", () => {
  expect(shown(did("purchase", "a", 30 * DAY - 1), "similar")).not.toContain("a");
  expect(shown(did("purchase", "a", 30 * DAY), "similar")).toContain("a");
  for (const strategy of ["for_you", "similar", "bought_together", "popular"] as const) expect(shown(did("purchase", "a", HOUR), strategy)).not.toContain("a");
});

test("what was looked at within the last day stays out of \"for you\", and only there", () => {
  expect(shown(did("view", "a", DAY - 1))).not.toContain("a");
  expect(shown(did("view", "a", DAY))).toContain("a");
  expect(shown(did("view", "a", HOUR), "similar")).toContain("a");
});

test("a product that has left the catalogue blocks nothing else", () => {
  expect(shown({ cart: ["discontinued"], itemId: "unknown" })).toEqual(["a", "b", "shirt-s", "c", "soon"]);
});
