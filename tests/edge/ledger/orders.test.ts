import { describe, expect, it } from "vitest";
import { ATTRIBUTION_WINDOW_MS } from "../../../core/events.ts";
import { routes, type ImportLine } from "../../../core/api.ts";
import { click, createShop, event, NOON, startEdge, type TestShop } from "../edge.ts";

const CLIENT = "client-0001";
const buy = (seq: number, transactionId: string, items: { item_id: string; price?: number; quantity?: number }[], atMs?: number, more: object = {}) =>
  event(seq, "purchase", { transaction_id: transactionId, currency: "EUR", items, ...more }, atMs);

async function importLines(shop: TestShop, lines: ImportLine[]): Promise<void> {
  const answer = await shop.admin(routes.admin.import(shop.id), { method: "POST", body: lines.map((line) => JSON.stringify(line)).join("\n") });
  expect(await answer.json()).toMatchObject({ rejected: 0, conflicts: 0 });
}
const everything = (shop: TestShop) => shop.stats(`?fromMs=${NOON - 60 * 864e5}&toMs=${NOON + 864e5}`);

describe("orders", () => {
  it("counts a reloaded thank-you page as no second order", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [buy(1, "T1", [{ item_id: "a", price: 19.99, quantity: 3 }])]);
    await shop.send(CLIENT, [buy(2, "T1", [{ item_id: "a", price: 19.99, quantity: 3 }])]);
    expect((await shop.stats()).totals).toMatchObject({ events: 2, purchase: 1, revenue: 59.97, buyers: 1 });
  });

  it("adds up an order that an import tells in several events", async () => {
    const shop = await createShop(startEdge());
    const atMs = NOON - 40 * 864e5;
    await importLines(shop, [
      { clientId: CLIENT, sentAtMs: atMs, events: [buy(1, "T1", [{ item_id: "a", price: 10 }], atMs), buy(2, "T1", [{ item_id: "b", price: 2.5, quantity: 4 }], atMs)] },
      { clientId: CLIENT, sentAtMs: atMs, events: [buy(3, "T1", [{ item_id: "a", price: 10 }, { item_id: "a", price: 10 }], atMs)] },
    ]);
    expect((await everything(shop)).totals).toMatchObject({ purchase: 1, revenue: 30, buyers: 1 });
  });

  it("counts an order when it was made, whichever of its events arrives first", async () => {
    const shop = await createShop(startEdge());
    const madeAtMs = NOON - 2 * 3_600_000;
    await shop.send(CLIENT, [buy(2, "T1", [{ item_id: "a", price: 10 }], NOON - 60_000)]);
    await shop.send(CLIENT, [buy(1, "T1", [{ item_id: "a", price: 10 }], madeAtMs)]);
    expect((await shop.stats(`?fromMs=${NOON - 3_600_000}&toMs=${NOON}`)).totals).toMatchObject({ events: 1, purchase: 0, revenue: 0, buyers: 0 });
    expect(await shop.stats(`?fromMs=${madeAtMs}&toMs=${madeAtMs + 1}`)).toMatchObject({ totals: { purchase: 1, revenue: 10, buyers: 1 }, funnel: { purchased: 1 } });
  });

  it("takes no value beside prices, whichever of the two is told first", async () => {
    for (const order of [[1, 2], [2, 1]]) {
      const shop = await createShop(startEdge());
      const told = [buy(1, "T1", [{ item_id: "a" }], undefined, { value: 30 }), buy(2, "T1", [{ item_id: "a", price: 15, quantity: 2 }])];
      for (const seq of order) await shop.send(CLIENT, [told[seq - 1]!]);
      expect((await shop.stats()).totals).toMatchObject({ purchase: 1, revenue: 30 });
    }
  });

  it("lets nobody else add to an order", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [buy(1, "T1", [{ item_id: "a", price: 10 }])]);
    await shop.send("client-0002", [buy(1, "T1", [{ item_id: "gold", price: 9999 }])]);
    expect((await shop.stats()).totals).toMatchObject({ purchase: 1, revenue: 10, buyers: 1 });
  });

  it("adds cents exactly", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, Array.from({ length: 30 }, (_, i) => buy(i + 1, `T${i}`, [{ item_id: "a", price: 0.1 }])));
    expect((await shop.stats()).totals.revenue).toBe(3);
  });

  it("counts an order in another currency, but not its money", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [buy(1, "T1", [{ item_id: "a", price: 10 }], undefined, { currency: "USD" })]);
    expect(await shop.stats()).toMatchObject({ totals: { purchase: 1, revenue: 0 }, dropped: [{ reason: "foreign-currency", count: 1 }] });
  });

  it("counts the money of an order that was told in two currencies, whichever came first", async () => {
    for (const currencies of [["USD", "EUR"], ["EUR", "USD"]]) {
      const shop = await createShop(startEdge());
      for (const [index, currency] of currencies.entries()) await shop.send(CLIENT, [buy(index + 1, "T1", [{ item_id: "a", price: 10 }], undefined, { currency })]);
      expect((await shop.stats()).totals).toMatchObject({ purchase: 1, revenue: 10 });
    }
  });

  it("takes an order's value where its items have no prices", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [buy(1, "T1", [{ item_id: "a" }, { item_id: "b" }], undefined, { value: 42.42 })]);
    expect((await shop.stats()).totals.revenue).toBe(42.42);
  });

  it("refuses a purchase that no shop could make, and keeps the rest", async () => {
    const shop = await createShop(startEdge());
    const receipt = await shop.send(CLIENT, [buy(1, "T1", [{ item_id: "a", price: 1e9, quantity: 1e6 }]), buy(2, "T2", [{ item_id: "a", price: 5 }])]);
    expect(receipt).toMatchObject({ accepted: 1, watermark: 2, rejected: [{ seq: 1, code: "amount-out-of-range" }] });
    expect((await shop.stats()).totals.revenue).toBe(5);
  });
});

describe("attribution", () => {
  it("gives a carousel what was clicked in it and bought, and nothing else of the order", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [click(1, "a", "home-for-you"), buy(2, "T1", [{ item_id: "a", price: 20, quantity: 2 }, { item_id: "b", price: 5 }])]);
    const { totals, placements } = await shop.stats();
    expect(totals).toMatchObject({ purchase: 1, revenue: 45, attributed_orders: 1, attributed_revenue: 40 });
    expect(placements).toMatchObject([{ placement: "home-for-you", rec_click: 1, attributed_orders: 1, attributed_revenue: 40 }]);
  });

  it("gives an item to the placement that was clicked last", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [click(1, "a", "home-for-you", NOON - 3000), click(2, "a", "cart-together", NOON - 2000), buy(3, "T1", [{ item_id: "a", price: 20 }], NOON - 1000)]);
    expect((await shop.stats()).placements.map(({ placement, attributed_revenue }) => [placement, attributed_revenue])).toEqual([["cart-together", 20], ["home-for-you", 0]]);
  });

  it("holds for exactly the attribution window", async () => {
    const shop = await createShop(startEdge());
    const clickedAtMs = NOON - 30 * 864e5;
    await importLines(shop, [
      { clientId: "client-000A", sentAtMs: NOON, events: [click(1, "a", "p", clickedAtMs), buy(2, "T1", [{ item_id: "a", price: 1 }], clickedAtMs + ATTRIBUTION_WINDOW_MS)] },
      { clientId: "client-000B", sentAtMs: NOON, events: [click(1, "a", "p", clickedAtMs), buy(2, "T2", [{ item_id: "a", price: 1 }], clickedAtMs + ATTRIBUTION_WINDOW_MS + 1)] },
      { clientId: "client-000C", sentAtMs: NOON, events: [click(1, "a", "p", clickedAtMs), buy(2, "T3", [{ item_id: "a", price: 1 }], clickedAtMs - 1)] },
    ]);
    expect((await everything(shop)).totals).toMatchObject({ purchase: 3, attributed_orders: 1, attributed_revenue: 1 });
  });

  it("comes out the same whichever of click and order arrives first", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [buy(3, "T1", [{ item_id: "a", price: 20 }], NOON - 1000)]);
    expect((await shop.stats()).totals.attributed_orders).toBe(0);
    await shop.send(CLIENT, [click(1, "a", "home-for-you", NOON - 3000)]);
    await shop.send(CLIENT, [click(2, "a", "cart-together", NOON - 2000)]);
    const { totals, placements } = await shop.stats();
    expect(totals).toMatchObject({ purchase: 1, revenue: 20, attributed_orders: 1, attributed_revenue: 20 });
    expect(placements.map(({ placement, attributed_orders, attributed_revenue }) => [placement, attributed_orders, attributed_revenue])).toEqual([["cart-together", 1, 20], ["home-for-you", 0, 0]]);
  });

  it("knows the clicks of years that an import tells at once", async () => {
    const shop = await createShop(startEdge());
    const atMs = NOON - 40 * 864e5;
    await importLines(shop, [{ clientId: CLIENT, sentAtMs: NOON, events: [click(1, "a", "p", atMs), buy(2, "T1", [{ item_id: "a", price: 1 }], atMs + 1000), click(3, "b", "p", NOON - 1000)] }]);
    expect((await everything(shop)).totals).toMatchObject({ purchase: 1, attributed_orders: 1, attributed_revenue: 1 });
  });

  it("counts once what a click of no placement earned", async () => {
    const shop = await createShop(startEdge());
    await shop.send(CLIENT, [click(1, "a", ""), buy(2, "T1", [{ item_id: "a", price: 20 }])]);
    expect(await shop.stats()).toMatchObject({ totals: { attributed_orders: 1, attributed_revenue: 20 }, placements: [] });
  });

  it("never lets one shopper's click earn another's order", async () => {
    const shop = await createShop(startEdge());
    await shop.send("client-000A", [click(1, "a", "home-for-you")]);
    await shop.send("client-000B", [buy(1, "T1", [{ item_id: "a", price: 20 }])]);
    expect((await shop.stats()).totals.attributed_orders).toBe(0);
  });
});
