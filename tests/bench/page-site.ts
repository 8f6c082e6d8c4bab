/** A shop's pages by hand, and the other origin that a tag comes from and reports to, for `npm run bench:page`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { routes, type ShopConfig } from "../../core/api.ts";
import type { BatchReceipt, EventBatch } from "../../core/events.ts";
import { seededRandom } from "../../core/ids.ts";

const DIST = join(import.meta.dirname, "../../dist");
const KEY = "wk_bench";

export const PAGES = ["home", "list", "product"] as const;
export type PageName = (typeof PAGES)[number];

export interface Site {
  /** The shop's page with the tag of a contender, or without one. */
  pageUrl(page: PageName, contender: string, number?: number): string;
  /** Where tags come from, and events go to. */
  tagOrigin: string;
  stop(): Promise<void>;
}

/** @param scripts the other contenders' bundles by name; "endcap" is read from dist/, and "none" is no tag */
export async function startSite(scripts: { [contender: string]: string }, ports: { shop: number; tags: number }): Promise<Site> {
  const shopOrigin = `http://localhost:${ports.shop}`;
  const tagOrigin = `http://127.0.0.1:${ports.tags}`;
  const tagOf = (contender: string) => {
    if (contender === "none") return "";
    if (contender === "endcap") return `<script async src="${tagOrigin}/tag.js" data-key="${KEY}" data-signers="0" data-consent="granted"></script>`;
    // Ours tells of the page by itself, and so do most of these; an explicit page view makes it all of them.
    return `<script async src="${tagOrigin}/${contender}.js" data-collector="${tagOrigin}" data-mode="default"></script><script>addEventListener("load",function(){setTimeout(function(){window.peer&&peer.track("page_view")})})</script>`;
  };
  const shop = createServer((request, response) => {
    const [, contender = "", page = "", number = "0"] = new URL(request.url!, shopOrigin).pathname.split("/");
    if (contender === "picture") return send(response, "image/svg+xml", pictureOf(Number(page)), "public, max-age=3600");
    if (contender === "shop.js") return send(response, "text/javascript", SHOP_SCRIPT, "public, max-age=3600");
    if (contender === "shop.css") return send(response, "text/css", STYLE, "public, max-age=3600");
    send(response, "text/html; charset=utf-8", htmlOf(page as PageName, Number(number), tagOf(contender)), "no-cache");
  });
  const tags = createServer((request, response) => void answer(request, response, scripts));
  await listen(shop, "localhost", ports.shop);
  await listen(tags, "127.0.0.1", ports.tags);
  return {
    tagOrigin,
    pageUrl: (page, contender, number = 0) => `${shopOrigin}/${contender}/${page}/${number}`,
    stop: async () => void (await Promise.all([close(shop), close(tags)])),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, scripts: { [contender: string]: string }): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const { pathname } = new URL(request.url!, "http://tags");
  response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
  response.setHeader("access-control-allow-credentials", "true");
  response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "*");
  if (request.method === "OPTIONS") return void response.writeHead(204).end();
  if (pathname === routes.events) {
    const { events } = JSON.parse(Buffer.concat(parts).toString()) as EventBatch;
    return send(response, "application/json", JSON.stringify({ accepted: events.length, duplicate: 0, conflicts: [], rejected: [], watermark: 0 } satisfies BatchReceipt));
  }
  if (pathname === routes.config(KEY)) return send(response, "application/json", JSON.stringify(CONFIG), "public, max-age=300");
  const script = scripts[pathname.slice(1, -3)];
  // As long as the edge lets browsers keep the tag.
  if (script) return send(response, "text/javascript", script, "public, max-age=3600");
  if (/^\/[\w-]+\.js$/.test(pathname)) return send(response, "text/javascript", readFileSync(join(DIST, pathname)), "public, max-age=3600");
  send(response, "application/json", JSON.stringify({ status: 1, success: true, supportedCompression: ["gzip-js"], featureFlags: {}, sessionRecording: false }));
}

const CONFIG: ShopConfig = { shop: "bench", currency: "EUR", locale: "en-IE", placements: [], holdoutShare: 0, catalogue: null, manifest: null };

function send(response: ServerResponse, type: string, body: string | Buffer, cache = "no-store"): void {
  const packed = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  response.writeHead(200, { "content-type": type, "content-encoding": "br", "content-length": packed.length, "cache-control": cache }).end(packed);
}

const STYLE = "*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui;color:#222}header,footer,main{max-width:1200px;margin:auto;padding:16px}nav a{margin-right:16px}.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:16px;list-style:none;padding:0}.card{border:1px solid #ddd;border-radius:8px;padding:12px}.card img,.gallery img{width:100%;aspect-ratio:1;object-fit:cover;border-radius:6px}.price{font-weight:600}.hero{height:260px;background:#e8efe8;border-radius:12px;display:grid;place-items:center}.product{display:grid;grid-template-columns:1fr 1fr;gap:32px}.buy{padding:12px 24px;border:0;border-radius:8px;background:#2a5;color:#fff;font:inherit}";

/** What a small shop's theme does by itself: a menu, a cart's counter, pictures that load late. */
const SHOP_SCRIPT = `(function(){var cart=JSON.parse(localStorage.getItem("cart")||"[]");document.querySelectorAll(".card,.product").forEach(function(card){card.addEventListener("pointerenter",function(){card.classList.add("over")});card.addEventListener("pointerleave",function(){card.classList.remove("over")})});var counter=document.querySelector(".count");if(counter)counter.textContent=cart.length;var buy=document.querySelector(".buy");if(buy)buy.addEventListener("click",function(){cart.push(buy.dataset.id);localStorage.setItem("cart",JSON.stringify(cart));dataLayer.push({event:"add_to_cart",ecommerce:{currency:"EUR",items:[{item_id:buy.dataset.id,price:19.9,quantity:1}]}})});for(var i=0;i<40;i++)localStorage.getItem("pref-"+i)||localStorage.setItem("pref-"+i,new Array(200).join("x"))})()`;

const WORDS = "linen cotton oak walnut ceramic enamel copper brass wool felt cork glass lamp chair table bowl vase kettle basket throw cushion rug mirror shelf stool".split(" ");
const LIST_LENGTH = 48;

function htmlOf(page: PageName, number: number, tag: string): string {
  const random = seededRandom(number * 7 + PAGES.indexOf(page));
  const word = () => WORDS[Math.floor(random() * WORDS.length)]!;
  const sentence = (length: number) => Array.from({ length }, word).join(" ");
  const product = (index: number) => ({ item_id: `p-${index}`, item_name: `${word()} ${word()}`, item_brand: word(), item_category: word(), price: Math.round(random() * 9000) / 100 });
  const cards = (count: number) => Array.from({ length: count }, (_, i) => product(number * LIST_LENGTH + i));
  const grid = (items: ReturnType<typeof product>[]) => `<ul class="grid">${items.map(({ item_id, item_name, item_brand, price }, i) => `<li class="card" data-product="${item_id}"><a href="product/${item_id}"><img src="/picture/${i}" alt="${item_name}" width="180" height="180" loading="lazy"><h3>${item_name}</h3></a><p>${item_brand}, ${sentence(9)}</p><span class="price">€ ${price}</span><button>Add</button></li>`).join("")}</ul>`;
  const push = (event: string, items: object[]) => `<script>dataLayer.push(${JSON.stringify({ event, ecommerce: { currency: "EUR", item_list_id: page, items } })})</script>`;
  const menu = Array.from({ length: 60 }, () => `<a href="#">${word()} ${word()}</a>`).join("");
  const content = {
    home: () => { const items = cards(16); return `<div class="hero"><h1>${sentence(4)}</h1></div>${grid(items)}<p>${sentence(300)}</p>${push("view_item_list", items)}`; },
    list: () => { const items = cards(LIST_LENGTH); return `<h1>${sentence(2)}</h1>${grid(items)}${push("view_item_list", items)}`; },
    product: () => {
      const item = product(number);
      const jsonLd = { "@context": "https://schema.org", "@graph": [{ "@type": "Organization", name: "Bench" }, { "@type": "Product", sku: item.item_id, name: item.item_name, brand: { "@type": "Brand", name: item.item_brand }, description: sentence(120), offers: { "@type": "Offer", price: item.price, priceCurrency: "EUR", availability: "https://schema.org/InStock" } }] };
      return `<script type="application/ld+json">${JSON.stringify(jsonLd)}</script><div class="product"><div class="gallery"><img src="/picture/1" width="560" height="560" alt=""></div><div><h1>${item.item_name}</h1><span class="price">€ ${item.price}</span><p>${sentence(200)}</p><button class="buy" data-id="${item.item_id}">Add to cart</button></div></div>${Array.from({ length: 20 }, () => `<section><h4>${sentence(3)}</h4><p>${sentence(60)}</p></section>`).join("")}<h2>More</h2>${grid(cards(8))}${push("view_item", [item])}`;
    },
  }[page]();
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${sentence(3)}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/shop.css"><script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}gtag("js",new Date())</script>${tag}<script defer src="/shop.js"></script></head><body><header><nav>${menu}</nav><a href="cart">Cart (<span class="count">0</span>)</a></header><main>${content}</main><footer>${menu}</footer></body></html>`;
}

function pictureOf(number: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400"><rect width="400" height="400" fill="hsl(${number * 37} 40% 88%)"/><circle cx="200" cy="200" r="120" fill="hsl(${number * 37} 45% 55%)"/></svg>`;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, host, resolve));
}
function close(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}
