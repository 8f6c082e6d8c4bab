import { describe, expect, test } from "vitest";
import { CANDIDATES_SCHEMA, type Candidates } from "../../../core/api.ts";
import type { Card } from "../../../core/catalogue.ts";
import type { HistoryEntry } from "../../../core/history.ts";
import { seededRandom } from "../../../core/ids.ts";
import { byPopularity, cutModel } from "../../../core/model/part.ts";
import { chooseCandidates, joinShelf, packCandidates, readCandidates } from "../../../core/ranking/candidates.ts";
import { createShelf, recommend, type Shelf } from "../../../core/ranking/recommend.ts";
import { parse } from "../../../core/schema.ts";
import { randomHistory, randomModel } from "../random-model.ts";

const NOW = 1_800_000_000_000;
const HEAD = 60;
const MODEL = randomModel({ width: 16, length: 8, blocks: 1, heads: 2, neighbours: 6 }, 600, 5);
const CARDS: Card[] = MODEL.itemIds.map((id, index) => ({ id, title: id, link: `/${id}`, price: 1, ...(index % 50 === 9 && { availability: "out_of_stock" as const }) }));
const ORDER = byPopularity(MODEL);
const place = new Map(ORDER.map((item, at) => [item, at]));
const isHeld = (index: number) => place.get(index)! < HEAD;
type ModelShelf = Shelf & { model: NonNullable<Shelf["model"]> };
const whole = createShelf(CARDS, { model: MODEL, version: 4 }) as ModelShelf;
const head = createShelf(ORDER.slice(0, HEAD).map((item) => CARDS[item]!), { model: cutModel(MODEL, ORDER.slice(0, HEAD)), version: 4 }) as ModelShelf;

const viewed = (id: string): HistoryEntry => ({ item_id: id, kind: "view", atMs: NOW });
const sent = (histories: HistoryEntry[][], count?: number): Candidates => JSON.parse(JSON.stringify(packCandidates(whole, chooseCandidates(whole, histories, isHeld, count), histories.flat().map(({ item_id }) => item_id)))) as Candidates;
function received(value: unknown) {
  const read = readCandidates(value, head.model);
  if (!read.ok) throw new Error(`${read.path} ${read.message}`);
  return read.value;
}
const slateOf = async (shelf: Shelf, history: HistoryEntry[]) => (await recommend(shelf, { id: "p", strategy: "for_you", k: 20 }, { cart: [], dismissed: [], shown: [], history, nowMs: NOW }, "treatment")).items.map(({ item_id, score }) => [item_id, score]);

test("a device with the head and a history's candidates shows what the whole model would, at the same scores", async () => {
  const random = seededRandom(3);
  for (let run = 0; run < 20; run += 1) {
    const history = randomHistory(MODEL, 1 + run % 9, random);
    const joined = joinShelf(head, [received(sent([history]))]);
    expect(await slateOf(joined, history)).toEqual(await slateOf(whole, history));
  }
});

test("without candidates the device ranks the head, and each answer that arrives brings it closer", async () => {
  const history = [ORDER[300]!, ORDER[450]!].map((item) => viewed(MODEL.itemIds[item]!));
  const all = new Set((await slateOf(whole, history)).map(([id]) => id));
  const kept = async (shelf: Shelf) => (await slateOf(shelf, history)).filter(([id]) => all.has(id)).length;
  const answers = history.map((entry) => received(sent([[entry]])));
  const steps = [await kept(joinShelf(head, [])), await kept(joinShelf(head, answers.slice(0, 1))), await kept(joinShelf(head, answers))];
  expect(steps[0]).toBeLessThan(steps[1]!);
  expect(steps[1]).toBeLessThan(steps[2]!);
  expect(steps[2]).toBeGreaterThanOrEqual(19);
});

test("only what a device lacks and may show is sent, and what its histories hold", () => {
  const gone = CARDS.findIndex((card, index) => card.availability === "out_of_stock" && !isHeld(index));
  const history = [viewed(CARDS[gone]!.id), viewed(MODEL.itemIds[ORDER[0]!]!)];
  const { ids, cards, visits } = sent([history], 30);
  expect(ids).toHaveLength(31);
  expect(ids.filter((id) => isHeld(MODEL.indexOf.get(id)!))).toEqual([]);
  expect(cards.filter(({ availability }) => availability === "out_of_stock").map(({ id }) => id)).toEqual([CARDS[gone]!.id]);
  expect(visits.map(({ id }) => id)).toEqual(history.map(({ item_id }) => item_id));
});

describe("answers that would not join are refused", () => {
  const good = sent([[viewed(MODEL.itemIds[ORDER[300]!]!)]], 5);
  test.each([
    ["of another version", { ...good, model_version: 5 }, "candidates.model_version"],
    ["with rows of fewer items", { ...good, rows: good.rows.slice(0, -4) }, "candidates.rows"],
    ["with rows that are no base64", { ...good, rows: "§" }, "candidates.rows"],
    ["with scales of fewer items", { ...good, scales: good.scales.slice(8) }, "candidates.scales"],
    ["with a popularity that is no number", { ...good, popularity: Buffer.from(Float32Array.from({ length: good.ids.length }, () => NaN).buffer).toString("base64url") }, "candidates.scales"],
    ["with fewer weights than neighbours", { ...good, visits: [{ ...good.visits[0]!, weights: "" }] }, "candidates.visits"],
    ["with a card that has no link", { ...good, cards: [{ id: "a", title: "a", price: 1 }] }, "candidates.cards[0].link"],
    ["without ids", { ...good, ids: undefined }, "candidates.ids"],
  ])("%s", (_, value, path) => {
    expect(readCandidates(value, head.model)).toMatchObject({ ok: false, path });
  });
  test("and what the edge sends is what the schema says", () => expect(parse(CANDIDATES_SCHEMA, good)).toEqual({ ok: true, value: good }));
});
