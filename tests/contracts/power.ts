/** An edge on this machine's disk whose power can be cut, with one shop. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startEdge, type Edge } from "../../demo/stack.ts";
import { createShop, exportLines } from "../faults/ledger.ts";

export const SHOP = "plug";
export const SHOP_ORIGIN = "http://shop.example";

export interface PoweredShop {
  edge: Edge;
  dataDir: string;
  writeKey: string;
  merchantToken: string;
  /** SIGKILL; the edge starts again on what its disk holds with `restore`. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  exportLines(): ReturnType<typeof exportLines>;
}

/** Gone again after the test. @param segmentBytes small pieces of the archive, so that it is at work too when the power goes */
export async function powerUp({ port, segmentBytes }: { port: number; segmentBytes: number }): Promise<PoweredShop> {
  const dataDir = mkdtempSync(join(tmpdir(), "endcap-kill-"));
  const options = { port, dataDir, assets: join(dataDir, "assets"), vars: { ARCHIVE_SEGMENT_BYTES: String(segmentBytes) } };
  const powered: { edge?: Edge } = {};
  onTestFinished(async () => {
    await powered.edge?.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const edge = (powered.edge = await startEdge(options));
  const shop: PoweredShop = Object.assign(powered, {
    edge, dataDir,
    ...(await createShop({ edgeUrl: edge.url, adminToken: edge.adminToken }, SHOP, SHOP_ORIGIN)),
    cut: () => shop.edge.kill(),
    restore: async () => void (shop.edge = await startEdge(options)),
    exportLines: () => exportLines(shop.edge.url, SHOP, shop.merchantToken),
  });
  return shop;
}
