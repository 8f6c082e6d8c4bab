/** The journal: takes what happens, in memory at once and on disk as far as the shopper allows. */
import { SESSION_TIMEOUT_MS, type EventName, type PageType } from "../../core/events.ts";
import { createId, sha256Hex } from "../../core/ids.ts";
import { PURPOSES, type Consent, type Grants } from "../consent.ts";
import type { Faults } from "../faults.ts";
import { toJson } from "../json.ts";
import { memoryDatabase, openDatabase, type Database, type Transaction } from "./database.ts";
import { leaveWords, takeWords, type LastWords } from "./last-words.ts";
import { append, OUTBOX_STORES, type OutboxEntry } from "./outbox.ts";
import { LEASE_MS, reportVoid, returnLease, takeLease, type Client, type Lease } from "./sequence.ts";
import { newShopper, ROW_PURPOSE, SHOPPER_ROWS, type Change, type Shopper } from "./shopper.ts";

/** Events held in memory until consent; a page that never gets it must not grow. */
const MAX_HELD = 200;

export interface RecordedEvent {
  name: EventName;
  occurredAtMs: number;
  page: { type: PageType; path: string };
  params: object;
}
/** `ok`: the event is on disk. Otherwise: it waits in memory for consent, or could not be stored. */
export type TrackResult = { ok: true; seq: number } | { ok: false; reason: "no-consent" | "not-durable" | "over-quota" | "storage-failed" };

export interface Journal {
  /** The shopper as of now; replaced, never changed. */
  shopper(): Shopper;
  /** Known once analytics is allowed and the disk has answered. */
  client(): Client | undefined;
  /** The database in use: in memory until consent. */
  database(): Database;
  /** Resolves when everything allowed so far has been read from disk. */
  ready(): Promise<void>;
  /** Whether what the disk knows of the shopper is still on its way. */
  loading(): boolean;
  /** Takes an event, a number of changes, or both, at once in memory; the promise tells about the disk. */
  record(event: RecordedEvent | null, changes: Change[]): Promise<TrackResult>;
  /** The session's id, and that it goes on now. */
  session(nowMs: number): string;
  /** Reads again what other tabs may have written. */
  refresh(): Promise<void>;
  /** Numbered events of this page that the edge is not known to have. */
  unsettled(): OutboxEntry[];
  /** The edge has answered for these numbers. */
  settled(seqs: readonly number[]): void;
  /** Leaves to the next page what is not on disk yet, and the numbers that this page leased and did not use. */
  leave(): void;
  /** After each change, from this tab or another one. */
  onChange(listener: () => void): void;
  /** After events have reached the disk. */
  onStored(listener: () => void): void;
  /** Wipes the device; the page records nothing more. */
  forget(): Promise<void>;
}

interface Held {
  event: RecordedEvent;
  entry?: OutboxEntry;
  resolve(result: TrackResult): void;
}

export function createJournal({ name, consent, faults, nowMs }: { name: string; consent: Consent; faults: Faults; nowMs: () => number }): Journal {
  let shopper = newShopper();
  let database = memoryDatabase();
  let opened = false;
  let forgotten = false;
  let client: Client | undefined;
  let lease: Lease | null = null;
  let held: Held[] = [];
  let changes: Change[] = [];
  /** Changes in the transaction under way. */
  let writing: Change[] = [];
  let voids: number[] = [];
  const unsettled = new Map<number, OutboxEntry>();
  const changed: (() => void)[] = [];
  const stored: (() => void)[] = [];
  let channel: BroadcastChannel | null = null;
  /** Disk work happens in turn, so that a reading never misses a writing under way. */
  let turn: Promise<void> = Promise.resolve();
  let failed = false;
  let committing = false;

  const announce = (listeners: (() => void)[]) => listeners.forEach((listener) => faults.guard("listener", listener)());
  /** @returns a promise that never rejects: what the disk refuses is noted, and the page goes on in memory */
  const inTurn = (work: () => Promise<unknown>): Promise<void> =>
    (turn = turn.then(work).then(() => {}, (error: unknown) => {
      failed = true;
      faults.note("store", error);
    }));
  const mayStore = () => !forgotten && (consent.grants().analytics || consent.grants().personalization);

  /** Opens the disk on the first consent; what the page has fetched so far moves there. */
  const open = async () => {
    if (opened) return;
    opened = true;
    const memory = database;
    database = await openDatabase(name).catch((error: unknown) => {
      faults.note("indexeddb", error);
      return memory;
    });
    if (database === memory) return;
    const files = await memory.run(["files"], "readonly", (transaction) => transaction.all<{ key: string }>("files"));
    await database.run(["files"], "readwrite", async (transaction) => {
      for (const file of files) await transaction.put("files", file.key, file);
    });
    if (typeof BroadcastChannel === "undefined") return;
    channel = new BroadcastChannel(name);
    channel.onmessage = faults.guard("channel", ({ data }: MessageEvent<{ settled?: number[]; forget?: boolean }>) => {
      if (data.forget) void forget(false);
      else if (data.settled) data.settled.forEach((seq) => unsettled.delete(seq));
      else void refresh();
    });
  };

  /** Finishes what closed pages began. */
  const adopt = async (transaction: Transaction, words: readonly LastWords[]) => {
    const grants = consent.grants();
    for (const { lease: left, entries, rows } of words) {
      for (const row of SHOPPER_ROWS) if (rows[row] !== undefined && grants[ROW_PURPOSE[row]]) await transaction.put("meta", row, rows[row]);
      await append(transaction, entries);
      if (left) await returnLease(transaction, left);
    }
  };

  let loadedFor: Grants | null = null;
  let allowed = consent.grants();
  const refresh = () => inTurn(async () => {
    const grants = consent.grants();
    // What was read under a consent that is gone is not used any more.
    for (const row of SHOPPER_ROWS) if (allowed[ROW_PURPOSE[row]] && !grants[ROW_PURPOSE[row]]) shopper = { ...shopper, [row]: newShopper()[row] };
    allowed = grants;
    if (!mayStore()) return announce(changed);
    await open();
    const candidate = grants.analytics && !client ? await newClient() : client;
    const loaded = newShopper() as unknown as Record<string, unknown>;
    const found = takeWords(name);
    await database.run([...OUTBOX_STORES, "leases"], "readwrite", async (transaction) => {
      await adopt(transaction, found.map(({ words }) => words));
      for (const row of SHOPPER_ROWS) {
        const value = grants[ROW_PURPOSE[row]] ? await transaction.get("meta", row) : shopper[row];
        if (value !== undefined) loaded[row] = value;
      }
      if (!grants.analytics) return;
      client = (await transaction.get<Client>("meta", "client")) ?? candidate!;
      if (!lease) lease = await takeLease(transaction, client, nowMs());
    }).catch((error: unknown) => {
      for (const { id, words } of found) leaveWords(name, id, words);
      throw error;
    });
    for (const { words } of found) held.unshift(...words.events.map((event) => ({ event, resolve: () => {} })));
    loadedFor = grants;
    const before = toJson(shopper);
    shopper = loaded as unknown as Shopper;
    for (const { row, apply } of changes) if (grants[ROW_PURPOSE[row]]) shopper = { ...shopper, [row]: apply(shopper[row] as never) };
    commit();
    if (toJson(shopper) !== before) announce(changed);
  });

  const session = (atMs: number) => {
    const current = shopper.session;
    const id = current && atMs - current.lastMs <= SESSION_TIMEOUT_MS ? current.id : createId();
    shopper = { ...shopper, session: { id, lastMs: atMs } };
    return id;
  };

  /** Gives held events their numbers, as far as the lease goes. */
  const number = () => {
    for (const waiting of held) {
      if (!lease || lease.next > lease.to || nowMs() - lease.leasedAtMs > LEASE_MS) break;
      if (waiting.entry) continue;
      const { event } = waiting;
      const seq = lease.next;
      lease.next += 1;
      waiting.entry = { seq, occurredAtMs: event.occurredAtMs, json: toJson({ seq, sessionId: session(event.occurredAtMs), ...event }) };
      unsettled.set(seq, waiting.entry);
    }
  };

  const writeEvents = async (transaction: Transaction, batch: readonly Held[]): Promise<Set<number>> => {
    client = (await transaction.get<Client>("meta", "client")) ?? client!;
    // Another tab held this page for dead, or the device was wiped: these numbers are void, take others.
    if (lease && !(await transaction.get("leases", lease.id))) {
      lease = null;
      for (const waiting of batch) {
        if (waiting.entry) unsettled.delete(waiting.entry.seq);
        delete waiting.entry;
      }
    }
    for (number(); batch.some((waiting) => !waiting.entry); number()) {
      if (lease) await returnLease(transaction, lease);
      client = (await transaction.get<Client>("meta", "client")) ?? client;
      lease = await takeLease(transaction, client, nowMs());
    }
    await transaction.put("leases", lease!.id, lease);
    for (const seq of voids) await reportVoid(transaction, seq, seq, "storage-failed");
    return append(transaction, batch.map((waiting) => waiting.entry!));
  };

  /** Writes what is allowed in one transaction. */
  const write = async (leaving: boolean) => {
    committing = false;
    const grants = consent.grants();
    if (!opened || !mayStore()) return;
    const events = grants.analytics && client ? held.slice() : [];
    const steps = changes.filter(({ row }) => grants[ROW_PURPOSE[row]]);
    if (events.length + steps.length === 0 && !(leaving && lease)) return;
    changes = changes.filter((step) => !steps.includes(step));
    writing = steps;
    try {
      const dropped = await database.run([...OUTBOX_STORES, "leases"], "readwrite", async (transaction) => {
        const over = events.length > 0 ? await writeEvents(transaction, events) : new Set<number>();
        const rows = new Map<string, unknown>();
        for (const { row, apply } of steps) {
          const value = rows.has(row) ? rows.get(row) : ((await transaction.get("meta", row)) ?? newShopper()[row]);
          rows.set(row, apply(value as never));
        }
        for (const [row, value] of rows) await transaction.put("meta", row, value);
        if (events.length > 0) await transaction.put("meta", "session", shopper.session);
        if (leaving && lease) {
          await returnLease(transaction, lease);
          lease = null;
        }
        return over;
      });
      voids = [];
      for (const { entry, resolve } of events) {
        if (!dropped.has(entry!.seq)) resolve(database.durable ? { ok: true, seq: entry!.seq } : { ok: false, reason: "not-durable" });
        else {
          unsettled.delete(entry!.seq);
          resolve({ ok: false, reason: "over-quota" });
        }
      }
      if (events.length > 0) announce(stored);
      if (steps.length > 0) channel?.postMessage({});
    } catch (error) {
      faults.note("store", error);
      lease = null;
      for (const { entry, resolve } of events) {
        if (entry) {
          voids.push(entry.seq);
          unsettled.delete(entry.seq);
        }
        resolve({ ok: false, reason: "storage-failed" });
      }
    }
    writing = [];
    held = held.filter((waiting) => !events.includes(waiting));
  };
  const commit = () => {
    if (committing || !opened) return;
    committing = true;
    void inTurn(() => write(false));
  };

  const forget = async (announceIt: boolean) => {
    forgotten = true;
    shopper = newShopper();
    client = undefined;
    lease = null;
    held = [];
    changes = [];
    unsettled.clear();
    if (announceIt) channel?.postMessage({ forget: true });
    announce(changed);
    if (opened || announceIt) await inTurn(async () => {
      if (announceIt && !opened) await open();
      takeWords(name);
      const wiped = database;
      // Whoever asks from now on gets an empty one in memory, and does not bring the old one back by opening it.
      database = memoryDatabase();
      await wiped.destroy();
    });
  };

  return {
    shopper: () => shopper,
    client: () => client,
    database: () => database,
    ready: () => turn,
    loading: () => mayStore() && PURPOSES.some((purpose) => consent.grants()[purpose] && !loadedFor?.[purpose]) && !failed,
    session,
    refresh,
    async record(event, steps) {
      if (forgotten) return { ok: false, reason: "no-consent" };
      for (const { row, apply } of steps) shopper = { ...shopper, [row]: apply(shopper[row] as never) };
      changes.push(...steps);
      if (changes.length > MAX_HELD) changes.shift();
      let result: Promise<TrackResult> = Promise.resolve({ ok: false, reason: "no-consent" });
      if (event && held.length < MAX_HELD) {
        const stored = new Promise<TrackResult>((resolve) => held.push({ event, resolve }));
        if (consent.grants().analytics) {
          result = stored;
          number();
        }
      }
      commit();
      if (steps.length > 0) announce(changed);
      return result;
    },
    unsettled: () => [...unsettled.values()],
    leave() {
      const grants = consent.grants();
      if (!mayStore()) return;
      if (grants.analytics) number();
      const rows: Record<string, unknown> = {};
      for (const { row } of [...writing, ...changes]) if (grants[ROW_PURPOSE[row]]) rows[row] = shopper[row];
      const numbered = held.filter(({ entry }) => entry);
      if (grants.analytics && numbered.length > 0) rows["session"] = shopper.session;
      const words: LastWords = { lease, rows, entries: numbered.map(({ entry }) => entry!), events: grants.analytics ? held.filter(({ entry }) => !entry).map(({ event }) => event) : [] };
      if (!lease && words.events.length + Object.keys(rows).length === 0) return;
      try {
        leaveWords(name, lease?.id ?? createId(), words);
        held = numbered;
        lease = null;
      } catch (error) {
        faults.note("last words", error);
        if (opened) void inTurn(() => write(true));
      }
    },
    settled(seqs) {
      for (const seq of seqs) unsettled.delete(seq);
      channel?.postMessage({ settled: seqs });
    },
    onChange: (listener) => void changed.push(listener),
    onStored: (listener) => void stored.push(listener),
    forget: () => forget(true),
  };
}

/** @returns a new identity; it is kept only if the disk has none */
async function newClient(): Promise<Client> {
  const secret = createId();
  // `crypto.subtle` exists on https pages and localhost only.
  const secretHash = globalThis.crypto.subtle ? await sha256Hex(secret) : undefined;
  return { id: createId(), secret, secretHash, nextSeq: 1 };
}

