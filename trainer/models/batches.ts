/** Histories cut into windows, and windows put into batches of like size. */
import { encodeHistory, type EncodedHistory } from "../../core/history.ts";
import { excludedThen, knownThen, type Dataset } from "../prepare.ts";

/** L entries of one history with the moments that are learnt from them. */
export interface Window {
  input: EncodedHistory;
  /** Places from the end of the input: 0 is the newest entry. */
  moments: { back: number; targets: readonly number[]; excluded: number }[];
}

/**
 * Every moment of the span is in one window, with at least half of L entries before it where the history has them.
 *
 * @param length L
 */
export function windowsBetween(dataset: Dataset, fromMs: number, untilMs: number, length: number): Window[] {
  const windows: Window[] = [];
  const indexOf = (id: string) => dataset.indexOf.get(id);
  for (const shopper of dataset.shoppers) {
    const { history } = shopper;
    // known[i]: entries of known items among the first i; the encoded input holds no others.
    const known = new Uint32Array(history.length + 1);
    history.forEach((entry, i) => (known[i + 1] = known[i]! + (dataset.indexOf.has(entry.item_id) ? 1 : 0)));
    const moments = shopper.moments.filter((moment) => moment.atMs >= fromMs && moment.atMs < untilMs && known[moment.after]! > 0);
    for (let newest = moments.length - 1; newest >= 0; ) {
      const end = moments[newest]!;
      const input = encodeHistory(knownThen(shopper, end), indexOf, length);
      const whole = known[end.after]! <= length;
      const window: Window = { input, moments: [] };
      for (; newest >= 0; newest -= 1) {
        const moment = moments[newest]!;
        const { after, targets } = moment;
        const back = known[end.after]! - known[after]!;
        if (!whole && back >= length / 2) break;
        // Moments between the same two known entries would stand in one place: the newest stays.
        if (window.moments.at(-1)?.back !== back) window.moments.push({ back, targets, excluded: excludedThen(dataset, moment) });
      }
      windows.push(window);
    }
  }
  return windows;
}

/** Shuffles windows into batches of about `places` entries each; the order is the random source's alone. */
export function batchesOf(windows: readonly Window[], places: number, random: () => number): Window[][] {
  const order = [...windows];
  shuffle(order, random);
  const batches: Window[][] = [];
  let batch: Window[] = [];
  let held = 0;
  for (const window of order) {
    if (batch.length > 0 && held + window.input.count > places) {
      batches.push(batch);
      [batch, held] = [[], 0];
    }
    batch.push(window);
    held += window.input.count;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Fisher–Yates, in place. */
export function shuffle<T>(list: T[], random: () => number): void {
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
}
