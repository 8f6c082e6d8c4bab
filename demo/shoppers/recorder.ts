/** Writes down what a simulated shopper does, in the events that the tag would record for it. */
import { MAX_EVENTS_PER_BATCH, type Arm, type EventItem, type EventName, type EventParams, type PageType, type ShopEvent } from "../../core/events.ts";
import type { ImportLine } from "../../core/api.ts";
import { slateParams, type Slate } from "../../core/slate.ts";
import type { Draw } from "./draw.ts";
import type { Market } from "./market.ts";

export interface Recorder {
  readonly nowMs: number;
  readonly nextSeq: number;
  readonly arm: Arm;
  /** False once the simulated time is over: what comes after is not recorded. */
  readonly running: boolean;
  startSession(atMs: number): void;
  /** Lets time pass. */
  pass(ms: number): void;
  /** A page load: the `page_view`, and the page that the following events happen on. */
  open(type: PageType, path: string, title: string): void;
  record<N extends EventName>(name: N, params: EventParams<N>): void;
  /** A product as events name it. */
  item(index: number, more?: Partial<EventItem>): EventItem;
  /** A slate of popular products, as a shop without a model shows it; model_version is 0. */
  slate(placement: string, items: readonly number[]): Slate;
  recordSlate(name: "rec_render" | "rec_view" | "rec_click" | "rec_add_to_cart" | "rec_dismiss", slate: Slate, item?: number): void;
  /** The events from before an instant and those from then on, as batches of the edge's size. */
  batches(splitMs: number): { before: ImportLine[]; after: ImportLine[] };
}

export interface RecorderOptions {
  clientId: string;
  arm: Arm;
  market: Market;
  endMs: number;
  draw: Draw;
}

export function createRecorder({ clientId, arm, market, endMs, draw }: RecorderOptions): Recorder {
  const events: ShopEvent[] = [];
  let nowMs = 0;
  let sessionId = "";
  let page: ShopEvent["page"];
  return {
    get nowMs() {
      return nowMs;
    },
    get nextSeq() {
      return events.length + 1;
    },
    get running() {
      return nowMs < endMs;
    },
    arm,
    startSession(atMs) {
      nowMs = Math.round(atMs);
      sessionId = draw.id();
    },
    pass(ms) {
      nowMs += Math.max(1, Math.round(ms));
    },
    open(type, path, title) {
      page = { type, path };
      this.record("page_view", { page_title: title });
    },
    record(name, params) {
      if (nowMs < endMs) events.push({ seq: events.length + 1, name, occurredAtMs: nowMs, sessionId, page, params } as ShopEvent);
    },
    item(index, more) {
      const product = market.products[index]!;
      return { item_id: product.id, price: market.price[index]!, ...more };
    },
    slate(placement, items) {
      return {
        slate_id: draw.id(), placement, strategy: "popular", model_version: 0, arm,
        items: items.map((index, position) => ({ item_id: market.products[index]!.id, position, score: 0, propensity: 1 })),
      };
    },
    recordSlate(name, slate, item) {
      this.record(name, slateParams(slate, item === undefined ? undefined : market.products[item]!.id));
    },
    batches(splitMs) {
      const first = events.findIndex(({ occurredAtMs }) => occurredAtMs >= splitMs);
      const at = first < 0 ? events.length : first;
      return { before: cut(events.slice(0, at)), after: cut(events.slice(at)) };
    },
  };

  function cut(part: ShopEvent[]): ImportLine[] {
    const lines: ImportLine[] = [];
    for (let from = 0; from < part.length; from += MAX_EVENTS_PER_BATCH) {
      lines.push({ clientId, sentAtMs: endMs, events: part.slice(from, from + MAX_EVENTS_PER_BATCH) });
    }
    return lines;
  }
}
