/** The edge under a power cut amid erasures: each ends, and nothing of the shopper is left. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { routes, type ErasureReceipt, type StatsResponse } from "../../core/api.ts";
import { sha256Hex } from "../../core/ids.ts";
import { powerUp, SHOP, SHOP_ORIGIN, type PoweredShop } from "./power.ts";

const PIECES = 12;
/** Time after an erasure has been asked for at which the power goes. */
const KILL_AFTER_MS = [20, 70];

it("ends every erasure that the power interrupted, and leaves no byte of the shopper in the archive", async () => {
  const shop = await powerUp({ port: 18_200, segmentBytes: 60_000 });
  const { writeKey, merchantToken } = shop;
  const bearer = { authorization: `Bearer ${merchantToken}` };

  // Each of the leavers is in every piece of the archive.
  const leavers = KILL_AFTER_MS.map((_, index) => `client-leaver-${index}`);
  const secretOf = (clientId: string) => `secret of ${clientId}`;
  const nowMs = Date.now();
  const clients = [...leavers, ...Array.from({ length: 20 }, (_, i) => `client-stays-${i}`)];
  for (let piece = 0; piece < PIECES; piece += 1) {
    const lines = await Promise.all(clients.map(async (clientId) => JSON.stringify({
      clientId, sentAtMs: nowMs, secretHash: await sha256Hex(secretOf(clientId)),
      events: Array.from({ length: 20 }, (_, i) => ({ seq: 20 * piece + i + 1, name: "view_item", occurredAtMs: nowMs, sessionId: "session-0001", params: { items: [{ item_id: `p${i}`, item_name: "A product of this shop" }] } })),
    })));
    await fetch(`${shop.edge.url}${routes.admin.import(SHOP)}`, { method: "POST", headers: bearer, body: lines.join("\n") });
  }
  // Some of the pieces may have been merged by then.
  const linesOf = (clientId: string) => archived(shop.dataDir).flatMap((piece) => piece.split("\n")).filter((line) => line.includes(clientId)).length;
  await expect.poll(() => linesOf(leavers[0]!), { timeout: 60_000 }).toBeGreaterThanOrEqual(PIECES);

  let interrupted = 0;
  for (const [index, clientId] of leavers.entries()) {
    const ask = (url: string) => fetch(`${url}${routes.erasure}`, { method: "POST", headers: { origin: SHOP_ORIGIN, "content-type": "text/plain" }, body: JSON.stringify({ key: writeKey, clientId, secret: secretOf(clientId) }) });
    const asked = ask(shop.edge.url).then((answer) => answer.json(), () => (interrupted += 1));
    await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS[index]));
    await shop.cut();
    await asked;
    await shop.restore();
    const answer = await ask(shop.edge.url);
    expect(answer.status).toBe(200);
    const { receipt } = (await answer.json()) as ErasureReceipt;
    expect(receipt).toMatchObject({ clientSha256: await sha256Hex(clientId), events: 20 * PIECES });
    expect(await (await ask(shop.edge.url)).json()).toMatchObject({ receipt });
  }
  expect(interrupted).toBeGreaterThan(0);

  const { seqs, erased } = await exported(shop);
  expect([...seqs.keys()].sort()).toEqual(clients.filter((clientId) => !leavers.includes(clientId)).sort());
  for (const [clientId, numbers] of seqs) if (numbers.size !== 20 * PIECES) throw new Error(`${clientId} has ${numbers.size} events left of ${20 * PIECES}`);
  expect(erased).toEqual(await Promise.all(leavers.map(sha256Hex)));
  for (const text of archived(shop.dataDir)) for (const clientId of leavers) expect(text.includes(clientId)).toBe(false);
  const stats = (await (await fetch(`${shop.edge.url}${routes.admin.stats(SHOP)}`, { headers: bearer })).json()) as StatsResponse;
  expect(stats).toMatchObject({ erasures: leavers.length, totals: { events: 20 * PIECES * clients.length, shoppers: clients.length - leavers.length } });
}, 180_000);

/** Every piece that R2 has, unpacked, whether the ledger points at it or not: read from the simulator's own files. */
function archived(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile() && file.parentPath.includes("/r2/"));
  const pathOf = new Map(files.map((file) => [file.name, join(file.parentPath, file.name)]));
  return files.filter(({ name, parentPath }) => name.endsWith(".sqlite") && name !== "metadata.sqlite" && parentPath.includes("R2BucketObject")).flatMap((file) => {
    const index = new DatabaseSync(join(file.parentPath, file.name), { readOnly: true });
    try {
      const objects = index.prepare(`SELECT blob_id FROM _mf_objects WHERE key LIKE 'segments/%' AND blob_id IS NOT NULL`).all() as { blob_id: string }[];
      return objects.map(({ blob_id }) => gunzipSync(readFileSync(pathOf.get(blob_id)!)).toString());
    } finally {
      index.close();
    }
  });
}

async function exported(shop: PoweredShop): Promise<{ seqs: Map<string, Set<number>>; erased: string[] }> {
  const seqs = new Map<string, Set<number>>();
  const erased: string[] = [];
  for (const line of await shop.exportLines()) {
    if ("erased" in line) erased.push(line.erased);
    else for (const { seq } of line.events) seqs.set(line.clientId, (seqs.get(line.clientId) ?? new Set()).add(seq));
  }
  return { seqs, erased };
}
