/** One visit of a simulated shopper: what she came for, what she looks at, what she puts in the cart and buys. */
import { DAY_MS } from "../../core/calendar.ts";
import type { PageType } from "../../core/events.ts";
import type { Slate } from "../../core/slate.ts";
import { DEPARTMENTS } from "../catalogue/taxonomy.ts";
import type { Draw } from "./draw.ts";
import { COLOUR_NAMES, type Market } from "./market.ts";
import type { Recorder } from "./recorder.ts";
import { needsAt, rememberPurchase, type Memory, type Need, type Shopper } from "./shopper.ts";

/** Where the demo shop shows carousels, on which share of its page loads a shopper gets as far as one, and how many places it has. */
const PLACEMENTS: { readonly [page in "home" | "product" | "cart"]: { id: string; k: number; reached: number } } = {
  home: { id: "home-for-you", k: 12, reached: 0.4 },
  product: { id: "product-similar", k: 12, reached: 0.05 },
  cart: { id: "cart-together", k: 8, reached: 0.3 },
};
/** Of the carousels that were drawn, those that stood in view for a second. */
const VIEWED_SHARE = 0.75;
/** Chance that a shopper's eye gets to a place in a carousel: this for the first, times the decay for each further. */
const EXAMINE_FIRST = 0.6;
const EXAMINE_DECAY = 0.84;
/** Chance of a click on an examined product that is as good as the shop's average for this shopper at this moment. */
const CLICK_AVERAGE = 0.0022;
const MAX_CLICK = 0.15;

/** Shares of attention that an intent gives to what it is about. */
const FOCUS = { hunt: 0.8, complement: 0.65, replenish: 0.9 };
/** Chance of yet another product view in a visit. */
const AGAIN = 0.62;
const MAX_VIEWS = 25;

export const INTENTS = ["replenish", "complement", "hunt", "explore", "gift"] as const;
export type Intent = (typeof INTENTS)[number];

export interface VisitOutcome {
  bought: boolean;
  /** Wanted something that was out of stock. */
  disappointed: boolean;
  /** The order's number, where there was one. */
  transactionId?: string;
}

/** The shopper's true worths, just before she chooses which product to look at; valid only during the call. */
export type OnView = (view: { seq: number; chosen: number; worth: Float64Array }) => void;

interface Carousel {
  slate: Slate;
  /** The products' indices, by position. */
  items: readonly number[];
}

export interface VisitOptions {
  market: Market;
  shopper: Shopper;
  memory: Memory;
  draw: Draw;
  recorder: Recorder;
  currency: string;
  onView: OnView;
}

export function visit({ market, shopper, memory, draw, recorder, currency, onView }: VisitOptions): VisitOutcome {
  const month = new Date(recorder.nowMs).getUTCMonth();
  const needs = needsAt(memory, recorder.nowMs);
  const intent = drawIntent(market, needs, month, draw);
  const worth = judge(market, shopper, memory, needs, intent, month, recorder.nowMs, draw);
  const outcome: VisitOutcome = { bought: false, disappointed: false };
  let listed = -1;

  if (draw.chance(intent === "explore" ? 0.85 : 0.45)) recorder.open("home", "/", "Home");
  let carousel = draw.chance(0.6) ? showCarousel("home") : undefined;

  const views = draw.count(AGAIN, MAX_VIEWS);
  for (let n = 0; n < views && recorder.running; n += 1) {
    let chosen = carousel ? pickFromCarousel(carousel) : undefined;
    const cause = chosen === undefined ? undefined : carousel?.slate;
    if (chosen === undefined) {
      chosen = draw.weighted(worth);
      findIt(chosen);
    }
    recorder.pass(1_000 + 6_000 * draw.logNormal(0.6));
    const product = market.products[chosen]!;
    recorder.open("product", product.link, product.title);
    onView({ seq: recorder.nextSeq, chosen, worth });
    recorder.record("view_item", { currency, value: market.price[chosen]!, items: [recorder.item(chosen)], ...causedBy(cause) });
    seen(chosen);
    recorder.pass(22_000 * draw.logNormal(0.9));
    consider(chosen, cause);
    carousel = showCarousel("product", chosen);
  }
  if (memory.cart.size > 0 && recorder.running) checkOut();
  return outcome;

  /** How she gets to a product that she chose herself: by search, by its category's page, or straight from outside. */
  function findIt(chosen: number): void {
    const category = market.categories[market.category[chosen]!]!;
    recorder.pass(9_000 * draw.logNormal(0.7));
    if (draw.chance(0.1)) {
      const term = (draw.chance(0.4) ? `${COLOUR_NAMES[market.colour[chosen]!]} ` : draw.chance(0.2) ? `${market.products[chosen]!.brand} ` : "") + category.name.toLowerCase();
      recorder.open("search", "/search", "Search");
      recorder.record("search", { search_term: term });
      recorder.record("view_search_results", { search_term: term, results: Math.min(24, category.listed.length) });
      listed = -1;
    } else if (listed !== market.category[chosen]! && draw.chance(0.5)) {
      listed = market.category[chosen]!;
      const list = { item_list_id: category.id, item_list_name: category.name };
      recorder.open("category", `/c/${category.id}`, category.name);
      if (draw.chance(0.1)) recorder.record("view_item_list", { ...list, items: category.listed.slice(0, 10).map((item, index) => recorder.item(item, { index })) });
      if (draw.chance(0.35)) {
        recorder.pass(5_000 * draw.logNormal(0.7));
        recorder.record("select_item", { ...list, items: [recorder.item(chosen, { index: category.listed.indexOf(chosen) })] });
      }
    }
  }

  /** What a look at a product changes: it is known now, its like come into focus. */
  function seen(chosen: number): void {
    const { listed: siblings } = market.categories[market.category[chosen]!]!;
    for (const item of siblings) {
      let factor = 1.25;
      if (market.style[item] === market.style[chosen]) factor *= 1.3;
      if (market.theme[item] === market.theme[chosen]) factor *= 1.3;
      if (market.group[item] === market.group[chosen]) factor *= 1.4;
      worth[item]! *= factor;
    }
    worth[chosen]! *= 0.12;
    memory.marks.set(chosen, Math.max(memory.marks.get(chosen) ?? 0, 1.6));
  }

  function consider(chosen: number, cause: Slate | undefined): void {
    const category = market.categories[market.category[chosen]!]!;
    let best = 0;
    for (const item of category.listed) best = Math.max(best, shopper.liking[item]!);
    const fit = shopper.liking[chosen]! / best;
    const wanted = intent === "replenish" && needs.some((need) => need.kind === "replenish" && need.category === market.category[chosen]!);
    const eagerness = wanted ? 5 : intent === "explore" ? 0.6 : 1.1;
    if (draw.chance(Math.min(0.85, (0.03 + 0.24 * fit ** 0.6) * shopper.decisiveness * eagerness))) {
      if (!market.buyable[chosen]) {
        outcome.disappointed = true;
        return;
      }
      const quantity = category.replenishDays !== undefined && draw.chance(0.3) ? 2 : 1;
      recorder.pass(4_000 * draw.logNormal(0.5));
      recorder.record("add_to_cart", { currency, value: cents(market.price[chosen]! * quantity), items: [recorder.item(chosen, { quantity })], ...causedBy(cause) });
      if (cause) recorder.recordSlate("rec_add_to_cart", cause, chosen);
      memory.cart.set(chosen, (memory.cart.get(chosen) ?? 0) + quantity);
      // The need is met, what goes with it comes to mind.
      for (const item of category.listed) worth[item]! *= 0.1;
      category.complements.forEach((complement, place) => {
        for (const item of market.categories[complement]!.listed) worth[item]! *= (5 / (1 + place)) * matching(market, item, chosen);
      });
    } else if (draw.chance(0.02 + 0.05 * fit)) {
      recorder.record("add_to_wishlist", { currency, value: market.price[chosen]!, items: [recorder.item(chosen)] });
      memory.marks.set(chosen, 6);
    }
  }

  function checkOut(): void {
    const lines = [...memory.cart].map(([item, quantity]) => ({ item, quantity }));
    const items = lines.map(({ item, quantity }) => recorder.item(item, { quantity }));
    const value = cents(lines.reduce((sum, { item, quantity }) => sum + market.price[item]! * quantity, 0));
    for (const { item } of lines) memory.marks.set(item, 5);
    if (!draw.chance(0.85)) return;
    recorder.pass(8_000 * draw.logNormal(0.6));
    recorder.open("cart", "/cart", "Your cart");
    recorder.record("view_cart", { currency, value, items });
    showCarousel("cart");
    if (!draw.chance(0.7)) return;
    recorder.pass(20_000 * draw.logNormal(0.6));
    recorder.open("checkout", "/checkout", "Checkout");
    recorder.record("begin_checkout", { currency, value, items });
    if (!draw.chance(0.8)) return;
    recorder.pass(75_000 * draw.logNormal(0.5));
    if (!recorder.running) return;
    outcome.transactionId = `T${draw.id().slice(0, 10)}`;
    recorder.open("thank_you", "/thank-you", "Thank you");
    recorder.record("purchase", { transaction_id: outcome.transactionId, currency, value, shipping: value < 40 ? 3.95 : 0, items });
    outcome.bought = true;
    for (const { item, quantity } of lines) {
      memory.marks.set(item, market.categories[market.category[item]!]!.replenishDays === undefined ? 0.3 : 18);
      rememberPurchase(memory, market, draw, item, quantity, recorder.nowMs);
    }
    memory.cart.clear();
  }

  /** @returns the carousel, if the shopper is one of those who are shown carousels and got to see this one */
  function showCarousel(page: PageType & keyof typeof PLACEMENTS, current?: number): Carousel | undefined {
    const { id, k, reached } = PLACEMENTS[page];
    if (!draw.chance(reached) || recorder.arm === "holdout" || !recorder.running) return undefined;
    const items: number[] = [];
    for (const item of market.popular[month]!) {
      if (items.length === k) break;
      if (item !== current && !memory.cart.has(item)) items.push(item);
    }
    const slate = recorder.slate(id, items);
    recorder.pass(700);
    recorder.recordSlate("rec_render", slate);
    if (!draw.chance(VIEWED_SHARE)) return undefined;
    recorder.pass(1_500);
    recorder.recordSlate("rec_view", slate);
    if (draw.chance(0.004)) recorder.recordSlate("rec_dismiss", slate, items[draw.below(k)]!);
    return { slate, items };
  }

  /** Looks along the carousel from the left until something is worth a click. */
  function pickFromCarousel({ slate, items }: Carousel): number | undefined {
    let total = 0;
    for (const one of worth) total += one;
    let examine = EXAMINE_FIRST;
    for (const item of items) {
      const click = Math.min(MAX_CLICK, (CLICK_AVERAGE * worth[item]! * worth.length) / total);
      if (draw.chance(examine * click)) {
        recorder.pass(3_000 * draw.logNormal(0.5));
        recorder.recordSlate("rec_click", slate, item);
        return item;
      }
      examine *= EXAMINE_DECAY;
    }
    return undefined;
  }
}

function drawIntent(market: Market, needs: readonly Need[], month: number, draw: Draw): Intent {
  const giftSeason = market.categories.find(({ id }) => id === "mugs")!.season[month]!;
  const weights = [
    needs.some(({ kind }) => kind === "replenish") ? 4 : 0,
    needs.some(({ kind }) => kind === "complement") ? 1.4 : 0,
    1.3,
    0.7,
    0.1 * giftSeason ** 2,
  ];
  return INTENTS[draw.weighted(weights)]!;
}

/** What every product is worth to the shopper at the start of the visit; the next product she looks at is drawn in proportion. */
function judge(market: Market, shopper: Shopper, memory: Memory, needs: readonly Need[], intent: Intent, month: number, nowMs: number, draw: Draw): Float64Array {
  const n = market.products.length;
  const factors = Float64Array.from(market.categories, ({ season, replenishDays }, category) => {
    const ownedAtMs = memory.ownedAtMs.get(category);
    const owned = ownedAtMs === undefined || nowMs - ownedAtMs > 150 * DAY_MS ? 1 : replenishDays === undefined ? 0.3 : 0.5;
    return season[month]! * owned;
  });
  if (intent === "explore") {
    const department = draw.below(DEPARTMENTS.length);
    market.categories.forEach((category, index) => { if (category.department === department) factors[index]! *= 2.5; });
  }
  const worth = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    // A gift is for somebody else's taste: what everybody likes.
    worth[i] = (intent === "gift" ? Math.exp(market.attraction[i]!) : shopper.liking[i]!) * factors[market.category[i]!]!;
  }
  for (const [item, factor] of memory.marks) worth[item]! *= factor;
  for (const need of needs) {
    if (need.kind !== "complement") continue;
    for (const item of market.categories[need.category]!.listed) worth[item]! *= need.strength ** 0.6 * matching(market, item, need.item);
  }
  if (intent === "hunt") focus(worth, market.categories[categoryByWorth(market, worth, draw)]!.listed, FOCUS.hunt);
  const about = needs.filter(({ kind }) => kind === intent);
  if (about.length > 0) {
    const need = about[draw.weighted(about.map(({ strength }) => strength))]!;
    const { listed } = market.categories[need.category]!;
    focus(worth, listed, intent === "complement" ? FOCUS.complement : FOCUS.replenish);
    if (intent === "replenish") focus(worth, [need.item], shopper.habit * FOCUS.replenish);
  }
  return worth;
}

/** The categories' chances are the square roots of their worths: she does not always hunt for the same. */
function categoryByWorth(market: Market, worth: Float64Array, draw: Draw): number {
  return draw.weighted(market.categories.map(({ listed }) => Math.sqrt(listed.reduce((sum, item) => sum + worth[item]!, 0))));
}

/** Scales some products so that together they have the given share of all worth. */
function focus(worth: Float64Array, items: readonly number[], share: number): void {
  let total = 0;
  for (const one of worth) total += one;
  const own = items.reduce((sum, item) => sum + worth[item]!, 0);
  if (own <= 0 || own >= total * share) return;
  const factor = (share / (1 - share)) * ((total - own) / own);
  for (const item of items) worth[item]! *= factor;
}

/** How much better a product goes with another when both have the same look. */
function matching(market: Market, item: number, other: number): number {
  return (market.theme[item] === market.theme[other] ? 5 : 1) * (market.style[item] === market.style[other] ? 2 : 1);
}

function causedBy(slate: Slate | undefined): { slate_id: string; placement: string } | undefined {
  return slate && { slate_id: slate.slate_id, placement: slate.placement };
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
