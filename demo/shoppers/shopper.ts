/** A simulated shopper's hidden side: tastes, purse, habits, and what she needs at a moment. */
import { DAY_MS } from "../../core/calendar.ts";
import { DEPARTMENTS } from "../catalogue/taxonomy.ts";
import type { Draw } from "./draw.ts";
import { COLOUR_NAMES, STYLE_COUNT, THEME_COUNT, type Market } from "./market.ts";

/** How strongly tastes differ between shoppers: standard deviations of log-weights. */
const SPREAD = { category: 1.1, style: 1.1, brand: 0.5, colour: 0.55, theme: 1.6 };
/** A department that the shopper does not care for weighs this much in logs. */
const INDIFFERENCE = -2.6;
const PRICE_AVERSION = 4;

export interface Shopper {
  clientId: string;
  /** log-weights, one per department, category, … of the market. */
  taste: { department: Float64Array; category: Float64Array; style: Float64Array; brand: Float64Array; colour: Float64Array; theme: Float64Array };
  /** The price tier that she feels at home in; 0 to 1. */
  budget: number;
  saleSensitivity: number;
  /** Mean days between visits while she has no particular need. */
  visitEveryDays: number;
  /** How readily she buys what she likes; median 1. */
  decisiveness: number;
  /** Probability of buying the same again where something runs out. */
  habit: number;
  firstVisitMs: number;
  /** How much each product is worth to her on an ordinary day: exp of everything above; length N. */
  liking: Float64Array;
}

/** Something that a shopper wants by reason of what she did before. */
export interface Need {
  kind: "complement" | "replenish";
  category: number;
  /** For `replenish`: the product that ran out. For `complement`: the one that it should go with. */
  item: number;
  fromMs: number;
  untilMs: number;
  strength: number;
}

export function drawShopper(market: Market, draw: Draw, startMs: number, endMs: number): Shopper {
  const clientId = draw.id();
  const department = new Float64Array(DEPARTMENTS.length).fill(INDIFFERENCE);
  const favourites = 1 + draw.count(0.55, 4);
  for (let f = 0; f < favourites; f += 1) department[draw.below(DEPARTMENTS.length)] = 0.9 - 0.45 * f + 0.3 * draw.normal();
  const normals = (length: number, sigma: number) => Float64Array.from({ length }, () => sigma * draw.normal());
  const taste = {
    department,
    category: normals(market.categories.length, SPREAD.category),
    style: normals(STYLE_COUNT, SPREAD.style),
    brand: normals(market.brandCount, SPREAD.brand),
    colour: normals(COLOUR_NAMES.length, SPREAD.colour),
    theme: normals(THEME_COUNT, SPREAD.theme),
  };
  const days = (endMs - startMs) / DAY_MS;
  const shopper: Shopper = {
    clientId,
    taste,
    budget: Math.min(1, Math.max(0, 0.45 + 0.22 * draw.normal())),
    saleSensitivity: draw.exponential(1.6),
    // Heavy-tailed: many come once or twice, a few every other day.
    visitEveryDays: 34 * draw.logNormal(0.95),
    decisiveness: draw.logNormal(0.6),
    habit: draw.between(0.45, 0.95),
    // Half of them knew the shop before; the others find it in the course of time.
    firstVisitMs: startMs + DAY_MS * (draw.chance(0.5) ? draw.between(0, Math.min(20, days)) : draw.between(0, days)),
    liking: new Float64Array(market.products.length),
  };
  for (let i = 0; i < shopper.liking.length; i += 1) {
    const offBudget = market.priceTier[i]! - shopper.budget;
    shopper.liking[i] = Math.exp(
      market.attraction[i]! + taste.department[market.department[i]!]! + taste.category[market.category[i]!]! + taste.style[market.style[i]!]! +
      taste.brand[market.brand[i]!]! + taste.colour[market.colour[i]!]! + taste.theme[market.theme[i]!]! +
      shopper.saleSensitivity * market.discount[i]! - PRICE_AVERSION * offBudget * offBudget * (offBudget > 0 ? 1.6 : 0.8),
    );
  }
  return shopper;
}

/** What a shopper remembers between visits. */
export interface Memory {
  needs: Need[];
  /** Products with a factor on their worth: carted but left, wished for, seen, bought. */
  marks: Map<number, number>;
  /** Categories whose need is met for now, by the time it was. */
  ownedAtMs: Map<number, number>;
  cart: Map<number, number>;
}

export function emptyMemory(): Memory {
  return { needs: [], marks: new Map(), ownedAtMs: new Map(), cart: new Map() };
}

/** Learns from a purchase: what goes with it is wanted now, what runs out will be wanted again. */
export function rememberPurchase(memory: Memory, market: Market, draw: Draw, item: number, quantity: number, atMs: number): void {
  const category = market.category[item]!;
  const { complements, replenishDays } = market.categories[category]!;
  memory.ownedAtMs.set(category, atMs);
  memory.needs = memory.needs.filter((need) => need.category !== category);
  complements.forEach((complement, place) => {
    if (!draw.chance(0.55 / (1 + place))) return;
    memory.needs.push({ kind: "complement", category: complement, item, fromMs: atMs + DAY_MS * draw.exponential(2), untilMs: atMs + DAY_MS * 25, strength: 14 / (1 + place) });
  });
  if (replenishDays === undefined) return;
  const dueMs = atMs + DAY_MS * replenishDays * (0.6 + 0.4 * quantity) * draw.logNormal(0.2);
  memory.needs.push({ kind: "replenish", category, item, fromMs: dueMs, untilMs: dueMs + DAY_MS * 20, strength: 40 });
}

/** The needs that are felt at a moment; those that have passed are forgotten. */
export function needsAt(memory: Memory, atMs: number): Need[] {
  memory.needs = memory.needs.filter(({ untilMs }) => untilMs > atMs);
  return memory.needs.filter(({ fromMs }) => fromMs <= atMs);
}
