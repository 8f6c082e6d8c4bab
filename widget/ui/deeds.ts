/** What a shopper does with a carousel's products, and what the device remembers of it. */
import type { SlateParams } from "../../core/events.ts";
import { slateParams, type Slate } from "../../core/slate.ts";
import type { Bridge } from "../bridge.ts";
import { change, type Change, type Click } from "../store/shopper.ts";

const KEPT_CLICKS = 50;
const KEPT_DISMISSED = 200;

/** Records a click, so that what follows names its slate, and sends it before the page is left. */
export function recordClick({ journal, recorder, nowMs, sendLeaving }: Bridge, slate: SlateParams): void {
  const click: Click = { itemId: slate.items[0]!.item_id, sessionId: journal.session(nowMs()), slate };
  void recorder.record("rec_click", slate, [change("clicks", (clicks) => [...clicks.filter(({ itemId }) => itemId !== click.itemId), click].slice(-KEPT_CLICKS))]);
  sendLeaving();
}

/** @param learned what else changes by it */
export function recordDismissal({ recorder }: Bridge, slate: Slate, itemId: string, learned: Change[]): void {
  const changes = [change("dismissed", (dismissed) => [...dismissed, itemId].slice(-KEPT_DISMISSED)), ...learned];
  void recorder.record("rec_dismiss", slateParams(slate, itemId), changes);
}
