/** The journal: takes what happens, in memory at once and on disk as far as the shopper allows. */
import type { EventName, EventSource, PageType } from "../../core/events.ts";
import { createId, sha256Hex } from "../../core/ids.ts";
import type { Step } from "../capture/recorder.ts";
import { PURPOSES, type Consent, type Grants } from "../consent.ts";
import type { Faults } from "../faults.ts";
import { toJson } from "../json.ts";
import { createDatabase, deleteDatabase } from "./database.ts";
import { leaveWords, readWords, type LastWords } from "./last-words.ts";
import { append, drop, type OutboxEntry } from "./outbox.ts";
import { LEASE_MS, returnLease, takeLease, takeNumbers, type Client, type Lease } from "./sequence.ts";
import { change, continueSession, newShopper, ROW_PURPOSE, SHOPPER_ROWS, type Change, type Shopper, type ShopperRow } from "./shopper.ts";
import type { State } from "./state.ts";

/** Events and changes held in memory until consent; a page that never gets it must not grow. */
const MAX_HELD = 200;
/** Closed pages whose last words are known to be on disk: more than are ever left at once. */
const KEPT_HEARD = 50;

export interface RecordedEvent {
  name: EventName;
  occurredAtMs: number;
  source?: EventSource | undefined;
  page: { type: PageType; path?: string | undefined };
  params: object;
}
/** `ok`: the event is on disk. Otherwise: it waits in memory for consent, lives as long as the page, or is one too many. */
export type TrackResult = { ok: true; seq: number } | { ok: false; reason: "no-consent" | "not-durable" | "over-quota" };

/** An event with the changes that it makes. */
export interface Recorded {
  event: RecordedEvent;
  changes: Change[];
}

export interface Journal {
  /** The shopper as of now; replaced, never changed. */
  shopper(): Shopper;
  /** Known once analytics is allowed and the disk has answered. */
  client(): Client | undefined;
  /** Whether anything may be kept on this device. */
  mayStore(): boolean;
  /** Whether what is kept outlives the page. */
  isDurable(): boolean;
  /** Resolves when everything recorded so far is on disk, as far as it is allowed, and everything allowed has been read. */
  ready(): Promise<void>;
  /** Whether what the disk knows of the shopper is still on its way. */
  isLoading(): boolean;
  /** Takes an event, a number of changes, or both, at once in memory; the promise tells about the disk. */
  record(event: RecordedEvent | null, changes: Change[]): Promise<TrackResult>;
  /** The session's id, and that it goes on now. */
  session(nowMs: number): string;
  /** Writes what is due, and reads what other tabs have written. */
  exchange(): Promise<void>;
  /** One transaction on what is kept; undefined where nothing may be. */
  run<T>(work: (state: State) => T): Promise<T | undefined>;
  /** What the last transaction has left; undefined before the first. */
  kept(): State | undefined;
  /** Tells other tabs that there is something to read. */
  tell(): void;
  /** Numbered events of this page that the edge is not known to have, oldest first. */
  unsettled(): OutboxEntry[];
  /** Leaves to the next page what is not on disk yet, these steps, and the numbers that this page leased and did not use. */
  leave(steps: Step[]): void;
  /** The page was left, and goes on after all. */
  comeBack(): void;
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
  /** Brings a database of the first layout into today's. */
  upgrade: (name: string) => Promise<unknown>;
  /** Decides about what closed pages could not. */
  decide: (step: Step, shopper: Shopper) => Recorded[];
  /** Whether it can be decided about them now. */
  prepare: (steps: readonly Step[]) => Promise<boolean>;
  /** After each change, from this tab or another one. */
  onChange: () => void;
  /** Whom the device is about to forget: only the caller remembers them from here on. */
  onForget: (client: Client) => void;
  /** After events have reached the disk. */
  onStored: () => void;
}

interface Held {
  event: RecordedEvent;
  entry?: OutboxEntry | undefined;
  resolve(result: TrackResult): void;
}

export function createJournal({ name, filesName, consent, faults, nowMs, upgrade, decide, prepare, onChange, onForget, onStored }: JournalOptions): Journal {
  const database = createDatabase(name, faults, upgrade);
  /** What the keys of last words begin with. */
  const words = `${name}/`;
  let shopper = newShopper();
  /** What the shopper has been read under. */
  let loadedFor: Partial<Grants> = {};
  let client: Client | undefined;
  /** An identity in case that the disk has none. */
  let candidate: Client | undefined;
  /** On disk: a number of a lease that is not there could be given to another tab as well. */
  let lease: Lease | undefined;
  /** Not on disk; those that have numbers come first. */
  let held: Held[] = [];
  /** Events that were one too many to be held. */
  let overflow = 0;
  /** Not on disk. */
  let changes: Change[] = [];
  const onDisk = new Map<OutboxEntry[0], string>();
  let turn = Promise.resolve();
  let isDue = false;
  let isForgotten = false;
  /** A transaction that begins while a page goes away may end without anybody to hear of it. */
  let isLeft = false;

  // Whatever another tab says, there is something to read; "forget": or nothing ever again.
  // Missing in old browsers; Firefox refuses one where it refuses cookies.
  const channel: Partial<BroadcastChannel> = faults.guard("channel", () => new BroadcastChannel(name))() ?? {};
  const tell = (message = "") => channel.postMessage?.(message);
  channel.onmessage = faults.guard("channel", ({ data }: MessageEvent<string>) => void (data ? forget(false) : exchange()));

  const may = (row: ShopperRow) => consent.grants()[ROW_PURPOSE[row]];
  const mayStore = () => !isForgotten && PURPOSES.some((purpose) => consent.grants()[purpose]);
  const apply = ({ row, apply: step }: Change, rows: Partial<Shopper> = (shopper = { ...shopper })) => {
    rows[row] = step((rows[row] ?? newShopper()[row]) as never) as never;
  };
  const note = (step: Change) => {
    changes.push(step);
    apply(step);
  };
  const session = (atMs: number) => {
    const current = continueSession(shopper.session, atMs);
    note(change("session", () => current));
    return current.id;
  };

  /** Gives held events their numbers. @returns whether the lease was too short for all */
  const number = () => {
    for (const waiting of held) {
      if (waiting.entry) continue;
      if (!lease || lease.next > lease.to || nowMs() - lease.leasedAtMs > LEASE_MS) return true;
      const seq = lease.next++;
      waiting.entry = entryOf(seq, session(waiting.event.occurredAtMs), waiting.event);
    }
    return !lease;
  };

  let kept: State | undefined;
  const run = <T>(work: (state: State) => T) => database.run((state) => {
    const result = work((kept = state));
    for (const seq of onDisk.keys()) if (!state.outbox[seq]) onDisk.delete(seq);
    return result;
  });

  /** Finishes on disk what a closed page has begun. */
  const hear = (state: State, { rows, lease: left, entries, events, steps }: LastWords) => {
    const { analytics } = consent.grants();
    for (const row of SHOPPER_ROWS) if (rows[row] !== undefined && may(row)) state.rows[row] = rows[row] as never;
    if (analytics) append(state, entries);
    if (analytics && left) returnLease(state, left);
    const made = [...events.map((event) => ({ event, changes: [] })), ...steps.flatMap((step) => decide(step, { ...newShopper(), ...state.rows }))];
    for (const { event, changes } of made) {
      for (const step of changes) if (may(step.row)) apply(step, state.rows);
      if (!analytics) continue;
      const { id } = (state.rows.session = continueSession(state.rows.session, event.occurredAtMs));
      append(state, [entryOf(takeNumbers(state, 1), id, event)]);
    }
  };
  /** Brings held events to disk, and takes a new lease where this page's is at its end. */
  const write = (state: State) => {
    const known = lease && state.leases[lease.id];
    if (!known) {
      // The page was held for dead, or the device was wiped: its numbers are void, it takes others.
      lease = undefined;
      for (const waiting of held) delete waiting.entry;
    }
    const isShort = number();
    const batch = held.filter(({ entry }) => entry);
    append(state, batch.map(({ entry }) => entry!));
    if (known) known.next = lease!.next;
    if (overflow > 0) drop(state, takeNumbers(state, overflow), state.client!.nextSeq - 1, "over-quota");
    if (isShort && lease) returnLease(state, lease);
    return { batch, dropped: overflow, lease: isShort ? takeLease(state, nowMs(), held.length - batch.length) : lease };
  };
  /** After the commit: tells everybody what became of their events, and numbers those that have come since. */
  const settle = (state: State, { batch, dropped, lease: taken }: ReturnType<typeof write>) => {
    lease = taken;
    overflow -= dropped;
    const written = new Set(batch);
    held = held.filter((waiting) => !written.has(waiting));
    for (const { entry, resolve } of batch) {
      const [seq, json] = entry!;
      if (!state.outbox[seq]) resolve({ ok: false, reason: "over-quota" });
      else {
        onDisk.set(seq, json);
        resolve(database.isDurable() ? { ok: true, seq } : { ok: false, reason: "not-durable" });
      }
    }
    if (batch.length > 0) onStored();
    number();
    if (held.length > 0) void exchange();
  };

  /** One transaction: what this page has for the disk goes there, and what is there comes back. */
  const trade = async () => {
    isDue = false;
    if (isLeft) return;
    const grants = consent.grants();
    // What was read under a consent that is gone is not used any more.
    for (const row of SHOPPER_ROWS) if (loadedFor[ROW_PURPOSE[row]] && !may(row)) apply({ row, apply: () => newShopper()[row] });
    if (!mayStore()) {
      loadedFor = {};
      return onChange();
    }
    if (grants.analytics) candidate ??= await newClient();
    const left: [string, LastWords][] = [];
    for (const word of faults.guard("last words", readWords<LastWords>)(words) ?? []) if (await prepare(word[1].steps)) left.push(word);
    const { state, written, sent } = await run((state) => {
      const news = left.filter(([key]) => database.isDurable() && !state.heard.includes(key));
      state.heard = [...state.heard, ...news.map(([key]) => key)].slice(-KEPT_HEARD);
      if (grants.analytics) client = state.client ??= { ...candidate! };
      for (const [, left] of news) hear(state, left);
      // Unless the page has been left meanwhile: then that is in its last words.
      const sent = grants.analytics && !isLeft && write(state);
      const written = new Set(changes.filter(({ row }) => may(row)));
      for (const step of written) apply(step, state.rows);
      return { state, written, sent };
    });
    // What was read is what the shopper has asked to forget meanwhile.
    if (isForgotten) return;
    if (client?.id === candidate?.id) candidate = undefined;
    if (database.isDurable()) for (const [key] of left) localStorage.removeItem(key);
    const before = toJson(shopper);
    changes = changes.filter((step) => !written.has(step));
    for (const row of SHOPPER_ROWS) if (may(row)) apply({ row, apply: () => state.rows[row] ?? newShopper()[row] });
    for (const step of changes) if (may(step.row)) apply(step);
    loadedFor = grants;
    if (sent) settle(state, sent);
    if (written.size > 0) tell();
    if (toJson(shopper) !== before) onChange();
  };
  /** @returns a promise that never rejects */
  const inTurn = (work: () => Promise<unknown> | void) => (turn = turn.then(work).then(() => {}, (error: unknown) => faults.note("store", error)));
  const exchange = () => {
    if (isDue) return turn;
    isDue = true;
    return inTurn(trade);
  };

  const forget = (everywhere: boolean) => {
    const known = client;
    isForgotten = true;
    shopper = newShopper();
    client = lease = undefined;
    held = [];
    changes = [];
    onDisk.clear();
    if (everywhere) tell("forget");
    onChange();
    return inTurn(async () => {
      // Whoever allows nothing now may have been known before.
      const erased = everywhere && ((await database.run((state) => state.client)) ?? known);
      if (erased) onForget(erased);
      database.close();
      for (const [key] of readWords(words)) localStorage.removeItem(key);
      if (everywhere) await Promise.all([name, filesName].map(deleteDatabase));
    });
  };

  return {
    shopper: () => shopper,
    client: () => client,
    mayStore,
    isDurable: database.isDurable,
    ready: () => turn,
    isLoading: () => mayStore() && PURPOSES.some((purpose) => consent.grants()[purpose] && !loadedFor[purpose]),
    session: (atMs) => session(atMs),
    exchange,
    run: async (work) => (mayStore() ? run(work) : undefined),
    kept: () => kept,
    tell: () => tell(),
    async record(event, steps) {
      const { analytics } = consent.grants();
      steps.forEach(note);
      if (!analytics) changes = changes.slice(-MAX_HELD);
      let stored: Promise<TrackResult> | undefined;
      if (event && !isForgotten) {
        if (analytics || held.length < MAX_HELD) stored = new Promise((resolve) => held.push({ event, resolve }));
        else overflow += 1;
        // Where there is no randomness there is no session: the page goes on.
        faults.guard("number", number)();
      }
      if (mayStore()) void exchange();
      if (steps.length > 0) onChange();
      return (analytics && stored) || { ok: false, reason: "no-consent" };
    },
    unsettled: () => [...onDisk, ...held.flatMap(({ entry }) => entry ? [entry] : [])],
    leave(steps) {
      if (!mayStore() || !database.isDurable()) return;
      const rows: Partial<Shopper> = {};
      number();
      // What has not been read yet would replace all that the disk knows.
      for (const { row } of changes) if (loadedFor[ROW_PURPOSE[row]]) rows[row] = shopper[row] as never;
      const numbered = held.filter(({ entry }) => entry);
      const events = consent.grants().analytics ? held.slice(numbered.length).map(({ event }) => event) : [];
      leaveWords(words + createId(), { lease, steps, rows, events, entries: numbered.map(({ entry }) => entry!) });
      held = [];
      changes = [];
      lease = undefined;
      isLeft = true;
    },
    comeBack: () => void (isLeft = false),
    forget: () => forget(true),
  };
}

function entryOf(seq: number, sessionId: string, event: RecordedEvent): OutboxEntry {
  return [seq, toJson({ seq, sessionId, ...event })];
}

/** @returns a new identity; it is kept only if the disk has none */
async function newClient(): Promise<Client> {
  const secret = createId();
  // `crypto.subtle` exists on https pages and localhost only.
  const secretHash = globalThis.crypto.subtle ? await sha256Hex(secret) : undefined;
  return { id: createId(), secret, secretHash, nextSeq: 1 };
}
