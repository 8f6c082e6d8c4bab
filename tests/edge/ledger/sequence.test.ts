import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../core/ids.ts";
import { closeGaps, hasReceived, markReceived, type Received } from "../../../edge/ledger/sequence.ts";

const nothing = (): Received => ({ watermark: 0, intervals: [] });

describe("a client's numbers", () => {
  it("agree with a plain set of numbers, whatever the order of arrival", () => {
    const random = seededRandom(7);
    const all = Array.from({ length: 100 }, (_, i) => i + 1);
    for (let round = 0; round < 30; round += 1) {
      const received = nothing();
      const set = new Set<number>();
      for (let step = 0; step < 60; step += 1) {
        const from = 1 + Math.floor(random() * 80);
        const to = from + Math.floor(random() * (random() < 0.3 ? 12 : 1));
        let fresh = 0;
        for (let seq = from; seq <= to; seq += 1) if (!set.has(seq)) { set.add(seq); fresh += 1; }
        expect(markReceived(received, from, to)).toBe(fresh);
        let watermark = 0;
        while (set.has(watermark + 1)) watermark += 1;
        expect(received.watermark).toBe(watermark);
        expect(all.filter((seq) => hasReceived(received, seq))).toEqual(all.filter((seq) => set.has(seq)));
        for (const [index, [low, high]] of received.intervals.entries()) {
          expect(low).toBeLessThanOrEqual(high);
          expect(low).toBeGreaterThan((received.intervals[index - 1]?.[1] ?? received.watermark) + 1);
        }
      }
    }
  });

  it("keep no more intervals than allowed, and count what that gives up", () => {
    const received = nothing();
    for (const seq of [3, 6, 9, 12]) markReceived(received, seq, seq);
    expect(closeGaps(received, 2)).toBe(4);
    expect(received).toEqual({ watermark: 6, intervals: [[9, 9], [12, 12]] });
    expect(closeGaps(received, 2)).toBe(0);
  });
});
