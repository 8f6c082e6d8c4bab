/** The browser's power is cut, again and again, on one profile. */
import type { FaultPlan } from "./trial.ts";
import { between } from "./random.ts";
import { pause } from "./servers.ts";
import type { WayMode } from "./way.ts";

const WAYS: readonly WayMode[] = [
  { kind: "pass" }, { kind: "pass" }, { kind: "pass" }, { kind: "refuse" }, { kind: "hang" }, { kind: "status", status: 503 },
  { kind: "commit-then-drop", first: true }, { kind: "commit-then-drop", first: false }, { kind: "disorder" },
];

/** @param kills how often, on this profile */
export function browserKills(name: string, kills: number): FaultPlan {
  return {
    name,
    kills: true,
    async run(trial) {
      const { random } = trial;
      for (let kill = 0; kill < kills; kill += 1) {
        const browser = await trial.start();
        trial.way.mode = WAYS[between(random, 0, WAYS.length - 1)]!;
        const tab = await trial.tab();
        let alive = true;
        const recording = (async () => {
          for (let step = 0; alive; step += 1) {
            const prefix = `k${kill}s${step}-`;
            // A page that leaves in the tick of recording has the next one begin with what it left.
            const leaves = random() < 0.08;
            await tab.run(leaves ? `recordAndLeave("${prefix}", ${between(random, 1, 6)}, "/${trial.key}/page-${step}")` : `globalThis.recordMany && globalThis.endcap && recordMany("${prefix}", ${between(random, 1, 14)})`);
            await pause(random() * 70);
          }
        })().catch(() => {});
        await pause(between(random, 60, 2_600));
        await browser.kill();
        alive = false;
        await recording;
      }
    },
  };
}
