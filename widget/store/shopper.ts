/** What the device remembers of its shopper, row by row, and which consent each row needs. */
import type { ShopConfig } from "../../core/api.ts";
import { SESSION_TIMEOUT_MS, type SlateParams } from "../../core/events.ts";
import type { HistoryEntry } from "../../core/history.ts";
import { createId } from "../../core/ids.ts";
import type { Choice } from "../../core/ranking/adaptation.ts";
import type { Purpose } from "../consent.ts";

/** A click on a carousel, until it has earned a view and a cart. */
export interface Click {
  itemId: string;
  sessionId: string;
  /** The slate that was clicked, with the one item. */
  slate: SlateParams;
  viewed?: boolean;
  carted?: boolean;
}

export interface Adaptation {
  /** Oldest first. */
  choices: Choice[];
  /** The slate seen last, on which product's page, and until when it has been learned from. */
  shown?: { items: string[]; atMs: number; itemId: string | undefined };
}

export interface Shopper {
  /** Folded, oldest first. */
  history: HistoryEntry[];
  /** Quantities by product, as far as the shop has told. */
  cart: { [itemId: string]: number };
  dismissed: string[];
  /** What the device learns the shopper's own taste from. */
  adaptation: Adaptation;
  /** Oldest first. */
  clicks: Click[];
  /** Transactions already recorded. */
  orders: string[];
  /** Hash of who has logged in. */
  user: string | null;
  session: { id: string; lastMs: number } | null;
  /** The shop's configuration as last fetched: the next page begins with it. */
  config: { config: ShopConfig; atMs: number } | null;
}
export type ShopperRow = keyof Shopper;

/** What a row may be written and read for. */
export const ROW_PURPOSE: { readonly [R in ShopperRow]: Purpose } = {
  history: "personalization", cart: "personalization", dismissed: "personalization", adaptation: "personalization", config: "personalization",
  clicks: "analytics", orders: "analytics", user: "analytics", session: "analytics",
};
export const SHOPPER_ROWS = Object.keys(ROW_PURPOSE) as ShopperRow[];

export function newShopper(): Shopper {
  return { history: [], cart: {}, dismissed: [], adaptation: { choices: [] }, clicks: [], orders: [], user: null, session: null, config: null };
}

/** A step from one value of a row to the next; made again on what the disk holds, so that tabs don't undo each other. */
export interface Change<R extends ShopperRow = ShopperRow> {
  row: R;
  apply(value: Shopper[R]): Shopper[R];
}
export function change<R extends ShopperRow>(row: R, apply: (value: Shopper[R]) => Shopper[R]): Change {
  return { row, apply } as unknown as Change;
}

/** The session of something that happens now: the last one, unless it has ended. */
export function continueSession(last: Shopper["session"] | undefined, atMs: number): NonNullable<Shopper["session"]> {
  return { id: last && atMs - last.lastMs <= SESSION_TIMEOUT_MS ? last.id : createId(), lastMs: atMs };
}
