/**
 * Simulated shoppers: months of a shop's life, from a seed. The same options always give the same bytes.
 *
 * Each shopper has hidden tastes, a purse, habits and needs (shopper.ts), comes on visits with an
 * intent (visit.ts), and stops coming at a rate that depends on what she met. The next product she looks
 * at is drawn in proportion to what every product is worth to her at that moment, so ordering the
 * catalogue by that worth is the best that any recommender could do: its rank is the oracle's.
 */
import type { ImportLine } from "../../core/api.ts";
import { DAY_MS, HOUR_MS } from "../../core/calendar.ts";
import type { Product } from "../../core/catalogue.ts";
import type { Arm } from "../../core/events.ts";
import { hash32 } from "../../core/ids.ts";
import { drawArm } from "../../core/slate.ts";
import type { ItemFacts } from "../catalogue/generate.ts";
import { createDraw, type Draw } from "./draw.ts";
import { createMarket, type Market } from "./market.ts";
import { createRecorder } from "./recorder.ts";
import { drawShopper, emptyMemory, needsAt, type Memory, type Shopper } from "./shopper.ts";
import { visit, type OnView } from "./visit.ts";

/** Visits by hour of the day (UTC): quiet nights, a lunch break, the evening on the sofa. */
const HOURS = [3, 2, 1, 1, 1, 2, 4, 7, 9, 10, 11, 12, 14, 13, 11, 11, 11, 12, 14, 17, 20, 20, 15, 8];
const SATURDAY_SUNDAY = 1.25;
/** Chance of never coming back, after an ordinary visit. */
const CHURN = 0.05;
const REFUND_SHARE = 0.025;

/** The demo shop's own shoppers. */
export const DEMO_SHOPPERS_SEED = 7;
export const DEFAULT_SHOPPERS = 5_000;
export const DEFAULT_DAYS = 120;

export interface SimulationOptions {
  seed: number;
  products: readonly Product[];
  facts: ReadonlyMap<string, ItemFacts>;
  /** When the simulated time ends: usually now. */
  endMs: number;
  shoppers?: number;
  days?: number;
  currency?: string;
  /** The shop's id and holdout share: both decide who sees no carousels. */
  shop?: string;
  holdoutShare?: number;
}

/** Where the product that a shopper looked at stood among all of them by her own true worth; from 1. */
export interface OracleEntry {
  clientId: string;
  /** The `view_item` event's number. */
  seq: number;
  rank: number;
}

export interface ShopperLife {
  clientId: string;
  arm: Arm;
  /** In order, numbered from 1; up to a day before the end. */
  history: ImportLine[];
  /** The last 24 hours, numbered on: to be sent as browsers send. */
  lastDay: ImportLine[];
  oracle: OracleEntry[];
}

/** Yields one shopper's life at a time: memory does not grow with their number. Shoppers who never came are left out. */
export function* simulateShoppers(options: SimulationOptions): Generator<ShopperLife> {
  const market = createMarket(options.products, options.facts, options.seed);
  const shoppers = options.shoppers ?? DEFAULT_SHOPPERS;
  for (let n = 0; n < shoppers; n += 1) {
    const oracle: OracleEntry[] = [];
    const life = live(options, market, n, (clientId, { seq, chosen, worth }) => oracle.push({ clientId, seq, rank: rankOf(worth, chosen) }));
    // The views that fell after the end were never recorded.
    const recorded = life.history.concat(life.lastDay).reduce((sum, { events }) => sum + events.length, 0);
    if (recorded > 0) yield { ...life, oracle: oracle.filter(({ seq }) => seq <= recorded) };
  }
}

/**
 * Takes the histories one by one for the import, and puts what does not belong there where the caller wants it.
 * @param rest receives every shopper's last day and oracle entries, when her history has been taken
 */
export function* historyOf(lives: Iterable<ShopperLife>, rest: (life: ShopperLife) => void): Generator<ImportLine> {
  for (const life of lives) {
    yield* life.history;
    rest(life);
  }
}

/**
 * The true worth of every product to a shopper just before one of her views, in catalogue order: what
 * she looks at next is drawn in proportion to it.
 * @returns undefined if there is no such shopper or the number is not one of her views
 */
export function trueWorth(options: SimulationOptions, clientId: string, viewSeq: number): Float64Array | undefined {
  const market = createMarket(options.products, options.facts, options.seed);
  let found: Float64Array | undefined;
  for (let n = 0; n < (options.shoppers ?? DEFAULT_SHOPPERS) && !found; n += 1) {
    if (createDraw(seedOf(options.seed, n)).id() !== clientId) continue;
    live(options, market, n, (_, { seq, worth }) => { if (seq === viewSeq) found ??= worth.slice(); });
  }
  return found;
}

function seedOf(seed: number, n: number): number {
  return hash32(`${seed}:shopper:${n}`);
}

function live(options: SimulationOptions, market: Market, n: number, onView: (clientId: string, view: Parameters<OnView>[0]) => void): Omit<ShopperLife, "oracle"> {
  const { endMs, days = DEFAULT_DAYS, currency = "GBP", shop = "demo", holdoutShare = 0.05 } = options;
  const draw = createDraw(seedOf(options.seed, n));
  const startMs = endMs - days * DAY_MS;
  const shopper = drawShopper(market, draw, startMs, endMs);
  const { clientId } = shopper;
  const arm = drawArm(shop, clientId, holdoutShare);
  const memory = emptyMemory();
  const recorder = createRecorder({ clientId, arm, market, endMs, draw });
  let refundOf: string | undefined;

  for (let atMs = atLikelyHour(shopper.firstVisitMs, draw); atMs < endMs; ) {
    recorder.startSession(atMs);
    if (refundOf !== undefined) {
      recorder.open("account", "/account", "Your account");
      recorder.record("refund", { transaction_id: refundOf, currency });
    }
    const { bought, disappointed, transactionId } = visit({ market, shopper, memory, draw, recorder, currency, onView: (view) => onView(clientId, view) });
    const regret = (bought ? 0.5 : 1) * (disappointed ? 2 : 1) * (refundOf ? 1.8 : 1);
    refundOf = bought && draw.chance(REFUND_SHARE) ? transactionId : undefined;
    if (draw.chance(CHURN * regret)) break;
    atMs = nextVisit(shopper, memory, recorder.nowMs, draw);
  }
  const { before, after } = recorder.batches(endMs - DAY_MS);
  return { clientId, arm, history: before, lastDay: after };
}

/** When she comes next: by habit, or earlier because something is needed. */
function nextVisit(shopper: Shopper, memory: Memory, nowMs: number, draw: Draw): number {
  let nextMs = nowMs + DAY_MS * draw.exponential(shopper.visitEveryDays);
  needsAt(memory, nowMs);
  for (const { kind, fromMs } of memory.needs) {
    const dueMs = Math.max(nowMs, fromMs) + DAY_MS * draw.exponential(kind === "replenish" ? 2 : 6);
    if (dueMs < nextMs && draw.chance(kind === "replenish" ? 0.8 : 0.15)) nextMs = dueMs;
  }
  return Math.max(atLikelyHour(nextMs, draw), nowMs + HOUR_MS * draw.between(0.6, 3));
}

/** Moves an instant to an hour of its day at which people shop, and sometimes to the weekend. */
function atLikelyHour(ms: number, draw: Draw): number {
  const weekday = new Date(ms).getUTCDay();
  const moved = weekday > 0 && weekday < 6 && draw.chance(SATURDAY_SUNDAY - 1) ? ms + (6 - weekday) * DAY_MS : ms;
  return Math.floor(moved / DAY_MS) * DAY_MS + (draw.weighted(HOURS) + draw.uniform()) * HOUR_MS;
}

/** From 1; equal worths count half. */
function rankOf(worth: Float64Array, chosen: number): number {
  const own = worth[chosen]!;
  let above = 0;
  let equal = -1;
  for (const one of worth) {
    if (one > own) above += 1;
    else if (one === own) equal += 1;
  }
  return 1 + above + Math.floor(equal / 2);
}
