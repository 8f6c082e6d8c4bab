import { describe, expect, it } from "vitest";
import { routes, STAT_SUMS, type ExportLine, type ImportLine, type StatsResponse } from "../../../core/api.ts";
import { ATTRIBUTION_WINDOW_MS, type ShopEvent } from "../../../core/events.ts";
import { seededRandom } from "../../../core/ids.ts";
import { click, codeOf, createShop, event, NOON, pageViews, startEdge } from "../edge.ts";

const HOUR = 3_600_000;

/** The same figures, the slow and obvious way, from an export. */
function recompute(lines: ExportLine[], fromMs: number, toMs: number) {
  const all = lines.flatMap(({ clientId, events }) => events.map((shopEvent) => ({ clientId, ...shopEvent }) as { clientId: string } & ShopEvent));
  const within = all.filter(({ occurredAtMs }) => occurredAtMs >= fromMs && occurredAtMs < toMs);
  const people = (name?: string) => new Set(within.filter((e) => name === undefined || e.name === name).map(({ clientId }) => clientId)).size;
  const sums: { [name: string]: number } = Object.fromEntries(STAT_SUMS.map((sum) => [sum, sum === "events" ? within.length : within.filter(({ name }) => name === sum).length]));
  const orders = new Map<string, { clientId: string; atMs: number; items: { item_id: string; cents: number }[] }>();
  for (const e of all) {
    if (e.name !== "purchase" || orders.has(e.params.transaction_id)) continue;
    orders.set(e.params.transaction_id, { clientId: e.clientId, atMs: e.occurredAtMs, items: e.params.items.map(({ item_id, price, quantity }) => ({ item_id, cents: Math.round(price! * 100) * quantity! })) });
  }
  let cents = 0, attributedCents = 0, attributedOrders = 0;
  const ranged = [...orders.values()].filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  for (const { clientId, atMs, items } of ranged) {
    const earned = items.filter(({ item_id }) => all.some((e) => e.name === "rec_click" && e.clientId === clientId && e.params.items[0]!.item_id === item_id && e.occurredAtMs <= atMs && atMs - e.occurredAtMs <= ATTRIBUTION_WINDOW_MS));
    for (const item of items) cents += item.cents;
    for (const item of earned) attributedCents += item.cents;
    if (earned.length > 0) attributedOrders += 1;
  }
  return {
    ...sums, purchase: ranged.length, revenue: cents / 100, attributed_orders: attributedOrders, attributed_revenue: attributedCents / 100,
    shoppers: people(), buyers: new Set(ranged.map(({ clientId }) => clientId)).size, viewed: people("view_item"), carted: people("add_to_cart"), checkout: people("begin_checkout"),
  };
}

function randomShopping(seed: number, clients: number, each: number): ImportLine[] {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  return Array.from({ length: clients }, (_, c) => {
    const events: ShopEvent[] = Array.from({ length: each }, (_, i) => {
      const seq = i + 1;
      const atMs = NOON - 1 - Math.floor(random() * 9 * 864e5);
      const item_id = `product-${Math.floor(random() * 6)}`;
      switch (pick(["page_view", "view_item", "view_item", "add_to_cart", "begin_checkout", "search", "rec_click", "purchase"] as const)) {
        case "page_view": return event(seq, "page_view", {}, atMs);
        case "view_item": return event(seq, "view_item", { items: [{ item_id }] }, atMs);
        case "add_to_cart": return event(seq, "add_to_cart", { items: [{ item_id }] }, atMs);
        case "begin_checkout": return event(seq, "begin_checkout", {}, atMs);
        case "search": return event(seq, "search", { search_term: "lamp" }, atMs);
        case "rec_click": return click(seq, item_id, pick(["home-for-you", "cart-together"]), atMs);
        case "purchase": return event(seq, "purchase", { transaction_id: `T${seed}-${c}-${i}`, currency: "EUR", items: [{ item_id, price: Math.floor(random() * 9999) / 100, quantity: 1 + Math.floor(random() * 3) }, { item_id: "socks", price: 3.33, quantity: 1 }] }, atMs);
      }
    });
    return { clientId: `client-${1000 + c}`, sentAtMs: NOON, events };
  });
}

describe("statistics", () => {
  it("equal an independent recomputation from the export, in every bucket", async () => {
    const shop = await createShop(startEdge(), { timeZone: "America/New_York" });
    await shop.admin(routes.admin.import(shop.id), { method: "POST", body: randomShopping(1, 25, 60).map((line) => JSON.stringify(line)).join("\n") });
    for (const { clientId, events } of randomShopping(2, 5, 30)) await shop.send(clientId, events.map((e) => ({ ...e, seq: e.seq + 60 }) as ShopEvent));
    const { lines } = await shop.export();

    // 2026-03-08 had 23 hours in New York; the ends of the range lie amid days.
    const fromMs = NOON - 6 * 864e5 - 3 * HOUR;
    const toMs = NOON - 2 * HOUR;
    for (const bucket of ["day", "hour"]) {
      const stats = await shop.stats(`?fromMs=${fromMs}&toMs=${toMs}&bucket=${bucket}`);
      const { viewed, carted, checkout, ...totals } = recompute(lines, fromMs, toMs);
      expect(stats.totals).toEqual(totals);
      expect(stats.totals.attributed_orders).toBeGreaterThan(3);
      expect(stats.funnel).toEqual({ viewed, carted, checkout, purchased: totals.buyers });
      expect(stats.series.length).toBe(bucket === "day" ? 7 : 6 * 24 + 1);
      stats.series.forEach(({ startMs, shoppers, ...sums }, index) => {
        const expected = recompute(lines, startMs, stats.series[index + 1]?.startMs ?? toMs);
        expect({ shoppers, ...sums }).toEqual({ shoppers: expected.shoppers, ...Object.fromEntries(STAT_SUMS.map((sum) => [sum, expected[sum as keyof typeof expected]])) });
      });
      const byPlacement = stats.placements.reduce((sum, { rec_click }) => sum + rec_click, 0);
      expect(byPlacement).toBe(stats.totals.rec_click);
    }
  });

  it("begin and end days by the shop's own midnight", async () => {
    const shop = await createShop(startEdge(), { timeZone: "Asia/Kathmandu" });
    // Midnight in Kathmandu (UTC+5:45) is 18:15 UTC.
    const midnight = Date.UTC(2026, 2, 9, 18, 15);
    await shop.send("client-000A", [event(1, "page_view", {}, midnight - 1), event(2, "page_view", {}, midnight)]);
    const { series } = await shop.stats(`?fromMs=${midnight - 864e5}&toMs=${midnight + 864e5}`);
    expect(series.map(({ startMs, page_view, shoppers }) => [startMs, page_view, shoppers])).toEqual([[midnight - 864e5, 1, 1], [midnight, 1, 1]]);
  });

  it.each([
    ["Asia/Kolkata", "2026-03-10", 24, 5.5],
    ["Asia/Kathmandu", "2026-03-10", 24, 5.75],
    ["Europe/London", "2026-03-29", 23, 0],
    ["Europe/London", "2026-10-25", 25, 1],
    // Clocks go by half an hour here: the day's last piece is half as long.
    ["Australia/Lord_Howe", "2026-04-05", 25, 11],
  ])("cut a day of %s, %s, into %i hours from its own midnight", async (timeZone, date, hours, offsetHours) => {
    const shop = await createShop(startEdge(Date.UTC(2026, 10, 1)), { timeZone });
    const midnight = Date.parse(`${date}T00:00:00Z`) - offsetHours * HOUR;
    await shop.admin(routes.admin.import(shop.id), { method: "POST", body: JSON.stringify({ clientId: "client-000A", sentAtMs: 0, events: [event(1, "page_view", {}, midnight - 1), event(2, "page_view", {}, midnight), event(3, "page_view", {}, midnight + HOUR - 1), event(4, "page_view", {}, midnight + HOUR)] }) });
    const { series } = await shop.stats(`?fromMs=${midnight - 2 * HOUR}&toMs=${midnight + 26 * HOUR}&bucket=hour`);
    const first = series.findIndex(({ startMs }) => startMs === midnight);
    expect(series.slice(first - 1, first + 2).map(({ startMs, page_view }) => [(startMs - midnight) / HOUR, page_view])).toEqual([[-1, 1], [0, 2], [1, 1]]);
    const nextMidnight = midnight + (date === "2026-04-05" ? 24.5 : hours) * HOUR;
    expect(series.filter(({ startMs }) => startMs >= midnight && startMs < nextMidnight)).toHaveLength(hours);
    expect(series.some(({ startMs }) => startMs === nextMidnight)).toBe(true);
    expect(series.reduce((sum, { page_view }) => sum + page_view, 0)).toBe(4);
  });

  it("begin an hourly range where it is asked to, amid an hour of the shop's", async () => {
    const shop = await createShop(startEdge(), { timeZone: "Asia/Kolkata" });
    const { series } = await shop.stats(`?fromMs=${NOON}&toMs=${NOON + 2 * HOUR}&bucket=hour`);
    expect(series.map(({ startMs }) => (startMs - NOON) / HOUR)).toEqual([0, 0.5, 1.5]);
  });

  it("count a shopper of two days once in the whole", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-000A", [event(1, "page_view", {}, NOON - 864e5), event(2, "page_view", {}, NOON - 1)]);
    const stats = await shop.stats(`?fromMs=${NOON - 3 * 864e5}&toMs=${NOON}`);
    expect(stats.totals.shoppers).toBe(1);
    expect(stats.series.map(({ shoppers }) => shoppers).filter((n) => n > 0)).toEqual([1, 1]);
  });

  it("call those live who did something in the last five minutes", async () => {
    const edge = startEdge();
    const shop = await createShop(edge);
    await shop.send("client-000A", [event(1, "page_view", {}, NOON - 1000)]);
    await shop.send("client-000B", [event(1, "page_view", {}, NOON - 6 * 60_000)]);
    expect(await shop.stats()).toMatchObject({ liveShoppers: 1, newestEventAtMs: NOON - 1000 });
    edge.nowMs += 5 * 60_000;
    expect(await shop.stats()).toMatchObject({ liveShoppers: 0 });
  });

  it("are all there, and zero, for a shop without events", async () => {
    const shop = await createShop(startEdge());
    const stats: StatsResponse = await shop.stats();
    expect(stats).toMatchObject({ shop: shop.id, timeZone: "UTC", totals: { events: 0, revenue: 0, shoppers: 0 }, placements: [], liveShoppers: 0, newestEventAtMs: null, dropped: [] });
  });

  it("refuse ranges that are none, or too long", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-000A", pageViews(1));
    for (const [query, code] of [["?fromMs=5&toMs=5", "invalid-range"], ["?fromMs=x", "invalid-range"], ["?fromMs=0&toMs=9e15", "invalid-range"], ["?bucket=year", "invalid-bucket"], [`?bucket=hour&fromMs=0&toMs=${NOON}`, "range-too-long"]]) {
      const answer = await shop.admin(`${routes.admin.stats(shop.id)}${query}`);
      expect([query, answer.status, await codeOf(answer)]).toEqual([query, 400, code]);
    }
  });
});
