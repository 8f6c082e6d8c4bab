import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ImportLine } from "../../core/api.ts";
import { parseEvent } from "../../core/events.ts";
import { readCatalogueFile } from "../../trainer/data/catalogue-file.ts";
import { createCleaningReport, type CleaningReport } from "../../trainer/data/cleaning.ts";
import { findSource } from "../../trainer/data/files.ts";
import { readerOf } from "../../trainer/data/formats.ts";
import { importLines } from "../../trainer/data/import-lines.ts";
import { DataFileError } from "../../trainer/data/rows.ts";

let folder: string;
let report: CleaningReport;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "endcap-"));
  report = createCleaningReport();
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const catalogue = (name: string, content: string | Buffer) => readCatalogueFile({ path: file(name, content), report });
async function history(name: string, content: string | Buffer): Promise<ImportLine[]> {
  const lines: ImportLine[] = [];
  const path = file(name, content);
  for await (const line of importLines((await readerOf(path))!.read(path, { report }), { currency: "EUR", nowMs: 99, report })) lines.push(line);
  return lines;
}

describe("a catalogue file", () => {
  const mug = { id: "m1", title: "Mug, blue", link: "/mug", price: 12.5, sale_price: 10, availability: "in_stock", brand: "Pot & Co", review_count: 7 };

  it("is the same shop as CSV, TSV and JSON lines, packed or not", async () => {
    const csv = '\ufeffid,Title,LINK,price,sale price,availability,brand,review_count,own column\nm1,"Mug, blue",/mug,12.50 EUR,"10,00"\n';
    expect(await catalogue("c.csv", csv.replace('"10,00"', "EUR 10.00,In Stock,Pot & Co,7,x"))).toEqual([mug]);
    expect(await catalogue("c.tsv.gz", gzipSync("id\ttitle\tlink\tprice\tsale_price\tavailability\tbrand\treview_count\nm1\tMug, blue\t/mug\t€12.50\t10\tin_stock\tPot & Co\t7\n"))).toEqual([mug]);
    expect(await catalogue("c.ndjson", `${JSON.stringify(mug)}\n\n`)).toEqual([mug]);
    expect(report.reasons()).toEqual([]);
  });

  it("loses no good row to a broken one, and names the broken ones by line", async () => {
    const products = await catalogue("c.csv", "id,title,link,price\na,A,/a,1\nb,B,/b,cheap\nc,,/c,1\n\"d\",\"two\nlines\",/d,\"1,299.00\"\ne,E\na,A again,/a,2\n");
    expect(products.map(({ id, title, price }) => [id, title, price])).toEqual([["a", "A again", 2], ["d", "two\nlines", 1_299]]);
    expect(report.print()).toContain("c.csv, line 3: b");
    expect(report.count("not a product: product.price must be a number, got string") + report.count("not a product: product.price must be a finite number, got string")).toBe(1);
    expect(report.count("not a product: product.title is missing")).toBe(1);
    expect(report.count("not a product: product.link is missing")).toBe(1);
    expect(report.count("id that stood in an earlier row too: the last one counts")).toBe(1);
    await catalogue("c.jsonl", "{\n");
    expect(report.count("line that is not JSON")).toBe(1);
  });

  it("that lacks columns, is empty, missing or cut off is refused in one sentence with file and line", async () => {
    await expect(catalogue("c.csv", "sku,name\n1,Mug\n")).rejects.toThrow(`${join(folder, "c.csv")}, line 1: no column "id", "title", "link", "price". The columns are sku, name`);
    await expect(catalogue("empty.csv", "")).rejects.toThrow(/empty\.csv is empty/);
    await expect(readCatalogueFile({ path: join(folder, "none.csv"), report })).rejects.toThrow(/There is no file .*none\.csv/);
    const rows = Array.from({ length: 20_000 }, (_, i) => `p${i},Product number ${i * 7919},/p${i},${i}.99`).join("\n");
    const cut = gzipSync(`id,title,link,price\n${rows}`).subarray(0, 60_000);
    const failure = await catalogue("cut.csv.gz", cut).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataFileError);
    expect((failure as Error).message).toMatch(/cut\.csv\.gz, after line [1-9]\d*: the gzip data is cut off or damaged/);
    const cutLines = await catalogue("cut.ndjson.gz", gzipSync(`${JSON.stringify(mug)}\n`.repeat(9)).subarray(0, 40)).catch((error: unknown) => error);
    expect(cutLines).toBeInstanceOf(DataFileError);
  });
});

describe("a history file", () => {
  const HEADER = "client_id,event,item_id,timestamp,price,quantity,transaction_id";

  it("with one act a row becomes numbered events in sessions", async () => {
    const lines = await history("e.csv", `${HEADER}
ann@example.com,view,m1,2026-01-01 10:00:00,12.5
ann@example.com,add_to_cart,m1,2026-01-01T10:10:00Z,12.5,2
bob,view_item,m2,1767261600
ann@example.com,view_item,m2,2026-01-01 11:00:00 UTC
ann@example.com,purchase,m1,1767265800000,12.5,2,T1
ann@example.com,purchase,m2,1767265800000,3,1,T1
`);
    const [ann, bob] = lines as [ImportLine, ImportLine];
    expect(lines.length).toBe(2);
    expect(JSON.stringify(lines)).not.toContain("example.com");
    expect(bob.events.map(({ occurredAtMs }) => occurredAtMs)).toEqual([Date.UTC(2026, 0, 1, 10)]);
    expect(ann.events.map(({ seq, name }) => [seq, name])).toEqual([[1, "view_item"], [2, "add_to_cart"], [3, "view_item"], [4, "purchase"]]);
    expect(ann.events[3]!.params).toEqual({ currency: "EUR", value: 28, transaction_id: "T1", items: [{ item_id: "m1", price: 12.5, quantity: 2 }, { item_id: "m2", price: 3, quantity: 1 }] });
    const sessions = ann.events.map(({ sessionId }) => sessionId);
    expect(sessions[0]).toBe(sessions[1]);
    expect(sessions[1]).not.toBe(sessions[2]);
    for (const event of ann.events) expect(parseEvent(event).ok).toBe(true);
  });

  it("read again gives the same numbers, sessions and ids", async () => {
    const text = `${HEADER}\nann,view,m1,2026-01-01\nann,view,m2,2026-01-02\n`;
    expect(await history("a.csv", text)).toEqual(await history("b.csv", text));
  });

  it("loses no good row to a broken one, and leaves no gap in the numbers", async () => {
    const lines = await history("e.csv", `${HEADER}\nann,view,m1,2026-01-01\nann,dance,m1,2026-01-01\nann,view,,2026-01-01\nann,view,m1,yesterday\n,view,m1,2026-01-01\nann,view,m1,2026-01-01,dear\nann,purchase,m1,2026-01-01\nann,view,m2,2026-01-02\n`);
    // The purchase has no order's number, and is an order of its own.
    expect(lines[0]!.events.map(({ seq, name }) => [seq, name])).toEqual([[1, "view_item"], [2, "purchase"], [3, "view_item"]]);
    expect(lines[0]!.events.every((event) => parseEvent(event).ok)).toBe(true);
    expect(report.reasons().map(({ reason }) => reason).sort()).toEqual([
      "event that Endcap does not know", "no client_id", "no product", "price or quantity that is not a number", "timestamp that cannot be read",
    ]);
    expect(report.print()).toContain("e.csv, line 3: dance");
  });

  it("of batches keeps their good events, and reports the numbers of the others void", async () => {
    const view = (seq: number) => ({ seq, name: "view_item", occurredAtMs: 1, sessionId: "session-1", params: { items: [{ item_id: "m1" }] } });
    const lines = await history("e.ndjson", [
      JSON.stringify({ clientId: "client-one", sentAtMs: 5, events: [view(1), { ...view(2), name: "nonsense" }, view(3)] }),
      "{", JSON.stringify({ clientId: "x", sentAtMs: 5, events: [] }), JSON.stringify({ clientId: "client-two", sentAtMs: 5 }),
      JSON.stringify({ clientId: "client-two", sentAtMs: 5, events: Array.from({ length: 70 }, (_, i) => view(i + 1)) }),
    ].join("\n"));
    expect(lines.map(({ clientId, events, voids }) => [clientId, events.length, voids])).toEqual([
      ["client-one", 2, [{ from: 2, to: 2, reason: "rejected" }]], ["client-two", 50, undefined], ["client-two", 20, undefined],
    ]);
    expect(report.reasons().reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(report.count("line that is not JSON")).toBe(1);
  });

  it("streams: many clients come out before the end is read", async () => {
    const rows = Array.from({ length: 120_000 }, (_, i) => `client${i % 3_000},view,m${i % 50},${1_767_261_600 + i}`).join("\n");
    let bytes = 0;
    let first: number | undefined;
    let gaps = 0;
    const seqs = new Map<string, number>();
    const path = file("big.csv", `${HEADER}\n${rows}\n`);
    const pieces = (await readerOf(path))!.read(path, { report, onBytes: (n) => { bytes += n; } });
    for await (const line of importLines(pieces, { currency: "EUR", nowMs: 99, report })) {
      first ??= bytes;
      for (const { seq } of line.events) {
        if (seq !== (seqs.get(line.clientId) ?? 0) + 1) gaps += 1;
        seqs.set(line.clientId, seq);
      }
    }
    expect(gaps).toBe(0);
    expect(first).toBeLessThan(bytes);
    expect([...seqs.values()].every((count) => count === 40)).toBe(true);
  });
});

describe("a folder", () => {
  it("is recognised by what lies in it", () => {
    expect(() => findSource({ data: folder })).toThrow(/holds no shop that Endcap knows/);
    expect(() => findSource({ data: join(folder, "none") })).toThrow(/There is no file or folder/);
    const events = file("events.csv.gz", "");
    expect(findSource({ data: folder })).toEqual({ kind: "files", catalogue: undefined, logs: [events] });
    const retail = file("online_retail.csv", "");
    expect(findSource({ data: folder })).toEqual({ kind: "online-retail", path: retail, currency: "GBP" });
  });
});
