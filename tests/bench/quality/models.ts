/** Fits every model to one benchmark set: settings by its validation part, then what the final figures are made with. */
import { encodeHistory, type EncodedHistory } from "../../../core/history.ts";
import { quantiseRows, type Model } from "../../../core/model/config.ts";
import { defaultConfig, type TrainConfig } from "../../../trainer/config.ts";
import { fitLinearItems, MAX_LINEAR_ITEMS, strongestOf, type LinearItemsConfig } from "../../../trainer/models/linear-items.ts";
import { prepareTraining, type TrainedNetwork } from "../../../trainer/models/network.ts";
import { coVisitationScorer, networkScorer, popularityScorer } from "../../../trainer/models/parts.ts";
import { fitPopularity } from "../../../trainer/models/popularity.ts";
import type { Scorer } from "../../../trainer/models/scorer.ts";
import { createSessionKnn, indexSessions, SESSION_KNN_CHOICES } from "../../../trainer/models/session-knn.ts";
import { fitSessionRows, SESSION_ROWS } from "../../../trainer/models/session-rows.ts";
import type { CoVisitation } from "../../../trainer/models/strongest.ts";
import { fitWeights, ndcgAlone, tabulate, type Question } from "../../../trainer/models/weights.ts";
import { libmfScorer } from "./libmf.ts";
import type { BenchmarkSet, Question as RawQuestion } from "./formats.ts";

export interface FittedModels {
  /** By name, with the CPU seconds that fitting took. */
  models: { scorer: Scorer; cpuSeconds: number; settings: string }[];
  /** Sums of these, with these weights. */
  blends: { name: string; ships: boolean; parts: readonly Scorer[]; weights: readonly number[]; cpuSeconds: number }[];
}

/** Questions that settings are chosen by, at most. */
const MAX_CHOICE_QUESTIONS = 1500;
const MAX_BLEND_QUESTIONS = 3000;
/** Of the CPU time given, this share is the network's own steps. */
const NETWORK_SHARE = 0.75;
const K = 10;

/** Places of history that models read: users have long ones. */
export function lengthFor(set: BenchmarkSet): number {
  return set.repeats ? 20 : 50;
}

export function questionsOf(set: BenchmarkSet, raw: readonly RawQuestion[]): Question[] {
  const length = lengthFor(set);
  return raw.map(({ items, atMs, target }) => ({ input: inputOf(items, atMs, length), nowMs: atMs.at(-1)!, targets: [target], excluded: set.repeats ? [] : items }));
}

function inputOf(items: Int32Array, atMs: Float64Array, length: number): EncodedHistory {
  const entries = Array.from(items, (item, i) => ({ item_id: String(item), kind: "view" as const, atMs: atMs[i]! }));
  return encodeHistory(entries, Number, length);
}

/**
 * Chooses all settings by the validation questions, fits the blends on them, and, where the validation part is one of
 * the log's time, lets every model learn from it too before the test is asked.
 *
 * @param final whether the test will be asked
 * @param peer another library's module, to be fitted beside ours
 */
export function fitModels(set: BenchmarkSet, { minutes, seed, final, peer, note }: { minutes: number; seed: number; final: boolean; peer?: Parameters<typeof libmfScorer>[0]; note: (text: string) => void }): FittedModels {
  const { dataset, itemCount } = set;
  const { trainUntilMs, validateUntilMs } = dataset.split;
  const questions = questionsOf(set, spread(set.validation, MAX_BLEND_QUESTIONS));
  const few = spread(questions, MAX_CHOICE_QUESTIONS);
  const ndcg = (scorer: Scorer) => ndcgAlone(scorer, few, itemCount, K);
  const config = networkConfig(set);
  const shell = (visits: CoVisitation, visitDecay: number): Model => ({
    config: { ...config.model, neighbours: visits.neighbours.length / itemCount, visitDecay }, itemIds: dataset.itemIds, indexOf: dataset.indexOf,
    neighbours: visits.neighbours, neighbourWeights: visits.weights, rows: new Int8Array(0), scales: new Float32Array(0), encoder: {}, popularity: new Float32Array(0), blend: [1, 0, 0],
  });

  const popular = timed(() => chooseBest(POPULARITY_HALF_LIVES.map((share) => {
    const halfLifeMs = share * (validateUntilMs - dataset.split.fromMs);
    return { make: (untilMs: number) => popularityScorer(fitPopularity(dataset, untilMs, halfLifeMs)), settings: `half-life ${share} of the log` };
  }), trainUntilMs, ndcg));
  note(`popularity: ${popular.value.settings}`);

  const index = indexSessions(dataset, trainUntilMs);
  const knn = timed(() => chooseBest(SESSION_KNN_CHOICES.map((choice) => ({
    make: (untilMs: number) => createSessionKnn(untilMs === trainUntilMs ? index : indexSessions(dataset, untilMs), choice), settings: JSON.stringify(choice),
  })), trainUntilMs, ndcg));
  note(`session kNN: ${knn.value.settings}`);

  const rows = timed(() => chooseBest(SESSION_ROWS.flatMap((choice) => {
    const now = fitSessionRows(index, config.model.neighbours, choice);
    return VISIT_DECAYS.map((decay): Choice => ({
      make: (untilMs) => ({
        ...coVisitationScorer(shell(untilMs === trainUntilMs ? now : fitSessionRows(indexSessions(dataset, untilMs), config.model.neighbours, choice), decay)), name: "session rows",
      }),
      settings: `${JSON.stringify(choice)}, visitDecay ${decay}`,
    }));
  }), trainUntilMs, ndcg));
  note(`session rows: ${rows.value.settings}`);

  const linear = itemCount > MAX_LINEAR_ITEMS ? undefined : timed(() => chooseBest(linearChoices(set).map((choice) => ({
    make: (untilMs: number) => {
      const rows = fitLinearItems(untilMs === trainUntilMs ? index : indexSessions(dataset, untilMs), choice);
      return { ...coVisitationScorer(shell(strongestOf(rows, itemCount, config.model.neighbours), choice.decay)), name: "linear items" };
    },
    settings: JSON.stringify(choice),
  })), trainUntilMs, ndcg));
  if (linear) note(`linear items: ${linear.value.settings}`);

  const other = peer && timed(() => libmfScorer(peer, final && config.refreshShare > 0 ? indexSessions(dataset, validateUntilMs) : index));

  const started = cpuSeconds();
  const training = prepareTraining(dataset, config, seed);
  const budget = minutes * 60 * NETWORK_SHARE - popular.cpuSeconds - knn.cpuSeconds - rows.cpuSeconds - (linear?.cpuSeconds ?? 0);
  const stepSeconds = training.measureStepMs(() => cpuSeconds() * 1000) / 1000;
  training.setSteps(Math.min(training.plannedSteps, Math.max(50, budget / stepSeconds)));
  note(`network: ${training.plannedSteps} steps of ${config.placesPerStep} places, ${Math.round(stepSeconds * 1000)} ms each, d ${config.model.width}, L ${config.model.length}`);
  const asScorer = ({ rows, encoder }: TrainedNetwork) => networkScorer({ ...shell({ neighbours: new Uint32Array(0), weights: new Uint8Array(0) }, 1), ...quantiseRows(rows, config.model.width), encoder });
  let network = asScorer(training.run());
  const trainedSeconds = cpuSeconds() - started;

  const all = { popularity: popular.value, knn: knn.value, rows: rows.value, ...(linear && { linear: linear.value }) };
  const chosen = Object.fromEntries(Object.entries(all).map(([name, choice]) => [name, choice.scorer])) as { [name in keyof typeof all]: Scorer };
  const fitBlend = (names: readonly (keyof typeof all)[]) => timed(() => fitWeights(tabulate([network, ...names.map((name) => chosen[name]!)], questions, itemCount), K));
  // Devices hold one table of sparse rows: the better of the two, by its own NDCG.
  const sparse = linear && ndcg(linear.value.scorer) > ndcg(rows.value.scorer) ? "linear" as const : "rows" as const;
  const shipping: (keyof typeof all)[] = [sparse, "popularity"];
  const blends = [{ name: "blend, as it ships", ships: true, names: shipping }, { name: "blend of everything", ships: false, names: (Object.keys(all) as (keyof typeof all)[]) }]
    .map((blend) => ({ ...blend, fitted: fitBlend(blend.names) }));
  for (const { name, fitted } of blends) note(`${name}: weights ${fitted.value.weights.map((weight) => weight.toFixed(2)).join(" / ")}; NDCG@${K} ${fitted.value.ndcg.toFixed(4)} of parts ${fitted.value.alone.map((value) => value.toFixed(4)).join(" / ")}`);

  const refreshed = timed(() => {
    if (!final || config.refreshShare === 0) return;
    network = asScorer(training.refresh());
    for (const name of Object.keys(all) as (keyof typeof all)[]) chosen[name] = all[name]!.make(validateUntilMs);
  });
  const seconds = { popularity: popular.cpuSeconds, knn: knn.cpuSeconds, rows: rows.cpuSeconds, linear: linear?.cpuSeconds ?? 0 };
  return {
    models: [
      ...(Object.keys(all) as (keyof typeof all)[]).map((name) => ({ scorer: chosen[name]!, cpuSeconds: seconds[name], settings: all[name]!.settings })),
      ...(other ? [{ scorer: other.value, cpuSeconds: other.cpuSeconds, settings: "its defaults" }] : []),
      { scorer: network, cpuSeconds: trainedSeconds + refreshed.cpuSeconds, settings: JSON.stringify(config.model) },
    ],
    blends: blends.map(({ name, ships, names, fitted }) => ({
      name, ships, parts: [network, ...names.map((part) => chosen[part]!)], weights: fitted.value.weights,
      cpuSeconds: trainedSeconds + refreshed.cpuSeconds + fitted.cpuSeconds + names.reduce((sum, part) => sum + seconds[part], 0),
    })),
  };
}

const POPULARITY_HALF_LIVES = [0.02, 0.1, 0.5, Infinity];
const VISIT_DECAYS = [0.35, 0.5, 0.65, 0.8];

function linearChoices(set: BenchmarkSet): LinearItemsConfig[] {
  const base = { later: 0, halfLifeShare: Infinity };
  return set.repeats ? [{ ...base, decay: 0.3, ridge: 60 }, { ...base, decay: 0.6, ridge: 60 }] : [{ ...base, decay: 0.8, ridge: 300 }];
}

/** The network's size by what the set is like: long histories or short ones, few sessions or many. */
function networkConfig(set: BenchmarkSet): TrainConfig {
  const config = defaultConfig("next-view");
  const { events } = set.dataset;
  return {
    ...config,
    model: { width: 64, length: lengthFor(set), blocks: 1, heads: 1, neighbours: 50 },
    epochs: 10, minSteps: 500, maxSteps: 200_000,
    // Small logs take more, smaller steps.
    placesPerStep: events < 100_000 ? 128 : 1024,
    learningRate: 0.005, refreshShare: set.repeats ? 0.15 : 0, dropout: 0.2, idDropout: 0,
    // On diginetica's validation part, four epochs with 512, 2,000 and 6,000 negatives reached NDCG@10 of .185 to .20, .209 and .222.
    negatives: 6000, fullSoftmaxItems: 8000,
  };
}

interface Choice {
  make(untilMs: number): Scorer;
  settings: string;
}
function chooseBest(choices: readonly Choice[], untilMs: number, ndcg: (scorer: Scorer) => number): Choice & { scorer: Scorer } {
  let best: (Choice & { scorer: Scorer; ndcg: number }) | undefined;
  for (const choice of choices) {
    const scorer = choice.make(untilMs);
    const reached = ndcg(scorer);
    if (!best || reached > best.ndcg) best = { ...choice, scorer, ndcg: reached };
  }
  return best!;
}

/** At most so many, evenly over all of them. */
export function spread<T>(list: readonly T[], limit: number): T[] {
  const stride = Math.max(1, list.length / limit);
  return Array.from({ length: Math.floor(list.length / stride) }, (_, i) => list[Math.floor(i * stride)]!);
}
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
function timed<T>(run: () => T): { value: T; cpuSeconds: number } {
  const started = cpuSeconds();
  return { value: run(), cpuSeconds: cpuSeconds() - started };
}
