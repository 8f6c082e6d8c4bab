/** Which acts of a shopper teach nothing or too much: said of each kind how often it was met. */
import { DAY_MS } from "../core/calendar.ts";
import { SESSION_TIMEOUT_MS } from "../core/events.ts";
import { HISTORY_KINDS } from "../core/history.ts";
import { NO_TRANSACTION, RETURNED, UNNUMBERED, WHOLE_ORDER, type Columns } from "./entry-log.ts";

/** Times before this are no shop's: zeroes, and clocks that were never set. */
export const EARLIEST_MS = Date.UTC(1995, 0, 1);
/** Times this far ahead of the trainer's own clock are wrong, and not only of another time zone. */
export const LATEST_AHEAD_MS = 2 * DAY_MS;
/** A client that views more products than this on one day is a program, and is left out whole. */
export const MAX_DAILY_VIEWS = 500;
/** A session with more views than this, at a pace that no reader keeps, is a program's, on a client that may be a person's at other times. */
export const MAX_FAST_VIEWS = 100;
export const FASTEST_PACE_MS = 2000;
/** The newest entries of one client that count: nobody's taste may drown the others'. */
export const MAX_CLIENT_ENTRIES = 1000;

/** What was left out of the log, and why. */
export interface CleaningReport {
  lines: number;
  events: number;
  duplicateEvents: number;
  /** Events from before there were shops, or from the future. */
  wrongTimes: number;
  /** Events of clients that have been erased since. */
  erasedEvents: number;
  /** Products of orders that came back whole: nothing is learnt from having bought them. */
  returnedEntries: number;
  /** Events of products that the catalogue lacks: they stay in histories, but nothing is learnt about them. */
  unknownProductEvents: number;
  unknownProducts: number;
  invalidProducts: number;
  botClients: number;
  botEvents: number;
  fastSessions: number;
  fastSessionEvents: number;
  clippedClients: number;
  clippedEntries: number;
  /** Clients whose histories were put together, and the persons that they are. */
  joinedClients: number;
  joinedPersons: number;
}

export function createCleaningReport(): CleaningReport {
  return {
    lines: 0, events: 0, duplicateEvents: 0, wrongTimes: 0, erasedEvents: 0, returnedEntries: 0, unknownProductEvents: 0, unknownProducts: 0, invalidProducts: 0,
    botClients: 0, botEvents: 0, fastSessions: 0, fastSessionEvents: 0, clippedClients: 0, clippedEntries: 0, joinedClients: 0, joinedPersons: 0,
  };
}

const VIEW = HISTORY_KINDS.indexOf("view");
const PURCHASE = HISTORY_KINDS.indexOf("purchase");

/** Whether a row is the first of its event, given the row before it. */
export function startsEvent({ client, seq }: Columns, row: number, before: number | undefined): boolean {
  return before === undefined || client[row] !== client[before] || seq[row] !== seq[before];
}

/** Events that rows make up. */
export function countEvents(columns: Columns, rows: readonly number[]): number {
  return rows.reduce((count, row, i) => count + (startsEvent(columns, row, rows[i - 1]) ? 1 : 0), 0);
}

/**
 * Puts one client's rows in order: by its own numbers where the log has them, else by time and, within one moment, as they
 * stand in the file; then rows that say the same thing twice count once, and events get numbers.
 */
export function inOrder(columns: Columns, arrived: Uint32Array, report: CleaningReport): number[] {
  const { seq, atMs, transaction } = columns;
  const rows = Array.from(arrived);
  if (rows.every((row) => seq[row] !== UNNUMBERED)) return sortedBy(seq, rows);
  sortedBy(atMs, rows);
  const kept = withoutRepeats(columns, rows);
  report.duplicateEvents += rows.length - kept.length;
  kept.forEach((row, i) => {
    const before = kept[i - 1];
    const together = before !== undefined && transaction[row] !== NO_TRANSACTION && transaction[row] === transaction[before] && columns.kind[row] === columns.kind[before];
    seq[row] = before === undefined ? 1 : seq[before]! + (together ? 0 : 1);
  });
  return kept;
}

/** Stable, in place. */
export function sortedBy(column: Float64Array, rows: number[]): number[] {
  const ascending = rows.every((row, i) => i === 0 || column[rows[i - 1]!]! <= column[row]!);
  return ascending ? rows : rows.sort((a, b) => column[a]! - column[b]!);
}

function withoutRepeats({ atMs, item, kind, transaction }: Columns, rows: readonly number[]): number[] {
  const kept: number[] = [];
  let momentStart = 0;
  let met: Set<string> | undefined;
  for (const [i, row] of rows.entries()) {
    if (i === 0 || atMs[row] !== atMs[rows[i - 1]!]) {
      momentStart = kept.length;
      met = undefined;
    } else {
      // Only what shares its moment with others is compared.
      const key = (of: number) => `${kind[of]} ${item[of]} ${transaction[of]}`;
      met ??= new Set(kept.slice(momentStart).map(key));
      if (met.has(key(row))) continue;
      met.add(key(row));
    }
    kept.push(row);
  }
  return kept;
}

/** Takes one shopper's rows, in order, through all rules. @returns what stays */
export function clean(columns: Columns, rows: number[], report: CleaningReport): number[] {
  const bought = withoutReturns(columns, rows, report);
  if (isProgram(columns, bought)) {
    report.botClients += 1;
    report.botEvents += countEvents(columns, bought);
    return [];
  }
  return clip(columns, withoutFastSessions(columns, bought, report), report);
}

/** Takes each return from the latest order of that product, and leaves out what came back whole. */
function withoutReturns({ kind, item, quantity, transaction }: Columns, rows: number[], report: CleaningReport): number[] {
  if (!rows.some((row) => kind[row] === RETURNED)) return rows;
  const left = new Map<number, number>();
  const gone = new Set<number>();
  for (const [i, row] of rows.entries()) {
    if (kind[row] === PURCHASE) left.set(row, quantity[row]!);
    if (kind[row] !== RETURNED) continue;
    let back = item[row] === WHOLE_ORDER ? Infinity : quantity[row]!;
    for (let before = i - 1; before >= 0 && back > 0; before -= 1) {
      const order = rows[before]!;
      const isMeant = left.has(order) && (item[row] === WHOLE_ORDER || item[order] === item[row]) && (transaction[row] === NO_TRANSACTION || transaction[order] === transaction[row]);
      if (!isMeant) continue;
      const taken = Math.min(back, left.get(order)!);
      left.set(order, left.get(order)! - taken);
      back -= taken;
      if (left.get(order) === 0) gone.add(order);
    }
  }
  report.returnedEntries += gone.size;
  return rows.filter((row) => kind[row] !== RETURNED && !gone.has(row));
}

function isProgram({ atMs, kind, seq, client }: Columns, rows: readonly number[]): boolean {
  if (rows.length <= MAX_DAILY_VIEWS) return false;
  const views = new Map<number, number>();
  let before: number | undefined;
  for (const row of rows) {
    const isFirst = before === undefined || seq[row] !== seq[before] || client[row] !== client[before];
    before = row;
    if (!isFirst || kind[row] !== VIEW) continue;
    const day = Math.floor(atMs[row]! / DAY_MS);
    const count = (views.get(day) ?? 0) + 1;
    if (count > MAX_DAILY_VIEWS) return true;
    views.set(day, count);
  }
  return false;
}

function withoutFastSessions(columns: Columns, rows: number[], report: CleaningReport): number[] {
  if (rows.length <= MAX_FAST_VIEWS) return rows;
  const { atMs, kind } = columns;
  const kept: number[] = [];
  for (let from = 0, to = 0; from < rows.length; from = to) {
    let views = 0;
    for (to = from; to < rows.length && (to === from || atMs[rows[to]!]! - atMs[rows[to - 1]!]! <= SESSION_TIMEOUT_MS); to += 1) if (kind[rows[to]!] === VIEW) views += 1;
    const session = rows.slice(from, to);
    const spanMs = atMs[session.at(-1)!]! - atMs[session[0]!]!;
    // A log that knows days only has all of a day in one moment, which says nothing of the pace.
    if (views > MAX_FAST_VIEWS && spanMs > 0 && spanMs / views < FASTEST_PACE_MS) {
      report.fastSessions += 1;
      report.fastSessionEvents += countEvents(columns, session);
    } else kept.push(...session);
  }
  return kept;
}

/** The newest whole events within the cap. */
function clip(columns: Columns, rows: number[], report: CleaningReport): number[] {
  if (rows.length <= MAX_CLIENT_ENTRIES) return rows;
  let from = rows.length - MAX_CLIENT_ENTRIES;
  while (from < rows.length && !startsEvent(columns, rows[from]!, rows[from - 1])) from += 1;
  report.clippedClients += 1;
  report.clippedEntries += from;
  return rows.slice(from);
}
