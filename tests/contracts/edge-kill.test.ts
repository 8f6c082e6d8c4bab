import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, routes, type CreateShopResponse, type ExportLine, type StatsResponse } from "../../core/api.ts";
import { startEdge, type Edge } from "../../demo/stack.ts";

const PORT = 4440;
const SHOP_ORIGIN = "http://shop.example";
const dataDir = mkdtempSync(join(tmpdir(), "endcap-kill-"));
let edge: Edge | undefined;
afterAll(async () => {
  await edge?.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

it("has every acknowledged event, once, after the power went in the middle of posting", async () => {
  // Small pieces, so that the archive is at work too when the plug is pulled.
  const options = { port: PORT, dataDir, assets: join(dataDir, "assets"), vars: { ARCHIVE_SEGMENT_BYTES: "100000" } };
  edge = await startEdge(options);
  const created = await fetch(`${edge.url}${routes.admin.shops}`, {
    method: "POST",
    headers: { authorization: `Bearer ${edge.adminToken}` },
    body: JSON.stringify({ id: "plug", name: "Plug", currency: "EUR", origins: [SHOP_ORIGIN], signers: ["0".repeat(32)] }),
  });
  const { writeKey, merchantToken } = (await created.json()) as CreateShopResponse;

  const url = edge.url;
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
  await edge.kill();
  await clients;
  const acknowledged = sent.filter((entry) => entry.acknowledged);
  expect(acknowledged.length).toBeGreaterThanOrEqual(150);

  edge = await startEdge(options);
  const counted = new Set(await exportedNumbers(edge.url, merchantToken));
  for (const { clientId, body } of acknowledged) {
    for (const { seq } of (JSON.parse(body) as { events: { seq: number }[] }).events) if (!counted.has(`${clientId} ${seq}`)) throw new Error(`lost number ${seq} of ${clientId}, which had been acknowledged`);
  }

  // The tags come back with all that they have no answer for, and with some that they have.
  for (const { body } of sent.filter((entry, index) => !entry.acknowledged || index % 3 === 0)) expect((await post(body)).status).toBe(200);
  const numbers = await exportedNumbers(edge.url, merchantToken);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.length).toBe(10 * sent.length);
  const stats = await fetch(`${edge.url}${routes.admin.stats("plug")}`, { headers: { authorization: `Bearer ${merchantToken}` } });
  expect(((await stats.json()) as StatsResponse).totals).toMatchObject({ events: 10 * sent.length, view_item: 10 * sent.length, shoppers: 8 });
}, 40_000);

async function exportedNumbers(url: string, merchantToken: string): Promise<string[]> {
  const numbers: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await fetch(`${url}${routes.admin.export("plug")}?cursor=${cursor}`, { headers: { authorization: `Bearer ${merchantToken}` } });
    for (const text of (await page.text()).split("\n")) {
      if (!text) continue;
      const { clientId, events } = JSON.parse(text) as ExportLine;
      for (const { seq } of events) numbers.push(`${clientId} ${seq}`);
    }
    cursor = page.headers.get(EXPORT_CURSOR_HEADER)!;
    if (page.headers.get(EXPORT_MORE_HEADER) !== "1") return numbers;
  }
}
