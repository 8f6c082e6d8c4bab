import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync } from "node:zlib";
import { afterAll, expect, it } from "vitest";
import { EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, routes, type CreateShopResponse, type ErasureReceipt, type ExportErasure, type ExportLine, type StatsResponse } from "../../core/api.ts";
import { sha256Hex } from "../../core/ids.ts";
import { startEdge, type Edge } from "../../demo/stack.ts";

const PORT = 18_200;
const SHOP_ORIGIN = "http://shop.example";
const PIECES = 12;
/** Time after an erasure has been asked for at which the power goes. */
const KILL_AFTER_MS = [20, 70];
const dataDir = mkdtempSync(join(tmpdir(), "endcap-erasure-"));
let edge: Edge | undefined;
afterAll(async () => {
  await edge?.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

it("ends every erasure that the power interrupted, and leaves no byte of the shopper in the archive", async () => {
  const options = { port: PORT, dataDir, assets: join(dataDir, "assets"), vars: { ARCHIVE_SEGMENT_BYTES: "60000" } };
  edge = await startEdge(options);
  const created = await fetch(`${edge.url}${routes.admin.shops}`, {
    method: "POST",
    headers: { authorization: `Bearer ${edge.adminToken}` },
    body: JSON.stringify({ id: "plug", name: "Plug", currency: "EUR", origins: [SHOP_ORIGIN], signers: ["0".repeat(32)] }),
  });
  const { writeKey, merchantToken } = (await created.json()) as CreateShopResponse;
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
    await fetch(`${edge.url}${routes.admin.import("plug")}`, { method: "POST", headers: bearer, body: lines.join("\n") });
  }
  await expect.poll(() => archived(dataDir).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(PIECES);

  let interrupted = 0;
  for (const [index, clientId] of leavers.entries()) {
    const ask = (url: string) => fetch(`${url}${routes.erasure}`, { method: "POST", headers: { origin: SHOP_ORIGIN, "content-type": "text/plain" }, body: JSON.stringify({ key: writeKey, clientId, secret: secretOf(clientId) }) });
    const asked = ask(edge.url).then((answer) => answer.json(), () => (interrupted += 1));
    await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS[index]));
    await edge.kill();
    await asked;
    edge = await startEdge(options);
    const answer = await ask(edge.url);
    expect(answer.status).toBe(200);
    const { receipt } = (await answer.json()) as ErasureReceipt;
    expect(receipt).toMatchObject({ clientSha256: await sha256Hex(clientId), events: 20 * PIECES });
    expect(await (await ask(edge.url)).json()).toMatchObject({ receipt });
  }
  expect(interrupted).toBeGreaterThan(0);

  const { seqs, erased } = await exported(edge.url, bearer);
  expect([...seqs.keys()].sort()).toEqual(clients.filter((clientId) => !leavers.includes(clientId)).sort());
  for (const [clientId, numbers] of seqs) if (numbers.size !== 20 * PIECES) throw new Error(`${clientId} has ${numbers.size} events left of ${20 * PIECES}`);
  expect(erased).toEqual(await Promise.all(leavers.map(sha256Hex)));
  for (const text of archived(dataDir)) for (const clientId of leavers) expect(text.includes(clientId)).toBe(false);
  const stats = (await (await fetch(`${edge.url}${routes.admin.stats("plug")}`, { headers: bearer })).json()) as StatsResponse;
  expect(stats).toMatchObject({ erasures: leavers.length, totals: { events: 20 * PIECES * clients.length, shoppers: clients.length - leavers.length } });
}, 90_000);

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

async function exported(url: string, headers: { [name: string]: string }): Promise<{ seqs: Map<string, Set<number>>; erased: string[] }> {
  const seqs = new Map<string, Set<number>>();
  const erased: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await fetch(`${url}${routes.admin.export("plug")}?cursor=${cursor}`, { headers });
    for (const text of (await page.text()).split("\n")) {
      if (!text) continue;
      const line = JSON.parse(text) as ExportLine | ExportErasure;
      if ("erased" in line) erased.push(line.erased);
      else for (const { seq } of line.events) seqs.set(line.clientId, (seqs.get(line.clientId) ?? new Set()).add(seq));
    }
    cursor = page.headers.get(EXPORT_CURSOR_HEADER)!;
    if (page.headers.get(EXPORT_MORE_HEADER) !== "1") return { seqs, erased };
  }
}
