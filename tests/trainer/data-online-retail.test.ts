import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../core/calendar.ts";
import { parseProduct } from "../../core/catalogue.ts";
import { MAX_BATCH_BYTES, MAX_EVENTS_PER_BATCH, parseEvent, type EventOf, type ShopEvent } from "../../core/events.ts";
import { headNoun } from "../../trainer/data/head-nouns.ts";
import { findOnlineRetail, readOnlineRetail } from "../../trainer/data/online-retail.ts";

const WEEK_MS = 7 * DAY_MS;
const nowMs = Date.UTC(2026, 10, 23, 12);
const HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "endcap-")); });
afterEach(() => rmSync(folder, { recursive: true }));

/** Rows without the country, which never differs here. */
async function read(rows: string[], name = "online_retail.csv") {
  const path = join(folder, name);
  const text = [HEADER, ...rows.map((row) => `${row},United Kingdom`)].join("\n");
  writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : text);
  const data = await readOnlineRetail({ path, nowMs });
  return { data, events: [...data.lines()].flatMap((line) => line.events.map((event) => ({ clientId: line.clientId, ...event }))) };
}
const sale = (invoice: string, code: string, quantity = 1, price = 2.5, customer = "17850.0", time = "2010-12-01 08:26:00", title = "WHITE HANGING HEART T-LIGHT HOLDER") => `${invoice},${code},${title},${quantity},${time},${price},${customer}`;
const purchases = (events: ShopEvent[]) => events.filter((event): event is EventOf<"purchase"> => event.name === "purchase");
const refunds = (events: ShopEvent[]) => events.filter((event): event is EventOf<"refund"> => event.name === "refund");

describe("the gift shop's log", () => {
  it("becomes orders with their products, values and shipping", async () => {
    const { data, events } = await read([sale("536365", "85123A", 6, 2.55), sale("536365", "71053", 2, 3.39), sale("536365", "POST", 1, 18, undefined, undefined, "POSTAGE"), sale("536366", "22632", 3, 1.85, "12345")]);
    expect(data.sales).toEqual({ lines: 4, customers: 2, products: 4, invoices: 2 });
    expect(data.events).toBe(2);
    expect(purchases(events)[0]!.params).toEqual({
      transaction_id: "536365", currency: "GBP", value: 22.08, shipping: 18,
      items: [{ item_id: "85123A", price: 2.55, quantity: 6 }, { item_id: "71053", price: 3.39, quantity: 2 }],
    });
    expect(data.products.map(({ id }) => id)).toEqual(["22632", "71053", "85123A"]);
    for (const event of events) expect(parseEvent(event).ok).toBe(true);
    for (const product of data.products) expect(parseProduct(product).ok).toBe(true);
  });

  it("keeps weekday and time of day, moved by whole weeks to end just before now", async () => {
    const { data, events } = await read([sale("1", "71053"), sale("2", "71053", 1, 1, "17850", "2011-12-09 12:50:00")]);
    const [first, last] = events.map(({ occurredAtMs }) => occurredAtMs) as [number, number];
    expect((first - Date.UTC(2010, 11, 1, 8, 26)) / WEEK_MS).toBe(data.shiftWeeks);
    expect(last).toBeLessThanOrEqual(nowMs);
    expect(nowMs - last).toBeLessThan(WEEK_MS);
    const later = await readOnlineRetail({ path: join(folder, "online_retail.csv"), nowMs: nowMs + 5 * WEEK_MS, shiftWeeks: data.shiftWeeks });
    expect([...later.lines()].flatMap((line) => line.events)).toEqual([...data.lines()].flatMap((line) => line.events));
  });

  it("hides customer numbers, the same customer always behind the same id", async () => {
    const { data, events } = await read([sale("1", "71053"), sale("2", "71053", 1, 1, "17850"), sale("3", "71053", 1, 1, "12346.0")]);
    expect(new Set(events.map(({ clientId }) => clientId)).size).toBe(2);
    expect(JSON.stringify([...data.lines()])).not.toContain("17850");
    expect(events.filter(({ clientId }) => clientId === events[0]!.clientId).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  it("gives a return to the latest earlier order that has enough left, and counts the others", async () => {
    const { data, events } = await read([
      sale("1", "71053", 5, 2, "17850", "2010-12-01 08:00:00"), sale("2", "71053", 3, 2, "17850", "2010-12-02 08:00:00"),
      sale("C3", "71053", -3, 2, "17850", "2010-12-03 08:00:00"), sale("C4", "71053", -2, 2, "17850", "2010-12-04 08:00:00"),
      sale("C5", "71053", -9, 2, "17850", "2010-12-05 08:00:00"), sale("C0", "22632", -1, 2, "17850", "2010-11-30 08:00:00"),
    ]);
    expect(refunds(events).map(({ params }) => [params.transaction_id, params.value])).toEqual([["2", 6], ["1", 4]]);
    expect(data.report.count("cancelled line without an earlier order that it could belong to")).toBe(2);
  });

  it("splits an order of more than 200 products into events of one transaction whose values add up", async () => {
    const { data, events } = await read(Array.from({ length: 450 }, (_, i) => sale("9", String(10_000 + i), 2, 1.5)));
    expect(purchases(events).map(({ params }) => [params.transaction_id, params.items.length])).toEqual([["9", 200], ["9", 200], ["9", 50]]);
    expect(purchases(events).reduce((sum, { params }) => sum + params.value!, 0)).toBe(1_350);
    expect(data.sales.invoices).toBe(1);
    for (const line of data.lines()) {
      expect(line.events.length).toBeLessThanOrEqual(MAX_EVENTS_PER_BATCH);
      expect(Buffer.byteLength(JSON.stringify(line))).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    }
  });

  it("leaves out what is dirty, by reason, with file and line, and keeps the rest", async () => {
    const { data, events } = await read([
      sale("1", "71053", 1, 2.5, ""), sale("2", "71053", 1, 0), sale("3", "71053", -4), "4,71053,X,many,2010-12-01 08:26:00,1,17850", sale("5", "71053", 1, 1, "17850", "yesterday"),
      sale("6", "BANK CHARGES", 1, 15, "17850", undefined, "Bank Charges"), sale("7", "71053", 2), sale("7", "71053", 3),
    ]);
    expect(events.length).toBe(1);
    expect(purchases(events)[0]!.params.items).toEqual([{ item_id: "71053", price: 2.5, quantity: 5 }]);
    const { report } = data;
    expect(report.count("no customer number")).toBe(1);
    expect(report.count("no price")).toBe(1);
    expect(report.count("negative quantity without a cancellation")).toBe(1);
    expect(report.count("line that cannot be read")).toBe(2);
    expect(report.count("not a product: BANK CHARGES (Bank Charges)")).toBe(1);
    expect(report.count("line repeated within its invoice, quantities added")).toBe(1);
    expect(report.print()).toContain("online_retail.csv, line 2: 1 71053");
  });

  it("names products by their most frequent description and prices them by the median of the latest sales", async () => {
    const { data } = await read([
      ...Array.from({ length: 40 }, (_, i) => sale(String(i), "20725", 1, i < 20 ? 9 : 1.65, "17850", undefined, "LUNCH BAG  RED RETROSPOT")), sale("90", "20725", 1, 1.65, "17850", undefined, "damaged?"),
    ]);
    expect(data.products).toEqual([expect.objectContaining({ id: "20725", title: "Lunch Bag Red Retrospot", price: 1.65, product_type: "Bags & Purses > Other Bags & Purses" })]);
  });

  it("is found in a folder, packed or not, and read alike", async () => {
    const plain = await read([sale("1", "71053")]);
    const packed = await read([sale("1", "71053")], "Online Retail.csv.gz");
    expect(packed.events).toEqual(plain.events);
    rmSync(join(folder, "online_retail.csv"));
    expect(findOnlineRetail(folder)).toBe(join(folder, "Online Retail.csv.gz"));
    expect(findOnlineRetail(tmpdir())).toBeUndefined();
  });
});

describe("a head noun", () => {
  it("is the last word that names a kind of thing, not what it is made for or comes with", () => {
    expect(headNoun("White Hanging Heart T-Light Holder")).toBe("holder");
    expect(headNoun("Jumbo Bag Red Retrospot")).toBe("bag");
    expect(headNoun("Wooden Box with 4 Drawers")).toBe("box");
    expect(headNoun("72 Sweetheart Fairy Cake Cases")).toBe("case");
    expect(headNoun("Set of 3 Butterfly Cookie Cutters")).toBe("cutter");
    expect(headNoun("Childrens Cutlery Dolly Girl")).toBe("cutlery");
    expect(headNoun("Smiley Thing")).toBeUndefined();
  });
});

const given = process.env["ENDCAP_DATA"];
const real = given === undefined ? undefined : (findOnlineRetail(given) ?? findOnlineRetail(`${given}/online-retail`));
describe("the whole year", () => {
  it.skipIf(real === undefined)(`gives the counts that everybody gets${real === undefined ? " (skipped: ENDCAP_DATA names no folder with online_retail.csv.gz)" : ""}`, async () => {
    const data = await readOnlineRetail({ path: real!, nowMs });
    expect(data.sales).toEqual({ lines: 397_884, customers: 4_338, products: 3_665, invoices: 18_532 });
    expect(data.report.count("no customer number")).toBe(135_080);
    expect(data.products.length).toBe(3_660);
    const names = new Map<string, number>();
    let revenue = 0;
    const transactions = new Set<string>();
    for (const { events } of data.lines()) {
      for (const event of events) {
        names.set(event.name, (names.get(event.name) ?? 0) + 1);
        if (event.name !== "purchase") continue;
        transactions.add(event.params.transaction_id);
        revenue += event.params.value! + (event.params.shipping ?? 0);
      }
    }
    expect(Object.fromEntries(names)).toEqual({ purchase: 18_431, refund: 3_695 });
    expect(transactions.size).toBe(18_402);
    expect(revenue).toBeGreaterThan(8.8e6);
    expect(process.memoryUsage().heapUsed).toBeLessThan(1e9);
  });
});
