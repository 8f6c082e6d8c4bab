import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultConfig } from "../../trainer/config.ts";
import { openCheckpoints } from "../../trainer/checkpoints.ts";
import { prepareTraining, type TrainedNetwork } from "../../trainer/models/network.ts";
import { datasetOf, plantedShop } from "./planted.ts";

const { products, lines } = plantedShop(200, 7);
const dataset = datasetOf(products, lines);
const config = { ...defaultConfig("next-view"), dropout: 0.2, idDropout: 0.1 };
const IDENTITY = { dataHash: dataset.dataHash, seed: 1 };
const STEPS = 20;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "endcap-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

class Killed extends Error {}

/** @param killAt the step at which the run dies */
function train({ killAt = Infinity, identity = IDENTITY, steps = STEPS }: { killAt?: number; identity?: typeof IDENTITY; steps?: number } = {}): { learnt: TrainedNetwork; refreshed: TrainedNetwork; computed: number } {
  const checkpoints = openCheckpoints(join(folder, "run"), identity, { intervalMs: 0 });
  const training = prepareTraining(dataset, config, 1);
  training.setSteps(steps);
  const before = checkpoints.doneSteps;
  checkpoints.begin(steps);
  training.keepStates(checkpoints);
  let seen = 0;
  const onStep = () => {
    seen += 1;
    if (seen === killAt) throw new Killed();
  };
  const copy = (network: TrainedNetwork): TrainedNetwork => structuredClone(network);
  const learnt = copy(training.run(onStep));
  const refreshed = copy(training.refresh(onStep));
  return { learnt, refreshed, computed: seen - before };
}

describe("a training run that is cut off", () => {
  const whole = (() => {
    folder = mkdtempSync(join(tmpdir(), "endcap-"));
    const result = train();
    rmSync(folder, { recursive: true });
    return result;
  })();

  it.each([3, 16, 18])("at step %i ends with exactly the weights and the loss that it would have had", (killAt) => {
    expect(() => train({ killAt })).toThrow(Killed);
    const resumed = train();
    expect(resumed.refreshed).toEqual(whole.refreshed);
    // The blend is fitted on what the first phase had learnt.
    expect(resumed.learnt).toEqual(whole.learnt);
    expect(resumed.computed).toBeLessThan(STEPS);
  });

  it("begins anew where the data, the seed or the settings are others, or the file is damaged", () => {
    expect(() => train({ killAt: 10 })).toThrow(Killed);
    expect(train({ identity: { ...IDENTITY, seed: 2 } }).computed).toBe(STEPS);
    expect(() => train({ killAt: 10 })).toThrow(Killed);
    writeFileSync(join(folder, "run", "learn.checkpoint"), "damaged");
    expect(train()).toEqual({ ...whole, computed: STEPS });
  });

  it("remembers how many steps a time budget had chosen", () => {
    expect(() => train({ killAt: 10, steps: 17 })).toThrow(Killed);
    expect(openCheckpoints(join(folder, "run"), IDENTITY).plannedSteps).toBe(17);
  });
});

it("gives the same weights file when the process is killed and run again", async () => {
  const log = join(folder, "log.csv");
  writeFileSync(log, `client_id,event,item_id,timestamp\n${plantedShop(200, 7).lines.flatMap(({ clientId, events }) => events.map(({ occurredAtMs, params }) => `${clientId},view,${(params as { items: { item_id: string }[] }).items[0]!.item_id},${occurredAtMs}`)).join("\n")}\n`);
  const start = (dataDir: string) => spawn(process.execPath, ["trainer/main.ts", "train", "--data", log, "--data-dir", join(folder, dataDir), "--steps", "150", "--checkpoint", "0.05"], { cwd: join(import.meta.dirname, "../.."), stdio: ["ignore", "pipe", "pipe"] });
  const weights = (dataDir: string) => readFileSync(join(folder, dataDir, "models/log/candidate.safetensors"));
  const text = (child: ReturnType<typeof start>) => {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    return () => said;
  };

  const undisturbed = once(start("undisturbed"), "exit");
  const killed = start("killed");
  const gone = once(killed, "exit");
  while (!existsSync(join(folder, "killed/checkpoints/log/learn.checkpoint")) && killed.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  killed.kill("SIGKILL");
  expect((await gone)[1]).toBe("SIGKILL");
  expect(existsSync(join(folder, "killed/models"))).toBe(false);

  const again = start("killed");
  const said = text(again);
  await once(again, "exit");
  await undisturbed;
  expect(said()).toMatch(/Goes on behind step [1-9]\d* of a run that was cut off/);
  expect(weights("killed").equals(weights("undisturbed"))).toBe(true);
  expect(existsSync(join(folder, "killed/checkpoints/log"))).toBe(false);
}, 60_000);
