/** One shard's exact statistics of a range of quarter-hours: sums from the counters, people from the client-days. */
import { STAT_SUMS, type StatsResponse, type StatSums } from "../../core/api.ts";
import type { EventSource } from "../../core/events.ts";
import { readConfirmed } from "./confirm.ts";
import { DAY_MS, dayOf, SLOT_MS } from "./clock.ts";
import type { LedgerStats, StatsRequest } from "./contract.ts";
import { HEALTH_SUMS, PRESENCE, SOURCE_SUMS, type HealthSum, type Presence } from "./schema.ts";
import { WHOLE_SHOP } from "./tally.ts";

/** A client is live for this long after its newest event. */
const LIVE_MS = 5 * 60 * 1000;
const PLACEMENT_SUMS = ["rec_render", "rec_view", "rec_click", "rec_add_to_cart", "rec_dismiss", "attributed_orders", "attributed_revenue"] as const;
const HALF_DAY_SLOTS = DAY_MS / SLOT_MS / 2;

type Row = { [column: string]: SqlStorageValue };

/** Money is in minor units. */
export function readStats(sql: SqlStorage, request: StatsRequest): LedgerStats {
  const { fromMs, toMs, bucketStartsMs, nowMs } = request;
  const people = readPeople(sql, fromMs, toMs);
  const buyers = readBuyers(sql, fromMs, toMs);
  return {
    totals: { ...readSums(sql, fromMs, toMs), shoppers: people.active, buyers },
    series: bucketStartsMs.map((startMs, index) => {
      const endMs = bucketStartsMs[index + 1] ?? toMs;
      return { startMs, shoppers: readPeople(sql, startMs, endMs).active, ...readSums(sql, startMs, endMs) };
    }),
    placements: readPlacements(sql, fromMs, toMs),
    funnel: { viewed: people.viewed, carted: people.carted, checkout: people.checkout, purchased: buyers },
    liveShoppers: sql.exec<{ live: number }>(`SELECT count(DISTINCT client_id) AS live FROM client_day WHERE day >= ?1 AND newest_at_ms > ?2`, dayOf(nowMs - LIVE_MS), nowMs - LIVE_MS).one().live,
    newestEventAtMs: sql.exec<{ newest: number | null }>(`SELECT max(newest_at_ms) AS newest FROM client_day WHERE day = (SELECT max(day) FROM client_day)`).one().newest,
    dropped: sql.exec<{ reason: string; count: number }>(
      `SELECT reason, sum(count) AS count FROM dropped WHERE slot_ms >= ?1 AND slot_ms < ?2 GROUP BY reason ORDER BY count DESC, reason`, fromMs, toMs).toArray(),
    ...readHealth(sql, fromMs, toMs),
    confirmed: readConfirmed(sql, fromMs, toMs),
    erasures: sql.exec<{ erasures: number }>(`SELECT coalesce(sum(count), 0) AS erasures FROM erasure_count WHERE slot_ms >= ?1 AND slot_ms < ?2`, fromMs, toMs).one().erasures,
  };
}

/** How well the shop's pages were understood. */
function readHealth(sql: SqlStorage, fromMs: number, toMs: number): Pick<StatsResponse, "sources" | "conflicts" | "emptySearches"> {
  const row = sql.exec<{ [S in HealthSum]: number }>(
    `SELECT ${HEALTH_SUMS.map((sum) => `coalesce(sum(${sum}), 0) AS ${sum}`).join(", ")} FROM counter WHERE placement = ?1 AND slot_ms >= ?2 AND slot_ms < ?3`, WHOLE_SHOP, fromMs, toMs).one();
  const sources = SOURCE_SUMS.map(([source, column]): { source: EventSource; events: number } => ({ source, events: row[column] }));
  return { sources, conflicts: row.conflicts, emptySearches: row.empty_searches };
}

function readSums(sql: SqlStorage, fromMs: number, toMs: number): StatSums {
  const row = sql.exec<Row>(`SELECT ${STAT_SUMS.map((sum) => `coalesce(sum(${sum}), 0) AS ${sum}`).join(", ")} FROM counter WHERE placement = ?1 AND slot_ms >= ?2 AND slot_ms < ?3`, WHOLE_SHOP, fromMs, toMs).one();
  return row as unknown as StatSums;
}

function readPlacements(sql: SqlStorage, fromMs: number, toMs: number): StatsResponse["placements"] {
  const rows = sql.exec<Row>(
    `SELECT placement, ${PLACEMENT_SUMS.map((sum) => `sum(${sum}) AS ${sum}`).join(", ")} FROM counter
     WHERE placement <> ?1 AND slot_ms >= ?2 AND slot_ms < ?3 GROUP BY placement ORDER BY placement`, WHOLE_SHOP, fromMs, toMs);
  return rows.toArray() as unknown as StatsResponse["placements"];
}

/** Distinct clients of a range, by what they did in it. */
function readPeople(sql: SqlStorage, fromMs: number, toMs: number): { [P in Presence]: number } {
  if (toMs <= fromMs) return Object.fromEntries(PRESENCE.map((flag) => [flag, 0])) as { [P in Presence]: number };
  const firstDay = dayOf(fromMs);
  const lastDay = dayOf(toMs - 1);
  const first = halfDayMasks((fromMs - firstDay * DAY_MS) / SLOT_MS, 2 * HALF_DAY_SLOTS);
  const last = halfDayMasks(0, (toMs - lastDay * DAY_MS) / SLOT_MS);
  // The quarter-hours of the range within each row's day: all of them, but for the first and the last day.
  const mask = (half: 0 | 1) => `(CASE day WHEN ${firstDay} THEN ${first[half]} ELSE ${FULL_HALF_DAY} END & CASE day WHEN ${lastDay} THEN ${last[half]} ELSE ${FULL_HALF_DAY} END)`;
  const distinct = PRESENCE.map((flag) => `count(DISTINCT CASE WHEN (${flag}_am & am) | (${flag}_pm & pm) THEN client_id END) AS ${flag}`);
  return sql.exec<{ [P in Presence]: number }>(
    `SELECT ${distinct.join(", ")} FROM (SELECT *, ${mask(0)} AS am, ${mask(1)} AS pm FROM client_day WHERE day BETWEEN ?1 AND ?2)`, firstDay, lastDay).one();
}

/** Distinct clients with an order in a range. */
function readBuyers(sql: SqlStorage, fromMs: number, toMs: number): number {
  return sql.exec<{ buyers: number }>(`SELECT count(DISTINCT client_id) AS buyers FROM purchase_order WHERE at_ms >= ?1 AND at_ms < ?2`, fromMs, toMs).one().buyers;
}

const FULL_HALF_DAY = 2 ** HALF_DAY_SLOTS - 1;

/** The bits of the quarter-hours in [from, to) of a day. */
function halfDayMasks(from: number, to: number): [am: number, pm: number] {
  const within = (low: number, high: number) => (high > low ? 2 ** high - 2 ** low : 0);
  return [
    within(Math.min(from, HALF_DAY_SLOTS), Math.min(to, HALF_DAY_SLOTS)),
    within(Math.max(from, HALF_DAY_SLOTS) - HALF_DAY_SLOTS, Math.max(to, HALF_DAY_SLOTS) - HALF_DAY_SLOTS),
  ];
}
