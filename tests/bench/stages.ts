/**
 * How much of the whole model's ranking a device keeps that holds the popular head of 100,000 products and the candidates
 * that the edge adds: a simulated department store, its model trained here, histories from its test part.
 */
import { generateShop, type ItemFacts } from "../../demo/catalogue/generate.ts";
import { simulateShoppers } from "../../demo/shoppers/simulate.ts";
import { isBuyable, toCard, type Card, type Product } from "../../core/catalogue.ts";
import type { HistoryEntry } from "../../core/history.ts";
import { encodeHistory } from "../../core/history.ts";
import type { Model } from "../../core/model/config.ts";
import { byPopularity, cutModel } from "../../core/model/part.ts";
import { scoreHistory } from "../../core/model/score.ts";
import { chooseCandidates, joinShelf, packCandidates, readCandidates } from "../../core/ranking/candidates.ts";
import { createShelf, type Shelf } from "../../core/ranking/recommend.ts";
import { topK } from "../../core/ranking/topk.ts";
import { cardBytes, headFile, planHeads, rowBytes } from "../../core/weights/head.ts";
import { defaultConfig } from "../../trainer/config.ts";
import { startBackend } from "../../trainer/models/backend.ts";
import { fitModel } from "../../trainer/models/fit.ts";
import { prepareTraining } from "../../trainer/models/network.ts";
import { createDatasetBuilder, knownThen } from "../../trainer/prepare.ts";
import { report, type BenchRow } from "./report.ts";

/** Fixed, so that every run measures the same shop. */
const END_MS = Date.UTC(2026, 9, 1);
const argument = (name: string, standard: number) => (process.argv.includes(`--${name}`) ? Number(process.argv[process.argv.indexOf(`--${name}`) + 1]) : standard);
const PRODUCTS = argument("products", 100_000);
const SHOPPERS = argument("shoppers", 2_000);
const STEPS = argument("steps", 300);
const CASES = 100;
const K = 20;

type ModelShelf = Shelf & { model: NonNullable<Shelf["model"]> };

/** As many demo shops under one roof as it takes. */
function manyProducts(count: number): { products: Product[]; facts: Map<string, ItemFacts> } {
  const products: Product[] = [];
  const facts = new Map<string, ItemFacts>();
  for (let floor = 0; products.length < count; floor += 1) {
    const shop = generateShop({ seed: 20_260 + floor });
    for (const product of shop.products.slice(0, count - products.length)) {
      const id = `${floor}-${product.id}`;
      products.push({ ...product, id, link: `${product.link}-${floor}`, ...(product.item_group_id && { item_group_id: `${floor}-${product.item_group_id}` }) });
      facts.set(id, shop.facts.get(product.id)!);
    }
  }
  return { products, facts };
}

const { products, facts } = manyProducts(PRODUCTS);
const builder = createDatasetBuilder({ catalogue: products });
for (const life of simulateShoppers({ seed: 7, products, facts, endMs: END_MS, shoppers: SHOPPERS })) {
  for (const { clientId, events } of [...life.history, ...life.lastDay]) builder.add({ clientId, events });
}
const dataset = builder.finish();
await startBackend("wasm");
const training = prepareTraining(dataset, defaultConfig(dataset.objective), 1);
training.setSteps(STEPS);
const { model } = fitModel(dataset, defaultConfig(dataset.objective), training);

const histories: HistoryEntry[][] = [];
for (const shopper of dataset.shoppers) {
  const last = shopper.moments.at(-1);
  if (last && last.atMs >= dataset.split.validateUntilMs && histories.length < CASES) histories.push(knownThen(shopper, last));
}
const cards = new Map<string, Card>(products.map((product) => [product.id, toCard(product)]));
const rows: BenchRow[] = [];
let answerBytes = 0;
let answers = 0;

/** What is kept of the whole model's first places by what a device would hold. */
function measure(name: string, blended: Model): void {
  const whole = createShelf([...cards.values()], { model: blended, version: 1 }) as ModelShelf;
  const order = byPopularity(blended);
  const placeOf = new Uint32Array(order.length);
  order.forEach((item, place) => (placeOf[item] = place));
  for (const { name: head, items } of planHeads(blended, (id) => cards.get(id))) {
    const isHeld = (index: number) => placeOf[index]! < items;
    const held = order.slice(0, items);
    const device = createShelf(held.map((item) => cards.get(blended.itemIds[item]!)!), { model: cutModel(blended, held), version: 1 }) as ModelShelf;
    const answer = (entries: HistoryEntry[]) => {
      const sent = packCandidates(whole, chooseCandidates(whole, [entries], isHeld), entries.map(({ item_id }) => item_id));
      answerBytes += JSON.stringify(sent).length;
      answers += 1;
      const read = readCandidates(sent, device.model);
      if (!read.ok) throw new Error(`${read.path} ${read.message}`);
      return read.value;
    };
    const known = new Map<string, ReturnType<typeof answer>>();
    const answerOf = (entry: HistoryEntry) => {
      if (!known.has(entry.item_id)) known.set(entry.item_id, answer([entry]));
      return known.get(entry.item_id)!;
    };
    const first = ({ model: { model: own } }: ModelShelf, history: readonly HistoryEntry[]) =>
      topK(scoreHistory(own, encodeHistory(history, (id) => own.indexOf.get(id), own.config.length)), K, (item) => isBuyable(cards.get(own.itemIds[item]!)!)).map((item) => own.itemIds[item]!);
    const kept = { public: 0, personal: 0, before: 0, head: 0 };
    let all = 0;
    for (const history of histories) {
      const wanted = new Set(first(whole, history));
      const count = (shelf: Shelf) => first(shelf as ModelShelf, history).filter((id) => wanted.has(id)).length;
      const read = history.slice(-blended.config.length);
      const files = (entries: HistoryEntry[]) => [...new Map(entries.map((entry) => [entry.item_id, answerOf(entry)])).values()];
      all += wanted.size;
      kept.public += count(joinShelf(device, files(read)));
      kept.personal += count(joinShelf(device, [answer(history)]));
      kept.before += count(joinShelf(device, files(read.slice(0, -1))));
      kept.head += count(device);
    }
    const row = (what: string, value: number): BenchRow => ({ what: `${name}: ${what}, ${head} head of ${items}`, metric: `of the whole model's first ${K}`, value: (100 * value) / all, unit: "%", against: "the head alone", againstValue: (100 * kept.head) / all });
    rows.push(row("public files of the products looked at", kept.public), row("one answer to the history", kept.personal), row("before the newest product's answer is there", kept.before));
    if (name !== "what ships") continue;
    const bytes = held.reduce((sum, item) => sum + cardBytes(cards.get(blended.itemIds[item]!)!), 0) + rowBytes(blended, headFile(blended, items).byteLength);
    rows.push({ what: `${head} head`, metric: "rows and cards on the device", value: bytes / 1024, unit: "KB" });
  }
}

measure("what ships", model);
measure("the network alone", { ...model, blend: [1, 0, 0] });
rows.push({ what: "an answer of the edge", metric: "JSON, before compression", value: answerBytes / answers / 1024, unit: "KB" });
console.log(`\n${products.length} products, ${dataset.events} product events of ${dataset.shoppers.length} clients, ${STEPS} steps of training; ${histories.length} histories. Blend ${model.blend.join(" / ")}.`);
report("Two stages", rows, "a real shop of this size; how soon answers arrive; stock that runs out between two answers.");
