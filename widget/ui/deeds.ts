/** What a shopper does with a carousel's products, and what the device remembers of it. */
import type { SlateParams } from "../../core/events.ts";
import type { Bridge } from "../bridge.ts";
import { change, type Click } from "../store/shopper.ts";

const KEPT_CLICKS = 50;
const KEPT_DISMISSED = 200;

/** Records a click, so that what follows names its slate, and sends it before the page is left. */
export function recordClick({ journal, recorder, nowMs, sendLeaving }: Bridge, slate: SlateParams): void {
  const click: Click = { itemId: slate.items[0]!.item_id, sessionId: journal.session(nowMs()), slate };
  void recorder.record("rec_click", slate, [change("clicks", (clicks) => [...clicks.filter(({ itemId }) => itemId !== click.itemId), click].slice(-KEPT_CLICKS))]);
  sendLeaving();
}

export function recordDismissal({ recorder }: Bridge, slate: SlateParams): void {
  const { item_id } = slate.items[0]!;
  void recorder.record("rec_dismiss", slate, [change("dismissed", (dismissed) => [...dismissed, item_id].slice(-KEPT_DISMISSED))]);
}
