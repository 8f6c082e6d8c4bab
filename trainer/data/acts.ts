/** What most logs hold, whatever they call it: somebody did something with a product at a time. */
import type { EventName } from "../../core/events.ts";

/** Acts that one product is enough for. */
export const ACT_NAMES = ["view_item", "select_item", "add_to_cart", "remove_from_cart", "add_to_wishlist", "purchase", "refund"] as const satisfies readonly EventName[];
export type ActName = (typeof ACT_NAMES)[number];

/** What an act tells of its product, where the file has it. */
export interface SeenProduct {
  title?: string;
  brand?: string;
  /** Levels separated by ' > '. */
  category?: string;
}

/** One act, as its source tells it. */
export interface Act {
  /** Where it stands in its file, from 1. */
  line: number;
  /** Who did it, by the shop's own name for them: hashed before it is kept or sent. */
  client: string;
  /** Who was logged in, by a name of the source. */
  person?: string;
  name: ActName;
  itemId: string;
  atMs: number;
  price?: number;
  quantity?: number;
  /** Orders have one; rows with the same one are one order. */
  transactionId?: string;
  product?: SeenProduct;
}

/** What other systems call these acts, in lower case with single underscores. */
const ALIASES: { readonly [name: string]: ActName } = {
  view: "view_item", detail: "view_item", product_view: "view_item", product_viewed: "view_item", productview: "view_item", click: "view_item", clicks: "view_item", pageview: "view_item",
  product_clicked: "select_item",
  cart: "add_to_cart", addtocart: "add_to_cart", cart_add: "add_to_cart", product_added: "add_to_cart",
  remove: "remove_from_cart", cart_remove: "remove_from_cart", product_removed: "remove_from_cart",
  wishlist: "add_to_wishlist", favorite: "add_to_wishlist", favourite: "add_to_wishlist", like: "add_to_wishlist", product_added_to_wishlist: "add_to_wishlist",
  transaction: "purchase", order: "purchase", buy: "purchase", bought: "purchase", order_completed: "purchase",
  return: "refund", returned: "refund", order_refunded: "refund", order_cancelled: "refund",
};

/** Reads an act's name: GA4's, or what other systems call it; undefined for what is no act on a product. */
export function actNameOf(text: string): ActName | undefined {
  const name = text.trim().toLowerCase().replace(/[\s.-]+/g, "_");
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : ACT_NAMES.find((known) => known === name);
}

const MONTHS_AND_DAYS = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s?([AaPp][Mm])?)?$/;
const ISO = /^(\d{4})[-/](\d\d)[-/](\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?\s?(Z|UTC|[+-]\d\d:?\d\d)?$/;

/** In which order a file writes day and month; `undefined` where no row has told. */
export type DayOrder = "day-first" | "month-first" | undefined;

/**
 * ISO 8601 (UTC where no zone is named), seconds, milliseconds or microseconds since 1970; and, where the order of day and
 * month is known, `31.12.2026 23:59` or `12/31/2026 11:59 PM`.
 * @returns NaN if it is none of these
 */
export function timeOf(text: string, order?: DayOrder): number {
  const trimmed = text.trim();
  if (/^\d{9,10}(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed) * 1000);
  if (/^\d{12,13}(\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed));
  if (/^\d{15,16}$/.test(trimmed)) return Math.round(Number(trimmed) / 1000);
  const iso = ISO.exec(trimmed);
  if (iso) {
    const [, year, month, day, hour = "0", minute = "0", second = "0", zone = "Z"] = iso;
    return utc(+year!, +month!, +day!, +hour, +minute, +second) - zoneOffsetMs(zone);
  }
  const local = order && MONTHS_AND_DAYS.exec(trimmed);
  if (!local) return NaN;
  const [, first, second, year, hour = "0", minute = "0", seconds = "0", half] = local;
  const [day, month] = order === "day-first" ? [first, second] : [second, first];
  return utc(+year!, +month!, +day!, half === undefined ? +hour : (+hour % 12) + (/p/i.test(half) ? 12 : 0), +minute, +seconds);
}

/** What the times of some rows say on the order of day and month: a first number above 12 is a day. */
export function dayOrderOf(texts: Iterable<string>): DayOrder | "both" {
  let order: DayOrder | "both";
  for (const text of texts) {
    const local = MONTHS_AND_DAYS.exec(text.trim());
    if (!local) continue;
    const told = +local[1]! > 12 ? "day-first" : +local[2]! > 12 ? "month-first" : undefined;
    // "31.12." is written with dots only where days come first.
    const said: DayOrder = told ?? (text.includes(".") ? "day-first" : undefined);
    if (said === undefined) continue;
    if (order !== undefined && order !== said) return "both";
    order = said;
  }
  return order;
}

/** Whether a text is a date with day and month in an order that has to be found out. */
export function isAmbiguousDate(text: string): boolean {
  return MONTHS_AND_DAYS.test(text.trim());
}

/** `15.00 GBP`, `£1,299.00`, `1.299,00 €` and `15` are numbers; undefined for an empty cell, NaN for anything else. */
export function amountOf(cell: string | undefined): number | undefined {
  if (cell === undefined) return undefined;
  const text = cell.trim();
  if (text === "") return undefined;
  const plain = Number(text);
  if (!Number.isNaN(plain)) return plain;
  const digits = text.replace(/^[A-Z]{3}\s?|\s?[A-Z]{3}$|^\p{Sc}\s?|\s?\p{Sc}$/gu, "");
  const pointed = /^-?\d{1,3}(\.\d{3})*,\d{1,2}$/.test(digits) ? digits.replaceAll(".", "").replace(",", ".") : digits.replace(/,(?=\d{3}(\D|$))/g, "");
  return /^-?\d+(\.\d+)?$/.test(pointed) ? Number(pointed) : NaN;
}

/** NaN for a date that no calendar has. */
function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const ms = Date.UTC(year, month - 1, day, hour, minute, 0) + Math.round(second * 1000);
  const valid = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate() && hour < 24 && minute < 60 && second < 61;
  return valid ? ms : NaN;
}

function zoneOffsetMs(zone: string): number {
  if (zone === "Z" || zone === "UTC") return 0;
  const digits = zone.slice(1).replace(":", "");
  return (zone.startsWith("-") ? -1 : 1) * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000;
}
