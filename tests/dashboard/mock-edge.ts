/** An edge for the dashboard's tests: the contract's routes on loopback, over figures that the test can foretell and change. */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { LOGIN_SCHEMA, PAUSE_SCHEMA, routes, STAT_SUMS, type ApiError, type ModelRecord, type SessionResponse, type ShopResponse, type StatBucket, type StatsResponse, type StatSums, type StatTotals } from "../../core/api.ts";
import { addDays, HOUR_MS, offsetMs } from "../../core/calendar.ts";
import { hash32 } from "../../core/ids.ts";
import { parse } from "../../core/schema.ts";

/** What the Worker sends with the dashboard's pages; nothing inline may run or style. */
export const DASHBOARD_CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SLOT_MS = 15 * 60 * 1000;
const COOKIE = "__Host-endcap-session";
const TYPES: { [extension: string]: string } = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

export interface MockEdge {
  origin: string;
  shop: ShopResponse;
  models: ModelRecord[];
  paused: boolean;
  /** Tokens of login links that still work; each works once. What is not among them has been used or is too old. */
  tokens: Set<string>;
  sessions: Set<string>;
  /** The end of the simulated history: nothing happens after it. */
  nowMs: number;
  /** Whether anything ever happened in the shop. */
  empty: boolean;
  /** Added to every range that holds `nowMs`, as events that have just come in. */
  extra: Partial<StatTotals>;
  liveShoppers: number;
  dropped: StatsResponse["dropped"];
  erasures: number;
  /** When set, every API request is answered with it. */
  outage: { status: number; error: ApiError["error"] } | null;
  /** Requests as `METHOD path?query`, oldest first. */
  requests: string[];
  stats(fromMs: number, toMs: number, bucket: StatBucket): StatsResponse;
  close(): Promise<void>;
}

/** @param assets the folder that `vite build --mode dashboard` filled */
export async function startMockEdge({ assets, nowMs }: { assets: string; nowMs: number }): Promise<MockEdge> {
  const edge: MockEdge = {
    origin: "",
    shop: demoShop(),
    models: demoModels(nowMs),
    paused: false,
    tokens: new Set(),
    sessions: new Set(),
    nowMs,
    empty: false,
    extra: {},
    liveShoppers: 12,
    dropped: [{ reason: "unused", count: 418 }, { reason: "expired", count: 37 }, { reason: "rejected", count: 5 }, { reason: "unknown-event", count: 2 }],
    erasures: 3,
    outage: null,
    requests: [],
    stats: (fromMs, toMs, bucket) => statsOf(edge, fromMs, toMs, bucket),
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
  const server: Server = createServer((request, response) => void answer(edge, assets, request, response));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "localhost", resolve));
  edge.origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  return edge;
}

async function answer(edge: MockEdge, assets: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url!, edge.origin);
  const { pathname } = url;
  const send = (status: number, body: unknown, headers: { [name: string]: string } = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  const refuse = (status: number, code: string, message: string, retry = false) => send(status, { error: { code, message, retry } } satisfies ApiError);

  if (pathname.startsWith("/dashboard/")) {
    const name = pathname === "/dashboard/" ? "index.html" : pathname.slice("/dashboard/".length);
    const file = await readFile(join(assets, name)).catch(() => null);
    if (!file) return void response.writeHead(404).end();
    return void response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream", "content-security-policy": DASHBOARD_CSP, "x-content-type-options": "nosniff" }).end(file);
  }

  edge.requests.push(`${request.method} ${url.pathname}${url.search}`);
  if (edge.outage) return void refuse(edge.outage.status, edge.outage.error.code, edge.outage.error.message, edge.outage.error.retry);
  let body: unknown = null;
  if (request.method === "POST") {
    if (request.headers.origin !== edge.origin) return void refuse(403, "foreign-origin", "This request came from another site.");
    let text = "";
    for await (const chunk of request) text += chunk;
    body = JSON.parse(text);
  }
  const session: SessionResponse = { shop: edge.shop.shop, name: edge.shop.name };
  const cookie = request.headers.cookie?.match(`${COOKIE}=([a-z0-9-]+)`)?.[1];

  if (pathname === routes.login) {
    const login = parse(LOGIN_SCHEMA, body);
    if (!login.ok) return void refuse(400, "bad-request", login.message);
    if (!edge.tokens.delete(login.value.token)) return void refuse(401, "login-link-used", "This login link has been used, or is older than 15 minutes. Make a new one.");
    const id = crypto.randomUUID();
    edge.sessions.add(id);
    return void send(200, session, { "set-cookie": `${COOKIE}=${id}; Path=/; Secure; HttpOnly; SameSite=Strict` });
  }
  if (!cookie || !edge.sessions.has(cookie)) return void refuse(401, "unauthorised", "Sign in first.");
  const { shop } = edge.shop;
  if (pathname.startsWith(`${routes.admin.shops}/`) && pathname.split("/")[4] !== shop) return void refuse(403, "other-shop", "This token or session belongs to another shop.");
  switch (`${request.method} ${pathname}`) {
    case `GET ${routes.session}`: return void send(200, session);
    case `POST ${routes.logout}`:
      edge.sessions.delete(cookie);
      return void response.writeHead(204, { "set-cookie": `${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0` }).end();
    case `GET ${routes.admin.shop(shop)}`: return void send(200, edge.shop);
    case `GET ${routes.admin.models(shop)}`: return void send(200, { paused: edge.paused, models: edge.models });
    case `POST ${routes.admin.pause(shop)}`: {
      const pause = parse(PAUSE_SCHEMA, body);
      if (!pause.ok) return void refuse(400, "bad-request", pause.message);
      edge.paused = pause.value.paused;
      return void send(200, { paused: edge.paused, models: edge.models });
    }
    case `GET ${routes.admin.stats(shop)}`: {
      const [fromMs, toMs] = [Number(url.searchParams.get("fromMs")), Number(url.searchParams.get("toMs"))];
      const bucket = url.searchParams.get("bucket");
      if (!(fromMs < toMs) || fromMs % SLOT_MS !== 0 || toMs % SLOT_MS !== 0) return void refuse(400, "bad-range", "The range must begin and end on quarter-hours.");
      if (bucket !== "hour" && bucket !== "day") return void refuse(400, "bad-bucket", "The bucket is hour or day.");
      return void send(200, edge.stats(fromMs, toMs, bucket));
    }
    default: return void refuse(404, "unknown-route", "There is no such route.");
  }
}

const EMPTY_SUMS = Object.fromEntries(STAT_SUMS.map((sum) => [sum, 0])) as StatSums;

/** What happened in one quarter-hour: a shop that sleeps at night, likes Sundays and grows. */
function slotSums(edge: MockEdge, slotMs: number): StatSums & { shoppers: number } {
  const wall = new Date(slotMs + offsetMs(edge.shop.timeZone, slotMs));
  const hour = wall.getUTCHours() + wall.getUTCMinutes() / 60;
  const daily = 0.15 + Math.exp(-((hour - 20) ** 2) / 14) + 0.6 * Math.exp(-((hour - 12) ** 2) / 10);
  const weekly = wall.getUTCDay() === 0 ? 1.35 : wall.getUTCDay() === 6 ? 1.15 : 1;
  const growth = 1 - (edge.nowMs - slotMs) / (400 * 24 * HOUR_MS);
  const draw = (name: string) => hash32(`${name} ${slotMs}`) / 2 ** 32;
  const views = Math.floor(90 * daily * weekly * growth * (0.7 + 0.6 * draw("views")) + draw("rest"));
  const share = (of: number, rate: number, name: string) => Math.floor(of * rate + draw(name));
  const rec_render = share(views, 0.9, "render");
  const rec_view = share(rec_render, 0.62, "view");
  const rec_click = share(rec_view, 0.07, "click");
  const rec_add_to_cart = share(rec_click, 0.16, "rec-cart");
  const add_to_cart = share(views, 0.11, "cart") + rec_add_to_cart;
  const begin_checkout = share(add_to_cart, 0.45, "checkout");
  const purchase = share(begin_checkout, 0.62, "purchase");
  const attributed_orders = Math.min(purchase, share(rec_click, 0.09, "attributed"));
  const cents = (orders: number, name: string) => Math.round(orders * (2900 + 4200 * draw(name)));
  const revenue = cents(purchase, "revenue");
  return {
    ...EMPTY_SUMS, shoppers: share(views, 0.33, "shoppers"), events: views * 3, page_view: views * 2, view_item: views, search: share(views, 0.1, "search"),
    add_to_cart, begin_checkout, purchase, revenue: revenue / 100, rec_render, rec_view, rec_click, rec_add_to_cart, rec_dismiss: share(rec_click, 0.05, "dismiss"),
    attributed_orders, attributed_revenue: Math.min(revenue, Math.round(cents(attributed_orders, "earned") * 0.6)) / 100,
  };
}

function totalsOf(edge: MockEdge, fromMs: number, toMs: number): StatTotals {
  const totals: StatTotals = { ...EMPTY_SUMS, shoppers: 0, buyers: 0 };
  if (edge.empty) return totals;
  for (let slot = fromMs; slot < Math.min(toMs, edge.nowMs); slot += SLOT_MS) {
    const sums = slotSums(edge, slot);
    for (const sum of STAT_SUMS) totals[sum] += sums[sum];
    totals.shoppers += sums.shoppers;
  }
  if (fromMs <= edge.nowMs && edge.nowMs < toMs) for (const [name, by] of Object.entries(edge.extra)) totals[name as keyof StatTotals] += by;
  // People come back: the longer the range, the fewer new ones.
  totals.shoppers = Math.round(totals.shoppers / (1 + Math.log10(1 + (toMs - fromMs) / (24 * HOUR_MS))));
  totals.buyers = Math.round(totals.purchase * 0.9);
  totals.revenue = Math.round(totals.revenue * 100) / 100;
  totals.attributed_revenue = Math.round(totals.attributed_revenue * 100) / 100;
  return totals;
}

function statsOf(edge: MockEdge, fromMs: number, toMs: number, bucket: StatBucket): StatsResponse {
  const { shop, name, currency, timeZone } = edge.shop;
  const totals = totalsOf(edge, fromMs, toMs);
  const series: StatsResponse["series"] = [];
  for (let at = fromMs; at < toMs;) {
    const end = Math.min(toMs, bucket === "day" ? addDays(timeZone, at, 1) : at + HOUR_MS);
    const { buyers: _, ...sums } = totalsOf(edge, at, end);
    series.push({ startMs: at, ...sums });
    at = end;
  }
  const shares = [["home-for-you", 0.46], ["product-similar", 0.38], ["cart-together", 0.16]] as const;
  return {
    shop, name, currency, timeZone, fromMs, toMs, totals,
    series,
    placements: totals.rec_render === 0 ? [] : shares.map(([placement, share], index) => {
      const part = (value: number, weight = 1) => Math.round(value * share * weight);
      return {
        placement, rec_render: part(totals.rec_render), rec_view: part(totals.rec_view), rec_click: part(totals.rec_click, [0.8, 1.1, 1.35][index]), rec_add_to_cart: part(totals.rec_add_to_cart),
        rec_dismiss: part(totals.rec_dismiss), attributed_orders: part(totals.attributed_orders), attributed_revenue: Math.round(totals.attributed_revenue * share * 100) / 100,
      };
    }),
    funnel: { viewed: Math.round(totals.shoppers * 0.91), carted: Math.round(totals.shoppers * 0.27), checkout: Math.round(totals.shoppers * 0.134), purchased: Math.round(totals.shoppers * 0.083) },
    liveShoppers: edge.empty ? 0 : edge.liveShoppers,
    newestEventAtMs: edge.empty ? null : edge.nowMs - 20.5 * 60 * 1000,
    dropped: edge.empty ? [] : edge.dropped,
    sources: edge.empty ? [] : [{ source: "data-layer", events: 5210 }, { source: "json-ld", events: 3120 }],
    conflicts: edge.empty ? 0 : 14,
    emptySearches: edge.empty ? 0 : 23,
    confirmed: { orders: 0, revenue: 0 },
    erasures: edge.empty ? 0 : edge.erasures,
  };
}

function demoShop(): ShopResponse {
  return {
    shop: "harbour", name: "Harbour & Hearth", currency: "NZD", locale: "en-NZ", timeZone: "Pacific/Auckland",
    writeKey: "pk_9vQ3mYt1Zr8sLk2D", origins: ["https://harbour.example"], signers: ["5f0c1d9be27a4c3388a1f6c2d4e7b901"], holdoutShare: 0.1,
    placements: [
      { id: "home-for-you", page: "home", selector: "#home-recommendations", insert: "append", title: "Picked for you", strategy: "for_you", k: 12 },
      { id: "product-similar", page: "product", selector: "#product-recommendations", insert: "append", title: "You may also like", strategy: "similar", k: 12 },
      { id: "cart-together", page: "cart", selector: "#cart-recommendations", insert: "append", title: "Goes well with your cart", strategy: "bought_together", k: 8 },
      { id: "search-popular", page: "search", selector: "#results", insert: "after", title: "Popular right now", strategy: "popular", k: 8 },
    ],
    retentionDays: null,
  };
}

function demoModels(nowMs: number): ModelRecord[] {
  const figure = (value: number, spread: number) => ({ value, low: value - spread, high: value + spread });
  const figures = (ndcg10: number) => ({ ndcg10: figure(ndcg10, 0.0047), recall10: figure(ndcg10 * 1.8, 0.008), mrr10: figure(ndcg10 * 0.8, 0.004), coverage10: 0.41 });
  const record = (version: number, daysAgo: number, ndcg10: number, current: boolean): ModelRecord => ({
    version, createdAtMs: nowMs - daysAgo * 24 * HOUR_MS, publishedAtMs: nowMs - daysAgo * 24 * HOUR_MS, sha256: version.toString(16).repeat(64).slice(0, 64), bytes: 148_312 + version * 1204, items: 1248 + version * 3, current,
    evaluation: {
      protocol: "time split, full-catalogue ranking, next item", cases: 4180, clients: 1312, model: figures(ndcg10), popularity: figures(0.0412), itemKnn: figures(0.1187),
      differences: { popularity: figure(ndcg10 - 0.0412, 0.004), itemKnn: figure(ndcg10 - 0.1187, 0.004), ...(version > 1 ? { incumbent: figure(0.0091, 0.004) } : {}) },
      ...(version > 1 ? { incumbent: figures(ndcg10 - 0.0091) } : {}), oracle: { ndcg10: figure(0.2264, 0.0052) },
    },
  });
  return [record(1, 41, 0.1379, false), record(2, 17, 0.1486, false), record(3, 2, 0.1577, true)];
}
