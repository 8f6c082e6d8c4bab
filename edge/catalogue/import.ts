/** Takes a feed in: row by row as it arrives, and published as a whole or not at all. */
import type { CatalogueReport } from "../../core/api.ts";
import { DAY_MS } from "../../core/calendar.ts";
import { FeedError, feedFormatOf, readFeed, type FeedFormat } from "../../core/feeds/feed.ts";
import type { Shop } from "../db/shops.ts";
import { recordVersion } from "../db/catalogues.ts";
import type { Env } from "../env.ts";
import { publishCards } from "../snapshot.ts";
import { createCatalogueWriter, readIndex, readProducts, type CatalogueIndex } from "./store.ts";

const MAX_ERRORS_REPORTED = 100;
const MAX_IDS_REPORTED = 100;
/** A feed's format is told by as much of it. */
const BEGINNING_CHARS = 2_000;
/** A feed that broke off at the end of a row looks like a small shop: more than this share of products does not leave unasked, */
const MAX_LEAVING_SHARE = 0.3;
/** unless the shop has fewer than this, and is being set up. */
const MIN_GUARDED_PRODUCTS = 20;

export interface FeedRequest {
  shop: Shop;
  source: "upload" | "feed";
  /** Left out: told by its first characters. */
  format?: FeedFormat;
  chunks: AsyncIterable<string>;
  /** How long products stay, out of stock, that the feed no longer has. */
  graceDays: number;
  /** Refuses a feed that lacks a large part of what the shop has. */
  guarded: boolean;
  nowMs: number;
}
export type FeedOutcome = { ok: true; report: CatalogueReport } | { ok: false; status: 413 | 422; code: "catalogue-too-large" | "unknown-format" | "feed-broken" | "no-products" | "too-many-leaving"; message: string };

/** @returns the report, or why the catalogue stays as it was */
export async function importFeed(env: Env, request: FeedRequest): Promise<FeedOutcome> {
  const { shop, source, graceDays, guarded, nowMs } = request;
  const writer = createCatalogueWriter(env, shop.id);
  const errors: CatalogueReport["errors"] = [];
  let rejected = 0;
  const reject = (line: number, column: number, path: string, message: string) => {
    rejected += 1;
    if (errors.length < MAX_ERRORS_REPORTED) errors.push({ line, column, path, message });
  };
  let imported = 0;
  try {
    const { format, chunks } = await begin(request);
    if (format === null) return { ok: false, status: 422, code: "unknown-format", message: "The file is of no known format: neither Merchant Center's XML or table, nor Shopify's products.json, WooCommerce's CSV or JSON lines. The catalogue stays as it was." };
    for await (const row of readFeed(format, chunks, { currency: shop.currency, nowMs })) {
      if (!row.ok) reject(row.line, row.column, row.path, row.message);
      else if (writer.has(row.product.id)) reject(row.line, 1, "product.id", `"${row.product.id}" was on an earlier line already`);
      else {
        await writer.add(row.product);
        imported += 1;
      }
    }
  } catch (error) {
    if (!(error instanceof FeedError)) throw error;
    const place = `Line ${error.line}, character ${error.column}: ${error.message}. Nothing was imported.`;
    return error.message.includes(" is longer than ") ? { ok: false, status: 413, code: "catalogue-too-large", message: place } : { ok: false, status: 422, code: "feed-broken", message: place };
  }
  if (imported === 0) {
    const [first] = errors;
    return { ok: false, status: 422, code: "no-products", message: `The file holds no valid product${first ? `; line ${first.line}: ${first.path} ${first.message}` : ""}. The catalogue stays as it was.` };
  }
  const before = await readIndex(env, shop.id, shop.catalogueSha256);
  const gone = before.ids.filter((id) => !writer.has(id));
  if (guarded && before.ids.length >= MIN_GUARDED_PRODUCTS && gone.length > MAX_LEAVING_SHARE * before.ids.length) {
    return { ok: false, status: 422, code: "too-many-leaving", message: `The shop has ${before.ids.length} products, and ${gone.length} of them are not in the new feed of ${imported}. Is it complete? If it is, import it once by hand. The catalogue stays as it was.` };
  }
  await keepLeaving();
  const { sha256, index, cards } = await writer.finish();
  const difference = differenceOf(before, index);
  const snapshotSha256 = await publishCards(env, shop, { sha256, ids: index.ids, cards }, nowMs);
  const report: CatalogueReport = { imported, rejected, errors, sha256: snapshotSha256, ...difference };
  if (sha256 !== shop.catalogueSha256) report.version = await recordVersion(env.DB, shop.id, { sha256, source, report, nowMs });
  return { ok: true, report };

  /** Products that are gone from the feed stay for a while, out of stock. */
  async function keepLeaving(): Promise<void> {
    const staying = new Map(gone.map((id) => [id, before.leaving[id] ?? nowMs] as const).filter(([, sinceMs]) => nowMs - sinceMs < graceDays * DAY_MS));
    if (staying.size === 0) return;
    for await (const product of readProducts(env, shop.id, before)) {
      const sinceMs = staying.get(product.id);
      if (sinceMs !== undefined) await writer.add({ ...product, availability: "out_of_stock" }, sinceMs);
    }
  }
}

async function begin({ format, chunks }: FeedRequest): Promise<{ format: FeedFormat | null; chunks: AsyncIterable<string> }> {
  if (format !== undefined) return { format, chunks };
  const iterator = chunks[Symbol.asyncIterator]();
  let beginning = "";
  while (beginning.length < BEGINNING_CHARS) {
    const next = await iterator.next();
    if (next.done) break;
    beginning += next.value;
  }
  async function* all(): AsyncGenerator<string> {
    yield beginning;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  }
  // An empty file, or one of lines that are no JSON, is judged line by line.
  return { format: feedFormatOf(beginning) ?? (/^\s*$|\n\s*[{]/.test(beginning) ? "jsonl" : null), chunks: all() };
}

/** What a version adds, changes and takes away; the first ids of each. */
function differenceOf(before: CatalogueIndex, after: CatalogueIndex): Pick<CatalogueReport, "added" | "changed" | "removed" | "leaving"> {
  const marks = new Map(before.ids.map((id, i) => [id, before.marks[i]!]));
  const group = (ids: string[]) => ({ count: ids.length, ids: ids.slice(0, MAX_IDS_REPORTED) });
  const added = after.ids.filter((id) => !marks.has(id));
  const changed = after.ids.filter((id, i) => marks.has(id) && marks.get(id) !== after.marks[i]);
  const still = new Set(after.ids);
  return { added: group(added), changed: group(changed), removed: group(before.ids.filter((id) => !still.has(id))), leaving: group(Object.keys(after.leaving)) };
}
