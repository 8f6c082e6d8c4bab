/** What the edge has of one shop, read as its owner would: every stored event, and the statistics. */
import { EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, routes, type CreateShopResponse, type ExportErasure, type ExportLine, type StatsResponse } from "../../core/api.ts";
import { DAY_MS } from "../../core/calendar.ts";

export interface Ledger {
  /** Every stored event, as often as it is stored; `marker`: the id of the product that a test's event is about. */
  events: { clientId: string; seq: number; marker: string | undefined }[];
  stats: StatsResponse;
}

/** @param origin of the shop's pages */
export async function createShop({ edgeUrl, adminToken }: { edgeUrl: string; adminToken: string }, id: string, origin: string): Promise<CreateShopResponse> {
  const answer = await fetch(edgeUrl + routes.admin.shops, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ id, name: id, currency: "EUR", origins: [origin], signers: ["0".repeat(32)], placements: [] }),
  });
  if (!answer.ok) throw new Error(`the edge made no shop: ${await answer.text()}`);
  return (await answer.json()) as CreateShopResponse;
}

/** All lines of a shop's export, in the ledger's order. */
export async function exportLines(edgeUrl: string, id: string, merchantToken: string): Promise<(ExportLine | ExportErasure)[]> {
  const lines: (ExportLine | ExportErasure)[] = [];
  for (let cursor = ""; ; ) {
    const page = await fetch(`${edgeUrl}${routes.admin.export(id)}?cursor=${cursor}`, { headers: { authorization: `Bearer ${merchantToken}` } });
    for (const text of (await page.text()).split("\n")) if (text) lines.push(JSON.parse(text) as ExportLine | ExportErasure);
    cursor = page.headers.get(EXPORT_CURSOR_HEADER)!;
    if (page.headers.get(EXPORT_MORE_HEADER) !== "1") return lines;
  }
}

/** Reads all of a shop's ledger. */
export async function readLedger(edgeUrl: string, id: string, merchantToken: string): Promise<Ledger> {
  const events: Ledger["events"] = [];
  for (const line of await exportLines(edgeUrl, id, merchantToken)) {
    if ("erased" in line) continue;
    for (const { seq, name, params } of line.events) events.push({ clientId: line.clientId, seq, marker: name === "select_item" ? params.items[0]!.item_id : undefined });
  }
  const nowMs = Date.now();
  const stats = await fetch(`${edgeUrl}${routes.admin.stats(id)}?fromMs=${nowMs - 9 * DAY_MS}&toMs=${nowMs + 2 * DAY_MS}`, { headers: { authorization: `Bearer ${merchantToken}` } });
  return { events, stats: (await stats.json()) as StatsResponse };
}
