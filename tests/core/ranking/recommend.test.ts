import { expect, test, vi } from "vitest";
import type { Card } from "../../../core/catalogue.ts";
import type { HistoryEntry } from "../../../core/history.ts";
import { ID_PATTERN } from "../../../core/ids.ts";
import { rankHistory } from "../../../core/model/rank.ts";
import type { ShopperContext } from "../../../core/ranking/policy.ts";
import { createShelf, fromDraft, recommend, strategyHistory } from "../../../core/ranking/recommend.ts";
import { randomModel } from "../random-model.ts";

const NOW = 1_700_000_000_000;
const MODEL = randomModel({ width: 16, length: 10, blocks: 1, heads: 2, neighbours: 8 }, 80, 1);
const CARDS: Card[] = MODEL.itemIds.map((id) => ({ id, title: id, link: `/${id}`, price: 1 }));
const PLACEMENT = { id: "home-for-you", strategy: "for_you", k: 12 } as const;
const NOBODY: ShopperContext = { cart: [], history: [], dismissed: [], shown: [], nowMs: NOW };
const seen = (item_id: string): HistoryEntry => ({ item_id, kind: "view", atMs: NOW - 60_000 });
const shelf = createShelf(CARDS, { model: MODEL, version: 4 });
const ids = (slate: { items: { item_id: string }[] }) => slate.items.map(({ item_id }) => item_id);

test("a shopper with a history gets the model's ranking, under the policy", async () => {
  const history = [seen("item-3"), seen("item-40")];
  const slate = await recommend(shelf, PLACEMENT, { ...NOBODY, history }, "treatment");
  expect(slate).toMatchObject({ placement: "home-for-you", strategy: "for_you", model_version: 4, arm: "treatment" });
  expect(slate.slate_id).toMatch(new RegExp(ID_PATTERN));
  expect(slate.items).toHaveLength(12);
  expect(ids(slate)).not.toContain("item-3");
  expect(slate.items.map(({ position }) => position)).toEqual([...Array(12).keys()]);
  const scores = slate.items.map(({ score }) => score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(slate.cards.map(({ id }) => id)).toEqual(ids(slate));
});

test.each([
  ["there is no model", createShelf(CARDS, null), [seen("item-3")]],
  ["nothing has been looked at", shelf, []],
  ["the model knows nothing of what was looked at", shelf, [seen("new-product")]],
] as const)("popularity serves when %s", async (_, given, history) => {
  const slate = await recommend(given, PLACEMENT, { ...NOBODY, history }, "treatment");
  expect(slate).toMatchObject({ strategy: "popular", model_version: 0 });
  const rested = new Set(history.map(({ item_id }) => item_id));
  expect(ids(slate)).toEqual(CARDS.map(({ id }) => id).filter((id) => !rested.has(id)).slice(0, 12));
});

test("products that the model knows and the catalogue no longer has are not shown", async () => {
  const half = CARDS.filter((_, i) => i % 2 === 0);
  const slate = await recommend(createShelf(half, { model: MODEL, version: 4 }), PLACEMENT, { ...NOBODY, history: [seen("item-3")] }, "treatment");
  expect(slate.items).toHaveLength(12);
  for (const id of ids(slate)) expect(half.some((card) => card.id === id)).toBe(true);
});

test("products newer than the model fill what it leaves empty", async () => {
  const few = [CARDS[0]!, CARDS[1]!, { id: "brand-new", title: "New", link: "/new", price: 2 }];
  const slate = await recommend(createShelf(few, { model: MODEL, version: 4 }), PLACEMENT, { ...NOBODY, history: [seen("item-3")] }, "treatment");
  expect(ids(slate).sort()).toEqual(["brand-new", "item-0", "item-1"]);
});

test("a device's own engine is asked once, and its order is what ranks", async () => {
  const rank = vi.fn(async () => ({ items: Int32Array.of(79, 2), scores: Float32Array.of(2, 1) }));
  const slate = await recommend(shelf, PLACEMENT, { ...NOBODY, history: [seen("item-3")] }, "treatment", rank);
  expect(rank).toHaveBeenCalledOnce();
  expect(ids(slate).slice(0, 2)).toEqual(["item-79", "item-2"]);
  const plain = await recommend(shelf, PLACEMENT, { ...NOBODY, history: [seen("item-3")] }, "treatment", async (...input) => rankHistory(...input));
  expect(ids(plain)).toEqual(ids(await recommend(shelf, PLACEMENT, { ...NOBODY, history: [seen("item-3")] }, "treatment")));
});

test("a long history does not use up the candidates", async () => {
  const history = MODEL.itemIds.slice(0, 60).map(seen);
  const slate = await recommend(shelf, PLACEMENT, { ...NOBODY, history }, "treatment");
  expect(slate.items).toHaveLength(12);
  // The fill by popularity has no score.
  for (const { score } of slate.items) expect(score).not.toBe(0);
});

test("each strategy reads its own part of what the shopper did", () => {
  const context: ShopperContext = { ...NOBODY, itemId: "page", cart: ["in-cart"], history: [seen("before")] };
  const read = (strategy: Parameters<typeof strategyHistory>[0], change: Partial<ShopperContext> = {}) => strategyHistory(strategy, { ...context, ...change })?.map(({ item_id }) => item_id) ?? null;
  expect(read("popular")).toBeNull();
  expect(read("for_you")).toEqual(["before"]);
  expect(read("for_you", { history: [] })).toBeNull();
  expect(read("similar")).toEqual(["page"]);
  expect(read("similar", { itemId: undefined })).toEqual(["before"]);
  expect(read("bought_together")).toEqual(["in-cart"]);
  expect(read("bought_together", { cart: [] })).toEqual(["page"]);
  expect(read("bought_together", { cart: [], itemId: undefined })).toBeNull();
});

test("says why where it is asked to, of every item that the history speaks for", async () => {
  const history = [seen("item-3"), seen("item-40")];
  const plain = await recommend(shelf, PLACEMENT, { ...NOBODY, history }, "treatment");
  expect(plain.items.filter(({ because }) => because)).toEqual([]);
  const { items } = await recommend(shelf, PLACEMENT, { ...NOBODY, history }, "treatment", undefined, { because: true });
  expect(items.map(({ item_id }) => item_id)).toEqual(ids(plain));
  for (const { because } of items) {
    expect(because!.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const { item_id } of because!) expect(["item-3", "item-40"]).toContain(item_id);
  }
  const popular = await recommend(shelf, PLACEMENT, NOBODY, "treatment", undefined, { because: true });
  expect(popular.items.filter(({ because }) => because)).toEqual([]);
});

test("what a shopper does not want moves what is like it down, and no longer once it is wanted again", async () => {
  const history = [seen("item-3"), seen("item-40")];
  const context = { ...NOBODY, history };
  const before = await recommend(shelf, PLACEMENT, context, "treatment");
  const [unwanted] = ids(before) as [string];
  const choices = [{ item_id: unwanted, dismissed: true, shown: ids(before) }];
  const after = await recommend(shelf, PLACEMENT, { ...context, choices, dismissed: [unwanted] }, "treatment");
  const blocked = await recommend(shelf, PLACEMENT, { ...context, dismissed: [unwanted] }, "treatment");
  expect(ids(after)).not.toContain(unwanted);
  expect(ids(after)).not.toEqual(ids(blocked));
  expect(ids(await recommend(shelf, PLACEMENT, { ...context, choices }, "treatment"))).toEqual(ids(before));
});

test("a draft with more places gives the slate that a new ranking would, under the page's own policy, or none where it has too few left", async () => {
  const context = { ...NOBODY, history: [seen("item-3"), seen("item-40")] };
  const draft = await recommend(shelf, { ...PLACEMENT, k: 20 }, context, "treatment");
  const again = await recommend(shelf, PLACEMENT, context, "treatment");
  expect(fromDraft(draft, PLACEMENT, context)).toEqual({ ...again, slate_id: expect.stringMatching(ID_PATTERN) as string });
  const [first] = ids(again) as [string];
  expect(ids(fromDraft(draft, PLACEMENT, { ...context, shown: [first] })!)).toEqual(ids(await recommend(shelf, PLACEMENT, { ...context, shown: [first] }, "treatment")));
  expect(fromDraft(draft, PLACEMENT, { ...context, shown: ids(draft).slice(0, 9) })).toBeNull();
});
