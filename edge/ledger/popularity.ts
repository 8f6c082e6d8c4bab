/** Decayed popularity of a shop's products, as one shard has seen it. */
import { HISTORY_KINDS, type HistoryKind } from "../../core/history.ts";
import { createPopularityCounter, POPULARITY_HALF_LIFE_MS } from "../../core/ranking/popularity.ts";
import { itemDays, journalLines } from "./archive.ts";
import { DAY_MS } from "./clock.ts";
import type { ItemScores } from "./contract.ts";

/** Days before the newest that still count: older actions are worth less than a thousandth of new ones. */
const DAYS_READ = Math.ceil((10 * POPULARITY_HALF_LIFE_MS) / DAY_MS);

/**
 * What items are worth, most first: archived days, and the journal's remainder counted by the same rule, so that
 * archiving changes nothing. An action counts as of its day's noon.
 */
export function itemScores(sql: SqlStorage): ItemScores {
  const rows = itemDays(journalLines(sql));
  const archived = sql.exec<{ newest: number | null }>(`SELECT max(day) AS newest FROM item_day`).one().newest;
  let newestDay = archived ?? -Infinity;
  for (const [day] of rows) newestDay = Math.max(newestDay, day);
  if (newestDay === -Infinity) return { newestDay, scores: [] };
  const oldestDay = newestDay - DAYS_READ;
  const counter = createPopularityCounter();
  const add = (day: number, itemId: string, kind: HistoryKind, count: number) => counter.add(itemId, kind, (day - newestDay) * DAY_MS, count);
  // In a fixed order: floating-point sums depend on it.
  const stored = sql.exec<{ day: number; item_id: string; kind: HistoryKind; count: number }>(`SELECT day, item_id, kind, count FROM item_day WHERE day >= ?1`, oldestDay).toArray();
  const all = new Map<string, [number, string, HistoryKind, number]>();
  for (const [day, itemId, kind, count] of [...stored.map(({ day, item_id, kind, count }) => [day, item_id, kind, count] as [number, string, HistoryKind, number]), ...rows]) {
    if (day < oldestDay) continue;
    const key = `${String(day - oldestDay).padStart(4, "0")} ${HISTORY_KINDS.indexOf(kind)} ${itemId}`;
    const known = all.get(key);
    if (known) known[3] += count;
    else all.set(key, [day, itemId, kind, count]);
  }
  for (const key of [...all.keys()].sort()) add(...all.get(key)!);
  return { newestDay, scores: counter.ranking(0) };
}
