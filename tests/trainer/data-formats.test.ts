import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Act } from "../../trainer/data/acts.ts";
import type { CleaningReport } from "../../trainer/data/cleaning.ts";
import { findSource, openLog, readShop } from "../../trainer/data/files.ts";
import { loadFromFiles } from "../../trainer/load.ts";
import { DataFileError } from "../../trainer/data/rows.ts";

const NOW_MS = Date.UTC(2026, 5, 1);
let folder: string;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "endcap-"));
  said = "";
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer | readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" || Buffer.isBuffer(content) ? content : content.map((value) => JSON.stringify(value)).join("\n"));
  return path;
}
/** Acts without where they stand and without what is undefined. */
async function acts(data: string, more: object = {}): Promise<{ acts: Partial<Act>[]; report: CleaningReport }> {
  const source = findSource({ data, ...more });
  if (source.kind !== "files") throw new Error("not files");
  const log = await openLog(source, {});
  const found: Partial<Act>[] = [];
  for await (const pieces of log.pieces()) for (const piece of pieces) if ("act" in piece) found.push(JSON.parse(JSON.stringify({ ...piece.act, line: undefined })) as Partial<Act>);
  return { acts: found, report: log.report };
}
const load = (data: string, more: object = {}) => loadFromFiles({ files: { data, ...more }, nowMs: NOW_MS, print: (text) => (said += `${text}\n`) });

describe("a GA4 export from BigQuery", () => {
  const event = (event_name: string, user: string, minute: number, items: object[], more = {}) => ({ event_date: "20260105", event_timestamp: String(Date.UTC(2026, 0, 5, 10, minute) * 1000), event_name, user_pseudo_id: user, items, ...more });
  const mug = { item_id: "M1", item_name: "Mug", item_brand: "Pot", item_category: "Kitchen", item_category2: "Mugs", item_variant: "(not set)", price: 12.5, quantity: "2" };

  it("tells what was viewed and bought, by whom, and what it is", async () => {
    const { acts: found } = await acts(file("events_20260105.json", [
      event("page_view", "u.1", 0, []), event("view_item", "u.1", 1, [mug], { user_id: "ann" }),
      event("purchase", "u.1", 2, [mug, { item_id: "(not set)", item_name: "Plate" }], { ecommerce: { transaction_id: "T1" } }),
    ]));
    expect(found[0]).toEqual({ client: "u.1", person: "ann", name: "view_item", itemId: "M1", atMs: Date.UTC(2026, 0, 5, 10, 1), price: 12.5, quantity: 2, product: { title: "Mug", brand: "Pot", category: "Kitchen > Mugs" } });
    expect(found.slice(1).map(({ name, itemId, transactionId }) => [name, itemId, transactionId])).toEqual([["purchase", "M1", "T1"], ["purchase", "Plate", "T1"]]);
  });

  it("leaves out, and counts, events without a person or a product's id", async () => {
    const { acts: found, report } = await acts(file("e.ndjson.gz", gzipSync([event("view_item", "u.1", 1, [mug]), { ...event("view_item", "", 1, [mug]) }, event("view_item", "u.1", 1, [{ price: 3 }])].map((value) => JSON.stringify(value)).join("\n"))));
    expect(found).toHaveLength(1);
    expect(report.count("event without user_pseudo_id, of somebody who did not consent")).toBe(1);
    expect(report.count("product without id")).toBe(1);
  });
});

it("understands a log of Segment-style calls, and counts no program", async () => {
  const call = (event: string, properties: object, more = {}) => ({ type: "track", event, anonymousId: "a-1", timestamp: "2026-01-05T10:00:00.000Z", properties, ...more });
  const { acts: found, report } = await acts(file("calls.jsonl", [
    { type: "page", anonymousId: "a-1", properties: {} },
    call("Product Viewed", { product_id: "M1", sku: "s", name: "Mug", category: "Kitchen/Mugs", price: "12.5" }, { userId: "ann" }),
    call("Product Viewed", { product_id: "M1" }, { context: { userAgent: "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" } }),
    call("Order Completed", { order_id: "T1", products: [{ product_id: "M1", quantity: 2 }, { sku: "P1" }] }),
    call("Order Refunded", { order_id: "T1", products: [{ product_id: "M1", quantity: 2 }] }),
  ]));
  expect(found.map(({ name, itemId, transactionId }) => [name, itemId, transactionId])).toEqual([["view_item", "M1", undefined], ["purchase", "M1", "T1"], ["purchase", "P1", "T1"], ["refund", "M1", "T1"]]);
  expect(found[0]).toMatchObject({ client: "a-1", person: "ann", price: 12.5, product: { title: "Mug", category: "Kitchen > Mugs" } });
  expect(report.count("call of a program, by its user agent")).toBe(1);
});

it("reads Shopify's export of orders: several rows an order, what was cancelled left out", async () => {
  const header = "Name,Email,Financial Status,Paid at,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Vendor,Cancelled at";
  const { acts: found, report } = await acts(file("orders_export_1.csv", `${header}
#1001,ann@example.com,paid,2026-01-05 11:00:00 +0100,2026-01-05 11:00:00 +0100,2,"Mug, blue",12.50,M1,Pot,
#1001,ann@example.com,,,,1,Plate,8.00,,Pot,
#1002,bob@example.com,refunded,2026-01-06 11:00:00 +0100,2026-01-06 11:00:00 +0100,1,Plate,8.00,P1,Pot,
#1003,,paid,2026-01-07 11:00:00 +0100,2026-01-07 11:00:00 +0100,1,Plate,8.00,P1,Pot,
`));
  expect(found).toEqual([
    { client: "ann@example.com", name: "purchase", itemId: "M1", atMs: Date.UTC(2026, 0, 5, 10), quantity: 2, price: 12.5, transactionId: "#1001", product: { title: "Mug, blue", brand: "Pot" } },
    { client: "ann@example.com", name: "purchase", itemId: "Plate", atMs: Date.UTC(2026, 0, 5, 10), quantity: 1, price: 8, transactionId: "#1001", product: { title: "Plate", brand: "Pot" } },
    expect.objectContaining({ client: "order #1003" }),
  ]);
  expect(report.count("product of an order that was cancelled, refunded or never paid")).toBe(1);
});

describe("a WooCommerce export of orders", () => {
  it("has a row per product, or all of an order's products in one row", async () => {
    const rows = await acts(file("rows.csv", "Order Number;Order Status;Order Date;Email (Billing);SKU;Item Name;Quantity;Item Cost\n7;wc-completed;2026-01-05 11:00;ann@example.com;M1;Mug;2;12,50\n7;wc-completed;2026-01-05 11:00;ann@example.com;P1;Plate;1;8\n8;Cancelled;2026-01-05 12:00;bob@example.com;P1;Plate;1;8\n"));
    const columns = await acts(file("columns.csv", 'order_id,order_date,status,customer_id,customer_email,line_item_1,line_item_2\n7,01/25/2026 11:00:00,completed,0,ann@example.com,name:Mug|product_id:12|sku:M1|quantity:2|total:25.00,name:Plate|product_id:13|sku:|quantity:1|total:8\n'));
    expect(rows.acts.map(({ client, itemId, quantity, price, transactionId }) => [client, itemId, quantity, price, transactionId])).toEqual([["ann@example.com", "M1", 2, 12.5, "7"], ["ann@example.com", "P1", 1, 8, "7"]]);
    expect(columns.acts.map(({ client, itemId, quantity, price, atMs }) => [client, itemId, quantity, price, atMs])).toEqual([["ann@example.com", "M1", 2, 12.5, Date.UTC(2026, 0, 25, 11)], ["ann@example.com", "13", 1, 8, Date.UTC(2026, 0, 25, 11)]]);
  });

  it("names products as the catalogue does, of the ids that it gives", async () => {
    file("catalogue.csv", "id,title,link,price\n12,Mug,/mug,12.50\nP1,Plate,/plate,8\n");
    file("orders.csv", "order_id,order_date,status,customer_id,product_id,sku\n7,2026-01-05,completed,3,12,M1\n7,2026-01-05,completed,3,13,P1\n");
    expect((await acts(folder)).acts.map(({ itemId }) => itemId)).toEqual(["12", "P1"]);
  });
});

describe("a table of acts", () => {
  it.each([
    ["REES46's", "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n2019-10-01 00:00:01 UTC,cart,17,205,furniture.sofa,bosch,543.10,519107250,566511c2\n", { client: "519107250", name: "add_to_cart", itemId: "17", atMs: Date.UTC(2019, 9, 1, 0, 0, 1), price: 543.1, product: { brand: "bosch", category: "furniture > sofa" } }],
    ["RetailRocket's", "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,transaction,17,4000\n", { client: "257597", name: "purchase", itemId: "17", atMs: 1433221332117, transactionId: "4000" }],
    ["RecSys Challenge 2015's", "SessionId\tItemId\tTime\n3\t17\t1396437466.94\n", { client: "3", name: "view_item", itemId: "17", atMs: 1396437466940 }],
    ["DIGINETICA's", "sessionId;userId;timeframe;eventdate;ordernumber;itemId\n151;NA;6454547;2016-05-06;16290;17\n", { client: "sessionId 151", name: "purchase", itemId: "17", atMs: Date.UTC(2016, 4, 6), transactionId: "16290" }],
  ])("is understood with %s columns", async (_, text, act) => {
    expect((await acts(file("log.csv", text))).acts).toEqual([act]);
  });

  it("with columns of its own is understood by a mapping, alone or in its folder", async () => {
    const log = file("verlauf.csv", "Kunde;Art;Artikel;Datum;Menge\nAnna;Kauf;17;03.04.2026 14:05;2\nAnna;Ansicht;18;03.04.2026 14:06;\n");
    await expect(acts(log)).rejects.toThrow(/verlauf\.csv is of no format that Endcap knows\. Its columns are kunde, art, artikel, datum, menge/);
    const mapping = file("mapping.json", [{ columns: { client: "Kunde", event: "Art", item: "Artikel", time: "Datum", quantity: "Menge" }, events: { Kauf: "purchase", Ansicht: "view_item" } }]);
    const expected = [{ client: "Anna", name: "purchase", itemId: "17", atMs: Date.UTC(2026, 3, 3, 14, 5), quantity: 2 }, { client: "Anna", name: "view_item", itemId: "18", atMs: Date.UTC(2026, 3, 3, 14, 6) }];
    expect((await acts(log, { mapping })).acts).toEqual(expected);
    expect((await acts(folder)).acts).toEqual(expected);
    file("mapping.json", [{ columns: { client: "Kunde", item: "Ware", time: "Datum" } }]);
    await expect(acts(folder)).rejects.toThrow('no column "Ware", which the mapping names for "item". The columns are Kunde, Art, Artikel, Datum, Menge');
    file("mapping.json", [{ columns: { client: "Kunde", item: "Artikel", time: "Datum" }, events: { Kauf: "sold" } }]);
    await expect(acts(folder)).rejects.toThrow('mapping.events["Kauf"] must be one of view_item');
  });

  it("with dates that may be read in two ways is not guessed at", async () => {
    const log = file("log.csv", "client_id,item_id,date\nann,17,3/4/2026\nann,18,5/4/2026\n");
    await expect(acts(log)).rejects.toThrow(/line 2: "3\/4\/2026" may be a day and a month or a month and a day\. Say which with --dates/);
    expect((await acts(log, { dates: "day-first" })).acts[0]!.atMs).toBe(Date.UTC(2026, 3, 3));
    expect((await acts(log, { dates: "month-first" })).acts[0]!.atMs).toBe(Date.UTC(2026, 2, 4));
    expect((await acts(file("clear.csv", "client_id,item_id,date\nann,17,3/4/2026\nann,18,25/4/2026\n"))).acts[0]!.atMs).toBe(Date.UTC(2026, 3, 3));
  });

  it("of which hardly a row can be used is refused, with the reason", async () => {
    const rows = (time: string) => Array.from({ length: 150 }, (_, i) => `ann,${i},${i < 20 ? "2026-01-05" : time}`).join("\n");
    await expect(acts(file("log.csv", `client_id,item_id,date\n${rows("last Monday")}\n`))).rejects.toThrow(/log\.csv: only 20 of 150 rows can be used\. Most often: timestamp that cannot be read \(log\.csv, line 22: last Monday\)/);
    await expect(acts(file("log.csv", `client_id,item_id,date\n${rows("2026-02-31")}\n`))).rejects.toThrow(/2026-02-31/);
  });
});

describe("benchmarks' files", () => {
  it("of sessions follow each other in the file's order, and test parts stay out", async () => {
    file("train_seqs.txt", "1 2\n3 4 5\n");
    file("test.tsv", "1 2\t3\n");
    const { acts: found, report } = await acts(folder);
    expect(found.map(({ client, itemId }) => [client, itemId])).toEqual([["line 1", "1"], ["line 1", "2"], ["line 2", "3"], ["line 2", "4"], ["line 2", "5"]]);
    expect(found.every(({ atMs }, i) => i === 0 || atMs! > found[i - 1]!.atMs!)).toBe(true);
    expect(report.remarks().join()).toContain("test.tsv is left out: it is the test part of a benchmark");
  });

  it("of users reach from the first day to the last each, and know users' ids from items", async () => {
    const found = (await acts(file("Beauty.txt", "1 17 18\n2 19 20 21\n3 17 21\n"))).acts;
    expect(found.map(({ client, itemId }) => [client, itemId])).toEqual([["1", "17"], ["1", "18"], ["2", "19"], ["2", "20"], ["2", "21"], ["3", "17"], ["3", "21"]]);
    expect((await acts(file("train_input.txt", "17 18\n90 20 21\n3 21\n"))).acts).toHaveLength(7);
  });
});

describe("a data set from files", () => {
  const view = (client: string, item: string, minute: number) => `${client},view,${item},${new Date(Date.UTC(2026, 0, 5, 10, minute)).toISOString()}`;
  const HEADER = "client_id,event,item_id,timestamp";

  it("counts what says the same twice once, puts acts in order, and leaves out what no clock of a shop shows", async () => {
    const log = file("log.csv", [HEADER, view("ann", "b", 2), view("ann", "a", 1), view("ann", "b", 2), view("bob", "a", 5), "ann,view,a,1970-01-02", "ann,view,c,2026-07-05", ""].join("\n"));
    const dataset = await load(log);
    expect(dataset.shoppers.find(({ clientId }) => clientId === "ann")!.history.map(({ item_id }) => item_id)).toEqual(["a", "b"]);
    expect(dataset.report).toMatchObject({ duplicateEvents: 1, wrongTimes: 2, events: 6 });
    // Of one order's rows in two files nothing changes but the order of arrival.
    rmSync(log);
    mkdirSync(join(folder, "parts"));
    file("parts/1.csv", [HEADER, view("bob", "a", 5), view("ann", "a", 1)].join("\n"));
    file("parts/2.csv", [HEADER, "ann,view,c,2026-07-05", view("ann", "b", 2)].join("\n"));
    expect((await load(join(folder, "parts"))).dataHash).toBe(dataset.dataHash);
  });

  it("learns nothing from what came back, but for the part that stayed", async () => {
    const order = (client: string, id: string, item: string, day: number, quantity: number, act = "purchase") => `${client},${act},${item},2026-01-${String(day).padStart(2, "0")},${quantity},${id}`;
    const { shoppers, report } = await load(file("log.csv", [`${HEADER},quantity,transaction_id`, order("ann", "1", "a", 1, 2), order("ann", "2", "b", 2, 3), order("ann", "2", "c", 2, 1), order("ann", "1", "a", 4, 2, "refund"), order("ann", "2", "b", 5, 1, "refund"), order("bob", "3", "a", 1, 1)].join("\n")));
    expect(shoppers.find(({ clientId }) => clientId === "ann")!.history.map(({ item_id }) => item_id)).toEqual(["b", "c"]);
    expect(report.returnedEntries).toBe(1);
  });

  it("leaves out sessions that nobody could have read, and keeps the same client's others", async () => {
    const rows = Array.from({ length: 150 }, (_, i) => `ann,view,${i % 7},${new Date(Date.UTC(2026, 0, 5, 10) + i * 200).toISOString()}`);
    const { shoppers, report } = await load(file("log.csv", [HEADER, ...rows, "ann,view,x,2026-01-07", "bob,view,x,2026-01-07", ""].join("\n")));
    expect(report).toMatchObject({ fastSessions: 1, fastSessionEvents: 150 });
    expect(shoppers.map(({ history }) => history.map(({ item_id }) => item_id))).toEqual([["x"], ["x"]]);
  });

  it("describes its products by what the log says of them, where there is no catalogue", async () => {
    const log = file("log.csv", `${HEADER},price,item_name,brand,category\nann,view,a,2026-01-05,10,Mug,Pot,Kitchen/Mugs\nann,view,b,2026-01-06,,,,\nann,view,a,2026-01-07,9,,,\n`);
    const { products } = await load(log);
    expect(products).toEqual([
      { id: "a", title: "Mug", link: "/products/a", price: 9, brand: "Pot", product_type: "Kitchen > Mugs" },
      { id: "b", title: "b", link: "/products/b", price: 0 },
    ]);
    const catalogue = file("feed.csv", "id,title,link,price\na,Cup,/cup,7\nz,Zebra,/z,1\n");
    const known = await load(log, { catalogue });
    expect(known.itemIds).toEqual(["a", "z"]);
    expect(known.report).toMatchObject({ unknownProducts: 1, unknownProductEvents: 1 });
  });

  it("forgets whom an export says to be erased, and only what came before", async () => {
    const line = (clientId: string, seq: number, item_id: string) => ({ clientId, receivedAtMs: 1, events: [{ seq, name: "view_item", occurredAtMs: Date.UTC(2026, 0, 5, 10, seq), sessionId: "session-1", params: { items: [{ item_id }] } }] });
    const dataset = await load(file("export.ndjson", [line("client-gone", 1, "a"), line("client-here", 1, "b"), { erased: createHash("sha256").update("client-gone").digest("hex"), receivedAtMs: 2 }, line("client-gone", 2, "c")]));
    expect(dataset.shoppers.map(({ clientId, history }) => [clientId, history.map(({ item_id }) => item_id)])).toEqual([["client-gone", ["c"]], ["client-here", ["b"]]]);
    expect(dataset.report.erasedEvents).toBe(1);
  });

  it("says what it made of each file", async () => {
    file("log.csv", `${HEADER}\n${view("ann", "a", 1)}\n${view("ann", "b", 2)}\n`);
    file("notes.csv", "remark\nnothing\n");
    await load(folder);
    expect(said).toContain("log.csv is read as a table with one act a row.");
    expect(said).toContain("notes.csv is left out: it is of no format that Endcap knows.");
  });
});

it("imports any of these formats into a shop too, without a word of who it was", async () => {
  const orders = file("orders_export.csv", "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n#1,ann@example.com,paid,2026-01-05 11:00:00 +0100,2,Mug,12.50,M1\n#1,,,,1,Plate,8,P1\n");
  const lines = [];
  for await (const line of (await readShop(findSource({ data: orders }), { currency: "EUR", nowMs: NOW_MS })).lines()) lines.push(line);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain("example.com");
  expect(lines[0]!.events.map(({ name, params }) => [name, params])).toEqual([["purchase", { currency: "EUR", value: 33, transaction_id: "#1", items: [{ item_id: "M1", price: 12.5, quantity: 2 }, { item_id: "P1", price: 8, quantity: 1 }] }]]);
});

describe("a file that cannot be read", () => {
  const HEADER = "client_id,item_id,timestamp\n";
  it.each([
    ["is cut off", "log.csv.gz", () => gzipSync(HEADER + Array.from({ length: 20_000 }, (_, i) => `c${i % 977},${(i * 7919) % 10_007},${1_767_261_600 + i * 37}`).join("\n")).subarray(0, 60_000), /log\.csv\.gz, after line [1-9]\d*: the gzip data is cut off or damaged.*Copy the file again/],
    ["has other columns", "log.csv", () => "kunde,preis\nann,3\n", /log\.csv is of no format that Endcap knows\. Its columns are kunde, preis\. What can be read:\n {2}- Endcap's own log/],
    ["is empty", "log.csv", () => "", /log\.csv is empty/],
    ["is a header only", "log.csv", () => HEADER, /names no product that a person viewed/],
    ["is saved as UTF-16", "log.csv", () => Buffer.from(`\ufeff${HEADER}`, "utf16le"), /log\.csv is saved as UTF-16\. Save it as "CSV UTF-8"/],
    ["has a quotation mark that is never closed", "log.csv", () => `${HEADER}ann,"a,2026-01-05\nbob,b,2026-01-05\n`, /log\.csv, line 2: a quotation mark is opened there and never closed/],
    ["has products without ids", "log.csv", () => `${HEADER}ann,,2026-01-05\nbob,,2026-01-06\n`, /none of 2 rows can be used\. Most often: no product \(log\.csv, line 2/],
    ["has one product only", "log.csv", () => `${HEADER}ann,a,2026-01-05\nbob,a,2026-01-06\n`, /names one product only/],
  ])("because it %s is refused with a sentence that says where and what to do", async (_, name, content, sentence) => {
    const path = file(name, content());
    await expect(load(path)).rejects.toThrow(sentence);
    await expect(load(path)).rejects.toSatisfy((error) => error instanceof DataFileError || (error as Error).name === "DatasetError");
  });
});
