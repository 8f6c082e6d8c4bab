/** A whole Endcap for one test file: workerd, a way to it that can fail, and shops on origins of their own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoShop, HOLDOUT_SHARE, openShop, prepareShop, type PreparedShop, type ShopPlan } from "../../demo/loop.ts";
import { createShop, type ShopServer } from "../../demo/shop/server.ts";
import { startEdge, type Edge } from "../../demo/stack.ts";
import { startProxy, type Proxy } from "./proxy.ts";

export interface Stack {
  edge: Edge;
  /** What the tags point to. */
  proxy: Proxy;
  /** The demo shop with its history and a published model. */
  prepare(plan: ShopPlan, port: number, train: boolean): Promise<OpenedShop>;
  stop(): Promise<void>;
}
export interface OpenedShop extends PreparedShop {
  url: string;
  server: ShopServer;
}

/** @param ports for the edge and the proxy; shops take theirs when they are prepared */
export async function startStack(ports: { edge: number; proxy: number }): Promise<Stack> {
  const dataDir = mkdtempSync(join(tmpdir(), "endcap-e2e-"));
  const edge = await startEdge({ port: ports.edge, dataDir });
  const proxy = await startProxy(ports.proxy, edge.url);
  const servers: ShopServer[] = [];
  return {
    edge,
    proxy,
    async prepare(plan, port, train) {
      const url = `http://localhost:${port}`;
      const options = { plan, edge: edge.url, adminToken: edge.adminToken, shopOrigin: url, dataDir };
      const prepared = train ? await prepareShop(options) : await openShop(options);
      const server = createShop({ ...plan, tag: prepared.tag.replaceAll(edge.url, proxy.url), edge: proxy.url });
      await server.listen(port);
      servers.push(server);
      return { ...prepared, url, server };
    },
    async stop() {
      await Promise.all(servers.map((server) => server.close()));
      await proxy.close();
      await edge.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
