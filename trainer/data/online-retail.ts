/**
 * Reads the UCI Online Retail log: a gift shop's order lines of one year, returns and dirty rows included.
 * @see https://archive.ics.uci.edu/dataset/352/online+retail
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DAY_MS } from "../../core/calendar.ts";
import type { ImportLine } from "../../core/api.ts";
import type { Product } from "../../core/catalogue.ts";
import { ITEM_SCHEMA, EVENT_SCHEMAS, type EventItem, type ShopEvent } from "../../core/events.ts";
import { quantile } from "../../core/metrics.ts";
import { createCleaningReport, type CleaningReport } from "./cleaning.ts";
import { deriveCategories } from "./head-nouns.ts";
import { place, readTable, type OnBytes } from "./rows.ts";
import { batchesOf, clientIdOf, type ShopData } from "./shop-data.ts";

export const ONLINE_RETAIL_CURRENCY = "GBP";
const COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];
const WEEK_MS = 7 * DAY_MS;
/** Stock codes that are no goods: postage, fees, corrections, vouchers. Goods have five digits and perhaps letters. */
const GOODS = /^(\d{5}[A-Z]*|DCGS\d+[A-Z]*|DCGSS(GIRL|BOY)|PADS)$/i;
/** Of those, what a customer paid for having the goods sent. */
const SHIPPING = new Set(["POST", "DOT", "C2"]);
/** A product's price is the median of so many of its last sale lines. */
const PRICE_LINES = 25;
const MAX_ITEMS = EVENT_SCHEMAS.purchase.properties.items.maxItems;
const MAX_QUANTITY = ITEM_SCHEMA.properties.quantity.maximum;

export interface OnlineRetail extends ShopData {
  events: number;
  lines(): Iterable<ImportLine>;
  /** Lines with a known customer, a positive quantity and a positive price, and what is in them; goods or not. */
  sales: { lines: number; customers: number; products: number; invoices: number };
  /** What was added to every time so that the year ends just before now. */
  shiftWeeks: number;
}

export interface OnlineRetailOptions {
  /** The CSV file, plain or gzip, or a folder that holds it. */
  path: string;
  /** The shifted year ends before this. */
  nowMs: number;
  /** Instead of the shift that `nowMs` gives: to import the same times again. */
  shiftWeeks?: number;
  onBytes?: OnBytes;
}

/** The log's file in a folder, or the path itself if it is one; undefined if there is none. */
export function findOnlineRetail(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  if (statSync(path).isFile()) return /online[_ -]?retail.*\.csv(\.gz)?$/i.test(path) ? path : undefined;
  const name = readdirSync(path).sort().find((entry) => /^online[_ -]?retail.*\.csv(\.gz)?$/i.test(entry));
  return name === undefined ? undefined : join(path, name);
}

/** @throws DataFileError if the file is missing, broken off or something else */
export async function readOnlineRetail({ path, nowMs, shiftWeeks, onBytes }: OnlineRetailOptions): Promise<OnlineRetail> {
  const report = createCleaningReport();
  const log = await readLog(path, report, onBytes);
  const shift = shiftWeeks ?? Math.floor((nowMs - log.lastMs) / WEEK_MS);
  const { lines, customers, products: codes, invoices } = log.sales;
  const sales = { lines, customers: customers.size, products: codes.size, invoices: invoices.size };
  report.remark(`${count(log.read)} lines read. Sales (customer known, quantity and price positive): ${count(sales.lines)} lines, ${count(sales.customers)} customers, ${count(sales.products)} products, ${count(sales.invoices)} invoices.`);
  report.remark(`All times are moved by ${shift} weeks, so that weekdays stay and the year ends near now; --shift-weeks ${shift} repeats exactly this import.`);
  const products = catalogueOf(log, report);
  const clients = eventsOf(log, shift * WEEK_MS, report);
  let events = 0;
  for (const own of clients.values()) events += own.length;
  return {
    products, events, report, sales, shiftWeeks: shift,
    *lines() {
      for (const [clientId, own] of clients) yield* batchesOf(clientId, own, nowMs);
    },
  };
}

interface Invoice {
  id: string;
  clientId: string;
  atMs: number;
  /** Price by product and unit price; quantities of repeated lines are added. */
  goods: Map<string, { code: string; price: number; quantity: number }>;
  shipping: number;
}

interface Log {
  read: number;
  lastMs: number;
  sales: { lines: number; customers: Set<string>; products: Set<string>; invoices: Set<string> };
  orders: Map<string, Invoice>;
  /** Cancellations, with positive quantities. */
  returns: Map<string, Invoice>;
  /** Of the products sold: how often each title was seen, and the last sale lines' prices, oldest first. */
  titles: Map<string, Map<string, number>>;
  prices: Map<string, number[]>;
}

async function readLog(path: string, report: CleaningReport, onBytes?: OnBytes): Promise<Log> {
  const log: Log = {
    read: 0, lastMs: 0, sales: { lines: 0, customers: new Set(), products: new Set(), invoices: new Set() },
    orders: new Map(), returns: new Map(), titles: new Map(), prices: new Map(),
  };
  const clientIds = new Map<string, string>();
  for await (const { line, values } of readTable(path, { required: COLUMNS, onBytes })) {
    log.read += 1;
    const { InvoiceNo = "", StockCode = "", Description = "" } = values;
    const quantity = number(values["Quantity"]!);
    const price = number(values["UnitPrice"]!);
    const atMs = timeOf(values["InvoiceDate"]!);
    // Spreadsheets write the number 17850 as "17850.0".
    const customer = values["CustomerID"]!.trim().replace(/\.0$/, "");
    const code = StockCode.trim().toUpperCase();
    const skip = (reason: string, what = `${InvoiceNo} ${StockCode} ${Description}`.trim()) => report.note(reason, place(path, line, what));
    if (InvoiceNo === "" || code === "" || Number.isNaN(quantity) || Number.isNaN(price) || Number.isNaN(atMs)) {
      skip("line that cannot be read", Object.values(values).join(","));
      continue;
    }
    if (Math.abs(quantity) > MAX_QUANTITY) {
      skip(`quantity above ${count(MAX_QUANTITY)}`);
      continue;
    }
    log.lastMs = Math.max(log.lastMs, atMs);
    const cancelled = /^C/i.test(InvoiceNo);
    if (customer === "") {
      skip("no customer number");
      continue;
    }
    if (price <= 0) {
      skip("no price");
      continue;
    }
    if (quantity <= 0 && !cancelled) {
      skip("negative quantity without a cancellation");
      continue;
    }
    if (!cancelled) {
      log.sales.lines += 1;
      log.sales.customers.add(customer);
      log.sales.products.add(code);
      log.sales.invoices.add(InvoiceNo);
    }
    let clientId = clientIds.get(customer);
    if (clientId === undefined) clientIds.set(customer, (clientId = clientIdOf("online-retail", customer)));
    const book = cancelled ? log.returns : log.orders;
    let invoice = book.get(InvoiceNo);
    if (!invoice) book.set(InvoiceNo, (invoice = { id: InvoiceNo, clientId, atMs, goods: new Map(), shipping: 0 }));
    if (!GOODS.test(code)) {
      if (SHIPPING.has(code)) invoice.shipping += price * Math.abs(quantity);
      report.note(`${SHIPPING.has(code) ? "shipping, kept as the order's shipping cost" : "not a product"}: ${code} (${Description.trim()})`);
      continue;
    }
    const key = `${code} ${price}`;
    const known = invoice.goods.get(key);
    if (known) {
      known.quantity += Math.abs(quantity);
      report.note("line repeated within its invoice, quantities added");
    } else {
      invoice.goods.set(key, { code, price, quantity: Math.abs(quantity) });
    }
    if (cancelled) continue;
    const title = tidy(Description);
    if (title !== "") bump(upsert(log.titles, code, () => new Map<string, number>()), title);
    const prices = upsert(log.prices, code, (): number[] => []);
    prices.push(price);
    if (prices.length > PRICE_LINES) prices.shift();
  }
  return log;
}

function catalogueOf({ titles: seen, prices }: Log, report: CleaningReport): Product[] {
  const titles = new Map<string, string>();
  for (const code of [...prices.keys()].sort()) {
    const best = [...(seen.get(code) ?? [])].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
    if (best === undefined) report.note("product without a description: left out of the catalogue", code);
    else titles.set(code, titleCase(best));
  }
  const categories = deriveCategories(titles);
  report.remark(`Catalogue: ${count(titles.size)} products. Titles are the most frequent description, prices the median of the last ${PRICE_LINES} sale lines.`);
  report.remark(`The log has no categories: product_type is derived from a title's head noun, for ${count(categories.size)} of the products.`);
  return [...titles].map(([code, title]): Product => ({
    id: code,
    title,
    link: `/products/${pathOf(title)}-${code.toLowerCase()}`,
    image_link: `/images/${code}.svg`,
    availability: "in_stock",
    price: cents(quantile(prices.get(code)!, 0.5)),
    product_type: categories.get(code) ?? "Curiosities > More Curiosities",
  }));
}

function eventsOf({ orders, returns }: Log, shiftMs: number, report: CleaningReport): Map<string, ShopEvent[]> {
  const refunds = matchReturns(orders, returns, report);
  const byClient = new Map<string, { atMs: number; sessionId: string; purchase?: Invoice; refund?: Refund }[]>();
  const remember = (clientId: string) => upsert(byClient, clientId, (): { atMs: number; sessionId: string; purchase?: Invoice; refund?: Refund }[] => []);
  for (const order of orders.values()) {
    if (order.goods.size > 0) remember(order.clientId).push({ atMs: order.atMs, sessionId: `order-${order.id}`, purchase: order });
    else report.note("invoice without any product", order.id);
  }
  for (const refund of refunds) remember(refund.clientId).push({ atMs: refund.atMs, sessionId: `return-${refund.id}`, refund });

  const events = new Map<string, ShopEvent[]>();
  for (const [clientId, acts] of byClient) {
    const own: ShopEvent[] = [];
    for (const { atMs, sessionId, purchase, refund } of acts.sort((a, b) => a.atMs - b.atMs)) {
      const envelope = () => ({ seq: own.length + 1, occurredAtMs: atMs + shiftMs, sessionId });
      if (refund) own.push({ ...envelope(), name: "refund", params: { transaction_id: refund.transactionId, currency: ONLINE_RETAIL_CURRENCY, value: valueOf(refund.items), items: refund.items } });
      if (!purchase) continue;
      const items = [...purchase.goods.values()].map(({ code, price, quantity }): EventItem => ({ item_id: code, price, quantity }));
      // An event holds so many items; the rest of a longer order goes into further events of the same transaction.
      for (let from = 0; from < items.length; from += MAX_ITEMS) {
        const part = items.slice(from, from + MAX_ITEMS);
        if (from > 0) report.note(`further purchase event of an order with more than ${MAX_ITEMS} products (same transaction_id, values add up)`, purchase.id);
        own.push({
          ...envelope(), name: "purchase", page: { type: "thank_you" },
          params: { transaction_id: purchase.id, currency: ONLINE_RETAIL_CURRENCY, value: valueOf(part), ...(from === 0 && purchase.shipping > 0 ? { shipping: cents(purchase.shipping) } : {}), items: part },
        });
      }
    }
    events.set(clientId, own);
  }
  return events;
}

interface Refund {
  id: string;
  clientId: string;
  atMs: number;
  transactionId: string;
  items: EventItem[];
}

/** Gives each cancelled line to the customer's latest earlier order of that product which has enough of it left. */
function matchReturns(orders: Log["orders"], returns: Log["returns"], report: CleaningReport): Refund[] {
  const bought = new Map<string, { order: Invoice; left: number }[]>();
  for (const order of [...orders.values()].sort((a, b) => a.atMs - b.atMs)) {
    for (const { code, quantity } of order.goods.values()) upsert(bought, `${order.clientId} ${code}`, (): { order: Invoice; left: number }[] => []).push({ order, left: quantity });
  }
  const refunds: Refund[] = [];
  for (const invoice of [...returns.values()].sort((a, b) => a.atMs - b.atMs)) {
    const byOrder = new Map<string, EventItem[]>();
    for (const { code, price, quantity } of invoice.goods.values()) {
      const source = bought.get(`${invoice.clientId} ${code}`)?.findLast(({ order, left }) => order.atMs <= invoice.atMs && left >= quantity);
      if (!source) {
        report.note("cancelled line without an earlier order that it could belong to", `${invoice.id} ${code}`);
        continue;
      }
      source.left -= quantity;
      upsert(byOrder, source.order.id, (): EventItem[] => []).push({ item_id: code, price, quantity });
    }
    for (const [transactionId, items] of byOrder) {
      for (let from = 0; from < items.length; from += MAX_ITEMS) refunds.push({ id: invoice.id, clientId: invoice.clientId, atMs: invoice.atMs, transactionId, items: items.slice(from, from + MAX_ITEMS) });
    }
  }
  return refunds;
}

/** `2010-12-01 08:26:00` or, as spreadsheets write it, `12/1/2010 8:26`; read as UTC. NaN if it is neither. */
function timeOf(text: string): number {
  const iso = /^(\d{4})-(\d\d?)-(\d\d?)[ T](\d\d?):(\d\d)/.exec(text);
  if (iso) return Date.UTC(+iso[1]!, +iso[2]! - 1, +iso[3]!, +iso[4]!, +iso[5]!);
  const us = /^(\d\d?)\/(\d\d?)\/(\d{4}) (\d\d?):(\d\d)/.exec(text);
  return us ? Date.UTC(+us[3]!, +us[1]! - 1, +us[2]!, +us[4]!, +us[5]!) : NaN;
}

function tidy(description: string): string {
  return description.replace(/\s+/g, " ").replace(/^[\s.,*]+|[\s.,*]+$/g, "").slice(0, 300);
}

/** The log shouts; shops do not. Words with digits stay as they are. */
function titleCase(text: string): string {
  const small = new Set(["AND", "OF", "IN", "WITH", "THE", "FOR", "A", "TO", "ON", "AT"]);
  return text.split(" ").map((word, i) => {
    if (/\d/.test(word)) return word;
    if (i > 0 && small.has(word)) return word.toLowerCase();
    return word.toLowerCase().replace(/(^|[-/+("])\p{L}/gu, (start) => start.toUpperCase());
  }).join(" ");
}

function pathOf(title: string): string {
  return title.normalize("NFKD").toLowerCase().replace(/['’\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

function number(text: string): number {
  return text.trim() === "" ? NaN : Number(text);
}
function valueOf(items: readonly EventItem[]): number {
  return cents(items.reduce((sum, { price = 0, quantity = 1 }) => sum + price * quantity, 0));
}
function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
function count(value: number): string {
  return value.toLocaleString("en");
}
function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
function upsert<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
