/** Unfolds a cleaned log's columns into shoppers' histories, and says what they amount to. */
import { createHash } from "node:crypto";
import type { Product } from "../core/catalogue.ts";
import { HISTORY_KINDS, toHistory, type HistoryEntry } from "../core/history.ts";
import { hash32 } from "../core/ids.ts";
import { startsEvent } from "./cleaning.ts";
import { NO_TRANSACTION, type Columns } from "./entry-log.ts";
import type { Moment, Objective, Shopper } from "./prepare.ts";

/** Below this share of views the log is one of orders, and the task is the next order. */
const MIN_VIEW_SHARE = 0.1;

/** One shopper's part of the rows that were kept. */
export interface Span {
  clientId: string;
  from: number;
  to: number;
}

/** What histories are made from. */
export interface Source {
  columns: Columns;
  /** Rows, shopper by shopper, each one's oldest first. */
  kept: Uint32Array;
  /** Of all items, the catalogue's first. */
  names: readonly string[];
  /** How many are the catalogue's. */
  products: number;
}

/** When each event happened. */
export function eventTimes({ columns, kept }: Source, spans: readonly Span[]): Float64Array {
  const times = new Float64Array(kept.length);
  let count = 0;
  for (const { from, to } of spans) {
    for (let at = from; at < to; at += 1) if (startsEvent(columns, kept[at]!, at === from ? undefined : kept[at - 1])) times[count++] = columns.atMs[kept[at]!]!;
  }
  return times.subarray(0, count);
}

/** @param events how many there are */
export function chooseObjective({ columns, kept }: Source, spans: readonly Span[], events: number): Objective {
  const view = HISTORY_KINDS.indexOf("view");
  let views = 0;
  for (const { from, to } of spans) {
    for (let at = from; at < to; at += 1) if (columns.kind[kept[at]!] === view && startsEvent(columns, kept[at]!, at === from ? undefined : kept[at - 1])) views += 1;
  }
  return views >= MIN_VIEW_SHARE * events ? "next-view" : "next-order";
}

/** Unfolds a shopper's columns into a history and the moments in it. */
export function readShopper({ columns, kept, names, products }: Source, { clientId, from, to }: Span, objective: Objective): Shopper {
  const { atMs: times, kind: kinds, item: items, seq: numbers, transaction: transactions } = columns;
  const history: HistoryEntry[] = [];
  const moments: Moment[] = [];
  let order: { transaction: number; atMs: number; targets: number[] } | null = null;
  for (let at = from, next = from; at < to; at = next) {
    const row = kept[at]!;
    for (next = at + 1; next < to && !startsEvent(columns, kept[next]!, kept[next - 1]); ) next += 1;
    const atMs = times[row]!;
    const seq = numbers[row]!;
    const kind = HISTORY_KINDS[kinds[row]!]!;
    const transaction = transactions[row]!;
    const last = history[history.length - 1];
    const entries: HistoryEntry[] = [];
    for (let i = at; i < next; i += 1) entries.push({ item_id: names[items[kept[i]!]!]!, kind, atMs });
    if (objective === "next-view" && kind === "view") {
      const target = items[row]!;
      if (last && target < products && last.item_id !== entries[0]!.item_id) moments.push({ after: history.length, newest: last, targets: [target], atMs, seq });
    }
    if (objective === "next-order" && kind === "purchase") {
      // A large order may come in several events.
      const continues = order !== null && (transaction === NO_TRANSACTION ? order.atMs === atMs : order.transaction === transaction);
      if (!continues) {
        order = { transaction, atMs, targets: [] };
        if (last) moments.push({ after: history.length, newest: last, targets: order.targets, atMs, seq });
      }
      for (let i = at; i < next; i += 1) {
        const target = items[kept[i]!]!;
        if (target < products && !order!.targets.includes(target)) order!.targets.push(target);
      }
    }
    // Only the last place can change, so folding it with what follows is folding the whole log.
    history.push(...toHistory(last ? [history.pop()!, ...entries] : entries));
  }
  return { clientId, history, moments: moments.filter((moment) => moment.targets.length > 0) };
}

/** Shoppers whose histories are made when they are asked for; who asks twice in a row gets the same one. */
export function lazyShoppers(spans: readonly Span[], read: (span: Span) => Shopper): Shopper[] {
  let newest: { span: Span; shopper: Shopper } | undefined;
  const shopperOf = (span: Span) => (newest?.span === span ? newest : (newest = { span, shopper: read(span) })).shopper;
  class LazyShopper implements Shopper {
    readonly span: Span;
    constructor(span: Span) {
      this.span = span;
    }
    get clientId(): string {
      return this.span.clientId;
    }
    get history(): HistoryEntry[] {
      return shopperOf(this.span).history;
    }
    get moments(): Moment[] {
      return shopperOf(this.span).moments;
    }
  }
  return spans.map((span) => new LazyShopper(span));
}

/** SHA-256 over histories and products: the same data, whatever the order of its arrival, has the same hash. */
export function hashOf({ columns, kept, names, products: count }: Source, spans: readonly Span[], objective: Objective, products: readonly Product[]): string {
  const { seq, atMs, item, kind, transaction } = columns;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([objective, products]));
  for (const { clientId, from, to } of spans) {
    hash.update(`\n${clientId}\n`);
    const numbers = new Float64Array((to - from) * 4);
    for (let at = from; at < to; at += 1) {
      const row = kept[at]!;
      // Numbers of unknown products and of orders depend on the order of arrival: these do not.
      const product = item[row]! < count ? item[row]! : -1 - hash32(names[item[row]!]!);
      const continues = at > from && transaction[row] === transaction[kept[at - 1]!];
      numbers.set([seq[row]!, atMs[row]!, product, kind[row]! + (continues ? 8 : 0)], (at - from) * 4);
    }
    hash.update(numbers);
  }
  return hash.digest("hex");
}
