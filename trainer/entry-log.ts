/** A log's acts in columns of numbers, some 40 bytes each, so that ten million of them fit a small machine. */

/** In the column of kinds: not an entry of a history but the return of one. */
export const RETURNED = 255;
/** In the column of items: a return that names no product is one of the whole order. */
export const WHOLE_ORDER = 0xffffffff;
/** In the column of numbers: the log gave none. */
export const UNNUMBERED = 0;
/** In the column of transactions: none. */
export const NO_TRANSACTION = 0;

const FIRST_CAPACITY = 1024;

/** Names met so far, each with a number from 0. */
export interface Names {
  /** The name's number; a new one where it is met for the first time. */
  numberOf(name: string): number;
  readonly list: string[];
}

export function createNames(): Names {
  const list: string[] = [];
  const numbers = new Map<string, number>();
  return {
    list,
    numberOf(name) {
      let number = numbers.get(name);
      if (number === undefined) {
        const own = ownText(name);
        numbers.set(own, (number = list.length));
        list.push(own);
      }
      return number;
    },
  };
}

/** A copy that shares no memory: a piece cut from a file's text keeps all of that text alive (V8's sliced strings). */
export function ownText(text: string): string {
  return Buffer.from(text).toString();
}

/** One column entry per act on a product; all columns are `count` long. */
export interface Columns {
  client: Uint32Array;
  seq: Float64Array;
  atMs: Float64Array;
  item: Uint32Array;
  /** Index into HISTORY_KINDS, or RETURNED. */
  kind: Uint8Array;
  quantity: Float32Array;
  transaction: Uint32Array;
}

export interface EntryLog {
  readonly count: number;
  /** May be longer than `count`; another object after every `add`. */
  readonly columns: Columns;
  add(client: number, seq: number, atMs: number, item: number, kind: number, quantity: number, transaction: number): void;
  /** Rows by client, each client's in the order of their arrival. @returns client c has `rows[offsets[c]]` up to `rows[offsets[c + 1]]` */
  byClient(clients: number): { rows: Uint32Array; offsets: Uint32Array };
}

export function createEntryLog(): EntryLog {
  let columns = allocate(FIRST_CAPACITY);
  let count = 0;
  return {
    get count() {
      return count;
    },
    get columns() {
      return columns;
    },
    add(client, seq, atMs, item, kind, quantity, transaction) {
      if (count === columns.client.length) {
        const larger = allocate(Math.ceil(count * 1.5));
        for (const name of Object.keys(columns) as (keyof Columns)[]) larger[name].set(columns[name]);
        columns = larger;
      }
      columns.client[count] = client;
      columns.seq[count] = seq;
      columns.atMs[count] = atMs;
      columns.item[count] = item;
      columns.kind[count] = kind;
      columns.quantity[count] = quantity;
      columns.transaction[count] = transaction;
      count += 1;
    },
    byClient(clients) {
      const offsets = new Uint32Array(clients + 1);
      for (let row = 0; row < count; row += 1) offsets[columns.client[row]! + 1]! += 1;
      for (let client = 0; client < clients; client += 1) offsets[client + 1]! += offsets[client]!;
      const next = offsets.slice(0, clients);
      const rows = new Uint32Array(count);
      for (let row = 0; row < count; row += 1) rows[next[columns.client[row]!]++] = row;
      return { rows, offsets };
    },
  };
}

function allocate(capacity: number): Columns {
  return {
    client: new Uint32Array(capacity), seq: new Float64Array(capacity), atMs: new Float64Array(capacity), item: new Uint32Array(capacity),
    kind: new Uint8Array(capacity), quantity: new Float32Array(capacity), transaction: new Uint32Array(capacity),
  };
}

/** Which of each client's numbers have come: as spans, since nearly all come in order. */
export interface ReceivedNumbers {
  /** @returns whether the number is new */
  add(client: number, seq: number): boolean;
}

export function createReceivedNumbers(): ReceivedNumbers {
  /** Of each client, from and to of every span, inclusive, ascending. */
  const spans: number[][] = [];
  return {
    add(client, seq) {
      const own = (spans[client] ??= []);
      let at = own.length;
      while (at > 0 && own[at - 2]! > seq) at -= 2;
      // The span before `at` begins at or below the number.
      if (at > 0 && own[at - 1]! >= seq) return false;
      const joinsBefore = at > 0 && own[at - 1] === seq - 1;
      const joinsAfter = at < own.length && own[at] === seq + 1;
      if (joinsBefore && joinsAfter) own.splice(at - 1, 2);
      else if (joinsBefore) own[at - 1] = seq;
      else if (joinsAfter) own[at] = seq;
      else own.splice(at, 0, seq, seq);
      return true;
    },
  };
}
