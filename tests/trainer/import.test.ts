import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeCredentials } from "../../trainer/credentials.ts";
import { runImport } from "../../trainer/import.ts";
import { refuse, startSmallEdge, TOKEN, type SmallEdge } from "./small-edge.ts";

let edge: SmallEdge;
let folder: string;
let out: string;
let errors: string;
beforeEach(async () => {
  edge = await startSmallEdge();
  folder = mkdtempSync(join(tmpdir(), "endcap-"));
  writeCredentials({ edge: edge.url, shop: "gifts", writeKey: "w", merchantToken: TOKEN, signer: "f" }, folder);
});
afterEach(async () => {
  await edge.close();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
/** Runs the command as typed; @returns its exit code */
function type(...argv: string[]): Promise<number> {
  out = "";
  errors = "";
  return runImport([...argv, "--data-dir", folder], {
    now: () => Date.UTC(2026, 10, 23),
    write: (text) => { out += text; },
    writeError: (text) => { errors += text; },
    createProgress: () => ({ advance() {}, note() {}, done() {} }),
  });
}

const CATALOGUE = "id,title,link,price\nm1,Mug,/mug,12.5\nbroken,,/x,1\nm2,Cup,/cup,9\n";
const EVENTS = "client_id,event,item_id,timestamp,price,quantity,transaction_id\nann,view,m1,2026-01-01\nann,view,m1,some day\nann,purchase,m1,2026-01-02,12.5,1,T1\n";

describe("npm run import", () => {
  it("brings the good rows of catalogue and history to the edge and reports the others", async () => {
    expect(await type("--shop", "gifts", "--catalogue", file("c.csv", CATALOGUE), "--events", file("e.csv", EVENTS))).toBe(0);
    expect(edge.products.map((product) => (product as { id: string }).id)).toEqual(["m1", "m2"]);
    expect(edge.counted.size).toBe(2);
    // Amounts without a currency are in the shop's own.
    expect([...edge.counted.values()][1]).toContain('"currency":"GBP"');
    expect(out).toContain("c.csv, line 3: broken");
    expect(out).toContain("e.csv, line 3: some day");
    expect(out).toContain("2 products imported");
    expect(out).toContain("2 events counted, 0 known already");
    expect(errors).toBe("");
  });

  it("asks before a large part of the catalogue leaves, as when a feed broke off", async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `p${i},Product ${i},/p${i},1`);
    const feed = (count: number) => file("c.csv", `id,title,link,price\n${rows.slice(0, count).join("\n")}\n`);
    expect(await type("--shop", "gifts", "--catalogue", feed(100))).toBe(0);
    expect(await type("--shop", "gifts", "--catalogue", feed(69))).toBe(1);
    expect(errors).toContain("The shop has 100 products, and 31 of them are not in the new catalogue of 69. Is the file complete? If it is, add --replace.");
    expect(edge.products).toHaveLength(100);
    expect(await type("--shop", "gifts", "--catalogue", feed(70))).toBe(0);
    expect(out).toContain("30 products that the shop had are no longer in it.");
    expect(await type("--shop", "gifts", "--catalogue", feed(4), "--replace")).toBe(0);
    expect(edge.products).toHaveLength(4);
  });

  it("run twice counts nothing twice", async () => {
    const argv = ["--shop", "gifts", "--events", file("e.csv", EVENTS)];
    await type(...argv);
    expect(await type(...argv)).toBe(0);
    expect(edge.counted.size).toBe(2);
    expect(out).toContain("0 events counted, 2 known already");
  });

  it("sends nothing in a dry run, and needs no credentials for it", async () => {
    expect(await type("--shop", "nobody", "--catalogue", file("c.csv", CATALOGUE), "--events", file("e.csv", EVENTS), "--dry-run")).toBe(0);
    expect(edge.requests).toEqual([]);
    expect(out).toContain("2 products and 2 events would have been sent");
  });

  it("reads a year of the gift shop from its folder", async () => {
    file("online_retail.csv", "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n536366,POST,POSTAGE,1,2010-12-01 08:28:00,18,17850.0,France\n");
    expect(await type("--shop", "gifts", "--data", folder)).toBe(0);
    expect(edge.products).toMatchObject([{ id: "71053", title: "White Metal Lantern", price: 3.39 }]);
    expect(edge.counted.size).toBe(1);
    expect(out).toContain("2 lines, 1 customers, 2 products, 2 invoices");
  });

  it("keeps the shop's catalogue when not one row of the new one is a product", async () => {
    expect(await type("--shop", "gifts", "--catalogue", file("c.csv", "id,title,link,price\n,,,\nx,X,/x,free\n"))).toBe(1);
    expect(edge.requests.some(({ method }) => method === "PUT")).toBe(false);
    expect(errors).toContain("Not one row of the catalogue is a product");
    expect(out).toContain("c.csv, line 3: x");
  });

  it("says in one sentence what stands in the way", async () => {
    const events = file("e.csv", EVENTS);
    const cases: [argv: string[], code: number, message: RegExp][] = [
      [["--shop", "nobody", "--events", events], 1, /^No credentials for shop "nobody": .*nobody\.json does not exist\. Create the shop first.*\.\n$/],
      [["--shop", "gifts", "--events", join(folder, "none.csv")], 1, /^There is no file .*none\.csv\. Check the path\.\n$/],
      [["--shop", "gifts", "--catalogue", events], 1, /^.*e\.csv, line 1: no column "id", "title", "link"\. The columns are .*\.\n$/],
      [["--shop", "gifts"], 2, /^What is to be imported\?/],
      [["--events", events], 2, /^Which shop\?/],
      [["--shop", "gifts", "--data", folder, "--events", events], 2, /^--data names both files/],
      [["--shop", "gifts", "--data", folder, "--shift-weeks", "some"], 2, /^--shift-weeks must be a whole number/],
      [["--shop", "gifts", "--colour", "red"], 2, /--colour/],
    ];
    for (const [argv, code, message] of cases) {
      expect(await type(...argv), argv.join(" ")).toBe(code);
      expect(errors).toMatch(message);
    }
    edge.faults.push({ path: "/import", act: (response) => refuse(response, 403, "wrong-shop", false) });
    expect(await type("--shop", "gifts", "--events", events)).toBe(1);
    expect(errors).toBe("The edge refuses (wrong-shop): Because of wrong-shop.\n");
  });
});
