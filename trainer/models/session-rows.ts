/**
 * Session kNN folded into sparse item-to-item rows, so that it can ship: where every session that shares an item votes, and
 * not the nearest alone, the votes of the question's items add up, and each item's can be counted beforehand.
 */
import type { SessionIndex, SessionKnnConfig } from "./session-knn.ts";
import { rarityOf } from "./session-knn.ts";
import { keepStrongest, type CoVisitation } from "./strongest.ts";

export interface SessionRowsConfig extends Omit<SessionKnnConfig, "neighbours" | "recencyPlaces"> {
  /** Rows are divided by the weight of their item's sessions to this power: 0 lets common items speak louder, 1 lets all speak alike. */
  evenness: number;
  /** What stood before the shared item counts so much of what came after it. */
  backward: number;
}

const BASE: SessionRowsConfig = { sample: 5000, nearPlaces: 4, ageShare: Infinity, rarity: 0.5, again: 0.8, evenness: 0.8, backward: 1 };
/** Tried on the validation part: from sessions in which order says little, to long histories in which it says much. */
export const SESSION_ROWS: readonly SessionRowsConfig[] = [
  BASE, { ...BASE, backward: 0.5 }, { ...BASE, nearPlaces: 6, backward: 0.3 }, { ...BASE, nearPlaces: 3, backward: 0.15 }, { ...BASE, ageShare: 0.5 },
];
/** What stands farther away counts for less than this, and is left out. */
const LEAST_SHARE = 0.01;

export function fitSessionRows(index: SessionIndex, neighbours: number, config: SessionRowsConfig): CoVisitation {
  const { itemCount, starts, items, endMs, itemStarts, sessionsOf, spanMs } = index;
  const rarity = rarityOf(index, config.rarity);
  const newestMs = endMs.at(-1) ?? 0;
  const strengths = new Float64Array(itemCount);
  const near: number[] = [];
  for (let distance = 0; near.length === 0 || near.at(-1)! > LEAST_SHARE; distance += 1) near.push(Math.exp(-distance / config.nearPlaces));
  return keepStrongest(itemCount, neighbours, (item, add) => {
    const touched: number[] = [];
    let total = 0;
    const from = itemStarts[item]!;
    const to = Math.min(itemStarts[item + 1]!, from + config.sample);
    for (let at = from; at < to; at += 1) {
      const session = sessionsOf[at]!;
      const [first, end] = [starts[session]!, starts[session + 1]!];
      const weight = Math.exp((endMs[session]! - newestMs) / (config.ageShare * spanMs)) / Math.sqrt(end - first);
      total += weight;
      const shared = items.lastIndexOf(item, end - 1);
      for (let place = Math.max(first, shared - near.length + 1); place < Math.min(end, shared + near.length); place += 1) {
        const other = items[place]!;
        if (strengths[other] === 0) touched.push(other);
        strengths[other] = strengths[other]! + weight * rarity[other]! * (place === shared ? config.again : place < shared ? config.backward * near[shared - place]! : near[place - shared]!);
      }
    }
    const scale = rarity[item]! / total ** config.evenness;
    for (const other of touched) {
      if (strengths[other]! > 0) add(other, scale * strengths[other]!);
      strengths[other] = 0;
    }
  });
}
