/** From a shop's raw event log to what models learn from: cleaned histories, the moments to predict, and the time split. */
import { createHash } from "node:crypto";
import type { ExportLine } from "../core/api.ts";
import { DAY_MS } from "../core/calendar.ts";
import { parseProduct, type Product } from "../core/catalogue.ts";
import { encodeHistory, entriesOf, toHistory, type EncodedHistory, type HistoryEntry } from "../core/history.ts";
import { quantile } from "../core/metrics.ts";

/** The last tenth of the log's time is the test part, the tenth before it is for validation; models learn from the rest. */
export const TRAIN_SHARE = 0.8;
export const VALIDATION_SHARE = 0.1;
/** A client that views more products than this on one day is a program, and is left out whole. */
export const MAX_DAILY_VIEWS = 500;
/** The newest entries of one client that count: nobody's taste may drown the others'. */
export const MAX_CLIENT_ENTRIES = 1000;
/** Below this share of views the log is one of orders, and the task is the next order. */
const MIN_VIEW_SHARE = 0.1;

/**
 * What a model must foresee: `next-view` the next product looked at, other than the last one acted on;
 * `next-order` the products of the client's next order (shops that know orders only).
 */
export type Objective = "next-view" | "next-order";

/** A moment at which the future is asked for. */
export interface Moment {
  /** Entries of the shopper's history that are known then. */
  after: number;
  /** The last of them as it was then: what follows may raise its kind. */
  newest: HistoryEntry;
  /** Item indices that came next: one for `next-view`, an order's for `next-order`. */
  targets: readonly number[];
  atMs: number;
  /** The number of the client's event that answered. */
  seq: number;
}

export interface Shopper {
  /** The client, or the person who was logged in on several and on each of them alone. */
  clientId: string;
  /** Folded as devices fold it, oldest first. */
  history: HistoryEntry[];
  moments: Moment[];
}

/** What was left out of the log, and why. */
export interface CleaningReport {
  lines: number;
  events: number;
  duplicateEvents: number;
  /** Events of products that the catalogue lacks: they stay in histories, but nothing is learnt about them. */
  unknownProductEvents: number;
  unknownProducts: number;
  invalidProducts: number;
  botClients: number;
  botEvents: number;
  clippedClients: number;
  clippedEntries: number;
  /** Clients whose histories were put together, and the persons that they are. */
  joinedClients: number;
  joinedPersons: number;
}

export interface Dataset {
  objective: Objective;
  /** In the order of their indices. */
  products: Product[];
  itemIds: string[];
  indexOf: Map<string, number>;
  shoppers: Shopper[];
  /** Moments before `trainUntilMs` are learnt from, those before `validateUntilMs` validate, later ones test. */
  split: { fromMs: number; trainUntilMs: number; validateUntilMs: number; untilMs: number };
  /** Events that were kept. */
  events: number;
  /** SHA-256 over everything above: the same data, whatever the order of its arrival, has the same hash. */
  dataHash: string;
  report: CleaningReport;
}

/** The log cannot be learnt from; the message says why and what to do. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
}

export interface DatasetBuilder {
  add(line: ExportLine): void;
  /** @throws DatasetError if there is nothing to learn from */
  finish(): Dataset;
}

interface Interaction {
  seq: number;
  atMs: number;
  entries: HistoryEntry[];
  transactionId: string | undefined;
}

/** A client's events, as far as the log has been read. */
interface ClientLog {
  seen: Set<number>;
  /** Who logged in here, by the ledger's keys. */
  persons: Set<string>;
  interactions: Interaction[];
}

/** Takes the log line by line, so that it is never held whole. @param catalogue all products of the shop */
export function createDatasetBuilder(catalogue: readonly Product[]): DatasetBuilder {
  const report: CleaningReport = {
    lines: 0, events: 0, duplicateEvents: 0, unknownProductEvents: 0, unknownProducts: 0, invalidProducts: 0,
    botClients: 0, botEvents: 0, clippedClients: 0, clippedEntries: 0, joinedClients: 0, joinedPersons: 0,
  };
  const products = uniqueProducts(catalogue, report);
  const itemIds = products.map((product) => product.id);
  const indexOf = new Map(itemIds.map((id, index) => [id, index]));
  const logs = new Map<string, ClientLog>();
  const unknown = new Set<string>();

  return {
    add(line) {
      report.lines += 1;
      let log = logs.get(line.clientId);
      if (!log) logs.set(line.clientId, (log = { seen: new Set(), persons: new Set(), interactions: [] }));
      for (const event of line.events) {
        report.events += 1;
        if (log.seen.has(event.seq)) {
          report.duplicateEvents += 1;
          continue;
        }
        log.seen.add(event.seq);
        if (event.name === "login" && event.params.user_id !== undefined) log.persons.add(event.params.user_id);
        const entries = entriesOf(event);
        if (entries.length === 0) continue;
        const missing = entries.filter((entry) => !indexOf.has(entry.item_id));
        for (const entry of missing) unknown.add(entry.item_id);
        if (missing.length > 0) report.unknownProductEvents += 1;
        const transactionId = event.name === "purchase" ? event.params.transaction_id : undefined;
        log.interactions.push({ seq: event.seq, atMs: event.occurredAtMs, entries, transactionId });
      }
    },

    finish() {
      report.unknownProducts = unknown.size;
      if (products.length < 2) throw new DatasetError(`The catalogue has ${products.length === 0 ? "no product" : "one product"}: there is nothing to rank. Upload the shop's catalogue first`);
      const shopperLogs = joinPersons(logs, report);
      logs.clear();
      const kept: { clientId: string; interactions: Interaction[] }[] = [];
      for (const [clientId, interactions] of shopperLogs) {
        if (isBot(interactions)) {
          report.botClients += 1;
          report.botEvents += interactions.length;
          continue;
        }
        const clipped = clip(interactions);
        if (clipped.dropped > 0) {
          report.clippedClients += 1;
          report.clippedEntries += clipped.dropped;
        }
        kept.push({ clientId, interactions: clipped.interactions });
      }
      const events = kept.reduce((sum, { interactions }) => sum + interactions.length, 0);
      if (events === 0) throw new DatasetError(`The log of ${report.events} events names no product that a person viewed, carted or bought: nothing to learn from yet`);
      const objective = chooseObjective(kept);
      const shoppers = kept.map(({ clientId, interactions }) => toShopper(clientId, interactions, objective, indexOf));
      const hash = createHash("sha256");
      hash.update(JSON.stringify([objective, products]));
      for (const { clientId, interactions } of kept) {
        hash.update(`\n${clientId}`);
        for (const { seq, atMs, entries, transactionId } of interactions) hash.update(JSON.stringify([seq, atMs, transactionId ?? null, entries.map((entry) => [entry.item_id, entry.kind])]));
      }
      return { objective, products, itemIds, indexOf, shoppers, split: timeSplit(kept), events, dataHash: hash.digest("hex"), report };
    },
  };
}

/**
 * One question to a model, the same for all of them. Every item is a candidate, those in the history too, but for the one
 * that a `next-view` cannot be by its definition.
 */
export interface Case {
  clientId: string;
  seq: number;
  /** What was known, oldest first, */
  history: HistoryEntry[];
  /** and as the models read it. */
  input: EncodedHistory;
  targets: readonly number[];
  /** The item that is no candidate: the last one looked at; -1 for none. */
  excluded: number;
}

/**
 * The moments of a span of time as questions.
 *
 * @param length L, the places of the model's input
 * @param limit at most so many, spread evenly over all of them, so that the choice is the same every time
 */
export function casesBetween(dataset: Dataset, fromMs: number, untilMs: number, length: number, limit = Infinity): Case[] {
  const found: { shopper: Shopper; moment: Moment }[] = [];
  for (const shopper of dataset.shoppers) {
    for (const moment of shopper.moments) if (moment.atMs >= fromMs && moment.atMs < untilMs) found.push({ shopper, moment });
  }
  const stride = Math.max(1, found.length / limit);
  const cases: Case[] = [];
  for (let at = 0; at < found.length; at += stride) {
    const { shopper, moment } = found[Math.floor(at)]!;
    const history = knownThen(shopper, moment);
    const input = encodeHistory(history, (id) => dataset.indexOf.get(id), length);
    if (input.count > 0) cases.push({ clientId: shopper.clientId, seq: moment.seq, history, input, targets: moment.targets, excluded: excludedThen(dataset, moment) });
  }
  return cases;
}

/** The item that cannot come next: for `next-view` the last one acted on; -1 for none. */
export function excludedThen(dataset: Pick<Dataset, "objective" | "indexOf">, moment: Moment): number {
  return dataset.objective === "next-view" ? (dataset.indexOf.get(moment.newest.item_id) ?? -1) : -1;
}

/** The history as it was at a moment. */
export function knownThen(shopper: Shopper, moment: Moment): HistoryEntry[] {
  return [...shopper.history.slice(0, moment.after - 1), moment.newest];
}

function uniqueProducts(catalogue: readonly Product[], report: CleaningReport): Product[] {
  const byId = new Map<string, Product>();
  for (const given of catalogue) {
    const product = parseProduct(given);
    if (!product.ok || byId.has(product.value.id) || product.value.id.includes("\n")) report.invalidProducts += 1;
    else byId.set(product.value.id, product.value);
  }
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Every shopper's interactions, oldest first: a client's by its own numbers, and those of several clients of one person by
 * time. A client on which more than one person was logged in is nobody's: whose history it is cannot be told.
 *
 * @returns in the order of the shoppers' ids; without those who did nothing with a product
 */
function joinPersons(logs: ReadonlyMap<string, ClientLog>, report: CleaningReport): [shopper: string, interactions: Interaction[]][] {
  const shoppers = new Map<string, { clientId: string; parts: Interaction[][] }>();
  for (const [clientId, { persons, interactions }] of [...logs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (interactions.length === 0) continue;
    interactions.sort((a, b) => a.seq - b.seq);
    const [person] = persons;
    const key = person !== undefined && persons.size === 1 ? `person ${person}` : clientId;
    const shopper = shoppers.get(key);
    if (shopper) shopper.parts.push(interactions);
    else shoppers.set(key, { clientId, parts: [interactions] });
  }
  const joined: [string, Interaction[]][] = [];
  for (const [key, { clientId, parts }] of shoppers) {
    if (parts.length === 1) {
      joined.push([clientId, parts[0]!]);
      continue;
    }
    report.joinedPersons += 1;
    report.joinedClients += parts.length;
    // Stable: what happened in one moment stays in the order of its client's numbers.
    joined.push([key, parts.flat().sort((a, b) => a.atMs - b.atMs)]);
  }
  return joined.sort(([a], [b]) => (a < b ? -1 : 1));
}

function isBot(interactions: readonly Interaction[]): boolean {
  const views = new Map<number, number>();
  for (const { atMs, entries } of interactions) {
    if (entries[0]!.kind !== "view") continue;
    const day = Math.floor(atMs / DAY_MS);
    const count = (views.get(day) ?? 0) + 1;
    if (count > MAX_DAILY_VIEWS) return true;
    views.set(day, count);
  }
  return false;
}

function clip(interactions: Interaction[]): { interactions: Interaction[]; dropped: number } {
  let entries = 0;
  let from = interactions.length;
  while (from > 0 && entries + interactions[from - 1]!.entries.length <= MAX_CLIENT_ENTRIES) entries += interactions[(from -= 1)]!.entries.length;
  const dropped = interactions.slice(0, from).reduce((sum, interaction) => sum + interaction.entries.length, 0);
  return { interactions: interactions.slice(from), dropped };
}

function chooseObjective(clients: readonly { interactions: readonly Interaction[] }[]): Objective {
  let views = 0;
  let all = 0;
  for (const { interactions } of clients) {
    for (const { entries } of interactions) {
      all += 1;
      if (entries[0]!.kind === "view") views += 1;
    }
  }
  return views >= MIN_VIEW_SHARE * all ? "next-view" : "next-order";
}

function toShopper(clientId: string, interactions: readonly Interaction[], objective: Objective, indexOf: ReadonlyMap<string, number>): Shopper {
  const history: HistoryEntry[] = [];
  const moments: Moment[] = [];
  let order: { id: string | undefined; atMs: number; targets: number[] } | null = null;
  for (const { seq, atMs, entries, transactionId } of interactions) {
    const kind = entries[0]!.kind;
    const last = history[history.length - 1];
    if (objective === "next-view" && kind === "view") {
      const target = indexOf.get(entries[0]!.item_id);
      if (last && target !== undefined && last.item_id !== entries[0]!.item_id) moments.push({ after: history.length, newest: last, targets: [target], atMs, seq });
    }
    if (objective === "next-order" && kind === "purchase") {
      // A large order may come in several events.
      const continues = order !== null && (transactionId === undefined ? order.atMs === atMs : order.id === transactionId);
      if (!continues) {
        order = { id: transactionId, atMs, targets: [] };
        if (last) moments.push({ after: history.length, newest: last, targets: order.targets, atMs, seq });
      }
      for (const entry of entries) {
        const target = indexOf.get(entry.item_id);
        if (target !== undefined && !order!.targets.includes(target)) order!.targets.push(target);
      }
    }
    // Only the last place can change, so folding it with what follows is folding the whole log.
    history.push(...toHistory(last ? [history.pop()!, ...entries] : entries));
  }
  return { clientId, history, moments: moments.filter((moment) => moment.targets.length > 0) };
}

/** By time, between the 0.1 % and 99.9 % quantiles: one wrong clock must not stretch the whole log. */
function timeSplit(clients: readonly { interactions: readonly Interaction[] }[]): Dataset["split"] {
  const times = clients.flatMap(({ interactions }) => interactions.map((interaction) => interaction.atMs));
  const fromMs = quantile(times, 0.001);
  const lastMs = quantile(times, 0.999);
  const spanMs = lastMs - fromMs;
  return {
    fromMs,
    trainUntilMs: Math.round(fromMs + TRAIN_SHARE * spanMs),
    validateUntilMs: Math.round(fromMs + (TRAIN_SHARE + VALIDATION_SHARE) * spanMs),
    untilMs: Infinity,
  };
}
