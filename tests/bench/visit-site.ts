/** A small shop of 1,500 products with a signed model, and the edge that it gets its carousels from: for benchmarks of a visit. */
import { createServer, type Server } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { routes, type ShopConfig } from "../../core/api.ts";
import type { Card, CatalogueSnapshot } from "../../core/catalogue.ts";
import type { BatchReceipt, EventBatch } from "../../core/events.ts";
import { sha256Hex } from "../../core/ids.ts";
import { writeModel } from "../../core/model/config.ts";
import { randomModel } from "../core/random-model.ts";
import { createSigner, MANIFEST } from "../core/weights/signer.ts";

const DIST = join(import.meta.dirname, "../../dist");
const KEY = "wk_visit";
/** As the trainer's default for shops with views. */
const CONFIG = { width: 48, length: 20, blocks: 1, heads: 1, neighbours: 50, visitDecay: 0.9 };

export interface VisitSite {
  /** Home for no product; with the tag, unless its attributes are null. */
  pageUrl(product?: number): string;
  /** Attributes of the script element besides the key; null for pages without the tag. */
  tag: string | null;
  /** Whether the edge gives out the engine. */
  engine: boolean;
  /** Bytes that the edge has sent, bodies as they are on the wire. */
  sentBytes: number;
  /** Cuts the shop's visitors off from the edge. */
  stopEdge(): Promise<void>;
  stop(): Promise<void>;
}

export async function startVisitSite({ products = 1_500, ports }: { products?: number; ports: { shop: number; edge: number } }): Promise<VisitSite> {
  const model = randomModel(CONFIG, products, 7);
  const cards: Card[] = model.itemIds.map((id, n) => ({ id, title: `Article no. ${n} of fine things`, link: `/product/item-${n}`, image_link: `/picture/${n % 20}`, availability: "in_stock", price: 5 + (n % 90), brand: `Maker ${n % 40}`, product_type: `Department ${n % 7} > Shelf ${n % 50}`, rating_value: 4, review_count: n % 60 }));
  const snapshot: CatalogueSnapshot = { shop: MANIFEST.shop, currency: "EUR", createdAtMs: MANIFEST.createdAtMs, cards };
  const signer = await createSigner();
  const weights = writeModel(model);
  const catalogue = new TextEncoder().encode(JSON.stringify(snapshot));
  const files = new Map([[await sha256Hex(weights), weights], [await sha256Hex(catalogue), catalogue]]);
  const manifest = await signer.publish({ ...MANIFEST, expiresAtMs: Date.now() + 864e5, weights: { sha256: await sha256Hex(weights), bytes: weights.byteLength } });
  const config: ShopConfig = {
    shop: MANIFEST.shop, currency: "EUR", locale: "en-IE", holdoutShare: 0, manifest,
    catalogue: { sha256: await sha256Hex(catalogue), bytes: catalogue.byteLength, products },
    placements: [
      { id: "home-for-you", page: "home", selector: "#home-recommendations", insert: "append", title: "Picked for you", strategy: "for_you", k: 12 },
      { id: "product-similar", page: "product", selector: "#product-recommendations", insert: "append", title: "You may also like", strategy: "similar", k: 12 },
    ],
  };
  const packed = new Map<string, Buffer>();
  const pack = (name: string, bytes: Uint8Array) => {
    // The edge's network packs what is text; level 5 is what it uses while it answers.
    if (!packed.has(name)) packed.set(name, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }));
    return packed.get(name)!;
  };

  const site: VisitSite = {
    tag: "", engine: true, sentBytes: 0,
    pageUrl: (product) => `http://localhost:${ports.shop}/${product === undefined ? "" : `product/item-${product}`}`,
    stopEdge: () => close(edge),
    stop: async () => void (await Promise.all([close(edge), close(shop)])),
  };
  const edge = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, "http://edge");
    const send = (type: string, body: Buffer, headers: { [name: string]: string }) => {
      site.sentBytes += body.byteLength;
      response.writeHead(200, { "access-control-allow-origin": "*", "content-type": type, "content-length": body.byteLength, ...headers }).end(body);
    };
    if (pathname === routes.events) {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { events } = JSON.parse(Buffer.concat(parts).toString()) as EventBatch;
      return send("application/json", Buffer.from(JSON.stringify({ accepted: events.length, duplicate: 0, conflicts: [], rejected: [], watermark: 0 } satisfies BatchReceipt)), {});
    }
    if (pathname === routes.config(KEY)) return send("application/json", pack("config", Buffer.from(JSON.stringify(config))), { "content-encoding": "br", "cache-control": "public, max-age=30" });
    const hash = pathname.slice(routes.file("").length);
    const file = pathname.startsWith(routes.file("")) && files.get(hash);
    if (file) return file === weights ? send("application/octet-stream", Buffer.from(file), { "cache-control": "public, max-age=31536000, immutable" }) : send("application/json", pack(hash, file), { "content-encoding": "br", "cache-control": "public, max-age=31536000, immutable" });
    if (!/^\/[\w.-]+\.(js|wasm)$/.test(pathname) || (!site.engine && pathname.startsWith("/engine-"))) return void response.writeHead(404, { "access-control-allow-origin": "*" }).end();
    const script = readFileSync(join(DIST, pathname));
    send(pathname.endsWith(".wasm") ? "application/wasm" : "text/javascript", pack(pathname, script), { "content-encoding": "br", "cache-control": pathname === "/tag.js" ? "public, max-age=300" : "public, max-age=31536000, immutable" });
  });
  const shop = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://shop");
    if (pathname.startsWith("/picture/")) return void response.writeHead(200, { "content-type": "image/svg+xml", "cache-control": "max-age=3600" }).end(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#cdb"/></svg>`);
    const product = /^\/product\/item-(\d+)$/.exec(pathname)?.[1];
    const tag = site.tag === null ? "" : `<script async src="http://127.0.0.1:${ports.edge}/tag.js" data-key="${KEY}" data-signers="${signer.fingerprint}" data-consent="granted" ${site.tag}></script>`;
    const data = product && `<script type="application/ld+json">${JSON.stringify({ "@context": "https://schema.org", "@type": "Product", sku: `item-${product}`, name: `Article no. ${product}`, offers: { "@type": "Offer", price: "9.00", priceCurrency: "EUR" } })}</script>`;
    const paragraphs = Array.from({ length: 40 }, (_, n) => `<p>Paragraph ${n}: ${"fine things for the house and the garden, ".repeat(12)}</p>`).join("");
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A shop</title><link rel="icon" href="data:,">${tag}</head><body><header><a href="/">A shop</a></header><main>${data ?? ""}<h1>${product ? `Article no. ${product}` : "Good morning"}</h1><div id="${product ? "product" : "home"}-recommendations"></div>${paragraphs}</main></body></html>`);
  });
  await listen(edge, "127.0.0.1", ports.edge);
  await listen(shop, "localhost", ports.shop);
  return site;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, host, resolve));
}
async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
