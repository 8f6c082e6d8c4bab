/** Two origins for the engine's browser tests: an edge that serves the built bundles, and a shop with a policy of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { build, type InlineConfig } from "vite";
import { engineBuild, plainImports, slimTfjs } from "../../../widget/build/engine.ts";

const TYPES: { [extension: string]: string } = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

export interface Site {
  edge: string;
  engineUrl: string;
  /** The folder with the bundles. */
  folder: string;
  /** A page of the shop with the module loaded. @param policy its Content-Security-Policy, `EDGE` standing for the edge's origin */
  pageUrl(policy?: string): string;
  stop(): Promise<void>;
}

export interface SiteOptions {
  /** The module that the shop's page loads. */
  pageModule: string;
  /** Whether that module takes tfjs as the engine does, or as its packages bring it. */
  tfjs: "slim" | "stock";
  /** More files for the edge, by name. */
  extra?: { [name: string]: (engineFile: string) => string };
}

/** Builds the engine as it ships, and the page's module beside it, then serves both. */
export async function startSite({ pageModule, tfjs, extra = {} }: SiteOptions): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "endcap-engine-"));
  const shared: InlineConfig = { root: new URL("../../..", import.meta.url).pathname, base: "./", configFile: false, logLevel: "error" };
  await build({ ...shared, plugins: [slimTfjs(), plainImports()], build: engineBuild(folder) });
  const engineFile = readdirSync(folder).find((name) => /^engine-[\w-]{8}\.js$/.test(name))!;
  const pageBuild = engineBuild(join(folder, "page"));
  const rolldownOptions = { ...pageBuild.rolldownOptions, input: { page: pageModule } };
  if (tfjs === "stock") delete rolldownOptions.treeshake;
  await build({ ...shared, plugins: tfjs === "slim" ? [slimTfjs(), plainImports()] : [plainImports()], build: { ...pageBuild, rolldownOptions } });
  const pageFile = readdirSync(join(folder, "page")).find((name) => name.startsWith("page-"))!;

  const edgeServer = createServer((request, response) => {
    const name = new URL(request.url!, "http://edge").pathname.slice(1);
    response.setHeader("access-control-allow-origin", "*");
    const made = extra[name]?.(engineFile);
    let body: Buffer | string;
    try {
      body = made ?? readFileSync(join(folder, name));
    } catch {
      return void response.writeHead(404).end();
    }
    response.writeHead(200, { "cache-control": "public, max-age=3600", "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(body);
  });
  const edge = await listen(edgeServer);
  const shopServer = createServer((request, response) => {
    const policy = new URL(request.url!, "http://shop").searchParams.get("policy");
    response.writeHead(200, { "cache-control": "public, max-age=3600", "content-type": "text/html", ...(policy && { "content-security-policy": policy.replaceAll("EDGE", edge) }) });
    response.end(`<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script type="module" src="${edge}/page/${pageFile}"></script>`);
  });
  const shop = await listen(shopServer);
  return {
    edge,
    folder,
    engineUrl: `${edge}/${engineFile}`,
    pageUrl: (policy) => `${shop}/${policy ? `?policy=${encodeURIComponent(policy)}` : ""}`,
    async stop() {
      for (const server of [edgeServer, shopServer]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      rmSync(folder, { recursive: true });
    },
  };
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://localhost:${(server.address() as AddressInfo).port}`)));
}
