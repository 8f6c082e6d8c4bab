/** The statistics against the raw pieces of the archive, read from R2 and added up by other code: a few lines a figure. */
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { ATTRIBUTION_WINDOW_MS, type ShopEvent } from "../../../core/events.ts";
import { seededRandom } from "../../../core/ids.ts";
import { archiveOnce } from "../../../edge/ledger/archive.ts";
import { click, createShop, env, event, NOON, startEdge } from "../edge.ts";

const DAY = 864e5;

it("says of every day what its raw events add up to, to the last cent", async () => {
  const shop = await createShop(startEdge());
  const random = seededRandom(17);
  const pick = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
  const next = new Map<string, number>();
  for (let batch = 0; batch < 120; batch += 1) {
    const clientId = `client-${1000 + Math.floor(random() * 15)}`;
    const from = next.get(clientId) ?? 1;
    const events = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, i): ShopEvent => {
      const seq = from + i;
      const atMs = NOON - Math.floor(random() * 5 * DAY);
      const item = `p${Math.floor(random() * 6)}`;
      return pick([
        () => event(seq, "page_view", {}, atMs), () => event(seq, "view_item", { items: [{ item_id: item }] }, atMs), () => event(seq, "add_to_cart", { items: [{ item_id: item }] }, atMs),
        () => click(seq, item, pick(["home-for-you", "product-similar"]), atMs),
        () => event(seq, "purchase", { transaction_id: `${clientId}-T${seq}`, currency: "EUR", items: [{ item_id: item, price: Math.round(random() * 9999) / 100, quantity: 1 + Math.floor(random() * 3) }] }, atMs),
      ])();
    });
    next.set(clientId, from + events.length);
    await shop.send(clientId, events);
    if (batch % 4 === 0) await shop.send(clientId, events);
  }
  await runInDurableObject(shop.ledger(), async (_, { storage }) => {
    while (await archiveOnce(storage, env.FILES, { shop: shop.id, shard: 0, minBytes: 5_000, maxAgeMs: 0, nowMs: NOON })) {
      // One piece a turn.
    }
  });

  const raw: { clientId: string; event: ShopEvent }[] = [];
  const { objects } = await env.FILES.list({ prefix: `segments/${shop.id}/` });
  expect(objects.length).toBeGreaterThan(5);
  for (const { key } of objects) {
    const text = await new Response((await env.FILES.get(key))!.body.pipeThrough(new DecompressionStream("gzip"))).text();
    for (const line of text.trimEnd().split("\n")) {
      const { clientId, events } = JSON.parse(line) as { clientId: string; events: ShopEvent[] };
      for (const event of events) raw.push({ clientId, event });
    }
  }

  const fromMs = NOON - 5.5 * DAY;
  const stats = await shop.stats(`?fromMs=${fromMs}&toMs=${NOON + 0.5 * DAY}`);
  let orders = 0;
  stats.series.forEach(({ startMs, ...told }, index) => {
    const endMs = stats.series[index + 1]?.startMs ?? stats.toMs;
    const within = raw.filter(({ event: { occurredAtMs } }) => occurredAtMs >= startMs && occurredAtMs < endMs);
    const bought = within.flatMap(({ clientId, event }) => (event.name === "purchase" ? [{ clientId, event }] : []));
    let [cents, earnedCents, earnedOrders] = [0, 0, 0];
    for (const { clientId, event: { occurredAtMs, params: { items: [line] } } } of bought) {
      const lineCents = Math.round(line!.price! * 100) * line!.quantity!;
      cents += lineCents;
      const earned = raw.some(({ clientId: who, event }) => who === clientId && event.name === "rec_click" && event.params.items[0]!.item_id === line!.item_id && event.occurredAtMs <= occurredAtMs && occurredAtMs - event.occurredAtMs <= ATTRIBUTION_WINDOW_MS);
      if (earned) [earnedCents, earnedOrders] = [earnedCents + lineCents, earnedOrders + 1];
    }
    orders += bought.length;
    const count = (name: string) => within.filter(({ event }) => event.name === name).length;
    expect(told).toMatchObject({
      events: within.length, page_view: count("page_view"), view_item: count("view_item"), add_to_cart: count("add_to_cart"), rec_click: count("rec_click"), purchase: bought.length,
      revenue: cents / 100, attributed_revenue: earnedCents / 100, attributed_orders: earnedOrders, shoppers: new Set(within.map(({ clientId }) => clientId)).size,
    });
  });
  expect(orders).toBeGreaterThan(50);
  expect(stats.totals.events).toBe(raw.length);
  expect(stats.totals.buyers).toBe(new Set(raw.filter(({ event }) => event.name === "purchase").map(({ clientId }) => clientId)).size);
});
