/** Slates: which products were shown where, in which order, and why. */
import { PAGE_TYPES, type Arm, type SlateParams } from "./events.ts";
import type { Card } from "./catalogue.ts";
import { hash32 } from "./ids.ts";
import type { Because } from "./model/because.ts";
import type { Infer } from "./schema.ts";

export const STRATEGIES = ["for_you", "similar", "bought_together", "popular"] as const;
/**
 * What a carousel is for: `for_you` ranks by the whole history, `similar` by the product on the page,
 * `bought_together` by what is in the cart (or on the page), `popular` by nothing personal.
 */
export type Strategy = (typeof STRATEGIES)[number];

/** Where a carousel stands and what it shows. Set by the merchant, published in the shop's configuration. */
export const PLACEMENT_SCHEMA = {
  type: "object",
  required: ["id", "page", "selector", "insert", "title", "strategy", "k"],
  properties: {
    id: { type: "string", minLength: 1, maxLength: 60, description: "unique in the shop; events and stats name it" },
    page: { type: "string", enum: PAGE_TYPES },
    selector: { type: "string", minLength: 1, maxLength: 200, description: "CSS selector of the element that the carousel is put next to" },
    insert: { type: "string", enum: ["before", "after", "prepend", "append"] },
    title: { type: "string", minLength: 1, maxLength: 120 },
    strategy: { type: "string", enum: STRATEGIES },
    k: { type: "integer", minimum: 1, maximum: 24, description: "places in the carousel" },
  },
} as const;
export type Placement = Infer<typeof PLACEMENT_SCHEMA>;

export interface RankedItem {
  item_id: string;
  /** From 0. */
  position: number;
  /** The ranking's score; comparable within one slate only. */
  score: number;
  /** Probability that the policy showed this item at this position; 1 for a deterministic policy. */
  propensity: number;
  /** What of the shopper's history speaks for this item, and how much; where it was asked for, and the ranking is personal. */
  because?: Because[];
}

export interface Slate {
  slate_id: string;
  placement: string;
  strategy: Strategy;
  /** 0 when no model took part. */
  model_version: number;
  arm: Arm;
  items: RankedItem[];
}

/** A slate with what is needed to draw it. */
export interface DrawnSlate extends Slate {
  cards: Card[];
}

/** The parameters of a `rec_` event: the whole slate, or the one item that was acted on. */
export function slateParams(slate: Slate, itemId?: string): SlateParams {
  const items = itemId === undefined ? slate.items : slate.items.filter((item) => item.item_id === itemId);
  return {
    slate_id: slate.slate_id,
    placement: slate.placement,
    strategy: slate.strategy,
    model_version: slate.model_version,
    arm: slate.arm,
    items: items.map(({ item_id, position, propensity }) => ({ item_id, position, propensity })),
  };
}

/** Draws the client's arm: the same answer for the same client and shop, everywhere. */
export function drawArm(shop: string, clientId: string, holdoutShare: number): Arm {
  return hash32(`${shop}:${clientId}`) / 2 ** 32 < holdoutShare ? "holdout" : "treatment";
}
