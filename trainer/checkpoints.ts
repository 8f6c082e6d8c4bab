/** Keeps the state of a training run on the disk, so that a killed one goes on where it was and ends with the same weights. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { canonicalJson } from "../core/weights/manifest.ts";
import type { NetworkState, StateKeeper, TrainingPhase } from "./models/network.ts";
import { writeWhole } from "./whole-file.ts";

const FORMAT = "endcap-checkpoint/1";
const DEFAULT_INTERVAL_MS = 15_000;

/** What makes a run the same run: whatever else differs, its weights are the same. */
export type RunIdentity = { readonly [name: string]: unknown };

interface Stored {
  format: string;
  run: string;
  /** All steps of the run, which a time budget may have chosen. */
  steps: number;
  state: NetworkState;
}

export interface Checkpoints extends StateKeeper {
  /** The number of steps of the run that was cut off; undefined where there is none to go on with. */
  readonly plannedSteps: number | undefined;
  /** Steps that need not be computed again. */
  readonly doneSteps: number;
  begin(plannedSteps: number): void;
  /** The run is over and what came of it is kept. */
  remove(): void;
}

/** @param folder of this shop's checkpoints; those of another run are ignored, and written over */
export function openCheckpoints(folder: string, identity: RunIdentity, { intervalMs = DEFAULT_INTERVAL_MS, now = () => performance.now() }: { intervalMs?: number; now?: () => number } = {}): Checkpoints {
  const run = createHash("sha256").update(canonicalJson(identity)).digest("hex");
  const pathOf = (phase: TrainingPhase) => join(folder, `${phase}.checkpoint`);
  const read = (phase: TrainingPhase): Stored | undefined => {
    try {
      const stored = deserialize(readFileSync(pathOf(phase))) as Stored;
      return stored.format === FORMAT && stored.run === run ? stored : undefined;
    } catch {
      // None, or one that was damaged: the run begins anew.
      return undefined;
    }
  };
  const found = { learn: read("learn"), refresh: read("refresh") };
  // The second phase is of use only behind the whole first.
  if (found.refresh && found.learn?.steps !== found.refresh.steps) found.refresh = undefined;
  let steps = found.learn?.steps;
  let savedMs = now();
  return {
    plannedSteps: steps,
    doneSteps: (found.learn?.state.done ?? 0) + (found.refresh?.state.done ?? 0),
    begin(planned) {
      if (planned !== steps) found.learn = found.refresh = undefined;
      steps = planned;
      mkdirSync(folder, { recursive: true });
    },
    load: (phase) => found[phase]?.state,
    isDue: () => now() - savedMs >= intervalMs,
    save(phase, state) {
      writeWhole(pathOf(phase), serialize({ format: FORMAT, run, steps: steps!, state } satisfies Stored));
      savedMs = now();
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
