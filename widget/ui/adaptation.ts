/** What the device learns a shopper's own taste from: the slate that she saw last, and what she went on to. */
import { MAX_CHOICES, type Choice } from "../../core/ranking/adaptation.ts";
import type { Slate } from "../../core/slate.ts";
import type { Bridge } from "../bridge.ts";
import { change, type Change, type Shopper } from "../store/shopper.ts";

export interface Learner {
  /** What has been learned from, for a ranking. */
  choices(): Choice[];
  /** Remembers a slate that stands on the page, once. Before the page's own product counts as looked at, it was the slate before that she chose from. */
  remember(slate: Slate): void;
  /** Learns from the product that the shopper has gone on to since a slate was shown; the page's own is none. */
  learn(): void;
  /** What a dismissal adds, to be recorded with it. */
  dismissal(slate: Slate, itemId: string): Change[];
}

/** Learns nothing, and ranks by nothing learned, where the script element has `data-adaptation="off"`. */
export function createLearner({ attributes, journal, page, nowMs }: Pick<Bridge, "attributes" | "journal" | "page" | "nowMs">): Learner {
  if (attributes["adaptation"] === "off") return { choices: () => [], remember() {}, learn() {}, dismissal: () => [] };
  const step = (apply: (before: Shopper["adaptation"]) => Shopper["adaptation"]) => change("adaptation", apply);
  const add = (before: Shopper["adaptation"], choice: Choice) => ({ ...before, choices: [...before.choices, choice].slice(-MAX_CHOICES) });
  const idsOf = ({ items }: Slate) => items.map(({ item_id }) => item_id);
  /** Not what the disk says: tabs side by side would outdo each other for ever. */
  let remembered = "";

  return {
    choices: () => journal.shopper().adaptation.choices,
    remember(slate) {
      const { itemId } = page();
      if (remembered === slate.slate_id || (itemId !== undefined && journal.shopper().history.at(-1)?.item_id !== itemId)) return;
      remembered = slate.slate_id;
      const shown = { items: idsOf(slate), atMs: nowMs(), itemId };
      void journal.record(null, [step((before) => ({ ...before, shown }))]);
    },
    learn() {
      const { history, adaptation: { shown } } = journal.shopper();
      const newest = history.at(-1);
      if (!shown || !newest || newest.atMs <= shown.atMs || newest.item_id === shown.itemId) return;
      const choice = { item_id: newest.item_id, shown: shown.items };
      // Where another tab has learned from it, the time has moved on.
      void journal.record(null, [step((before) => (before.shown && before.shown.atMs < newest.atMs ? add({ ...before, shown: { ...before.shown, atMs: newest.atMs } }, choice) : before))]);
    },
    dismissal: (slate, itemId) => [step((before) => add(before, { item_id: itemId, dismissed: true, shown: idsOf(slate) }))],
  };
}
