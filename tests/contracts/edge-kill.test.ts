/** The edge under a power cut amid POSTs: what it has acknowledged, it has. */
import { expect, it } from "vitest";
import { routes, type StatsResponse } from "../../core/api.ts";
import { powerUp, SHOP, SHOP_ORIGIN, type PoweredShop } from "./power.ts";

it("has every acknowledged event, once, after the power went in the middle of posting", async () => {
  const shop = await powerUp({ port: 4440, segmentBytes: 100_000 });
  const { writeKey, merchantToken } = shop;
  const { url } = shop.edge;
  const sent: { clientId: string; body: string; acknowledged: boolean }[] = [];
  const post = (body: string) => fetch(`${url}${routes.events}`, { method: "POST", headers: { origin: SHOP_ORIGIN, "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "content-type": "text/plain" }, body });
  const client = async (clientId: string) => {
    for (let batch = 0; ; batch += 1) {
      const nowMs = Date.now();
      const events = Array.from({ length: 10 }, (_, i) => ({ seq: 10 * batch + i + 1, name: "view_item", occurredAtMs: nowMs, sessionId: "session-0001", params: { items: [{ item_id: `p${i}` }] } }));
      const entry = { clientId, body: JSON.stringify({ key: writeKey, clientId, sentAtMs: nowMs, events }), acknowledged: false };
      sent.push(entry);
      try {
        const answer = await post(entry.body);
        await answer.arrayBuffer();
        entry.acknowledged = answer.status === 200;
      } catch {
        return;
      }
    }
  };
  const clients = Promise.all(Array.from({ length: 8 }, (_, i) => client(`client-000${i}`)));
  while (sent.filter(({ acknowledged }) => acknowledged).length < 150) await new Promise((resolve) => setTimeout(resolve, 5));
  await shop.cut();
  await clients;
  const acknowledged = sent.filter((entry) => entry.acknowledged);
  expect(acknowledged.length).toBeGreaterThanOrEqual(150);

  await shop.restore();
  const counted = new Set(await exportedNumbers(shop));
  for (const { clientId, body } of acknowledged) {
    for (const { seq } of (JSON.parse(body) as { events: { seq: number }[] }).events) if (!counted.has(`${clientId} ${seq}`)) throw new Error(`lost number ${seq} of ${clientId}, which had been acknowledged`);
  }

  // The tags come back with all that they have no answer for, and with some that they have.
  for (const { body } of sent.filter((entry, index) => !entry.acknowledged || index % 3 === 0)) expect((await post(body)).status).toBe(200);
  const numbers = await exportedNumbers(shop);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.length).toBe(10 * sent.length);
  const stats = await fetch(`${url}${routes.admin.stats(SHOP)}`, { headers: { authorization: `Bearer ${merchantToken}` } });
  expect(((await stats.json()) as StatsResponse).totals).toMatchObject({ events: 10 * sent.length, view_item: 10 * sent.length, shoppers: 8 });
}, 120_000);

async function exportedNumbers(shop: PoweredShop): Promise<string[]> {
  return (await shop.exportLines()).flatMap((line) => ("erased" in line ? [] : line.events.map(({ seq }) => `${line.clientId} ${seq}`)));
}
