/** Trains the session encoder and the item rows. */
import { seededRandom } from "../../core/ids.ts";
import { encoderShapes, type Model, type ModelConfig } from "../../core/model/config.ts";
import type { TrainConfig } from "../config.ts";
import type { Dataset } from "../prepare.ts";
import { createParameter, updateRows, type Parameter } from "./adam.ts";
import { batchesOf, windowsBetween, type Window } from "./batches.ts";
import { contentOf, createItemTower } from "./items.ts";
import { createStep, type Batch, type Step } from "./step.ts";

/** The rate rises over this share of the steps, then falls to nothing along a cosine. */
const WARM_UP = 0.05;
/** Steps after the blend was fitted are made at this share of the rate. */
const REFRESH_RATE = 0.5;
/** Of the rate, where training starts from a model that has learnt already. */
const WARM_START_RATE = 0.5;
/** Drawn negatives follow counts to this power, so that rare products are seen too (word2vec's). */
const NEGATIVE_POWER = 0.75;
/** Of one large order's products, so many are targets of one step. */
const MAX_TARGETS = 50;

export interface TrainedNetwork {
  encoder: { [name: string]: Float32Array };
  /** Unit rows of all items, [N · D]. */
  rows: Float32Array;
  steps: number;
  /** Mean over the last tenth of its steps, nats a moment. */
  loss: number;
}

/** `learn` from the training part, then `refresh` from the validation part too. */
export type TrainingPhase = "learn" | "refresh";

/** All that a phase needs to go on behind its step number `done`, but for its chances, which the seed repeats. */
export interface NetworkState {
  done: number;
  /** Of each step so far, nats a moment. */
  losses: number[];
  arrays: (Float32Array | Uint32Array)[];
}

/** Keeps states for a run that is cut off. */
export interface StateKeeper {
  load(phase: TrainingPhase): NetworkState | undefined;
  /** Whether the last one saved is old enough for another. */
  isDue(): boolean;
  /** Takes the arrays' content at once. */
  save(phase: TrainingPhase, state: NetworkState): void;
}

export interface NetworkTraining {
  /** Steps that the configured epochs take, or those of `setSteps`. */
  readonly plannedSteps: number;
  /** Learns from the training part; the last share of the steps is left for `refresh`. */
  run(onStep?: (loss: number) => void): TrainedNetwork;
  /**
   * Goes on with the steps that are left, now from the validation part too, whose moments come up most: tastes and
   * assortments move, and a model that stops at the training part is stale when it is shown. Call `run` first, once.
   */
  refresh(onStep?: (loss: number) => void): TrainedNetwork;
  /** Chooses another number of steps, before `run`. */
  setSteps(steps: number): void;
  /** Has states kept, and goes on from those that there are. Before `run`. */
  keepStates(keeper: StateKeeper): void;
  /** Starts from a model's rows and encoder instead of chance, as far as they fit. Before `run`. */
  startFrom(parent: Pick<Model, "config" | "indexOf" | "rows" | "scales" | "encoder">): void;
  /** Milliseconds that a step takes on this machine, from a few that are then undone. */
  measureStepMs(clock?: () => number): number;
}

/** What one step may hold: 2,000 moments against 20,000 candidates and more. */
const MAX_STEP_BYTES = 512 * 2 ** 20;

/** @throws RangeError if there is no moment to learn from */
export function prepareTraining(dataset: Dataset, config: TrainConfig, seed: number, stepOf: Step = createStep(config.model, MAX_STEP_BYTES)): NetworkTraining {
  const { model } = config;
  const { fromMs, trainUntilMs, validateUntilMs } = dataset.split;
  const windows = windowsBetween(dataset, -Infinity, trainUntilMs, model.length);
  if (windows.length === 0) throw new RangeError("no moment to learn from before the end of the training part");
  const epochSteps = batchesOf(windows, config.placesPerStep, seededRandom(seed)).length;
  let trainer: Trainer | undefined;
  let keeper: StateKeeper | undefined;
  let parent: Parameters<NetworkTraining["startFrom"]>[0] | undefined;
  let steps = Math.min(config.maxSteps, Math.max(config.minSteps, Math.round(epochSteps * config.epochs)));

  return {
    get plannedSteps() {
      return steps;
    },
    setSteps(wanted) {
      steps = Math.max(1, Math.floor(wanted));
    },
    keepStates(wanted) {
      keeper = wanted;
    },
    startFrom(wanted) {
      parent = wanted;
    },
    measureStepMs(clock = () => performance.now()) {
      const trial = createTrainer(dataset, config, seed, stepOf);
      trial.learnFrom(windows, 8, config.learningRate);
      for (let i = 0; i < 3; i += 1) trial.step();
      const startMs = clock();
      for (let i = 0; i < 5; i += 1) trial.step();
      return (clock() - startMs) / 5;
    },
    run(onStep) {
      trainer = createTrainer(dataset, config, seed, stepOf);
      const count = steps - Math.floor(config.refreshShare * steps);
      trainer.learnFrom(windows, count, (parent ? WARM_START_RATE : 1) * config.learningRate);
      if (parent) trainer.startFrom(parent);
      return { ...repeat(trainer, "learn", count, keeper, onStep), ...trainer.weights(), steps: count };
    },
    refresh(onStep) {
      if (!trainer) throw new RangeError("refresh before run");
      const count = Math.floor(config.refreshShare * steps);
      // As many older moments again as there are new ones, so that nothing is forgotten for them.
      const spanMs = validateUntilMs - trainUntilMs;
      const recent = [trainUntilMs, trainUntilMs - spanMs].flatMap((from) => windowsBetween(dataset, Math.max(from, fromMs), from + spanMs, model.length));
      if (recent.length > 0) trainer.learnFrom(recent, count, REFRESH_RATE * config.learningRate);
      return { ...repeat(trainer, "refresh", count, keeper, onStep), ...trainer.weights(), steps };
    },
  };
}

/** @returns the mean loss over the last steps */
function repeat(trainer: Trainer, phase: TrainingPhase, steps: number, keeper: StateKeeper | undefined, onStep?: (loss: number) => void): { loss: number } {
  const kept = keeper?.load(phase);
  const losses = kept ? [...kept.losses] : [];
  for (const loss of losses) {
    trainer.skip();
    onStep?.(loss);
  }
  if (kept) trainer.restore(kept.arrays);
  const save = () => keeper?.save(phase, { done: losses.length, losses, arrays: trainer.state() });
  while (losses.length < steps) {
    losses.push(trainer.step());
    onStep?.(losses.at(-1)!);
    if (losses.length < steps && keeper?.isDue()) save();
  }
  if (losses.length > (kept?.done ?? 0)) save();
  const counted = losses.slice(steps - Math.ceil(steps / 10));
  return { loss: counted.reduce((sum, loss) => sum + loss / counted.length, 0) };
}

interface Trainer {
  /** Sets what the next steps learn from, and lays out the rate's course for so many of them. */
  learnFrom(windows: readonly Window[], steps: number, peakRate: number): void;
  /** @returns the loss before this step */
  step(): number;
  /** Goes past a step whose result is known: only the chances that it took are taken. */
  skip(): void;
  /** The parameters with their moments, as they are kept in memory. */
  state(): NetworkState["arrays"];
  restore(arrays: NetworkState["arrays"]): void;
  startFrom(parent: Parameters<NetworkTraining["startFrom"]>[0]): void;
  weights(): Pick<TrainedNetwork, "encoder" | "rows">;
}

function createTrainer(dataset: Dataset, config: TrainConfig, seed: number, stepOf: Step): Trainer {
  const { model } = config;
  const { width } = model;
  const count = dataset.itemIds.length;
  const random = seededRandom(seed);
  const counts = new Float64Array(count);
  const known = new Uint8Array(count);
  const content = contentOf(dataset.products);
  const tower = createItemTower(content, count, width, known, seed + 1, config.decay);
  const encoder = initialEncoder(model, seed + 2);
  let candidates = createCandidates(counts, config);
  let windows: readonly Window[] = [];
  let queue: ReturnType<typeof batchesOf> = [];
  let course = { done: 0, steps: 1, peakRate: 0 };
  const state = () => [...tower.parameters, ...encoder.map(({ parameter }) => parameter)].flatMap(({ values, mean, square, updates }) => [values, mean, square, updates]);
  /** All of a step that is left to chance. */
  const draw = () => {
    if (queue.length === 0) queue = batchesOf(windows, config.placesPerStep, random);
    const chosen = queue.pop()!;
    const entries = entriesOfWindows(chosen, model, random, config.dropout);
    const wanted = momentsOf(chosen, entries.starts, random);
    const drawn = candidates.draw(wanted.items, random);
    const hidden = new Set<number>();
    if (config.idDropout > 0) for (const item of drawn.items) if (content.offsets[item + 1]! > content.offsets[item]! && random() < config.idDropout) hidden.add(item);
    return { entries, wanted, drawn, hidden };
  };

  return {
    state,
    restore(arrays) {
      state().forEach((array, i) => array.set(arrays[i]!));
    },
    startFrom(parent) {
      dataset.itemIds.forEach((id, item) => {
        const from = parent.indexOf.get(id);
        if (from === undefined || parent.config.width !== width) return;
        tower.place(item, Float32Array.from({ length: width }, (_, d) => parent.rows[from * width + d]! * parent.scales[from]!));
      });
      for (const { name, parameter } of encoder) {
        const values = parent.encoder[name];
        if (values?.length === parameter.values.length) parameter.values.set(values);
      }
    },
    skip() {
      draw();
      course.done += 1;
    },
    learnFrom(next, steps, peakRate) {
      addItemCounts(next, counts);
      counts.forEach((n, item) => (known[item] = n > 0 ? 1 : 0));
      candidates = createCandidates(counts, config);
      windows = next;
      queue = [];
      course = { done: 0, steps, peakRate };
    },
    step() {
      const { entries, wanted, drawn, hidden } = draw();
      const useId = (item: number) => !hidden.has(item);

      const candidateRows = new Float32Array(drawn.items.length * width);
      tower.rows(drawn.items, candidateRows, useId);
      const distinct = [...new Set(entries.items)];
      const placeOf = new Map(distinct.map((item, i) => [item, i]));
      const distinctRows = new Float32Array(distinct.length * width);
      tower.rows(distinct, distinctRows, useId);
      const entryRows = new Float32Array(entries.kinds.length * width);
      entries.items.forEach((item, i) => {
        const from = placeOf.get(item)! * width;
        entryRows.set(distinctRows.subarray(from, from + width), entries.at[i]! * width);
      });

      const batch: Batch = {
        starts: entries.starts, entryRows, kinds: entries.kinds, gaps: entries.gaps, places: wanted.places,
        candidateRows, logQ: drawn.logQ, offsets: wanted.offsets, targets: wanted.items.map((item) => drawn.columnOf(item)),
        excluded: wanted.excluded.map((item) => (item < 0 ? -1 : drawn.columnOf(item))),
      };
      const gradients = stepOf(Object.fromEntries(encoder.map(({ name, parameter }) => [name, parameter.values])), batch);

      distinctRows.fill(0);
      entries.items.forEach((item, i) => {
        const to = placeOf.get(item)! * width;
        const from = entries.at[i]! * width;
        for (let d = 0; d < width; d += 1) distinctRows[to + d] = distinctRows[to + d]! + gradients.entryRows[from + d]!;
      });
      tower.addGradient(distinct, distinctRows, useId);
      tower.addGradient(drawn.items, gradients.candidateRows, useId);
      const rate = course.peakRate * rateAt(course.done, course.steps);
      tower.update(rate);
      for (const { name, parameter } of encoder) {
        parameter.gradient.set(gradients.encoder[name]!);
        updateRows(parameter, rate);
      }
      course.done += 1;
      return gradients.loss;
    },
    weights() {
      const all = Uint32Array.from({ length: count }, (_, item) => item);
      const rows = new Float32Array(count * width);
      tower.rows(all, rows);
      return { rows, encoder: Object.fromEntries(encoder.map(({ name, parameter }) => [name, parameter.values])) };
    },
  };
}

function rateAt(step: number, steps: number): number {
  const warm = Math.max(1, WARM_UP * steps);
  if (step < warm) return (step + 1) / warm;
  return 0.5 * (1 + Math.cos((Math.PI * (step - warm)) / Math.max(1, steps - warm)));
}

function initialEncoder(config: ModelConfig, seed: number): { name: string; shape: number[]; parameter: Parameter }[] {
  const random = seededRandom(seed);
  return encoderShapes(config).map(([name, shape]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = new Float32Array(length);
    if (name.endsWith("Norm")) values.fill(1);
    else if (shape.length === 2 && name !== "shift") {
      // Glorot's bound; `shift` and all vectors start at 0, so that the session starts as a plain mean of its rows.
      const bound = name === "features" ? 0.1 : Math.sqrt(6 / (shape[0]! + shape[1]!));
      for (let i = 0; i < length; i += 1) values[i] = (random() * 2 - 1) * bound;
    }
    return { name, shape, parameter: createParameter(values, length) };
  });
}

function addItemCounts(windows: readonly Window[], counts: Float64Array): void {
  for (const { input, moments } of windows) {
    for (const item of input.items) if (item >= 0) counts[item] = counts[item]! + 1;
    for (const { targets } of moments) for (const item of targets) counts[item] = counts[item]! + 1;
  }
}

/** A batch's entries, end to end; of those that are not dropped, the items and their places. */
function entriesOfWindows(windows: readonly Window[], config: ModelConfig, random: () => number, dropout: number) {
  const starts = new Uint32Array(windows.length + 1);
  windows.forEach(({ input }, w) => (starts[w + 1] = starts[w]! + input.count));
  const kinds = new Uint8Array(starts.at(-1)!);
  const gaps = new Uint8Array(starts.at(-1)!);
  const items: number[] = [];
  const at: number[] = [];
  windows.forEach(({ input }, w) => {
    for (let to = starts[w]!, from = config.length - input.count; from < config.length; to += 1, from += 1) {
      kinds[to] = input.kinds[from]!;
      gaps[to] = input.gaps[from]!;
      if (dropout > 0 && random() < dropout) continue;
      items.push(input.items[from]!);
      at.push(to);
    }
  });
  return { starts, kinds, gaps, items, at };
}

/** A batch's moments by place, and the items that each of them wants. */
function momentsOf(windows: readonly Window[], starts: Uint32Array, random: () => number) {
  const places: number[] = [];
  const offsets: number[] = [0];
  const items: number[] = [];
  const excluded: number[] = [];
  windows.forEach(({ input, moments }, w) => {
    for (let m = moments.length - 1; m >= 0; m -= 1) {
      const { back, targets, excluded: item } = moments[m]!;
      if (back >= input.count) continue;
      excluded.push(item);
      places.push(starts[w + 1]! - 1 - back);
      const from = targets.length > MAX_TARGETS ? Math.floor(random() * targets.length) : 0;
      for (let i = 0; i < Math.min(MAX_TARGETS, targets.length); i += 1) items.push(targets[(from + i) % targets.length]!);
      offsets.push(items.length);
    }
  });
  return { places: Int32Array.from(places), offsets: Uint32Array.from(offsets), items: Int32Array.from(items), excluded: Int32Array.from(excluded) };
}

interface Candidates {
  draw(targets: Int32Array, random: () => number): {
    items: Int32Array;
    logQ: Float32Array | null;
    /** -1 for an item that is not among them. */
    columnOf: (item: number) => number;
  };
}

/** All known items where that is affordable, else the batch's targets with negatives drawn for all of its moments. */
function createCandidates(counts: Float64Array, config: TrainConfig): Candidates {
  const known = Int32Array.from(counts.keys()).filter((item) => counts[item]! > 0);
  if (known.length <= config.fullSoftmaxItems) {
    const columns = new Int32Array(counts.length).fill(-1);
    known.forEach((item, column) => (columns[item] = column));
    return { draw: () => ({ items: known, logQ: null, columnOf: (item) => columns[item]! }) };
  }
  const cumulative = new Float64Array(known.length);
  let total = 0;
  known.forEach((item, i) => (cumulative[i] = total += counts[item]! ** NEGATIVE_POWER));
  const probability = (item: number) => counts[item]! ** NEGATIVE_POWER / total;
  return {
    draw(targets, random) {
      const columns = new Map<number, number>();
      const take = (item: number) => {
        if (!columns.has(item)) columns.set(item, columns.size);
      };
      for (const item of targets) take(item);
      const drawn = columns.size + config.negatives;
      while (columns.size < Math.min(drawn, known.length)) take(known[firstAbove(cumulative, random() * total)]!);
      const items = Int32Array.from(columns.keys());
      const logQ = Float32Array.from(items, (item) => Math.log(1 - (1 - probability(item)) ** drawn));
      return { items, logQ, columnOf: (item) => columns.get(item) ?? -1 };
    },
  };
}

function firstAbove(cumulative: Float64Array, value: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
