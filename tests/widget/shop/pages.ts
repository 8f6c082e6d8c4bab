/** A plain shop for the widget's tests, on an origin of its own: its pages say what they are, as shops' pages do. */
import { createServer } from "node:http";
import { CARDS } from "./assortment.ts";
import { close, KEY, listen, type Edge } from "./edge.ts";

export interface PageOptions {
  /** Attributes of the script tag besides `data-key`. */
  tag?: string;
  /** The tag's whole HTML, where it isn't the usual script element. */
  script?: string;
  /** A document beside the shop's own pages, by its path. */
  document?: { path: string; type: string; text: string };
  /** HTML before the tag: scripts of the shop. */
  head?: string;
  /** Pages of the test's own: what their body holds, by path. */
  bodies?: { [path: string]: string };
  /** Content-Security-Policy; `EDGE` stands for the edge's origin, `SHOP` for the shop's. */
  policy?: string;
}
export interface Shop {
  origin: string;
  /** How pages are served from now on. */
  options: PageOptions;
  stop(): Promise<void>;
}

const STYLE = "body{margin:0;font:16px/1.5 Georgia,serif;color:#2b2320;background:#fbf7f0}header,main{max-width:1180px;margin:auto;padding:16px 20px}.hero{height:180px;background:#e9dcc7;border-radius:12px}.anchor{min-height:440px}h2{font:500 28px Palatino,serif;letter-spacing:1px;color:#5b2d18}";

export async function startShop(edge: Edge): Promise<Shop> {
  const shop: Omit<Shop, "origin" | "stop"> = { options: {} };
  let origin = "";
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://shop");
    const picture = /^\/pictures\/(\w+)-(\d+)\.svg$/.exec(pathname);
    if (picture) return void response.writeHead(200, { "content-type": "image/svg+xml", "cache-control": "max-age=300" }).end(drawPicture(picture[1]!, Number(picture[2])));
    if (pathname === "/dark.css") return void response.writeHead(200, { "content-type": "text/css" }).end("body{color:#e9e2d8;background:#171310}");
    if (pathname === "/style.css") return void response.writeHead(200, { "content-type": "text/css" }).end(STYLE);
    const { tag = "", head = "", policy, document, script = `<script async src="${edge.origin}/tag.js" data-key="${KEY}" data-signers="${edge.signer}" ${tag}></script>` } = shop.options;
    if (document?.path === pathname) return void response.writeHead(200, { "content-type": document.type }).end(document.text);
    const body = shop.options.bodies?.[pathname] ?? bodyOf(pathname);
    response.writeHead(body ? 200 : 404, {
      "content-type": "text/html; charset=utf-8",
      ...(policy && { "content-security-policy": policy.replaceAll("EDGE", edge.origin).replaceAll("SHOP", origin) }),
    });
    response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Tea house</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css">${head}${script}</head><body><header><a href="/">Tea house</a> <a href="/cart">Cart</a></header><main>${body ?? "<h1>Not found</h1>"}</main></body></html>`);
  });
  origin = await listen(server);
  return Object.assign(shop, { origin, stop: () => close(server) });
}

function bodyOf(path: string): string | null {
  if (path === "/") return '<h1>Good morning</h1><div class="hero"></div><div class="anchor" id="home-recommendations"></div><h2>All about tea</h2>';
  if (path === "/cart") return '<h1>Your cart</h1><div class="anchor" id="cart-recommendations"></div>';
  if (path === "/search" || path === "/thank-you" || path === "/checkout") return `<h1>${path}</h1>`;
  if (path === "/tall") return '<h1>Far away</h1><div style="height:4000px"></div><endcap-carousel placement="home-for-you"></endcap-carousel>';
  const card = CARDS.find(({ link }) => link === path);
  if (!card) return null;
  const product = { "@context": "https://schema.org", "@type": "Product", sku: card.id, name: card.title, brand: { "@type": "Brand", name: card.brand }, offers: { "@type": "Offer", price: String(card.price), priceCurrency: "EUR" } };
  return `<script type="application/ld+json">${JSON.stringify(product)}</script><h1>${card.title}</h1><div class="hero"></div><div class="anchor" id="product-recommendations"></div>`;
}

function drawPicture(category: string, number: number): string {
  const hue = [...category].reduce((sum, letter) => sum + letter.charCodeAt(0) * 7, number * 11) % 360;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400"><rect width="400" height="400" fill="hsl(${hue} 40% 88%)"/><circle cx="200" cy="210" r="110" fill="hsl(${hue} 45% 55%)"/><rect x="120" y="150" width="160" height="26" rx="13" fill="hsl(${hue} 40% 38%)"/></svg>`;
}
