/** `npm run bench:quality -- <folder>`: every model on a public benchmark set, with settings it chooses itself on the training part. */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { bootstrapClusters, mean, type Estimate } from "../../core/metrics.ts";
import type { Scorer } from "../../trainer/models/scorer.ts";
import { rankOf } from "../../trainer/models/weights.ts";
import { readBenchmark, type Question as RawQuestion } from "./quality/formats.ts";
import { loadLibmf } from "./quality/libmf.ts";
import { cpuSeconds, fitModels, questionsOf, spread } from "./quality/models.ts";
import { PUBLISHED } from "./quality/published.ts";
import { machine, report, type BenchRow } from "./report.ts";

const METRICS = ["HR@10", "HR@20", "NDCG@10", "MRR@20"] as const;
type Metric = (typeof METRICS)[number];
const VALUE_AT: { readonly [metric in Metric]: (rank: number) => number } = {
  "HR@10": (rank) => (rank <= 10 ? 1 : 0),
  "HR@20": (rank) => (rank <= 20 ? 1 : 0),
  "NDCG@10": (rank) => (rank <= 10 ? 1 / Math.log2(rank + 1) : 0),
  "MRR@20": (rank) => (rank <= 20 ? 1 / rank : 0),
};
const QUESTIONS_AT_ONCE = 32;
/** Of the validation, so many questions are asked for the table; the test is asked whole. */
const MAX_VALIDATION_QUESTIONS = 8000;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { peer: { type: "boolean", default: false }, final: { type: "boolean", default: false }, minutes: { type: "string", default: "20" }, seeds: { type: "string", default: "1" }, json: { type: "string" } },
});
const [folder] = positionals;
if (!folder) {
  console.error("npm run bench:quality -- <folder> [--final] [--minutes 20] [--seeds 1] [--peer] [--json FILE]\n<folder> holds train_seqs.txt and test.tsv; or *_train_full.txt and *_test.txt; or train_input.txt with val_input, val_output and test_output; or one .txt of users");
  process.exit(2);
}

const set = readBenchmark(folder);
const raw = flags.final ? set.test() : spread(set.validation, MAX_VALIDATION_QUESTIONS);
const clusters = Uint32Array.from(raw, ({ cluster }) => cluster);
console.log(`${basename(folder)} (${set.format}): ${set.dataset.shoppers.length} sequences, ${set.dataset.events} entries, ${set.itemCount} items; ${raw.length} ${flags.final ? "test" : "validation"} questions.\n${set.protocol}.`);
console.log(flags.final ? "FINAL: the test part was read." : "Validation; the test part was not read (--final reads it). Settings and blends were chosen on these questions, so figures are a little high.");

/** Ranks of every model and blend, of all seeds. */
const found = new Map<string, { ranks: Float64Array[]; cpuSeconds: number[]; bytes: number | undefined }>();
const keep = (name: string, ranks: Float64Array, cpu: number, bytes: number | undefined) => {
  const entry = found.get(name) ?? { ranks: [], cpuSeconds: [], bytes };
  entry.ranks.push(ranks);
  entry.cpuSeconds.push(cpu);
  found.set(name, entry);
};
// Installed from npm when it is asked for.
const peer = flags.peer ? await loadLibmf() : undefined;
for (let seed = 1; seed <= Number(flags.seeds); seed += 1) {
  const { models, blends } = fitModels(set, { minutes: Number(flags.minutes), seed, final: flags.final, peer, note: (text) => console.log(`  ${text}`) });
  const names = [...models.map(({ scorer }) => scorer.name), ...blends.map(({ name }) => name)];
  const started = cpuSeconds();
  const ranks = rankAll(models.map(({ scorer }) => scorer), blends, raw);
  console.log(`  seed ${seed}: asked in ${Math.round(cpuSeconds() - started)} CPU seconds`);
  const bytesOf = (parts: readonly Scorer[]) => parts.reduce<number | undefined>((sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes), 0);
  names.forEach((name, i) => {
    const blend = blends[i - models.length];
    keep(name, ranks[i]!, blend ? blend.cpuSeconds : models[i]!.cpuSeconds, bytesOf(blend ? blend.parts.filter((_, p) => blend.weights[p]! > 0) : [models[i]!.scorer]));
  });
}

const estimate = (ranks: readonly Float64Array[], metric: Metric): Estimate => bootstrapClusters(meanOver(ranks, VALUE_AT[metric]), clusters, 1);
console.log(`\n${machine()}\n  ${"model".padEnd(26)}${METRICS.map((metric) => metric.padEnd(24)).join("")}CPU s   bytes`);
for (const [name, { ranks, cpuSeconds, bytes }] of found) {
  const cells = METRICS.map((metric) => { const { value, low, high } = estimate(ranks, metric); return `${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`.padEnd(24); });
  console.log(`  ${name.padEnd(26)}${cells.join("")}${mean(cpuSeconds).toFixed(0).padEnd(8)}${bytes ?? "stays with the log"}`);
}
for (const { model, source, figures, protocol } of PUBLISHED[basename(folder)] ?? []) {
  console.log(`  ${`published: ${model}`.padEnd(26)}${METRICS.map((metric) => (figures[metric]?.toFixed(4) ?? "").padEnd(24)).join("")}${source}; protocol: ${protocol}`);
}
const shipped = found.get("blend, as it ships")!;
for (const [name, { ranks }] of found) {
  if (name.startsWith("blend")) continue;
  const [ours, theirs] = [meanOver(shipped.ranks, VALUE_AT["NDCG@10"]), meanOver(ranks, VALUE_AT["NDCG@10"])];
  const { value, low, high } = bootstrapClusters(ours.map((x, i) => x - theirs[i]!), clusters, 1);
  console.log(`  the blend that ships less ${name}, NDCG@10, paired: ${value >= 0 ? "+" : ""}${value.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`);
}
const rows: BenchRow[] = [...found].flatMap(([name, { ranks }]) => METRICS.map((metric) => {
  const figure = PUBLISHED[basename(folder)]?.find(({ figures }) => figures[metric] !== undefined);
  return { what: name, metric: `${metric}, ${flags.final ? "test" : "validation"}`, value: estimate(ranks, metric).value, unit: "", ...(figure && { against: figure.model, againstValue: figure.figures[metric] }) };
}));
if (flags.json) report(`Quality on ${basename(folder)}`, rows, "shoppers who would have liked what they were never shown; other splits of the same data.");

/** The rank of each question's answer by each model and blend. */
function rankAll(models: readonly Scorer[], blends: ReturnType<typeof fitModels>["blends"], raw: readonly RawQuestion[]): Float64Array[] {
  const { itemCount } = set;
  const questions = questionsOf(set, raw);
  const ranks = Array.from({ length: models.length + blends.length }, () => new Float64Array(questions.length));
  const outs = models.map(() => new Float32Array(QUESTIONS_AT_ONCE * itemCount));
  const mixed = new Float32Array(itemCount);
  for (let from = 0; from < questions.length; from += QUESTIONS_AT_ONCE) {
    const some = questions.slice(from, from + QUESTIONS_AT_ONCE);
    models.forEach((model, m) => model.score(some, outs[m]!));
    some.forEach(({ targets, excluded }, q) => {
      const rows = outs.map((out) => out.subarray(q * itemCount, (q + 1) * itemCount));
      for (const row of rows) for (let i = 0; i < excluded.length; i += 1) row[excluded[i]!] = -1e9;
      rows.forEach((row, m) => (ranks[m]![from + q] = rankOf(row, targets[0]!)));
      blends.forEach(({ parts, weights }, b) => {
        mixed.fill(0);
        parts.forEach((part, p) => {
          const weight = weights[p]!;
          if (weight === 0) return;
          const row = rows[models.indexOf(part)]!;
          for (let item = 0; item < itemCount; item += 1) mixed[item] = mixed[item]! + weight * row[item]!;
        });
        ranks[models.length + b]![from + q] = rankOf(mixed, targets[0]!);
      });
    });
  }
  return ranks;
}

function meanOver(ranks: readonly Float64Array[], value: (rank: number) => number): Float64Array {
  return ranks[0]!.map((_, i) => ranks.reduce((sum, list) => sum + value(list[i]!), 0) / ranks.length);
}
