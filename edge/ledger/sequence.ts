/** Which of a client's numbers have been received: a contiguous watermark, and bounded intervals above it. */

export interface Received {
  /** Every number up to this one has been received or is void. */
  watermark: number;
  /** Received above it: inclusive, ascending, with a gap before each. */
  intervals: [from: number, to: number][];
}

/** Intervals kept per client. Tabs that share a client leave a few; more are numbers that were lost on the way. */
export const MAX_INTERVALS = 64;
/** How far above the watermark a number may lie: far beyond what a client records in its outbox's lifetime. */
export const MAX_LEAD = 1_000_000;

export function hasReceived(received: Received, seq: number): boolean {
  if (seq <= received.watermark) return true;
  return received.intervals.some(([from, to]) => from <= seq && seq <= to);
}

/**
 * Marks the numbers from `from` to `to`, inclusive.
 * @returns how many of them were new
 */
export function markReceived(received: Received, from: number, to: number): number {
  const first = Math.max(from, received.watermark + 1);
  if (to < first) return 0;
  if (first === received.watermark + 1 && received.intervals.length === 0) {
    received.watermark = to;
    return to - first + 1;
  }
  let fresh = to - first + 1;
  let low = first;
  let high = to;
  const kept: [number, number][] = [];
  for (const interval of received.intervals) {
    if (interval[1] < first - 1 || interval[0] > to + 1) {
      kept.push(interval);
      continue;
    }
    fresh -= Math.max(0, Math.min(interval[1], to) - Math.max(interval[0], first) + 1);
    low = Math.min(low, interval[0]);
    high = Math.max(high, interval[1]);
  }
  kept.push([low, high]);
  kept.sort((a, b) => a[0] - b[0]);
  received.intervals = kept;
  raiseWatermark(received);
  return fresh;
}

/**
 * Gives up the lowest gaps until no more than `max` intervals remain, so that numbers lost for good cannot
 * block a client.
 * @returns how many numbers were given up
 */
export function closeGaps(received: Received, max = MAX_INTERVALS): number {
  let lost = 0;
  while (received.intervals.length > max) {
    const lowest = received.intervals[0]!;
    lost += lowest[0] - received.watermark - 1;
    received.watermark = lowest[0] - 1;
    raiseWatermark(received);
  }
  return lost;
}

function raiseWatermark(received: Received): void {
  while (received.intervals.length > 0 && received.intervals[0]![0] <= received.watermark + 1) {
    received.watermark = Math.max(received.watermark, received.intervals.shift()![1]);
  }
}
