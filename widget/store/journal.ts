/** The journal: takes what happens, in memory at once and on disk as far as the shopper allows. */
import { SESSION_TIMEOUT_MS, type EventName, type EventSource, type PageType } from "../../core/events.ts";
import { createId, sha256Hex } from "../../core/ids.ts";
import type { Step } from "../capture/recorder.ts";
import { PURPOSES, type Consent, type Grants } from "../consent.ts";
import type { Faults } from "../faults.ts";
import { toJson } from "../json.ts";
import { deleteDatabase, openDatabase, type Database, type Transaction } from "./database.ts";
import { leaveWords, takeWords, type LastWords } from "./last-words.ts";
import { append, type OutboxEntry } from "./outbox.ts";
import { LEASE_MS, reportVoid, returnLease, takeLease, type Client, type Lease } from "./sequence.ts";
import { newShopper, ROW_PURPOSE, SHOPPER_ROWS, type Change, type Shopper, type ShopperRow } from "./shopper.ts";

/** Events held in memory until consent; a page that never gets it must not grow. */
const MAX_HELD = 200;

export interface RecordedEvent {
  name: EventName;
  occurredAtMs: number;
  source?: EventSource | undefined;
  page: { type: PageType; path?: string | undefined };
  params: object;
}
/** `ok`: the event is on disk. Otherwise: it waits in memory for consent, or could not be stored. */
export type TrackResult = { ok: true; seq: number } | { ok: false; reason: "no-consent" | "not-durable" | "over-quota" | "storage-failed" };

export interface Journal {
  /** The shopper as of now; replaced, never changed. */
  shopper(): Shopper;
  /** Known once analytics is allowed and the disk has answered. */
  client(): Client | undefined;
  /** Undefined until consent: before it, nothing is kept beyond this page. */
  database(): Database | undefined;
  /** Whether anything may be kept on this device. */
  mayStore(): boolean;
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
  /** The edge has answered for these. */
  settled(entries: readonly OutboxEntry[]): void;
  /** Leaves to the next page what is not on disk yet, these steps, and the numbers that this page leased and did not use. */
  leave(steps: Step[]): void;
  /** Wipes the device; the page records nothing more. */
  forget(): Promise<void>;
}

export interface JournalOptions {
  /** Of the database, of what closing pages leave in localStorage, and of the channel between tabs. */
  name: string;
  /** Another database to delete with this one. */
  filesName: string;
  consent: Consent;
  faults: Faults;
  nowMs: () => number;
  /** The database for browsers without one, where events live as long as their page. */
  withoutDisk: () => Promise<Database>;
  /** Decides about what closed pages could not. */
  resume: (steps: readonly Step[]) => void;
  /** After each change, from this tab or another one. */
  onChange: () => void;
  /** Whom the device is about to forget: only the caller remembers them from here on. */
  onForget: (client: Client) => void;
  /** After events have reached the disk. */
  onStored: () => void;
}

interface Held {
  event: RecordedEvent;
  entry?: OutboxEntry;
  resolve(result: TrackResult): void;
}
/** What tabs tell each other; an empty message: rows on disk have changed. */
interface Message {
  settled?: number[];
  forget?: boolean;
}

export function createJournal({ name, filesName, consent, faults, nowMs, withoutDisk, resume, onChange, onForget, onStored }: JournalOptions): Journal {
  let shopper = newShopper();
  let database: Database | undefined;
  let forgotten = false;
  let client: Client | undefined;
  let lease: Lease | null = null;
  let held: Held[] = [];
  let changes: Change[] = [];
  /** Changes in the transaction under way. */
  let writing: Change[] = [];
  let voids: number[] = [];
  const unsettled = new Map<number, OutboxEntry>();
  /** Disk work happens in turn, so that a reading never misses a writing under way. */
  let turn: Promise<void> = Promise.resolve();
  let failed = false;
  let committing = false;
  /** Closed pages' last words, until what they say is on disk. */
  let taken = new Map<string, LastWords>();
  const putBack = () => {
    taken.forEach((words, id) => leaveWords(name, id, words));
    taken.clear();
  };
  /** What the shopper has been read under. */
  let loadedFor: Partial<Grants> = {};

  // Missing in old browsers; Firefox refuses one where it refuses cookies.
  const channel: Partial<BroadcastChannel> = faults.guard("channel", () => new BroadcastChannel(name))() ?? {};
  const tell = (message: Message) => channel.postMessage?.(message);
  channel.onmessage = faults.guard("channel", ({ data }: MessageEvent<Message>) => {
    if (data.forget) void forget(false);
    else if (data.settled) data.settled.forEach((seq) => unsettled.delete(seq));
    else void refresh();
  });

  /** @returns a promise that never rejects: what the disk refuses is noted, and the page goes on in memory */
  const inTurn = (work: () => Promise<unknown>): Promise<void> =>
    (turn = turn.then(work).then(() => {}, (error: unknown) => {
      failed = true;
      faults.note("store", error);
    }));
  const may = (row: ShopperRow) => consent.grants()[ROW_PURPOSE[row]];
  const mayStore = () => !forgotten && PURPOSES.some((purpose) => consent.grants()[purpose]);
  const apply = ({ row, apply: step }: Change) => {
    shopper = { ...shopper, [row]: step(shopper[row] as never) };
  };
  const readClient = async (transaction: Transaction) => {
    client = (await transaction.get<Client>("meta", "client")) ?? client;
  };

  const refresh = () => inTurn(async () => {
    const grants = consent.grants();
    // What was read under a consent that is gone is not used any more.
    for (const row of SHOPPER_ROWS) if (loadedFor[ROW_PURPOSE[row]] && !may(row)) shopper = { ...shopper, [row]: newShopper()[row] };
    if (!mayStore()) {
      loadedFor = {};
      return onChange();
    }
    database ??= await openDatabase(name).catch((error: unknown) => {
      faults.note("indexeddb", error);
      return withoutDisk();
    });
    const candidate = grants.analytics && !client ? await newClient() : client;
    const loaded: Record<string, unknown> = newShopper() as never;
    taken = takeWords(name);
    await database.run(async (transaction) => {
      // What closed pages have begun is finished here.
      for (const { lease: left, entries, rows } of taken.values()) {
        for (const row of SHOPPER_ROWS) if (rows[row] !== undefined && may(row)) await transaction.put("meta", row, rows[row]);
        await append(transaction, entries);
        if (left) await returnLease(transaction, left);
      }
      for (const row of SHOPPER_ROWS) {
        const value = may(row) ? await transaction.get("meta", row) : shopper[row];
        if (value !== undefined) loaded[row] = value;
      }
      if (!grants.analytics) return;
      client = (await transaction.get<Client>("meta", "client")) ?? candidate!;
      lease ??= await takeLease(transaction, client, nowMs());
    }).catch((error: unknown) => {
      putBack();
      throw error;
    });
    const words = [...taken.values()];
    taken.clear();
    held.unshift(...words.flatMap(({ events }) => events.map((event) => ({ event, resolve: () => {} }))).sort((a, b) => a.event.occurredAtMs - b.event.occurredAtMs));
    loadedFor = grants;
    const before = toJson(shopper);
    shopper = loaded as unknown as Shopper;
    changes.filter(({ row }) => may(row)).forEach(apply);
    resume(words.flatMap(({ steps }) => steps).sort((a, b) => a.atMs - b.atMs));
    commit();
    if (toJson(shopper) !== before) onChange();
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
      const { occurredAtMs } = event;
      const seq = lease.next++;
      unsettled.set(seq, (waiting.entry = { seq, occurredAtMs, json: toJson({ seq, sessionId: session(occurredAtMs), ...event }) }));
    }
  };

  const writeEvents = async (transaction: Transaction, batch: readonly Held[]): Promise<Set<number>> => {
    await readClient(transaction);
    // Another tab held this page for dead, or the device was wiped: these numbers are void, take others.
    if (lease && !(await transaction.get("leases", lease.id))) {
      lease = null;
      for (const waiting of batch) {
        if (waiting.entry) unsettled.delete(waiting.entry.seq);
        delete waiting.entry;
      }
    }
    for (number(); batch.some(({ entry }) => !entry); number()) {
      if (lease) await returnLease(transaction, lease);
      await readClient(transaction);
      lease = await takeLease(transaction, client!, nowMs());
    }
    await transaction.put("leases", lease!.id, lease);
    for (const seq of voids) await reportVoid(transaction, seq, seq, "storage-failed");
    return append(transaction, batch.map(({ entry }) => entry!));
  };

  /** Writes what is allowed in one transaction. */
  const write = async () => {
    committing = false;
    if (!database || !mayStore()) return;
    const events = consent.grants().analytics && client ? held.slice() : [];
    const steps = changes.filter(({ row }) => may(row));
    if (events.length + steps.length === 0) return;
    changes = changes.filter((step) => !steps.includes(step));
    writing = steps;
    let dropped: Set<number> | undefined;
    try {
      dropped = await database.run(async (transaction) => {
        const over = events.length > 0 ? await writeEvents(transaction, events) : new Set<number>();
        for (const { row, apply: step } of steps) await transaction.put("meta", row, step(((await transaction.get("meta", row)) ?? newShopper()[row]) as never));
        if (events.length > 0) await transaction.put("meta", "session", shopper.session);
        return over;
      });
    } catch (error) {
      faults.note("store", error);
      lease = null;
    }
    if (dropped) {
      voids = [];
      if (events.length > 0) onStored();
      if (steps.length > 0) tell({});
    }
    for (const { entry, resolve } of events) {
      if (dropped && !dropped.has(entry!.seq)) {
        resolve(database.durable ? { ok: true, seq: entry!.seq } : { ok: false, reason: "not-durable" });
        continue;
      }
      if (entry) {
        unsettled.delete(entry.seq);
        if (!dropped) voids.push(entry.seq);
      }
      resolve({ ok: false, reason: dropped ? "over-quota" : "storage-failed" });
    }
    writing = [];
    held = held.filter((waiting) => !events.includes(waiting));
  };
  const commit = () => {
    if (committing || !database) return;
    committing = true;
    void inTurn(write);
  };

  const forget = (everywhere: boolean) => {
    const known = client;
    forgotten = true;
    shopper = newShopper();
    client = undefined;
    lease = null;
    held = [];
    changes = [];
    unsettled.clear();
    if (everywhere) tell({ forget: true });
    onChange();
    return inTurn(async () => {
      takeWords(name);
      if (everywhere) {
        // Whoever allows nothing now may have been known before.
        database ??= await openDatabase(name).catch(() => undefined);
        const erased = (await database?.run((transaction) => transaction.get<Client>("meta", "client")).catch(() => undefined)) ?? known;
        if (erased) onForget(erased);
      }
      database?.close();
      database = undefined;
      if (everywhere) await Promise.all([name, filesName].map(deleteDatabase));
    });
  };

  return {
    shopper: () => shopper,
    client: () => client,
    database: () => database,
    mayStore,
    ready: () => turn,
    loading: () => mayStore() && !failed && PURPOSES.some((purpose) => consent.grants()[purpose] && !loadedFor[purpose]),
    session,
    refresh,
    async record(event, steps) {
      if (forgotten) return { ok: false, reason: "no-consent" };
      steps.forEach(apply);
      changes = [...changes, ...steps].slice(-MAX_HELD);
      let result: Promise<TrackResult> | undefined;
      if (event && held.length < MAX_HELD) {
        const stored = new Promise<TrackResult>((resolve) => held.push({ event, resolve }));
        if (consent.grants().analytics) {
          result = stored;
          // Where there is no randomness there is no session: the page goes on.
          faults.guard("number", number)();
        }
      }
      commit();
      if (steps.length > 0) onChange();
      return result ?? { ok: false, reason: "no-consent" };
    },
    unsettled: () => [...unsettled.values()],
    leave(steps) {
      if (!mayStore()) return;
      const { analytics } = consent.grants();
      if (analytics) number();
      const rows: Partial<Record<ShopperRow, unknown>> = {};
      // What has not been read yet would replace all that the disk knows.
      for (const { row } of [...writing, ...changes]) if (may(row) && loadedFor[ROW_PURPOSE[row]]) rows[row] = shopper[row];
      const numbered = held.filter(({ entry }) => entry);
      const unnumbered = analytics ? held.filter(({ entry }) => !entry) : [];
      if (analytics && numbered.length > 0) rows.session = shopper.session;
      try {
        putBack();
        if (!lease && unnumbered.length + steps.length + Object.keys(rows).length === 0) return;
        leaveWords(name, lease?.id ?? createId(), { lease, steps, rows: rows as Partial<Shopper>, entries: numbered.map(({ entry }) => entry!), events: unnumbered.map(({ event }) => event) });
        held = numbered;
        lease = null;
      } catch (error) {
        // Storage is blocked or full: the lease goes the way of a dead tab's.
        faults.note("last words", error);
      }
    },
    settled(entries) {
      const seqs = entries.map(({ seq }) => seq);
      for (const seq of seqs) unsettled.delete(seq);
      // Without a disk, each tab counts for itself.
      if (database?.durable) tell({ settled: seqs });
    },
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

