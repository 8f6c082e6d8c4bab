/** What follows from an event of a product: a place in the history, and the carousel's click that led to it. */
import type { EventItem } from "../../core/events.ts";
import { appendEntries, entriesOf, KEPT_HISTORY } from "../../core/history.ts";
import type { Decide, Step } from "../capture/recorder.ts";
import { change, continueSession, type Change } from "../store/shopper.ts";

/** The step with the changes that it makes, whatever the page, and `rec_add_to_cart` after a click that has earned it. */
export const decideAlone: Decide = (step, { clicks, session }) => {
  const { name, params, atMs } = step;
  const changes: Change[] = [];
  const entries = entriesOf({ name, params, occurredAtMs: atMs } as Parameters<typeof entriesOf>[0]);
  if (entries[0]) changes.push(change("history", (history) => appendEntries(history, entries).slice(-KEPT_HISTORY)));
  const isView = name === "view_item";
  const { id } = continueSession(session, atMs);
  const cause = (isView || name === "add_to_cart") && clicks.findLast((click) => click.sessionId === id && (params as { items: EventItem[] }).items.some(({ item_id }) => item_id === click.itemId));
  if (!cause || (isView && cause.viewed)) return [[step, changes]];
  const { slate_id, placement } = cause.slate;
  changes.push(change("clicks", (clicks) => clicks.map((click) => (click.slate.slate_id === slate_id && click.itemId === cause.itemId ? { ...click, [isView ? "viewed" : "carted"]: true } : click))));
  const made: [Step, Change[]][] = [[{ ...step, params: { ...params, slate_id, placement } }, changes]];
  if (!isView && !cause.carted) made.push([{ ...step, name: "rec_add_to_cart", params: cause.slate, source: undefined }, []]);
  return made;
};
