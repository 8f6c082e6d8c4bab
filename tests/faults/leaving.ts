/** Faults of coming and going: pages left, tabs closed, tabs beside each other, pages that come back. */
import type { FaultPlan } from "./trial.ts";
import { between } from "./random.ts";
import { pause, stroll } from "./servers.ts";

const WITHOUT_LOCKS = `<script>Object.defineProperty(Navigator.prototype, "locks", { value: undefined })</script>`;

const twoTabs = (name: string, head: string): FaultPlan => ({
  name,
  // One flusher too few is the harder case.
  longOnly: head === "",
  async run(trial) {
    trial.head(head);
    await trial.start();
    const tabs = [await trial.tab(), await trial.tab()];
    const rounds = trial.short ? 2 : 8;
    await Promise.all(tabs.map(async (tab, index) => {
      for (let round = 0; round < rounds; round += 1) {
        await stroll(trial, tab, `t${index}r${round}`, 40);
        if (round % 2 === index % 2) await tab.goto(`page-${round}`);
      }
    }));
    await trial.answered();
    await tabs[0]!.page.close();
    await stroll(trial, tabs[1]!, "last", 30);
    await trial.answered();
  },
});

export const LEAVING_FAULTS: FaultPlan[] = [
  {
    name: "the page is left in the tick of recording",
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      const rounds = trial.short ? 12 : 120;
      for (let round = 0; round < rounds; round += 1) {
        await tab.leaveFor(`page-${round}`, `l${round}-`, between(trial.random, 1, 9));
        // Sometimes before the next page has read anything from disk, sometimes long after.
        if (trial.random() < 0.5) await pause(trial.random() * 400);
      }
    },
  },
  {
    name: "the page is left in the tick of recording, while the edge is down",
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      trial.way.mode = { kind: "refuse" };
      for (let round = 0; round < (trial.short ? 8 : 60); round += 1) {
        await tab.leaveFor(`page-${round}`, `l${round}-`, between(trial.random, 1, 9));
      }
    },
  },
  {
    name: "the shopper leaves for another site in the tick of recording",
    longOnly: true,
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      for (let round = 0; round < (trial.short ? 4 : 25); round += 1) {
        await tab.run(`recordAndLeave("e${round}-", ${between(trial.random, 1, 30)}, "http://127.0.0.1:${new URL(trial.origin).port}/elsewhere")`);
        await trial.until("the other site is there", () => tab.page.evaluate(`location.pathname === "/elsewhere" && document.readyState === "complete"`).then(Boolean, () => false));
        await tab.goto(`back-${round}`);
      }
    },
  },
  {
    name: "the tab is closed in the tick of recording",
    longOnly: true,
    async run(trial) {
      await trial.start();
      for (let round = 0; round < (trial.short ? 5 : 30); round += 1) {
        const tab = await trial.tab();
        if (trial.random() < 0.7) await pause(trial.random() * 600);
        await Promise.all([tab.run(`recordMany("c${round}-", ${between(trial.random, 1, 12)}, true)`), tab.page.close()]);
      }
    },
  },
  {
    name: "the tab is closed while a batch is on its way",
    async run(trial) {
      await trial.start();
      const modes = [{ kind: "hang" }, { kind: "commit-then-drop", first: false }, { kind: "pass" }] as const;
      for (let round = 0; round < (trial.short ? 3 : 15); round += 1) {
        const tab = await trial.tab();
        trial.way.mode = modes[round % modes.length]!;
        const before = trial.way.posts;
        await stroll(trial, tab, `f${round}`, 20);
        await trial.until("a batch is on its way", () => trial.way.posts > before);
        await trial.answered();
        await tab.page.close();
      }
    },
  },
  twoTabs("two tabs at once", ""),
  twoTabs("two tabs at once, without Web Locks", WITHOUT_LOCKS),
  {
    name: "pages come back from the back/forward cache",
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      for (let round = 0; round < (trial.short ? 2 : 10); round += 1) {
        await stroll(trial, tab, `b${round}`, 15);
        await tab.run(`recordAndLeave("bl${round}-", 3, "http://127.0.0.1:${new URL(trial.origin).port}/elsewhere")`);
        await trial.until("the other page is there", () => tab.page.evaluate(`location.pathname === "/elsewhere"`).then(Boolean, () => false));
        await pause(300);
        await tab.run("history.back()");
        await trial.until("the page is back", () => tab.page.evaluate(`"endcap" in window`).then(Boolean, () => false));
        await stroll(trial, tab, `ba${round}`, 15);
      }
      await trial.answered();
    },
  },
  {
    name: "5,000 events in one tick",
    longOnly: true,
    async run(trial) {
      await trial.start();
      const tab = await trial.tab();
      await tab.run(`recordMany("x-", 5000)`);
      await trial.answered();
    },
  },
  {
    name: "500 events in one tick, as the page begins",
    async run(trial) {
      trial.head(`<script>addEventListener("DOMContentLoaded", () => { const wait = () => (globalThis.endcap ? recordMany("y" + location.pathname.length + "-", 500) : setTimeout(wait)); wait(); }, { once: true })</script>`);
      await trial.start();
      await trial.tab();
      await trial.until("all are recorded", () => trial.tracked() >= 500);
      await trial.answered();
      trial.head("");
    },
  },
];
