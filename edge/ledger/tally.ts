/** The sums of one transaction, gathered in memory and written in one statement a table. */
import { STAT_SUMS, type StatSum } from "../../core/api.ts";
import type { Arm } from "../../core/events.ts";
import { dayOf, DAY_MS, SLOT_MS, slotOf } from "./clock.ts";
import { CLIENT_DAY_SUMS, HEALTH_SUMS, PRESENCE, type ClientDaySum, type HealthSum, type Presence } from "./schema.ts";

/** The placement under which a shop's own sums stand. */
export const WHOLE_SHOP = "";

const COUNTER_SUMS = [...STAT_SUMS, ...HEALTH_SUMS];
const SUM_INDEX = Object.fromEntries(COUNTER_SUMS.map((sum, index) => [sum, index])) as { [S in StatSum | HealthSum]: number };
const DAY_SUM_INDEX = Object.fromEntries(CLIENT_DAY_SUMS.map((sum, index) => [sum, index])) as { [S in ClientDaySum]: number };
const SLOTS_PER_HALF_DAY = DAY_MS / SLOT_MS / 2;

interface ClientDay {
  day: number;
  clientId: string;
  arm: Arm | null;
  newestAtMs: number;
  /** Quarter-hours of the day, by presence. */
  slots: Set<number>[];
  sums: number[];
}

export interface Tally {
  count(atMs: number, placement: string, sum: StatSum | HealthSum, by: number): void;
  /** Notes that a client was there and did this. */
  present(clientId: string, atMs: number, presence: Presence, arm?: Arm): void;
  countForClient(clientId: string, atMs: number, sum: ClientDaySum, by: number): void;
  drop(receivedAtMs: number, reason: string, count: number): void;
  /** Adds everything to the tables; part of the caller's transaction. */
  write(sql: SqlStorage): void;
}

export function createTally(): Tally {
  const counters = new Map<string, { slotMs: number; placement: string; sums: number[] }>();
  const clientDays = new Map<string, ClientDay>();
  const drops = new Map<string, [slotMs: number, reason: string, count: number]>();

  function clientDay(clientId: string, atMs: number): ClientDay {
    const day = dayOf(atMs);
    const key = `${day} ${clientId}`;
    let row = clientDays.get(key);
    if (!row) clientDays.set(key, (row = { day, clientId, arm: null, newestAtMs: 0, slots: PRESENCE.map(() => new Set()), sums: CLIENT_DAY_SUMS.map(() => 0) }));
    return row;
  }

  return {
    count(atMs, placement, sum, by) {
      const slotMs = slotOf(atMs);
      const key = `${slotMs} ${placement}`;
      let row = counters.get(key);
      if (!row) counters.set(key, (row = { slotMs, placement, sums: COUNTER_SUMS.map(() => 0) }));
      row.sums[SUM_INDEX[sum]]! += by;
    },
    present(clientId, atMs, presence, arm) {
      const row = clientDay(clientId, atMs);
      row.slots[PRESENCE.indexOf(presence)]!.add(Math.floor((atMs - row.day * DAY_MS) / SLOT_MS));
      row.newestAtMs = Math.max(row.newestAtMs, atMs);
      if (arm) row.arm = arm;
    },
    countForClient(clientId, atMs, sum, by) {
      clientDay(clientId, atMs).sums[DAY_SUM_INDEX[sum]]! += by;
    },
    drop(receivedAtMs, reason, count) {
      if (count <= 0) return;
      const slotMs = slotOf(receivedAtMs);
      const key = `${slotMs} ${reason}`;
      const row = drops.get(key);
      if (row) row[2] += count;
      else drops.set(key, [slotMs, reason, count]);
    },
    write(sql) {
      if (counters.size > 0) sql.exec(UPSERT_COUNTERS, JSON.stringify([...counters.values()].map((row) => [row.slotMs, row.placement, ...row.sums])));
      if (clientDays.size > 0) sql.exec(UPSERT_CLIENT_DAYS, JSON.stringify([...clientDays.values()].map((row) => [row.day, row.clientId, row.arm, row.newestAtMs, ...row.slots.flatMap(halfDayMasks), ...row.sums])));
      if (drops.size > 0) sql.exec(UPSERT_DROPPED, JSON.stringify([...drops.values()]));
    },
  };
}

/** A bit per quarter-hour, in two numbers that JavaScript and SQLite both hold exactly. */
function halfDayMasks(slots: Set<number>): [am: number, pm: number] {
  let am = 0;
  let pm = 0;
  for (const slot of slots) {
    if (slot < SLOTS_PER_HALF_DAY) am += 2 ** slot;
    else pm += 2 ** (slot - SLOTS_PER_HALF_DAY);
  }
  return [am, pm];
}

const PRESENCE_COLUMNS = PRESENCE.flatMap((flag) => [`${flag}_am`, `${flag}_pm`]);
const UPSERT_COUNTERS = upsert("counter", ["slot_ms", "placement"], COUNTER_SUMS.map((sum) => [sum, `${sum} + excluded.${sum}`]));
const UPSERT_CLIENT_DAYS = upsert("client_day", ["day", "client_id"], [
  ["arm", "coalesce(excluded.arm, arm)"],
  ["newest_at_ms", "max(newest_at_ms, excluded.newest_at_ms)"],
  ...PRESENCE_COLUMNS.map((column): [string, string] => [column, `${column} | excluded.${column}`]),
  ...CLIENT_DAY_SUMS.map((sum): [string, string] => [sum, `${sum} + excluded.${sum}`]),
]);
const UPSERT_DROPPED = upsert("dropped", ["slot_ms", "reason"], [["count", "count + excluded.count"]]);

/** Inserts rows given as one JSON list of lists, or folds each into the row with its key. */
export function upsert(table: string, key: readonly string[], columns: readonly (readonly [column: string, onConflict: string])[]): string {
  const names = [...key, ...columns.map(([column]) => column)];
  return `INSERT INTO ${table} (${names.join(", ")})
    SELECT ${names.map((_, index) => `value ->> ${index}`).join(", ")} FROM json_each(?1) WHERE true
    ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${columns.map(([column, value]) => `${column} = ${value}`).join(", ")}`;
}
