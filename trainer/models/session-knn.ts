/**
 * Session kNN: what sessions like this one went on to. No training but an index, which makes it the bar for anything trained.
 *
 * After VS-kNN (Ludewig & Jannach, UMUAI 2018, arXiv:1803.09587), its item and time weights from STAN (Garg et al., SIGIR
 * 2019, arXiv:1906.06546) and VSTAN (Ludewig et al., arXiv:1910.12781): newer and rarer items of the question count more,
 * so do newer sessions, and what stood near the shared item.
 */
import type { Dataset } from "../prepare.ts";
import type { Query, Scorer } from "./scorer.ts";

export interface SessionKnnConfig {
  /** Neighbour sessions that vote. */
  neighbours: number;
  /** Of the sessions that share an item, the newest that are looked at, for each item of the question. */
  sample: number;
  /** Entries of the question, from the newest, after which an entry counts 1/e. */
  recencyPlaces: number;
  /** Places from the newest shared item, in a neighbour, after which what stands there counts 1/e. */
  nearPlaces: number;
  /** Age after which a neighbour counts 1/e, as a share of the log's span; Infinity for none. */
  ageShare: number;
  /** What the shared item itself counts: people come back to what they saw. */
  again: number;
  /** Rarity's power: idf^this weighs shared items and votes. */
  rarity: number;
}

/** Tried on the validation part; the first is what the papers' code takes by default. */
export const SESSION_KNN_CHOICES: readonly SessionKnnConfig[] = [
  { neighbours: 500, sample: 2500, recencyPlaces: 2, nearPlaces: 4, ageShare: 0.5, rarity: 1, again: 0.8 },
  { neighbours: 1500, sample: 5000, recencyPlaces: 1, nearPlaces: 2, ageShare: 0.5, rarity: 0.5, again: 0.8 },
  { neighbours: 1500, sample: 5000, recencyPlaces: 2, nearPlaces: 2, ageShare: 0.2, rarity: 0.5, again: 0.8 },
  { neighbours: 500, sample: 5000, recencyPlaces: 1, nearPlaces: 1, ageShare: 0.5, rarity: 0, again: 0.8 },
  { neighbours: 1500, sample: 5000, recencyPlaces: 1, nearPlaces: 4, ageShare: Infinity, rarity: 0.5, again: 0.8 },
  { neighbours: 200, sample: 5000, recencyPlaces: 5, nearPlaces: 10, ageShare: Infinity, rarity: 1, again: 0.8 },
  { neighbours: 1000, sample: 10_000, recencyPlaces: 8, nearPlaces: 3, ageShare: Infinity, rarity: 1, again: 0.8 },
];

/** Sessions before a time, laid out for look-ups by item. */
export interface SessionIndex {
  itemCount: number;
  /** Session s holds the items from `starts[s]` up to `starts[s + 1]`, oldest first. */
  starts: Uint32Array;
  items: Int32Array;
  /** Of each session's newest entry. */
  endMs: Float64Array;
  /** Item i's sessions, newest first, are `sessionsOf` from `itemStarts[i]` up to `itemStarts[i + 1]`. */
  itemStarts: Uint32Array;
  sessionsOf: Uint32Array;
  spanMs: number;
}

/** Every shopper's entries before a time are one session. */
export function indexSessions(dataset: Dataset, untilMs: number): SessionIndex {
  const itemCount = dataset.itemIds.length;
  const sessions: { items: number[]; endMs: number }[] = [];
  for (const { history, moments } of dataset.shoppers) {
    // The entries known at the newest moment before the time, and that moment's answer.
    const newest = moments.findLast(({ atMs }) => atMs < untilMs);
    const known = newest ? history.slice(0, newest.after) : [];
    const items = [...known.map(({ item_id }) => dataset.indexOf.get(item_id)), ...(newest?.targets ?? [])].filter((item) => item !== undefined);
    if (items.length > 1) sessions.push({ items, endMs: known.at(-1)!.atMs });
  }
  sessions.sort((a, b) => a.endMs - b.endMs);
  const starts = new Uint32Array(sessions.length + 1);
  sessions.forEach(({ items }, s) => (starts[s + 1] = starts[s]! + items.length));
  const items = Int32Array.from(sessions.flatMap((session) => session.items));
  const counts = new Uint32Array(itemCount + 1);
  for (const session of sessions) for (const item of new Set(session.items)) counts[item + 1]! += 1;
  for (let item = 0; item < itemCount; item += 1) counts[item + 1]! += counts[item]!;
  const sessionsOf = new Uint32Array(counts[itemCount]!);
  const filled = counts.slice();
  for (let s = sessions.length - 1; s >= 0; s -= 1) for (const item of new Set(sessions[s]!.items)) sessionsOf[filled[item]!++] = s;
  const endMs = Float64Array.from(sessions, (session) => session.endMs);
  return { itemCount, starts, items, endMs, itemStarts: counts, sessionsOf, spanMs: sessions.length > 0 ? Math.max(1, endMs.at(-1)! - endMs[0]!) : 1 };
}

/** Inverse document frequency of each item to a power; [N]. */
export function rarityOf({ itemCount, itemStarts, endMs }: SessionIndex, power: number): Float32Array {
  return Float32Array.from({ length: itemCount }, (_, item) => Math.log1p(endMs.length / Math.max(1, itemStarts[item + 1]! - itemStarts[item]!)) ** power);
}

export function createSessionKnn(index: SessionIndex, config: SessionKnnConfig): Scorer {
  const { itemCount, starts, items, endMs, itemStarts, sessionsOf, spanMs } = index;
  const sessionCount = endMs.length;
  const similarity = new Float32Array(sessionCount);
  const rarity = rarityOf(index, config.rarity);
  // Place of an item in the question, counted from the newest; -1 where it is not in it.
  const placeOf = new Int32Array(itemCount).fill(-1);

  function scoreOne({ input, nowMs }: Query, scores: Float32Array): void {
    const touched: number[] = [];
    const asked: number[] = [];
    const length = input.items.length;
    for (let place = length - 1; place >= length - input.count; place -= 1) {
      const item = input.items[place]!;
      if (placeOf[item]! >= 0) continue;
      placeOf[item] = length - 1 - place;
      asked.push(item);
      const weight = Math.exp(-placeOf[item]! / config.recencyPlaces) * rarity[item]!;
      const from = itemStarts[item]!;
      const to = Math.min(itemStarts[item + 1]!, from + config.sample);
      for (let at = from; at < to; at += 1) {
        const session = sessionsOf[at]!;
        if (similarity[session] === 0) touched.push(session);
        similarity[session] = similarity[session]! + weight;
      }
    }
    const ageMs = config.ageShare * spanMs;
    for (const session of touched) {
      const size = starts[session + 1]! - starts[session]!;
      similarity[session] = (similarity[session]! / Math.sqrt(size)) * Math.exp(Math.min(0, endMs[session]! - nowMs) / ageMs);
    }
    // Equal ones in the order of the sessions, newest first.
    touched.sort((a, b) => similarity[b]! - similarity[a]! || b - a);
    for (let k = 0; k < Math.min(config.neighbours, touched.length); k += 1) {
      const session = touched[k]!;
      let newest = Infinity;
      let shared = starts[session]!;
      for (let at = starts[session]!; at < starts[session + 1]!; at += 1) {
        const place = placeOf[items[at]!]!;
        if (place >= 0 && place <= newest) [newest, shared] = [place, at];
      }
      for (let at = starts[session]!; at < starts[session + 1]!; at += 1) {
        const item = items[at]!;
        const near = at === shared ? config.again : Math.exp(-Math.abs(at - shared) / config.nearPlaces);
        scores[item] = scores[item]! + similarity[session]! * rarity[item]! * near;
      }
    }
    for (const session of touched) similarity[session] = 0;
    for (const item of asked) placeOf[item] = -1;
  }

  return {
    name: "session kNN", bytes: undefined,
    score(queries, out) {
      out.fill(0, 0, queries.length * itemCount);
      queries.forEach((query, q) => scoreOne(query, out.subarray(q * itemCount, (q + 1) * itemCount)));
    },
  };
}
