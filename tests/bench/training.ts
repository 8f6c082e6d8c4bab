/** One training step by our kernels against tfjs's WASM backend as it comes: same model, same batch, same run; and against a larger catalogue. */
import { DAY_MS } from "../../core/calendar.ts";
import { seededRandom } from "../../core/ids.ts";
import { encoderShapes, type ModelConfig } from "../../core/model/config.ts";
import { quantile } from "../../core/metrics.ts";
import { createCleaningReport } from "../../trainer/cleaning.ts";
import { defaultConfig } from "../../trainer/config.ts";
import { startBackend } from "../../trainer/models/backend.ts";
import { prepareTraining } from "../../trainer/models/network.ts";
import { createStep, type Batch } from "../../trainer/models/step.ts";
import { createTfjsStep } from "../../trainer/models/tfjs-step.ts";
import type { Dataset, Shopper } from "../../trainer/prepare.ts";
import { alternate, report, type BenchRow } from "./report.ts";

const RUNS = 15;
/** What a step of a default run looks like: histories of views, and a catalogue small enough that every product is a candidate. */
const SHAPES: { what: string; config: ModelConfig; windows: number; candidates: number }[] = [
  { what: "view shop, 512 places × 1,200 products", config: { width: 48, length: 20, blocks: 1, heads: 1, neighbours: 50 }, windows: 25, candidates: 1200 },
  { what: "order shop, 1,024 places × 1,000 drawn", config: { width: 48, length: 50, blocks: 1, heads: 1, neighbours: 50 }, windows: 20, candidates: 1000 },
];

const rows: BenchRow[] = [];
for (const { what, config, windows, candidates } of SHAPES) {
  const random = seededRandom(1);
  const numbers = (length: number) => Float32Array.from({ length }, () => random() - 0.5);
  const encoder = Object.fromEntries(encoderShapes(config).map(([name, shape]) => [name, numbers(shape.reduce((a, b) => a * b, 1))]));
  const places = windows * config.length;
  const batch: Batch = {
    starts: Uint32Array.from({ length: windows + 1 }, (_, b) => b * config.length),
    entryRows: numbers(places * config.width), kinds: new Uint8Array(places), gaps: new Uint8Array(places),
    places: Int32Array.from({ length: places }, (_, i) => i), candidateRows: numbers(candidates * config.width), logQ: null,
    offsets: Uint32Array.from({ length: places + 1 }, (_, i) => i), targets: Int32Array.from({ length: places }, () => Math.floor(random() * candidates)),
    excluded: new Int32Array(places).fill(-1),
  };
  await startBackend("wasm", { stock: true });
  const ours = createStep(config, 256 * 2 ** 20);
  const stock = createTfjsStep(config);
  const times = await alternate(RUNS, { ours: () => ours(encoder, batch), stock: () => stock(encoder, batch) });
  rows.push(
    { what, metric: "step, median", value: quantile(times.ours, 0.5), unit: "ms", against: "tfjs stock", againstValue: quantile(times.stock, 0.5) },
    { what, metric: "step, p95", value: quantile(times.ours, 0.95), unit: "ms", against: "tfjs stock", againstValue: quantile(times.stock, 0.95) },
  );
}

/** Whole steps, rows and their updates included, of shops that differ in their catalogue alone. */
const CATALOGUES = [3500, 100_000];
const STEPS = 80;
const WARM_UP_STEPS = 20;
const [small, large] = CATALOGUES.map((items) => {
  const training = prepareTraining(wanderingShop(items), { ...defaultConfig("next-view"), fullSoftmaxItems: 0, refreshShare: 0 }, 1);
  training.setSteps(STEPS);
  const times: number[] = [];
  let lastMs = processorMs();
  training.run(() => {
    const nowMs = processorMs();
    times.push(nowMs - lastMs);
    lastMs = nowMs;
  });
  return quantile(times.slice(WARM_UP_STEPS), 0.5);
});
rows.push({ what: `${CATALOGUES[1]} products`, metric: "whole step, 512 negatives, median processor time", value: large!, unit: "ms", against: `${CATALOGUES[0]} products`, againstValue: small! });

/** What this process has used of all cores; steps of one run cannot alternate with those of another, so the clock would measure the neighbours. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Shoppers who look at anything. */
function wanderingShop(items: number): Dataset {
  const random = seededRandom(2);
  const itemIds = Array.from({ length: items }, (_, i) => `p${i}`);
  const shoppers = Array.from({ length: 20_000 }, (_, s): Shopper => {
    const chosen = Array.from({ length: 10 }, () => Math.floor(random() * items));
    const history = chosen.map((item, i) => ({ item_id: itemIds[item]!, kind: "view" as const, atMs: i * 60_000 }));
    const moments = chosen.slice(1).map((item, i) => ({ after: i + 1, newest: history[i]!, targets: [item], atMs: (i + 1) * 60_000, seq: i + 2 }));
    return { clientId: `c${s}`, history, moments };
  });
  return {
    objective: "next-view", itemIds, indexOf: new Map(itemIds.map((id, i) => [id, i])), shoppers,
    products: itemIds.map((id) => ({ id, title: `Thing ${id}`, link: `/${id}`, price: 10 })),
    split: { fromMs: 0, trainUntilMs: DAY_MS, validateUntilMs: 2 * DAY_MS, untilMs: Infinity },
    events: 200_000, dataHash: "", report: createCleaningReport(),
  };
}
report("Training step (loss and all gradients), on one core", rows, "a quiet machine unless yours is; the updates of item rows, but in the last row; tfjs's own softmax gradient, since both run ours.");
