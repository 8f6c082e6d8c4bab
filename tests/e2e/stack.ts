/** A whole Endcap for one test file: workerd, a way to it that can fail, and shops on origins of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Product } from "../../core/catalogue.ts";
import { openShop, prepareShop, shopProducts, tagOf, type PreparedShop } from "../../demo/loop.ts";
import type { ShopPlan } from "../../demo/plans.ts";
import { createShop } from "../../demo/shop/server.ts";
import { startEdge, type Edge } from "../../demo/stack.ts";
import { startProxy, type Proxy } from "./proxy.ts";

export interface OpenedShop extends PreparedShop {
  url: string;
  products: Map<string, Product>;
  /** Trains on the shop's ledger and publishes, as `npm start` does. */
  train(): Promise<void>;
}

export interface Stack {
  edge: Edge;
  /** What the shops' tags point to. */
  proxy: Proxy;
  /** Creates and fills a shop, and opens its pages on a port. It has no model yet. */
  open(plan: ShopPlan, port: number): Promise<OpenedShop>;
  stop(): Promise<void>;
}

export async function startStack(ports: { edge: number; proxy: number }): Promise<Stack> {
  const dataDir = mkdtempSync(join(tmpdir(), "endcap-e2e-"));
  const edge = await startEdge({ port: ports.edge, dataDir });
  const proxy = await startProxy(ports.proxy, edge.url);
  const shops: { close(): Promise<void> }[] = [];
  return {
    edge,
    proxy,
    async open(plan, port) {
      const url = `http://localhost:${port}`;
      const options = { plan, edge: edge.url, adminToken: edge.adminToken, shopOrigin: url, dataDir };
      const prepared = await openShop(options);
      const products = await shopProducts(prepared);
      const shop = createShop({ ...plan, products, tag: tagOf({ ...prepared.credentials, edge: proxy.url }) });
      await shop.listen(port);
      shops.push(shop);
      return { ...prepared, url, products: new Map(products.map((product) => [product.id, product])), train: async () => void (await prepareShop(options)) };
    },
    async stop() {
      for (const shop of shops) await shop.close();
      await proxy.close();
      await edge.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
