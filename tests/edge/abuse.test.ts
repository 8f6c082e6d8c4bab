/** What forged events can do to a shop, and what is told of it. */
import { describe, expect, it } from "vitest";
import { routes } from "../../core/api.ts";
import type { ShopEvent } from "../../core/events.ts";
import { seededRandom } from "../../core/ids.ts";
import { MAX_DAILY_CLICKS } from "../../edge/ledger/count.ts";
import { click, createShop, event, NOON, pageViews, startEdge, type TestShop } from "./edge.ts";

/** 200 shoppers, 50 events each, over 100 products; what is popular follows Zipf's law. */
async function busyShop(): Promise<TestShop> {
  const shop = await createShop(startEdge());
  const random = seededRandom(3);
  const lines = Array.from({ length: 200 }, (_, shopper) => JSON.stringify({
    clientId: `shopper-${1000 + shopper}`, sentAtMs: NOON,
    events: Array.from({ length: 50 }, (_, i) => event(i + 1, "view_item", { items: [{ item_id: `p${Math.floor(100 ** random()) - 1}` }] }, NOON - Math.floor(random() * 5 * 864e5))),
  }));
  await shop.admin(routes.admin.import(shop.id), { method: "POST", body: lines.join("\n") });
  return shop;
}
const flood = (from: number, count: number, itemId: string): ShopEvent[] => Array.from({ length: count }, (_, i) => event(from + i, "view_item", { items: [{ item_id: itemId }] }, NOON - 60_000));

describe("a flood of forged events, one in a hundred of all", () => {
  it("moves its product by a bounded number of places, and none of the first ten for it", async () => {
    const shop = await busyShop();
    const before = await shop.popularItems();
    expect(before).toHaveLength(99);
    const target = before.at(-1)!;
    // As many as one POST holds, which is how a forger saves effort.
    for (const from of [1, 51]) await shop.send("forger-0001", flood(from, 50, target));
    const after = await shop.popularItems();
    const rise = before.indexOf(target) - after.indexOf(target);
    expect(rise).toBeGreaterThanOrEqual(0);
    // Counted event by event it would stand among the first thirty.
    expect(rise).toBeLessThanOrEqual(30);
    expect(after.slice(0, 10)).toEqual(before.slice(0, 10));
  });
});

describe("one client", () => {
  it("counts for no more than its share of a day, and the rest is told as dropped", async () => {
    const shop = await createShop(startEdge(NOON, { DAILY_EVENTS_PER_CLIENT: "60" }));
    await shop.send("client-0001", pageViews(...Array.from({ length: 50 }, (_, i) => i + 1)));
    const receipt = await shop.send("client-0001", pageViews(...Array.from({ length: 20 }, (_, i) => 51 + i)));
    expect(receipt).toMatchObject({ accepted: 10, watermark: 70 });
    expect(receipt.rejected).toHaveLength(10);
    expect(receipt.rejected[0]).toMatchObject({ seq: 61, code: "client-cap" });
    // Sent again, they are known; another day, another client count.
    expect((await shop.send("client-0001", pageViews(61))).duplicate).toBe(1);
    expect((await shop.send("client-0001", [event(71, "page_view", {}, NOON - 864e5)])).accepted).toBe(1);
    expect((await shop.send("client-0002", pageViews(1))).accepted).toBe(1);
    const stats = await shop.stats(`?fromMs=${NOON - 2 * 864e5}&toMs=${NOON + 1}`);
    expect(stats.totals.events).toBe(62);
    expect(stats.dropped).toEqual([{ reason: "client-cap", count: 10 }]);
  });

  it("clicks no more than a shopper can in a day, and never where it is shown nothing", async () => {
    const edge = startEdge();
    const shop = await createShop(edge);
    for (let from = 1; from <= MAX_DAILY_CLICKS + 50; from += 50) {
      edge.nowMs += 60_000;
      await shop.send("client-0001", Array.from({ length: 50 }, (_, i) => click(from + i, "a", "home-for-you", NOON)));
    }
    expect((await shop.stats()).totals.rec_click).toBe(MAX_DAILY_CLICKS);
    const holdout = { ...click(1, "a", "home-for-you"), params: { ...(click(1, "a", "home-for-you").params as object), arm: "holdout" } } as unknown as ShopEvent;
    const receipt = await shop.send("client-0002", [holdout]);
    expect(receipt.rejected).toEqual([expect.objectContaining({ seq: 1, code: "impossible-order" })]);
    expect((await shop.stats()).dropped).toEqual([{ reason: "client-cap", count: 50 }, { reason: "rejected", count: 1 }]);
  });
});
