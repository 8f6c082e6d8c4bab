/** From a strategy and a shopper to a slate: the one path that devices and the edge both take. */
import type { Card } from "../catalogue.ts";
import type { Arm } from "../events.ts";
import { encodeHistory, type EncodedHistory, type HistoryEntry } from "../history.ts";
import { createId } from "../ids.ts";
import type { Model } from "../model/config.ts";
import { explain } from "../model/because.ts";
import { rankHistory, type Ranked, type RankOptions } from "../model/rank.ts";
import type { DrawnSlate, Placement, Strategy } from "../slate.ts";
import { shiftOf, shiftScore } from "./adaptation.ts";
import { applyPolicy, type ShopperContext } from "./policy.ts";
import { topK } from "./topk.ts";

/** Candidates that the policy chooses a slate's k from, at the least. */
const CANDIDATES = 100;

export interface RecommendOptions {
  /** Whether to say of each item what of the history speaks for it. */
  because?: boolean;
}

/** What is known of the shop: its cards, most popular first, and its model, if one is published and not paused. */
export interface Shelf {
  cards: readonly Card[];
  cardOf: (itemId: string) => Card | undefined;
  model: { model: Model; version: number } | null;
  /** The model's items that have no card, a bit each, as `RankOptions.skip` has them. */
  withoutCard: Uint32Array;
}

/** @param more cards of further products, which may be shown but are not among the popular ones */
export function createShelf(cards: readonly Card[], model: Shelf["model"], more?: { has(itemId: string): boolean; find(itemId: string): Card | undefined }): Shelf {
  const byId = new Map(cards.map((card) => [card.id, card]));
  const ids = model?.model.itemIds ?? [];
  const withoutCard = new Uint32Array(Math.ceil(ids.length / 32));
  ids.forEach((id, item) => {
    if (!byId.has(id) && !more?.has(id)) withoutCard[item >>> 5]! |= 1 << (item & 31);
  });
  return { cards, cardOf: (itemId) => byId.get(itemId) ?? more?.find(itemId), model, withoutCard };
}

/** Ranks the model's items for one input. Plain loops by default; devices pass their engine's. */
export type RankInput = (model: Model, input: EncodedHistory, options: RankOptions) => Ranked | Promise<Ranked>;

/**
 * What a strategy reads as the shopper's history: all of it, the page's product alone, or the cart.
 * @returns null where the strategy has nothing personal to go by and popularity serves
 */
export function strategyHistory(strategy: Strategy, context: ShopperContext): HistoryEntry[] | null {
  const page = context.itemId === undefined ? [] : [{ item_id: context.itemId, kind: "view" as const, atMs: context.nowMs }];
  const cart = context.cart.map((item_id) => ({ item_id, kind: "cart" as const, atMs: context.nowMs }));
  switch (strategy) {
    case "popular":
      return null;
    case "similar":
      return page.length > 0 ? page : nullIfEmpty([...context.history]);
    case "bought_together":
      return nullIfEmpty(cart.length > 0 ? cart : page);
    case "for_you":
      return nullIfEmpty([...context.history]);
  }
}

/**
 * Makes one slate. Popular products fill up what the model has no answer for: products it does not know yet,
 * and every place when there is no model or nothing to go by.
 */
export async function recommend(
  shelf: Shelf,
  placement: Pick<Placement, "id" | "strategy" | "k">,
  context: ShopperContext,
  arm: Arm,
  rank?: RankInput,
  { because = false }: RecommendOptions = {},
): Promise<DrawnSlate> {
  const history = shelf.model ? strategyHistory(placement.strategy, context) : null;
  const input = shelf.model && history ? encodeHistory(history, (id) => shelf.model!.model.indexOf.get(id), shelf.model.model.config.length) : null;
  const personal = shelf.model !== null && input !== null && input.count > 0;
  const reasons = because && personal ? explain(shelf.model!.model, input) : null;
  const options = { k: CANDIDATES + placement.k + context.history.length, skip: shelf.withoutCard };
  const rankInput = rank ?? ((model: Model, given: EncodedHistory) => rankHistory(model, given, options, reasons?.session));
  const ranked = personal ? adapt(shelf.model!.model, await rankInput(shelf.model!.model, input, options), input, context) : null;
  const chosen = fillSlate(shelf, ranked, placement, context);
  const reasonsOf = (itemId: string) => {
    const item = shelf.model!.model.indexOf.get(itemId);
    return item === undefined ? [] : reasons!.because(item);
  };
  return {
    slate_id: createId(),
    placement: placement.id,
    strategy: personal ? placement.strategy : "popular",
    model_version: personal ? shelf.model!.version : 0,
    arm,
    items: chosen.map(({ card, score }, position) => ({ item_id: card.id, position, score, propensity: 1, ...(reasons && { because: reasonsOf(card.id) }) })),
    cards: chosen.map(({ card }) => card),
  };
}

/**
 * A slate from one that was made with more places, for the page as it is now; null where too few of it are left. What the
 * policy took out of that one stays out, so that it serves only as long as history, cart and dismissals are what they were.
 */
export function fromDraft(draft: DrawnSlate, placement: Pick<Placement, "id" | "strategy" | "k">, context: ShopperContext): DrawnSlate | null {
  const byId = new Map(draft.cards.map((card) => [card.id, card]));
  const candidates = draft.items.map(({ item_id, score }) => ({ card: byId.get(item_id)!, score }));
  const chosen = applyPolicy(candidates, placement.strategy, context, (id) => byId.get(id), placement.k);
  if (chosen.length < placement.k) return null;
  return {
    ...draft, slate_id: createId(), placement: placement.id,
    items: chosen.map(({ card, score }, position) => ({ item_id: card.id, position, score, propensity: 1 })),
    cards: chosen.map(({ card }) => card),
  };
}

/** A ranking's best in the order of the shopper's own layer, which is bounded: what is not among them would not come near the top. */
function adapt(model: Model, ranked: Ranked, input: EncodedHistory, { choices, dismissed }: ShopperContext): Ranked {
  const shift = choices && shiftOf(model, choices.filter((choice) => !choice.dismissed || dismissed.includes(choice.item_id)), input);
  if (!shift) return ranked;
  const scores = ranked.scores.map((score, place) => score + shiftScore(model, shift, ranked.items[place]!));
  const order = topK(scores, scores.length);
  return { items: Int32Array.from(order, (place) => ranked.items[place]!), scores: Float32Array.from(order, (place) => scores[place]!) };
}

/** Filters a ranking, and fills up by popularity. @param ranked of the shelf's model, or null for popularity alone */
function fillSlate(shelf: Shelf, ranked: Ranked | null, placement: Pick<Placement, "strategy" | "k">, context: ShopperContext): { card: Card; score: number }[] {
  return applyPolicy(candidatesOf(shelf, ranked), placement.strategy, context, shelf.cardOf, placement.k);
}

/** One after the other: of a large shop's cards the policy sees the first few. */
function* candidatesOf(shelf: Shelf, ranked: Ranked | null): Generator<{ card: Card; score: number }> {
  for (let place = 0; ranked && place < ranked.items.length; place += 1) {
    yield { card: shelf.cardOf(shelf.model!.model.itemIds[ranked.items[place]!]!)!, score: ranked.scores[place]! };
  }
  for (const card of shelf.cards) yield { card, score: 0 };
}

function nullIfEmpty(entries: HistoryEntry[]): HistoryEntry[] | null {
  return entries.length > 0 ? entries : null;
}
