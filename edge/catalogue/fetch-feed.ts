/** Fetches a shop's feed from its address: only when it has changed, and page by page where that is Shopify's way. */
import type { CatalogueFeed } from "../../core/api.ts";
import { dueFeeds, feedOf, noteFetch, type StoredFeed } from "../db/catalogues.ts";
import { shopById } from "../db/shops.ts";
import type { Env } from "../env.ts";
import { textOf } from "../body.ts";
import { importFeed } from "./import.ts";

const MINUTE_MS = 60_000;
const TIMEOUT_MS = 120_000;
export const MAX_FEED_BYTES = 512 * 1024 * 1024;
/** Shopify gives no more at once; it is asked for pages until one is empty. */
const SHOPIFY_PAGE = 250;
const MAX_PAGES = 800;
/** After failures in a row it is asked less often, at most this many times less. */
const MAX_BACKOFF = 8;

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Fetches every feed whose time has come. */
export async function fetchDueFeeds(env: Env, fetch: Fetch, nowMs: number): Promise<void> {
  for (const feed of await dueFeeds(env.DB, nowMs)) await fetchFeed(env, fetch, feed, nowMs);
}

/** Fetches one feed now. @returns how that went, as it is noted for the shop */
export async function fetchFeed(env: Env, fetch: Fetch, feed: StoredFeed, nowMs: number): Promise<CatalogueFeed> {
  const { shop: id, everyMinutes } = feed;
  let outcome: { code: string; message: string | null; etag: string | null; lastModified: string | null };
  try {
    outcome = await attempt(env, fetch, feed, nowMs);
  } catch (error) {
    outcome = { code: "unreachable", message: `The feed could not be fetched: ${error instanceof Error ? error.message : String(error)}`, etag: feed.etag, lastModified: feed.lastModified };
  }
  const went = outcome.code === "imported" || outcome.code === "not-modified";
  const failures = went ? 0 : feed.failures + 1;
  const nextAtMs = nowMs + everyMinutes * MINUTE_MS * (went ? 1 : Math.min(MAX_BACKOFF, failures));
  await noteFetch(env.DB, id, { atMs: nowMs, nextAtMs, outcome: outcome.code, message: outcome.message, failures, etag: outcome.etag, lastModified: outcome.lastModified });
  return (await feedOf(env.DB, id))!;
}

async function attempt(env: Env, fetch: Fetch, feed: StoredFeed, nowMs: number): Promise<{ code: string; message: string | null; etag: string | null; lastModified: string | null }> {
  const known = { etag: feed.etag, lastModified: feed.lastModified };
  const shop = await shopById(env.DB, feed.shop);
  if (!shop) return { code: "unknown-shop", message: null, ...known };
  const headers = new Headers({ "user-agent": "Endcap catalogue feed", accept: "*/*" });
  if (feed.etag !== null) headers.set("if-none-match", feed.etag);
  if (feed.lastModified !== null) headers.set("if-modified-since", feed.lastModified);
  const get = (url: string, conditional: boolean) => fetch(url, { headers: conditional ? headers : { "user-agent": "Endcap catalogue feed" }, redirect: "follow", signal: AbortSignal.timeout(TIMEOUT_MS) });
  const isPaged = /\/products\.json$/.test(new URL(feed.url).pathname);
  const first = await get(isPaged ? pageOf(feed.url, 1) : feed.url, true);
  if (first.status === 304) return { code: "not-modified", message: null, ...known };
  if (!first.ok || !first.body) return { code: "refused", message: `The feed's server answered ${first.status}.`, ...known };
  const { body } = first;
  const chunks = isPaged ? pages(feed.url, body, get) : textOf(body, MAX_FEED_BYTES);
  const imported = await importFeed(env, { shop, source: "feed", format: isPaged ? "shopify-json" : (feed.format ?? undefined), chunks, graceDays: feed.graceDays, guarded: true, nowMs });
  if (!imported.ok) return { code: imported.code, message: imported.message, ...known };
  const { imported: products, rejected, errors } = imported.report;
  const message = rejected > 0 ? `${products} products; ${rejected} rows were refused, the first on line ${errors[0]!.line}: ${errors[0]!.path} ${errors[0]!.message}` : null;
  return { code: "imported", message, etag: first.headers.get("etag"), lastModified: first.headers.get("last-modified") };
}

function pageOf(address: string, page: number): string {
  const url = new URL(address);
  url.searchParams.set("limit", String(SHOPIFY_PAGE));
  url.searchParams.set("page", String(page));
  return url.href;
}

/** Shopify's pages as one list of products. */
async function* pages(address: string, first: ReadableStream<Uint8Array>, get: (url: string, conditional: boolean) => Promise<Response>): AsyncGenerator<string> {
  yield `{"products":[`;
  for (let page = 1, body = first; ; page += 1) {
    let text = "";
    for await (const chunk of textOf(body, MAX_FEED_BYTES)) text += chunk;
    const { products = [] } = JSON.parse(text) as { products?: unknown[] };
    if (products.length === 0 || page >= MAX_PAGES) break;
    yield products.map((product) => JSON.stringify(product)).join(",\n") + ",\n";
    const next = await get(pageOf(address, page + 1), false);
    if (!next.ok || !next.body) throw new Error(`page ${page + 1} answered ${next.status}`);
    body = next.body;
  }
  yield "]}";
}
