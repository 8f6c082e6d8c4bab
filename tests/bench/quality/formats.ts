/** Reads the public benchmark formats into one shape: sequences to learn from, and questions with one answer. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DAY_MS } from "../../../core/calendar.ts";
import type { HistoryEntry } from "../../../core/history.ts";
import { quantile } from "../../../core/metrics.ts";
import type { Dataset, Moment, Shopper } from "../../../trainer/prepare.ts";

/** A question: what comes after these items. */
export interface Question {
  /** Oldest first; items unseen in training are left out. */
  items: Int32Array;
  /** Milliseconds, one for each item. */
  atMs: Float64Array;
  target: number;
  /** Questions of one session or user stand together in the bootstrap. */
  cluster: number;
}

export interface BenchmarkSet {
  format: "sessions" | "timed clicks" | "users" | "gsasrec";
  /** What is asked, of what, over what: a figure means nothing without it. */
  protocol: string;
  /** Whether items of the question may be recommended again. */
  repeats: boolean;
  itemCount: number;
  /** The training part less what validates, as the trainer takes it; its moments from `trainUntilMs` on are the validation's. */
  dataset: Dataset;
  validation: Question[];
  /** Read from the files only when it is asked for. */
  test(): Question[];
}

/** The folder holds none of the four formats, or one that is broken; the message says where. */
export class BenchmarkFormatError extends Error {
  override readonly name = "BenchmarkFormatError";
}

/** Sessions without times are laid out over so long, in the order of the file. */
const UNTIMED_SPAN_MS = 100 * DAY_MS;
const UNTIMED_GAP_MS = 60_000;
/** Of sessions, the last in the file or in time that validate: about as many as a test has. */
const VALIDATION_SHARE = 0.07;
const DAY_SHARE_LIMIT = 0.25;
/** Times of users' moments: only their order counts. */
const USERS_TRAIN_UNTIL_MS = 10 * DAY_MS;

/** One session's or user's clicks. */
interface Sequence {
  items: number[];
  atMs: number[];
}

/** @throws BenchmarkFormatError */
export function readBenchmark(folder: string): BenchmarkSet {
  const find = (pattern: RegExp) => {
    const name = readdirSync(folder).sort().find((file) => pattern.test(file));
    return name === undefined ? undefined : join(folder, name);
  };
  if (!existsSync(folder)) throw new BenchmarkFormatError(`There is no folder ${folder}`);
  const sessions = find(/^train_seqs\.txt(\.gz)?$/);
  const sessionTest = find(/^test\.tsv(\.gz)?$/);
  if (sessions && sessionTest) return readSessions(sessions, sessionTest);
  const clicks = find(/_train_full\.txt(\.gz)?$/);
  const clickTest = find(/_test\.txt(\.gz)?$/);
  if (clicks && clickTest) return readClicks(clicks, clickTest);
  const names = { train: find(/^train_input\.txt(\.gz)?$/), input: find(/^val_input\.txt(\.gz)?$/), output: find(/^val_output\.txt(\.gz)?$/), test: find(/^test_output\.txt(\.gz)?$/) };
  if (names.train && names.input && names.output && names.test) return readGsasrec(names as { [name in keyof typeof names]: string });
  const users = find(/\.txt(\.gz)?$/);
  if (users) return readUsers(users);
  throw new BenchmarkFormatError(`${folder} holds none of: train_seqs.txt and test.tsv; *_train_full.txt and *_test.txt; train_input.txt with val_input, val_output and test_output; a .txt with one user a line (each plain or .gz)`);
}

function readSessions(trainFile: string, testFile: string): BenchmarkSet {
  const ids = createIds();
  const lines = linesOf(trainFile);
  const stepMs = UNTIMED_SPAN_MS / lines.length;
  const sequences = lines.map((line, s): Sequence => {
    const items = line.split(" ").map(ids.add);
    return { items, atMs: items.map((_, i) => s * stepMs + i * UNTIMED_GAP_MS) };
  });
  const cut = Math.floor(sequences.length * (1 - VALIDATION_SHARE)) * stepMs;
  return {
    ...fromSessions(sequences, cut, ids),
    format: "sessions",
    protocol: "next item of a session, full ranking over all items of training, items of the session included; validation: the file's last sessions",
    test: () => {
      let session = -1;
      let last = "";
      return linesOf(testFile).flatMap((line, number) => {
        const [prefix, target] = line.split("\t");
        if (prefix === undefined || target === undefined) throw new BenchmarkFormatError(`${testFile}, line ${number + 1}: expected items, a tab, and the next item`);
        // The prefixes of one session follow each other, the longest first.
        if (!`${last} `.startsWith(`${prefix} `)) session += 1;
        last = prefix;
        const items = prefix.split(" ").map(ids.find).filter((item) => item !== undefined);
        const answer = ids.find(target);
        return answer === undefined ? [] : [{ items: Int32Array.from(items), atMs: Float64Array.from(items, (_, i) => UNTIMED_SPAN_MS + i * UNTIMED_GAP_MS), target: answer, cluster: session }];
      });
    },
  };
}

function readClicks(trainFile: string, testFile: string): BenchmarkSet {
  const ids = createIds();
  const sequences = clicksOf(trainFile, ids.add).sort((a, b) => a.atMs.at(-1)! - b.atMs.at(-1)!);
  const ends = sequences.map(({ atMs }) => atMs.at(-1)!);
  // The last day, as the test is; or less of it, where a day is much of the log.
  const cut = Math.max(ends.at(-1)! - DAY_MS, quantile(ends, 1 - DAY_SHARE_LIMIT));
  return {
    ...fromSessions(sequences, cut, ids),
    format: "timed clicks",
    protocol: "next item after every prefix, full ranking over all items of training, items of the session included; validation: the last sessions in time",
    test: () => questionsOf(clicksOf(testFile, (id) => ids.find(id) ?? -1)),
  };
}

function fromSessions(sequences: readonly Sequence[], cutMs: number, ids: Ids): Pick<BenchmarkSet, "repeats" | "itemCount" | "dataset" | "validation"> {
  const known = new Uint8Array(ids.count());
  const isTrain = ({ atMs }: Sequence) => atMs.at(-1)! < cutMs;
  for (const sequence of sequences) if (isTrain(sequence)) for (const item of sequence.items) known[item] = 1;
  const later = sequences.filter((sequence) => !isTrain(sequence)).map(({ items, atMs }) => ({ items: items.map((item) => (known[item] ? item : -1)), atMs }));
  const untilMs = sequences.reduce((most, { atMs }) => Math.max(most, atMs.at(-1)!), 0) + 1;
  const shoppers = sequences.map((sequence, s) => shopperOf(`s${s}`, sequence, ids, sequence.atMs.map((atMs) => (isTrain(sequence) ? Math.min(atMs, cutMs - 1) : Math.max(atMs, cutMs)))));
  const fromMs = sequences.reduce((least, { atMs }) => Math.min(least, atMs[0]!), Infinity);
  return { repeats: true, itemCount: ids.count(), dataset: datasetOf(shoppers, ids, { fromMs, trainUntilMs: cutMs, validateUntilMs: untilMs, untilMs: Infinity }), validation: questionsOf(later) };
}

function readUsers(file: string): BenchmarkSet {
  const ids = createIds();
  const lines = linesOf(file).map((line) => line.trim().split(/\s+/)).filter((row) => row.length > 3);
  if (lines.length === 0) throw new BenchmarkFormatError(`${file}: expected a user and at least three items a line`);
  const all = lines.map(([, ...items]): Sequence => ({ items: items.map(ids.add), atMs: items.map((_, i) => i * UNTIMED_GAP_MS) }));
  const upTo = (count: number) => (sequence: Sequence): Sequence => ({ items: sequence.items.slice(0, sequence.items.length + count), atMs: sequence.atMs.slice(0, sequence.atMs.length + count) });
  return {
    format: "users", repeats: false, itemCount: ids.count(),
    protocol: "each user's last item from all before it (validation: the second-last), full ranking over all items but those the user has seen",
    dataset: userDataset(all.map(upTo(-2)), ids),
    validation: all.map((sequence, cluster) => lastOf(upTo(-1)(sequence), cluster)),
    test: () => all.map((sequence, cluster) => lastOf(sequence, cluster)),
  };
}

function readGsasrec(files: { train: string; input: string; output: string; test: string }): BenchmarkSet {
  const ids = createIds();
  const rows = (file: string) => linesOf(file).map((line) => ({ text: line, items: line.split(" ").map(ids.add) }));
  const timed = (items: number[]): Sequence => ({ items, atMs: items.map((_, i) => i * UNTIMED_GAP_MS) });
  const train = rows(files.train);
  const input = rows(files.input);
  const output = rows(files.output);
  if (input.length !== output.length) throw new BenchmarkFormatError(`${files.output}: ${output.length} lines for the ${input.length} of ${files.input}`);
  return {
    format: "gsasrec", repeats: false, itemCount: ids.count(),
    protocol: "a user's next item, full ranking over all items but those the user has seen; validation and test: the users whose second-last item the files hold",
    dataset: userDataset(train.map(({ items }) => timed(items)), ids),
    validation: input.map(({ items }, u) => lastOf(timed([...items, output[u]!.items[0]!]), u)),
    test: () => {
      const answers = linesOf(files.test);
      // A user of the validation is the train row that its input, less its last item, is.
      const rowOf = new Map(train.map(({ text }, row) => [text, row]));
      return input.map(({ text, items }, u) => {
        const row = rowOf.get(text.slice(0, text.lastIndexOf(" ")));
        if (row === undefined || answers[row] === undefined) throw new BenchmarkFormatError(`${files.input}, line ${u + 1}: no row of ${files.train} is its beginning`);
        return lastOf(timed([...items, output[u]!.items[0]!, ids.add(answers[row])]), u);
      });
    },
  };
}

function userDataset(sequences: readonly Sequence[], ids: Ids): Dataset {
  const shoppers = sequences.map((sequence, u) => shopperOf(`u${u}`, sequence, ids, sequence.items.map((_, i) => i)));
  return datasetOf(shoppers, ids, { fromMs: 0, trainUntilMs: USERS_TRAIN_UNTIL_MS, validateUntilMs: USERS_TRAIN_UNTIL_MS, untilMs: Infinity });
}

/** A question after every item, of each sequence; where the answer is not known to training there is none. */
function questionsOf(sequences: readonly Sequence[]): Question[] {
  const questions: Question[] = [];
  sequences.forEach(({ items, atMs }, cluster) => {
    const seen: number[] = [];
    items.forEach((target, i) => {
      const at = Float64Array.from(seen, (from) => atMs[from]!);
      if (seen.length > 0 && target >= 0) questions.push({ items: Int32Array.from(seen, (from) => items[from]!), atMs: at, target, cluster });
      if (target >= 0) seen.push(i);
    });
  });
  return questions;
}

function lastOf({ items, atMs }: Sequence, cluster: number): Question {
  return { items: Int32Array.from(items.slice(0, -1)), atMs: Float64Array.from(atMs.slice(0, -1)), target: items.at(-1)!, cluster };
}

/** @param momentMs when each item counts as having come: by it the split is made */
function shopperOf(clientId: string, { items, atMs }: Sequence, ids: Ids, momentMs: readonly number[]): Shopper {
  const history = items.map((item, i): HistoryEntry => ({ item_id: ids.name(item), kind: "view", atMs: atMs[i]! }));
  const moments = items.slice(1).map((item, i): Moment => ({ after: i + 1, newest: history[i]!, targets: [item], atMs: momentMs[i + 1]!, seq: i + 2 }));
  return { clientId, history, moments };
}

function datasetOf(shoppers: Shopper[], ids: Ids, split: Dataset["split"]): Dataset {
  const itemIds = Array.from({ length: ids.count() }, (_, item) => ids.name(item));
  return {
    objective: "next-item", shoppers, itemIds, split,
    indexOf: new Map(itemIds.map((id, item) => [id, item])),
    products: itemIds.map((id) => ({ id, title: "", link: "", price: 0 })),
    events: shoppers.reduce((sum, { history }) => sum + history.length, 0),
  } as unknown as Dataset;
}

function clicksOf(file: string, itemOf: (id: string) => number): Sequence[] {
  const sessions = new Map<string, { item: number; atMs: number }[]>();
  const [header, ...lines] = linesOf(file);
  const columns = header!.split("\t");
  const [session, item, time] = ["SessionId", "ItemId", "Time"].map((name) => columns.indexOf(name)) as [number, number, number];
  if (Math.min(session, item, time) < 0) throw new BenchmarkFormatError(`${file}, line 1: expected the columns SessionId, ItemId and Time, found ${columns.join(", ")}`);
  lines.forEach((line, number) => {
    const row = line.split("\t");
    const atMs = Number(row[time]) * 1000;
    if (row[item] === undefined || !Number.isFinite(atMs)) throw new BenchmarkFormatError(`${file}, line ${number + 2}: expected ${columns.length} columns with a time in seconds`);
    const click = { item: itemOf(row[item]), atMs };
    const list = sessions.get(row[session]!);
    if (list) list.push(click);
    else sessions.set(row[session]!, [click]);
  });
  return [...sessions.values()].map((clicks) => {
    clicks.sort((a, b) => a.atMs - b.atMs);
    return { items: clicks.map((click) => click.item), atMs: clicks.map((click) => click.atMs) };
  });
}

interface Ids {
  add(id: string): number;
  find(id: string): number | undefined;
  name(item: number): string;
  count(): number;
}

function createIds(): Ids {
  const indexOf = new Map<string, number>();
  const names: string[] = [];
  return {
    add(id) {
      let index = indexOf.get(id);
      if (index === undefined) {
        indexOf.set(id, (index = names.length));
        names.push(id);
      }
      return index;
    },
    find: (id) => indexOf.get(id),
    name: (item) => names[item]!,
    count: () => names.length,
  };
}

function linesOf(file: string): string[] {
  const bytes = readFileSync(file);
  try {
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    return text.split(/\r?\n/).filter((line) => line.length > 0);
  } catch (cause) {
    throw new BenchmarkFormatError(`${file}: the gzip is cut off or broken`, { cause });
  }
}
