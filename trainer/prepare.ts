/** From a shop's raw event log to what models learn from: cleaned histories, the moments to predict, and the time split. */
import { createHash } from "node:crypto";
import type { ExportLine } from "../core/api.ts";
import { parseProduct, type Product } from "../core/catalogue.ts";
import { encodeHistory, HISTORY_KINDS, kindOfEvent, type EncodedHistory, type HistoryEntry } from "../core/history.ts";
import { quantileOfSorted } from "../core/metrics.ts";
import { clean, createCleaningReport, EARLIEST_MS, inOrder, LATEST_AHEAD_MS, sortedBy, type CleaningReport } from "./cleaning.ts";
import type { Act } from "./data/acts.ts";
import { createSeenProducts } from "./data/seen-products.ts";
import { createEntryLog, createNames, createReceivedNumbers, NO_TRANSACTION, RETURNED, UNNUMBERED, WHOLE_ORDER } from "./entry-log.ts";
import { chooseObjective, eventTimes, hashOf, lazyShoppers, readShopper, type Source, type Span } from "./histories.ts";

export type { CleaningReport };

/** The last tenth of the log's time is the test part, the tenth before it is for validation; models learn from the rest. */
export const TRAIN_SHARE = 0.8;
export const VALIDATION_SHARE = 0.1;
/** Up to so many entries, histories are held ready; above, each is made from its columns when it is asked for. */
const MAX_HELD_ENTRIES = 1_000_000;

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

/** A batch of an export or an import: both name the client and its events. */
export type LogLine = Pick<ExportLine, "clientId" | "events">;

export interface DatasetBuilder {
  /** Events with their client's own numbers: each number counts once. */
  add(line: LogLine): void;
  /** An act without a number: a client's are put in order by time, and what says the same twice counts once. */
  addAct(act: Act): void;
  /** Forgets what came so far of a client. @param clientSha256 of its id, in hex */
  erase(clientSha256: string): void;
  /** @throws DatasetError if there is nothing to learn from */
  finish(): Dataset;
}

export interface BuilderOptions {
  /** All products of the shop; where it is left out, those that the log names. */
  catalogue?: readonly Product[];
  /** Events from later than this, and a little, have a wrong clock. */
  nowMs?: number;
}

/** Takes the log line by line, and keeps of it what models learn from, in some 40 bytes an entry. */
export function createDatasetBuilder({ catalogue, nowMs = Infinity }: BuilderOptions = {}): DatasetBuilder {
  const report = createCleaningReport();
  const known = catalogue && uniqueProducts(catalogue, report);
  const items = createNames();
  for (const { id } of known ?? []) items.numberOf(id);
  const seen = createSeenProducts();
  const clients = createNames();
  const transactions = createNames();
  // Stands for NO_TRANSACTION.
  transactions.numberOf("");
  const received = createReceivedNumbers();
  const persons = new Map<number, Set<string>>();
  const log = createEntryLog();
  /** By SHA-256, the rows that had come before the erasure. */
  const erased = new Map<string, number>();

  const isWrong = (atMs: number) => atMs < EARLIEST_MS || atMs > nowMs + LATEST_AHEAD_MS;
  const loggedIn = (client: number, person: string) => {
    const own = persons.get(client);
    if (own) own.add(person);
    else persons.set(client, new Set([person]));
  };
  const itemOf = (id: string) => {
    const item = items.numberOf(id);
    if (known && item >= known.length) isUnknown = true;
    return item;
  };
  let isUnknown = false;

  return {
    add({ clientId, events }) {
      report.lines += 1;
      const client = clients.numberOf(clientId);
      for (const event of events) {
        report.events += 1;
        if (!received.add(client, event.seq)) {
          report.duplicateEvents += 1;
          continue;
        }
        if (event.name === "login" && event.params.user_id !== undefined) loggedIn(client, event.params.user_id);
        const kind = event.name === "refund" ? RETURNED : kindIndex(event.name);
        if (kind < 0) continue;
        if (isWrong(event.occurredAtMs)) {
          report.wrongTimes += 1;
          continue;
        }
        const { items: given = [], transaction_id } = event.params as { items?: { item_id: string; item_name?: string; item_brand?: string; item_category?: string; price?: number; quantity?: number }[]; transaction_id?: string };
        const transaction = transactions.numberOf(kind === RETURNED || event.name === "purchase" ? (transaction_id ?? "") : "");
        isUnknown = false;
        for (const told of given) {
          const item = itemOf(told.item_id);
          if (!known) seen.see(item, { title: told.item_name, brand: told.item_brand, category: told.item_category }, told.price);
          log.add(client, event.seq, event.occurredAtMs, item, kind, told.quantity || 1, transaction);
        }
        if (kind === RETURNED && given.length === 0) log.add(client, event.seq, event.occurredAtMs, WHOLE_ORDER, kind, 1, transaction);
        if (isUnknown && kind !== RETURNED) report.unknownProductEvents += 1;
      }
    },

    addAct({ client: name, person, name: actName, itemId, atMs, price, quantity, transactionId = "", product }) {
      report.events += 1;
      const client = clients.numberOf(name);
      if (person !== undefined) loggedIn(client, person);
      const kind = actName === "refund" ? RETURNED : kindIndex(actName);
      if (kind < 0) return;
      if (isWrong(atMs)) {
        report.wrongTimes += 1;
        return;
      }
      isUnknown = false;
      const item = itemOf(itemId);
      if (!known) seen.see(item, product, price);
      if (isUnknown && kind !== RETURNED) report.unknownProductEvents += 1;
      const ofOrder = kind === RETURNED || actName === "purchase";
      log.add(client, UNNUMBERED, atMs, item, kind, quantity || 1, ofOrder ? transactions.numberOf(transactionId) : NO_TRANSACTION);
    },

    erase(clientSha256) {
      erased.set(clientSha256, log.count);
    },

    finish() {
      const products = known ?? seenProducts();
      const { length: productCount } = products;
      if (productCount < 2) throw new DatasetError(productCount === 0
        ? (known ? "The catalogue has no product: there is nothing to rank. Upload the shop's catalogue first" : "The log names no product that a person viewed, carted or bought: nothing to learn from yet")
        : `${known ? "The catalogue has" : "The log names"} one product only: there is nothing to rank. ${known ? "Upload the shop's catalogue first" : "Bring more of the shop's history"}`);
      const names = renumberItems(products);
      report.unknownProducts = names.length - productCount;

      const { columns } = log;
      const kept = new Uint32Array(log.count);
      const spans: Span[] = [];
      let to = 0;
      for (const { clientId, rows } of shopperRows()) {
        const cleaned = clean(columns, rows, report);
        if (cleaned.length === 0) continue;
        const from = to;
        for (const row of cleaned) kept[to++] = row;
        spans.push({ clientId, from, to });
      }
      const source: Source = { columns, kept, names, products: productCount };
      const times = eventTimes(source, spans);
      if (times.length === 0) throw new DatasetError(`The log of ${report.events} events names no product that a person viewed, carted or bought: nothing to learn from yet`);
      const objective = chooseObjective(source, spans, times.length);
      const read = (span: Span) => readShopper(source, span, objective);
      return {
        objective, products, itemIds: products.map(({ id }) => id), indexOf: new Map(products.map(({ id }, index) => [id, index])),
        shoppers: to <= MAX_HELD_ENTRIES ? spans.map(read) : lazyShoppers(spans, read),
        split: timeSplit(times), events: times.length, dataHash: hashOf(source, spans, objective, products), report,
      };
    },
  };

  function seenProducts(): Product[] {
    const { products, invalid } = seen.products(items.list);
    report.invalidProducts += invalid;
    return products;
  }

  /** Gives products the numbers of their places in the catalogue, and the rest those behind. @returns all names by their new numbers */
  function renumberItems(products: readonly Product[]): string[] {
    const names = products.map(({ id }) => id);
    const places = new Map(names.map((id, place) => [id, place]));
    const renumbered = Uint32Array.from(items.list, (id) => {
      const place = places.get(id);
      if (place !== undefined) return place;
      return names.push(id) - 1;
    });
    const { item } = log.columns;
    for (let row = 0; row < log.count; row += 1) if (item[row] !== WHOLE_ORDER) item[row] = renumbered[item[row]!]!;
    return names;
  }

  /**
   * Every shopper's rows, oldest first: a client's by its own numbers, and those of several clients of one person by
   * time. A client on which more than one person was logged in is nobody's: whose history it is cannot be told.
   * In the order of the shoppers' names; without those who did nothing with a product.
   */
  function* shopperRows(): Generator<{ clientId: string; rows: number[] }> {
    const { columns } = log;
    const { rows, offsets } = log.byClient(clients.list.length);
    const shoppers = new Map<string, number[]>();
    clients.list.forEach((name, client) => {
      if (offsets[client] === offsets[client + 1]) return;
      const own = persons.get(client);
      const key = own?.size === 1 ? `person ${[...own][0]!}` : name;
      const shopper = shoppers.get(key);
      if (shopper) shopper.push(client);
      else shoppers.set(key, [client]);
    });
    const rowsOf = (client: number) => {
      const arrived = rows.subarray(offsets[client]!, offsets[client + 1]!);
      const goneBefore = erased.size === 0 ? 0 : (erased.get(createHash("sha256").update(clients.list[client]!).digest("hex")) ?? 0);
      const left = goneBefore === 0 ? arrived : arrived.filter((row) => row >= goneBefore);
      const ordered = inOrder(columns, left, report);
      if (left.length < arrived.length) report.erasedEvents += arrived.length - left.length;
      return ordered;
    };
    const named = [...shoppers].map(([key, own]) => ({ clientId: own.length === 1 ? clients.list[own[0]!]! : key, own: own.sort((a, b) => (clients.list[a]! < clients.list[b]! ? -1 : 1)) }));
    for (const { clientId, own } of named.sort((a, b) => (a.clientId < b.clientId ? -1 : 1))) {
      if (own.length > 1) {
        report.joinedPersons += 1;
        report.joinedClients += own.length;
      }
      // Stable: what happened in one moment stays in the order of its client's numbers.
      yield { clientId, rows: own.length === 1 ? rowsOf(own[0]!) : sortedBy(columns.atMs, own.flatMap(rowsOf)) };
    }
  }
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

function kindIndex(eventName: string): number {
  const kind = kindOfEvent(eventName);
  return kind === undefined ? -1 : HISTORY_KINDS.indexOf(kind);
}

/** By time, between the 0.1 % and 99.9 % quantiles: one wrong clock must not stretch the whole log. @param times is sorted by this */
function timeSplit(times: Float64Array): Dataset["split"] {
  times.sort();
  const fromMs = quantileOfSorted(times, 0.001);
  const lastMs = quantileOfSorted(times, 0.999);
  const spanMs = lastMs - fromMs;
  return {
    fromMs,
    trainUntilMs: Math.round(fromMs + TRAIN_SHARE * spanMs),
    validateUntilMs: Math.round(fromMs + (TRAIN_SHARE + VALIDATION_SHARE) * spanMs),
    untilMs: Infinity,
  };
}
