/** Faults of the edge and of the way to it. */
import type { FaultPlan, Tab, Trial } from "./trial.ts";
import { between } from "./random.ts";
import type { WayMode } from "./way.ts";

/** Events recorded a few at a time, as a shopper does. */
export async function stroll(trial: Trial, tab: Tab, prefix: string, events: number, { pauseMs = 60 } = {}): Promise<void> {
  for (let done = 0; done < events; ) {
    const some = Math.min(events - done, between(trial.random, 1, 8));
    await tab.run(`recordMany("${prefix}-${done}-", ${some})`);
    done += some;
    await pause(trial.random() * 2 * pauseMs);
  }
}
export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** The way fails for a while, in one tab that stays; then it works again. */
const outage = (name: string, mode: WayMode, more: { maxPostsPer50?: number; longOnly?: boolean } = {}): FaultPlan => ({
  name,
  ...more,
  async run(trial) {
    await trial.start();
    const tab = await trial.tab();
    trial.way.mode = mode;
    await stroll(trial, tab, "a", trial.short ? 100 : 300);
    await pause(trial.short ? 2_000 : 12_000);
    await trial.answered();
  },
});

/** The way fails while a shopper walks from page to page. */
const walk = (name: string, mode: WayMode): FaultPlan => ({
  name,
  maxPostsPer50: 10,
  longOnly: mode.kind === "status" && mode.status !== 503,
  async run(trial) {
    await trial.start();
    const tab = await trial.tab();
    trial.way.mode = mode;
    for (let page = 0; page < (trial.short ? 6 : 10); page += 1) {
      await stroll(trial, tab, `p${page}`, 5);
      await pause(1_200);
      await trial.answered();
      await tab.goto(`page-${page}`);
    }
  },
});

export const SERVER_FAULTS: FaultPlan[] = [
  outage("nothing fails", { kind: "pass" }, { longOnly: true }),
  outage("the edge refuses connections", { kind: "refuse" }),
  outage("the edge never answers", { kind: "hang" }, { longOnly: true }),
  outage("the edge answers 503", { kind: "status", status: 503 }, { maxPostsPer50: 10, longOnly: true }),
  outage("a host in front of the edge answers 503", { kind: "status", status: 503, readable: false }, { maxPostsPer50: 10, longOnly: true }),
  outage("the edge answers 429 and when to come back", { kind: "status", status: 429, retryAfterSeconds: 4 }, { maxPostsPer50: 10, longOnly: true }),
  walk("503 on every page of a walk", { kind: "status", status: 503, retryAfterSeconds: 5 }),
  walk("429 on every page of a walk", { kind: "status", status: 429, retryAfterSeconds: 30 }),
  outage("413 for more than 7 events", { kind: "status-above", events: 7, status: 413 }),
  outage("400 for more than 3 events", { kind: "status-above", events: 3, status: 400 }, { longOnly: true }),
  outage("400 for everything", { kind: "status", status: 400 }),
  outage("every batch's first answer is lost after it is counted", { kind: "commit-then-drop", first: true }),
  outage("all answers are lost after they are counted", { kind: "commit-then-drop", first: false }, { longOnly: true }),
  {
    name: "POSTs arrive late, twice, and in another order",
    async run(trial) {
      await trial.start();
      const tabs = [await trial.tab(), await trial.tab()];
      trial.way.mode = { kind: "disorder" };
      await Promise.all(tabs.map((tab, index) => stroll(trial, tab, `t${index}`, trial.short ? 150 : 500, { pauseMs: 120 })));
      await trial.answered();
      await tabs[0]!.goto("next");
      await stroll(trial, tabs[0]!, "n", 50);
      await trial.answered();
    },
  },
  {
    name: "the edge is killed in the middle of batches, and restarted",
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      for (let round = 0; round < (trial.short ? 1 : 4); round += 1) {
        const recording = stroll(trial, tab, `k${round}`, trial.short ? 150 : 400, { pauseMs: 40 });
        await pause(between(trial.random, 900, 2_500));
        await trial.cutEdge();
        await recording;
        await trial.restartEdge();
        await trial.answered();
      }
    },
  },
];
