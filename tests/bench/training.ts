/** One training step with our matrix products against tfjs's WASM backend as it comes: same model, same batch, same run. */
import { ENTRY_FEATURES } from "../../core/history.ts";
import { seededRandom } from "../../core/ids.ts";
import { encoderShapes, type ModelConfig } from "../../core/model/config.ts";
import { quantile } from "../../core/metrics.ts";
import { startBackend } from "../../trainer/models/backend.ts";
import { stepGradients, type Batch } from "../../trainer/models/step.ts";
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
  const encoder = Object.fromEntries(encoderShapes(config).map(([name, shape]) => [name, { shape, values: numbers(shape.reduce((a, b) => a * b, 1)) }]));
  const places = windows * config.length;
  const batch: Batch = {
    windows, length: config.length,
    entryRows: numbers(places * config.width), features: new Float32Array(places * ENTRY_FEATURES), used: new Float32Array(places).fill(1),
    places: Int32Array.from({ length: places }, (_, i) => i), candidateRows: numbers(candidates * config.width), logQ: null,
    offsets: Uint32Array.from({ length: places + 1 }, (_, i) => i), targets: Int32Array.from({ length: places }, () => Math.floor(random() * candidates)),
    excluded: new Int32Array(places).fill(-1),
  };
  await startBackend("wasm");
  const times = await alternate(RUNS, {
    ours: () => timed(false),
    stock: () => timed(true),
  });
  async function timed(stock: boolean): Promise<void> {
    await startBackend("wasm", { stock });
    stepGradients(config, encoder, batch);
  }
  rows.push(
    { what, metric: "step, median", value: quantile(times.ours, 0.5), unit: "ms", against: "tfjs stock", againstValue: quantile(times.stock, 0.5) },
    { what, metric: "step, p95", value: quantile(times.ours, 0.95), unit: "ms", against: "tfjs stock", againstValue: quantile(times.stock, 0.95) },
  );
}
report("Training step (loss and all gradients)", rows, "a quiet machine unless yours is; the updates of item rows, which both would share; tfjs's own softmax gradient, since both run ours.");
