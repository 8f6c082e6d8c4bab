/** Faults of the device: storage that is full, taken away or gone, and clocks that jump. */
import type { FaultPlan, Tab, Trial } from "./trial.ts";
import { between } from "./random.ts";
import { pause, stroll } from "./servers.ts";

const DAY_MS = 86_400_000;
const CLOCK = `<script>{ const real = Date.now.bind(Date); Date.now = () => real() + Number(sessionStorage.getItem("clock") ?? 0); }</script>`;

const clockJump = (name: string, jumpMs: number): FaultPlan => ({
  name,
  longOnly: jumpMs < 0,
  async run(trial) {
    trial.head(CLOCK);
    await trial.start();
    const tabs = [await trial.tab(), await trial.tab()];
    await Promise.all(tabs.map((tab, index) => stroll(trial, tab, `before${index}`, 40)));
    // Tabs learn of it one after the other, as a system's clock is never asked by all at once.
    for (const [index, tab] of tabs.entries()) {
      await tab.run(`sessionStorage.setItem("clock", "${jumpMs}")`);
      await stroll(trial, tab, `after${index}`, 60);
    }
    await tabs[1]!.goto("next");
    await Promise.all(tabs.map((tab, index) => stroll(trial, tab, `late${index}`, 40)));
    for (const [index, tab] of tabs.entries()) {
      await tab.run(`sessionStorage.setItem("clock", "0")`);
      await stroll(trial, tab, `again${index}`, 40);
    }
    await trial.answered();
    await tabs[0]!.goto("next");
    trial.head("");
  },
});

const overrideQuota = (trial: Trial, { session }: Tab, quotaSize?: number) =>
  session.send("Storage.overrideQuotaForOrigin", { origin: trial.origin, ...(quotaSize !== undefined && { quotaSize }) });

/** Runs in a page of the same origin that is not the shop's: changes or deletes the database from outside. */
const fromOutside = (trial: Trial, expression: string) =>
  `new Promise((resolve, reject) => { const name = "endcap-${trial.key}"; const request = ${expression}; request.onsuccess = () => { request.result?.close?.(); resolve(); }; request.onerror = () => reject(request.error); })`;

export const STORAGE_FAULTS: FaultPlan[] = [
  {
    name: "localStorage is full",
    longOnly: true,
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      await tab.run(`{ let size = 1 << 20; while (size > 0) { try { localStorage.setItem("filler" + Math.random(), "x".repeat(size)); } catch { size >>= 1; } } }`);
      for (let round = 0; round < (trial.short ? 4 : 20); round += 1) {
        await stroll(trial, tab, `q${round}`, 20);
        await trial.answered();
        await tab.leaveFor(`page-${round}`, `ql${round}-`, between(trial.random, 1, 5));
      }
      await tab.run(`Object.keys(localStorage).filter((name) => name.startsWith("filler")).forEach((name) => localStorage.removeItem(name))`);
    },
  },
  {
    name: "IndexedDB is full",
    longOnly: true,
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      await stroll(trial, tab, "before", 40);
      trial.way.mode = { kind: "refuse" };
      await overrideQuota(trial, tab, 1);
      await stroll(trial, tab, "full", trial.short ? 60 : 300);
      await trial.answered();
      await overrideQuota(trial, tab);
      await stroll(trial, tab, "after", 40);
      await trial.answered();
    },
  },
  {
    name: "IndexedDB is full from the first page on",
    async run(trial) {
      await trial.start();
      const tab = await trial.tab("../elsewhere-first");
      await overrideQuota(trial, tab, 1);
      await tab.goto("first");
      await stroll(trial, tab, "full", 60);
      await pause(2_500);
      await trial.answered();
      await overrideQuota(trial, tab);
      await tab.goto("second");
      await stroll(trial, tab, "after", 40);
      await trial.answered();
    },
  },
  {
    name: "another page deletes the database",
    wipes: true,
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      for (let round = 0; round < (trial.short ? 2 : 6); round += 1) {
        await stroll(trial, tab, `d${round}`, 70);
        await trial.answered();
        // What the deletion takes with it is the shopper's will; so let it take nothing.
        await trial.until("all is sent", async () => (await tab.run(`dispatchEvent(new Event("online"))`), (await trial.device(tab)).outbox === 0));
        await tab.run(fromOutside(trial, "indexedDB.deleteDatabase(name)"));
      }
      await stroll(trial, tab, "end", 40);
      await trial.answered();
    },
  },
  {
    name: "another page opens the database in a higher version",
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      await stroll(trial, tab, "v1", 40);
      await trial.answered();
      await tab.run(fromOutside(trial, "indexedDB.open(name, 2)"));
      await stroll(trial, tab, "v2", 40);
      await trial.answered();
      await tab.goto("next");
      await stroll(trial, tab, "v3", 40);
      await trial.answered();
    },
  },
  clockJump("the clock jumps a day ahead, and back", DAY_MS),
  clockJump("the clock jumps a day back, and ahead", -DAY_MS),
];
