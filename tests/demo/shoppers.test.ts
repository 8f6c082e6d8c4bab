import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, parseEvent, type ShopEvent } from "../../core/events.ts";
import { canonicalJson } from "../../core/weights/manifest.ts";
import { drawArm } from "../../core/slate.ts";
import { DEMO_CATALOGUE_SEED, generateShop } from "../../demo/catalogue/generate.ts";
import { historyOf, simulateShoppers, trueWorth, type ShopperLife } from "../../demo/shoppers/simulate.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const endMs = Date.UTC(2026, 10, 23, 12);
const shop = generateShop({ seed: DEMO_CATALOGUE_SEED });
const options = { seed: 11, ...shop, endMs, shoppers: 400 };
const lives = [...simulateShoppers(options)];
const eventsOf = (life: ShopperLife): ShopEvent[] => [...life.history, ...life.lastDay].flatMap(({ events }) => events);
const all = lives.flatMap(eventsOf);

function digest(some: Iterable<ShopperLife>): string {
  const hash = createHash("sha256");
  for (const life of some) hash.update(JSON.stringify(life));
  return hash.digest("hex");
}

describe("simulated shoppers", () => {
  it("live the same lives, byte for byte, from the same seed, and others from another", () => {
    const first = digest(lives);
    expect(digest(simulateShoppers(options))).toBe(first);
    expect(digest(simulateShoppers({ ...options, seed: 12 }))).not.toBe(first);
  });

  it("do not depend on how many others there are", () => {
    const few = [...simulateShoppers({ ...options, shoppers: 50 })];
    expect(digest(few)).toBe(digest(lives.slice(0, few.length)));
  });

  it("send only events that the edge takes, numbered from 1 without a gap and in the order of time", () => {
    const faults: string[] = [];
    for (const life of lives) {
      let newestMs = 0;
      for (const [index, event] of eventsOf(life).entries()) {
        const parsed = parseEvent(event);
        if (!parsed.ok) faults.push(`${parsed.path} ${parsed.message}`);
        // Nothing that the schema does not know: the edge would drop it silently.
        else if (canonicalJson(parsed.value) !== canonicalJson(event)) faults.push(`${event.name} holds more than its schema`);
        if (event.seq !== index + 1) faults.push(`number ${event.seq} instead of ${index + 1}`);
        if (event.occurredAtMs < newestMs) faults.push(`${event.name} is older than the event before`);
        newestMs = event.occurredAtMs;
      }
    }
    expect(faults).toEqual([]);
  });

  it("come in batches that one POST may hold", () => {
    for (const line of lives.flatMap((life) => [...life.history, ...life.lastDay])) {
      expect(line.events.length).toBeLessThanOrEqual(MAX_EVENTS_PER_BATCH);
      expect(Buffer.byteLength(JSON.stringify(line))).toBeLessThanOrEqual(MAX_BATCH_BYTES - 128);
    }
  });

  it("have their last 24 hours apart, and nothing after the end", () => {
    let lastDayEvents = 0;
    for (const life of lives) {
      for (const { events } of life.history) for (const { occurredAtMs } of events) expect(occurredAtMs).toBeLessThan(endMs - DAY_MS);
      for (const { events } of life.lastDay) {
        for (const { occurredAtMs } of events) {
          lastDayEvents += 1;
          expect(occurredAtMs).toBeGreaterThanOrEqual(endMs - DAY_MS);
          expect(occurredAtMs).toBeLessThan(endMs);
        }
      }
    }
    expect(lastDayEvents).toBeGreaterThan(0);
    const kept: string[] = [];
    const history = [...historyOf(lives, ({ clientId }) => kept.push(clientId))];
    expect(history).toEqual(lives.flatMap((life) => life.history));
    expect(kept).toEqual(lives.map(({ clientId }) => clientId));
  });

  it("use the shop as people do: most only look, some buy, some come back, some return things", () => {
    const counts = new Map<string, number>();
    for (const { name } of all) counts.set(name, (counts.get(name) ?? 0) + 1);
    const share = (name: string, of: string) => (counts.get(name) ?? 0) / counts.get(of)!;
    for (const name of ["page_view", "view_item_list", "select_item", "search", "view_search_results", "add_to_wishlist", "refund", "rec_add_to_cart"]) expect(counts.get(name) ?? 0, name).toBeGreaterThan(0);
    expect(share("add_to_cart", "view_item")).toBeLessThan(0.4);
    expect(share("begin_checkout", "view_cart")).toBeLessThan(1);
    expect(share("purchase", "begin_checkout")).toBeLessThan(1);
    expect(share("purchase", "begin_checkout")).toBeGreaterThan(0.5);
    const buyers = new Set(lives.filter((life) => eventsOf(life).some(({ name }) => name === "purchase")));
    expect(buyers.size / lives.length).toBeGreaterThan(0.2);
    expect(buyers.size / lives.length).toBeLessThan(0.8);
  });

  it("click carousels about as rarely as real shoppers do, and only those they were shown", () => {
    const shown = new Set<string>();
    let views = 0;
    let clicks = 0;
    for (const event of all) {
      if (event.name === "rec_render") shown.add(event.params.slate_id);
      if (event.name === "rec_view") views += 1;
      if (event.name !== "rec_click") continue;
      clicks += 1;
      expect(shown).toContain(event.params.slate_id);
      expect(event.params).toMatchObject({ strategy: "popular", model_version: 0, arm: "treatment" });
    }
    expect(clicks / views).toBeGreaterThan(0.01);
    expect(clicks / views).toBeLessThan(0.04);
  });

  it("of the holdout see no carousel", () => {
    const holdout = lives.filter(({ clientId }) => drawArm("demo", clientId, 0.05) === "holdout");
    expect(holdout.length).toBeGreaterThan(5);
    for (const life of holdout) {
      expect(life.arm).toBe("holdout");
      expect(eventsOf(life).filter(({ name }) => name.startsWith("rec_"))).toEqual([]);
    }
  });

  it("give an oracle rank for every product view, which is the rank by their true worth", () => {
    for (const life of lives) {
      expect(life.oracle.map(({ seq }) => seq)).toEqual(eventsOf(life).filter(({ name }) => name === "view_item").map(({ seq }) => seq));
    }
    const life = lives.find(({ oracle }) => oracle.length > 10)!;
    const { seq, rank } = life.oracle[7]!;
    const worth = trueWorth(options, life.clientId, seq)!;
    const viewed = eventsOf(life)[seq - 1] as Extract<ShopEvent, { name: "view_item" }>;
    const own = worth[shop.products.findIndex(({ id }) => id === viewed.params.items[0]!.item_id)]!;
    expect(worth.filter((one) => one > own).length + 1).toBe(rank);
    expect(trueWorth(options, life.clientId, 1_000_000)).toBeUndefined();
  });

  it("cannot be drawn for products that nobody knows anything about", () => {
    expect(() => [...simulateShoppers({ ...options, facts: new Map() })]).toThrow(/No facts about product/);
  });
});
