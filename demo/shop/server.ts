/** The demo shop's HTTP server: ordinary server-rendered pages over a catalogue; Endcap enters only by its script tag. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Product } from "../../core/catalogue.ts";
import { totals } from "./cart.ts";
import { FORMS, type Outcome } from "./forms.ts";
import { Html } from "./html.ts";
import { accountPage, faultPage, notFoundPage } from "./pages/account.ts";
import { browsePage, categoryPage, departmentPage, homePage, offersPage, searchPage } from "./pages/browse.ts";
import { layout, type Page, type View } from "./pages/layout.ts";
import { cartPage, checkoutPage, paymentPage, thankYouPage } from "./pages/order.ts";
import { productPage } from "./pages/product.ts";
import { productPicture, stagePicture } from "./pictures.ts";
import { createSessions, type Session } from "./sessions.ts";
import { arrangeShelves, popularity, type Shelves } from "./shelves.ts";

export interface ShopOptions {
  products: readonly Product[];
  /** ISO 4217. */
  currency: string;
  /** BCP 47. */
  locale: string;
  name: string;
  /** The script tags that the shop owner pasted, as HTML; null for none. Their origins enter the pages' CSP. */
  tag: string | null;
  /** Milliseconds since 1970; `Date.now` unless given. */
  now?: () => number;
}

export interface ShopServer {
  /** @returns the port listened on; pass 0 for any free one
   *  @throws the system's error, e.g. `EADDRINUSE` */
  listen(port: number, host?: string): Promise<number>;
  /** Drops open connections and resolves when the port is free again. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 16 * 1024;
const PICTURE_CACHE = "public, max-age=86400";
const STATIC: { readonly [path: string]: readonly [file: string, type: string] } = {
  "/shop.css": ["browser/shop.css", "text/css; charset=utf-8"],
  "/shop.js": ["browser/shop.js", "text/javascript; charset=utf-8"],
  "/consent.js": ["browser/consent.js", "text/javascript; charset=utf-8"],
  "/favicon.svg": ["browser/favicon.svg", "image/svg+xml"],
};
/** The colour of each stage that departments' pictures are set on, in turn. */
const STAGE_HUES = ["#8aa68f", "#d3a583", "#b89a7c", "#a9b4bd", "#d8b76a", "#b7a6bd", "#9db8bd", "#8fa878", "#7c9a94", "#c78f78", "#c3a98a", "#93a4b8"];

export function createShop({ products, currency, locale, name, tag, now = Date.now }: ShopOptions): ShopServer {
  const shelves = arrangeShelves(products);
  const sessions = createSessions();
  const pasted = tag === null ? null : new Html(tag);
  const headers = pageHeaders(tag);
  const prices = { exact: new Intl.NumberFormat(locale, { style: "currency", currency }), whole: new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 0 }) };
  const files = new Map(Object.entries(STATIC).map(([path, [file, type]]) => [path, { type, body: readFileSync(new URL(file, import.meta.url)) }]));
  let orders = 0;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const view = viewOf(request, new URL("http://shop.invalid/"), null);
      if (error instanceof BodyTooLargeError) return sendPage(response, view, faultPage(413, "That was too much", "The form held more than this shop takes."));
      console.error("the shop could not answer", request.method, request.url, error);
      sendPage(response, view, faultPage(500, "Something broke on our side", "It has been noted. Please try again in a moment."));
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://shop.invalid");
    const path = decoded(url.pathname);
    const { session, id } = sessions.find(request.headers.cookie);
    const view = viewOf(request, url, session);
    if (path === null) return sendPage(response, view, faultPage(400, "That address has a slip in it", "The shop could not read it."));

    if (request.method === "POST") {
      const handle = Object.hasOwn(FORMS, path) ? FORMS[path] : undefined;
      if (!handle) return sendPage(response, view, faultPage(405, "This page takes no forms", "Please go back and try again."), { allow: "GET, HEAD" });
      const form = new URLSearchParams(await readBody(request));
      const outcome = handle({ session, shelves, currency, form, nowMs: now(), orderNumber: () => `${String(now()).slice(-8)}-${String((orders += 1)).padStart(4, "0")}` });
      return sendOutcome(request, response, path, outcome, session, id);
    }
    if (request.method !== "GET" && request.method !== "HEAD") return sendPage(response, view, faultPage(405, "The shop does not know how to do that", "Pages can be read, and forms can be sent."), { allow: "GET, HEAD, POST" });

    const file = files.get(path);
    if (file) return send(response, 200, { "content-type": file.type, "cache-control": "public, max-age=60" }, file.body);
    const picture = pictureAt(path, url.searchParams);
    if (picture !== undefined) return picture === null ? send(response, 404, { "content-type": "text/plain; charset=utf-8" }, "There is no such picture.") : send(response, 200, { "content-type": "image/svg+xml", "cache-control": PICTURE_CACHE }, picture);
    const page = pageAt(path, view, session);
    if (typeof page === "string") return send(response, 303, { location: page }, "");
    const events = [...session.pending, ...(page.events ?? [])];
    session.pending = [];
    sendPage(response, view, { ...page, events });
  }

  /** A page, or the path to go to instead. */
  function pageAt(path: string, view: View, session: Session): Page | string {
    const [first, second, third] = path.slice(1).split("/");
    const cart = () => totals(session.cart, shelves.byId, session.address?.tier);
    if (third === undefined) switch (first) {
      case "": if (second === undefined) return homePage(view); break;
      case "d": { const department = shelves.department(second ?? ""); if (department) return departmentPage(view, department); break; }
      case "c": { const found = shelves.category(second ?? ""); if (found) return categoryPage(view, found.department, found.category); break; }
      case "browse": if (second === undefined || /^[a-z]$/.test(second)) return browsePage(view, second ?? null); break;
      case "offers": if (second === undefined) return offersPage(view); break;
      case "search": if (second === undefined) return searchPage(view); break;
      case "cart": if (second === undefined) return cartPage(view, totals(session.cart, shelves.byId)); break;
      case "account": if (second === undefined) return accountPage(view, session.orders, null); break;
      case "thank-you": { const order = session.orders.find(({ number }) => number === second); if (order) return thankYouPage(view, order); break; }
      case "checkout":
        if (session.cart.size === 0 && (second === undefined || second === "payment")) return "/cart";
        if (second === undefined) return checkoutPage(view, cart(), session.address ?? { email: session.email ?? "" }, {});
        if (second === "payment") return session.address ? paymentPage(view, cart(), session.address) : "/checkout";
        break;
    }
    const product = shelves.byPath(path) ?? shelves.byPath(encodeURI(path));
    return product ? productPage(view, product) : notFoundPage(view);
  }

  /** Forms sent by script get JSON; others a redirect, or their page again with what is to be mended. */
  function sendOutcome(request: IncomingMessage, response: ServerResponse, path: string, outcome: Outcome, session: Session, id: string | null): void {
    const cookie = outcome.ok ? sessions.keep(session, id) : null;
    const headers: Record<string, string> = cookie ? { "set-cookie": cookie } : {};
    const cartCount = totals(session.cart, shelves.byId).count;
    if (request.headers.accept?.includes("application/json")) {
      return send(response, outcome.ok ? 200 : outcome.status, { ...headers, "content-type": "application/json; charset=utf-8", "cache-control": "no-store" }, JSON.stringify({ ...outcome, cartCount }));
    }
    if (outcome.ok) {
      session.pending.push(...outcome.events);
      return send(response, 303, { ...headers, location: outcome.next }, "");
    }
    const view = viewOf(request, new URL("http://shop.invalid/"), session);
    if (path === "/checkout" && session.cart.size > 0) return sendPage(response, view, { ...checkoutPage(view, totals(session.cart, shelves.byId, session.address?.tier), session.address ?? {}, outcome.faults), events: [] });
    if (path === "/account/sign-in") return sendPage(response, view, accountPage(view, session.orders, outcome.faults["email"] ?? null));
    sendPage(response, view, faultPage(outcome.status, "That did not work", Object.values(outcome.faults).join(" ")));
  }

  /** undefined: not a picture's path; null: a picture that does not exist. */
  function pictureAt(path: string, query: URLSearchParams): string | null | undefined {
    const stage = /^\/images\/stage\/([a-z0-9-]+)\.svg$/.exec(path)?.[1];
    if (stage !== undefined) return stageOf(shelves, stage);
    const id = /^\/images\/(.+)\.svg$/.exec(path)?.[1];
    if (id === undefined) return path.startsWith("/images/") ? null : undefined;
    const product = shelves.byId(id);
    return product ? productPicture(product, query.get("view") === "1" ? 1 : 0) : null;
  }

  function viewOf(request: IncomingMessage, url: URL, session: Session | null): View {
    const host = /^[\w.:[\]-]+$/.test(request.headers.host ?? "") ? request.headers.host! : "localhost";
    return { name, currency, locale, shelves, origin: `http://${host}`, query: url.searchParams, cartCount: session ? totals(session.cart, shelves.byId).count : 0, email: session?.email ?? null, money: (amount) => prices.exact.format(amount), wholeMoney: (amount) => prices.whole.format(amount) };
  }

  function sendPage(response: ServerResponse, view: View, page: Page, extra: Record<string, string> = {}): void {
    send(response, page.status ?? 200, { ...headers, ...extra }, layout(view, page, pasted).markup);
  }

  return {
    listen: (port, host) => new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve((server.address() as AddressInfo).port);
      });
    }),
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/** What stands on the stages of pages that the demo's own catalogue fills: the best liked of each category. */
const STAGES: { readonly [stage: string]: readonly string[] } = {
  "home": ["vases", "lanterns", "teapots"], "journal": ["cutting-boards", "mugs", "pots-pans"],
  "kitchen": ["storage-jars", "cutting-boards", "pots-pans"], "table": ["plates-bowls", "glassware", "mugs"], "coffee-tea": ["coffee-beans", "loose-tea", "teapots"], "living": ["candles", "vases", "cushions"],
  "lighting": ["table-lamps", "floor-lamps", "light-bulbs"], "bedroom": ["bed-linen", "alarm-clocks", "pillows-duvets"], "bathroom": ["towels", "soap-hand-care", "storage-baskets"], "garden": ["planters", "watering-cans", "garden-furniture"],
  "camping": ["backpacks", "lanterns", "tents"], "fire-grill": ["charcoal-firewood", "grill-tools", "barbecues"], "pets": ["pet-food", "pet-bowls", "pet-toys"], "study": ["pens", "desk-organisers", "notebooks"],
};

function stageOf(shelves: Shelves, name: string): string | null {
  const liked = (products: readonly Product[]) => [...products].sort((a, b) => popularity(b) - popularity(a));
  const index = shelves.departments.findIndex(({ id }) => id === name);
  const home = name === "home" || name === "journal";
  if (index < 0 && !home) return null;
  const hue = home ? (name === "home" ? "#8aa68f" : "#c79a72") : STAGE_HUES[index % STAGE_HUES.length]!;
  const chosen = (STAGES[name] ?? []).map((category) => liked(shelves.category(category)?.category.products ?? [])[0]).filter((product) => product !== undefined);
  if (chosen.length === 3) return stagePicture(chosen, hue);
  return stagePicture(home ? shelves.fronts.slice(name === "home" ? 0 : 3, name === "home" ? 3 : 6) : liked(shelves.departments[index]!.products), hue);
}

/** What every page is sent with; scripts, connections and workers are allowed from the pasted tags' origins. */
function pageHeaders(tag: string | null): Record<string, string> {
  const edges = [...new Set([...(tag ?? "").matchAll(/\ssrc="(https?:\/\/[^/"]+)/g)].map((match) => match[1]!))].map((origin) => ` ${origin}`).join("");
  const policy = { "default-src": "'self'", "script-src": `'self'${edges}`, "connect-src": `'self'${edges}`, "worker-src": `blob:${edges}`, "img-src": "'self' data:", "style-src": "'self' 'unsafe-inline'", "base-uri": "'self'", "form-action": "'self'", "frame-ancestors": "'none'" };
  return { "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "content-security-policy": Object.entries(policy).map(([name, value]) => `${name} ${value}`).join("; "), "x-content-type-options": "nosniff", "referrer-policy": "strict-origin-when-cross-origin" };
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string | Buffer): void {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new BodyTooLargeError(`more than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
