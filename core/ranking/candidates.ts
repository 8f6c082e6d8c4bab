/**
 * The second stage of a large shop: which items of the long tail go to a device, how they travel, and how a device's
 * shelf takes them in. A device that holds the head and these ranks both by the same scores as the whole model.
 */
import { CANDIDATES_SCHEMA, type Candidates } from "../api.ts";
import { isBuyable, type Card } from "../catalogue.ts";
import { encodeHistory, type HistoryEntry } from "../history.ts";
import { fromBase64Url, toBase64Url } from "../ids.ts";
import { NO_NEIGHBOUR } from "../model/config.ts";
import { joinModel, type ModelItems } from "../model/part.ts";
import { scoreHistory } from "../model/score.ts";
import { parse, type Parsed } from "../schema.ts";
import { createShelf, type Shelf } from "./recommend.ts";
import { topK } from "./topk.ts";

/** Candidates of one history, or of one product: a slate's places, and what the policy and a few more clicks use up. */
export const CANDIDATES_SENT = 100;

/**
 * The best items outside of what a device holds, for several histories at once (a shopper's, the page's product alone,
 * the cart), and the items of these histories themselves.
 *
 * @param isHeld items that the device has already
 * @returns indices in the model, of items that may be shown or that the histories hold
 */
export function chooseCandidates(shelf: Shelf & { model: NonNullable<Shelf["model"]> }, histories: readonly (readonly HistoryEntry[])[], isHeld: (index: number) => boolean, count = CANDIDATES_SENT): number[] {
  const { model } = shelf.model;
  const chosen = new Set<number>();
  for (const history of histories) {
    const input = encodeHistory(history, (id) => model.indexOf.get(id), model.config.length);
    if (input.count === 0) continue;
    for (const index of topK(scoreHistory(model, input), count, (item) => !isHeld(item) && isShown(shelf.cardOf(model.itemIds[item]!)))) chosen.add(index);
    for (const index of input.items.subarray(input.items.length - input.count)) if (!isHeld(index)) chosen.add(index);
  }
  return [...chosen];
}

/**
 * @param chosen indices in the model
 * @param visited ids of items whose co-visitation rows the device needs: what its histories hold
 */
export function packCandidates({ cardOf, model: { model, version } }: Shelf & { model: NonNullable<Shelf["model"]> }, chosen: readonly number[], visited: readonly string[]): Candidates {
  const { width: D, neighbours: K } = model.config;
  const rows = new Int8Array(chosen.length * D);
  chosen.forEach((item, place) => rows.set(model.rows.subarray(item * D, (item + 1) * D), place * D));
  const visits = [...new Set(visited)].flatMap((id): Candidates["visits"] => {
    const item = model.indexOf.get(id);
    if (item === undefined) return [];
    const row = [...model.neighbours.subarray(item * K, (item + 1) * K)].filter((neighbour) => neighbour !== NO_NEIGHBOUR);
    return [{ id, ids: row.map((neighbour) => model.itemIds[neighbour]!), weights: toBase64Url(model.neighbourWeights.subarray(item * K, item * K + row.length)) }];
  });
  const floats = (values: Float32Array) => bytesToText(Float32Array.from(chosen, (item) => values[item]!));
  return {
    model_version: version,
    ids: chosen.map((item) => model.itemIds[item]!),
    rows: bytesToText(rows),
    scales: floats(model.scales),
    popularity: floats(model.popularity),
    visits,
    cards: chosen.flatMap((item) => cardOf(model.itemIds[item]!) ?? []),
  };
}

/**
 * Reads candidates that came from the edge, or from the device's own disk.
 * @param expected the model that they are to join: another version's rows mean nothing beside its own
 */
export function readCandidates(value: unknown, { model, version }: NonNullable<Shelf["model"]>): Parsed<{ items: ModelItems; cards: Card[] }> {
  const parsed = parse(CANDIDATES_SCHEMA, value, "candidates");
  if (!parsed.ok) return parsed;
  const { ids, visits, cards, ...given } = parsed.value;
  const refuse = (path: string, message: string) => ({ ok: false, path: `candidates.${path}`, message }) as const;
  if (given.model_version !== version) return refuse("model_version", `is ${given.model_version}, the device has ${version}`);
  const rows = textToBytes(given.rows), scales = textToBytes(given.scales), popularity = textToBytes(given.popularity);
  if (rows?.length !== ids.length * model.config.width) return refuse("rows", `are not of ${ids.length} items`);
  if (scales?.length !== 4 * ids.length || popularity?.length !== 4 * ids.length) return refuse("scales", `or popularity are not of ${ids.length} items`);
  const items: ModelItems = { ids, rows: new Int8Array(rows.buffer), scales: new Float32Array(scales.buffer), popularity: new Float32Array(popularity.buffer), visits: [] };
  if (![...items.scales, ...items.popularity].every(Number.isFinite)) return refuse("scales", "or popularity hold what is no number");
  for (const { id, ids: neighbours, weights: text } of visits) {
    const weights = textToBytes(text);
    if (weights?.length !== neighbours.length) return refuse("visits", `of ${id} do not have a weight each`);
    items.visits.push({ id, ids: neighbours, weights });
  }
  return { ok: true, value: { items, cards } };
}

/** The shelf of a device that holds a head and candidates beside it; the head's cards win, which are the more current ones. */
export function joinShelf(head: Shelf & { model: NonNullable<Shelf["model"]> }, more: readonly { items: ModelItems; cards: readonly Card[] }[]): Shelf {
  if (more.length === 0) return head;
  const cards = new Map(head.cards.map((card) => [card.id, card]));
  for (const card of more.flatMap((candidates) => candidates.cards)) if (!cards.has(card.id)) cards.set(card.id, card);
  return createShelf([...cards.values()], { model: joinModel(head.model.model, more.map(({ items }) => items)), version: head.model.version });
}

function isShown(card: Card | undefined): boolean {
  return card !== undefined && isBuyable(card);
}
function bytesToText(values: Int8Array | Float32Array): string {
  return toBase64Url(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
function textToBytes(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return fromBase64Url(text);
  } catch {
    return null;
  }
}
