import { describe, expect, it } from "vitest";
import type { Product } from "../../../core/catalogue.ts";
import { FeedError, feedFormatOf, readFeed, type FeedFormat, type FeedRow } from "../../../core/feeds/feed.ts";

const CONTEXT = { currency: "GBP", nowMs: Date.UTC(2026, 2, 10) };

/** Reads a feed cut into pieces of this many characters: wherever chunks end, the answer is the same. */
async function read(format: FeedFormat, text: string, size = 7): Promise<FeedRow[]> {
  async function* chunks(): AsyncGenerator<string> {
    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
  }
  const rows: FeedRow[] = [];
  for await (const row of readFeed(format, chunks(), CONTEXT)) rows.push(row);
  return rows;
}
const products = (rows: FeedRow[]): Product[] => rows.flatMap((row) => (row.ok ? [row.product] : []));
const faults = (rows: FeedRow[]) => rows.flatMap((row) => (row.ok ? [] : [[row.line, row.column, row.path]]));

const XML = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>
<title>Lamps &amp; more</title>
<!-- <item> that is none -->
<item><g:id>L1</g:id><title><![CDATA[Lamp <bright>]]></title><link>https://shop.example/l?a=1&amp;b=2</link>
  <g:price>15.00 GBP</g:price><g:sale_price>12.00 GBP</g:sale_price><g:availability>in stock</g:availability>
  <g:shipping><g:country>GB</g:country><g:price>4.00 GBP</g:price></g:shipping>
  <g:image_link>https://shop.example/l.jpg</g:image_link><g:product_type>Home &gt; Lamps</g:product_type></item>
<item>
  <g:id>L2</g:id><title>Lamp &#8220;two&#x201D;</title><link>/l2</link>
  <g:price>15.00 EUR</g:price>
</item>
<item><g:id>L3</g:id><title>Lamp three</title><link>/l3</link><g:price>9</g:price><g:sale_price>5</g:sale_price><g:sale_price_effective_date>2026-01-01T00:00Z/2026-02-01T00:00Z</g:sale_price_effective_date></item>
</channel></rss>`;

describe("a Merchant Center feed in XML", () => {
  it("is read whichever way its bytes arrive, with what is nested in a product kept apart", async () => {
    for (const size of [1, 2, 3, 7, 64, 5000]) {
      const rows = await read("merchant-xml", XML, size);
      expect(products(rows)).toEqual([
        { id: "L1", title: "Lamp <bright>", link: "https://shop.example/l?a=1&b=2", image_link: "https://shop.example/l.jpg", price: 15, sale_price: 12, availability: "in_stock", product_type: "Home > Lamps" },
        // A sale that is over is no sale.
        { id: "L3", title: "Lamp three", link: "/l3", price: 9 },
      ]);
      // The place is the price's, which is in another currency than the shop's.
      expect(faults(rows)).toEqual([[11, 3, "product.price"]]);
    }
  });
  it("refuses to be used when it was cut off, or defines entities that could grow", async () => {
    await expect(read("merchant-xml", XML.slice(0, -20))).rejects.toThrow(/cut off/);
    await expect(read("merchant-xml", `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">]><rss><channel/></rss>`)).rejects.toThrow(/definitions of its own/);
    await expect(read("merchant-xml", "<rss><item></rss>")).rejects.toThrow(FeedError);
    await expect(read("merchant-xml", "just words")).rejects.toThrow(/no XML/);
  });
  it("is read as Atom too, whose links are attributes", async () => {
    const atom = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><entry><g:id>A</g:id><title>Lamp</title><link href="https://shop.example/a?x=1&amp;y=2"/><g:price>3</g:price></entry></feed>`;
    expect(products(await read("merchant-xml", atom))).toEqual([{ id: "A", title: "Lamp", link: "https://shop.example/a?x=1&y=2", price: 3 }]);
  });
});

describe("a table", () => {
  it("is read with tabs, commas or semicolons, quotes and line breaks within them", async () => {
    const rows = [["id", "title", "link", "image link", "Price"], ["1", "Lamp", "/1", "", "£1,299.00"], ["2", 'A "big"\nlamp', "/2", "", "1.299,50"]];
    for (const separator of ["\t", ",", ";"]) {
      const text = rows.map((cells) => cells.map((cell) => (/["\n\t,;]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(separator)).join("\r\n");
      for (const size of [1, 5, 1000]) expect(products(await read("merchant-tsv", `\ufeff${text}`, size))).toEqual([{ id: "1", title: "Lamp", link: "/1", price: 1299 }, { id: "2", title: 'A "big"\nlamp', link: "/2", price: 1299.5 }]);
    }
  });
  it("says on which line, at which character, a cell is wrong, and leaves out only that row", async () => {
    const rows = await read("merchant-tsv", "id\ttitle\tlink\tprice\n1\tLamp\t/1\tcheap\n2\t\"Two\nlines\"\t/2\t3\n3\tLamp\tnowhere\t3\n4\tLamp\t/4\t3\n");
    expect(products(rows).map(({ id }) => id)).toEqual(["2", "4"]);
    expect(faults(rows)).toEqual([[2, 11, "product.price"], [5, 8, "product.link"]]);
  });
  it("refuses to be used without the columns of products, or with a quote that never closes", async () => {
    await expect(read("merchant-tsv", "id\tname\n1\tx\n")).rejects.toThrow(/no column "title", "link", "price"/);
    await expect(read("merchant-tsv", 'id\ttitle\tlink\tprice\n1\t"Lamp\t/1\t3\n')).rejects.toThrow(/never closed/);
    await expect(read("merchant-tsv", "")).rejects.toThrow(/empty/);
  });
});

describe("exports of shop systems", () => {
  it("are read from Shopify's products.json: the cheapest variant's price, its sale, and stock while any variant has some", async () => {
    const text = JSON.stringify({ products: [
      { id: 11, title: "Mug", handle: "mug", body_html: "<p>A <b>mug</b>&nbsp;</p><script>x</script>", vendor: "Clay", product_type: "Kitchen", images: [{ src: "https://cdn.example/mug.jpg" }],
        variants: [{ id: 1, price: "9.00", compare_at_price: "12.00", available: false }, { id: 2, price: "10.00", compare_at_price: null, available: true }] },
      { id: 12, title: "Plate", handle: "plate", variants: [] },
    ] }, null, 1);
    for (const size of [1, 13, 4000]) {
      const rows = await read("shopify-json", text, size);
      expect(products(rows)).toEqual([{ id: "11", title: "Mug", link: "/products/mug", description: "A mug", image_link: "https://cdn.example/mug.jpg", price: 12, sale_price: 9, availability: "in_stock", brand: "Clay", product_type: "Kitchen" }]);
      expect(faults(rows).map(([, , path]) => path)).toEqual(["product.price"]);
    }
    await expect(read("shopify-json", text.slice(0, -3))).rejects.toThrow(/cut off/);
  });
  it("are read from WooCommerce's CSV: no variations, no drafts, the deepest category", async () => {
    const text = `ID,Type,SKU,Name,Published,Description,"In stock?",Stock,"Regular price","Sale price",Categories,Images
7,simple,S7,Mug,1,"<p>Clay, ""red""</p>",1,4,12,9.5,"Kitchen, Kitchen > Mugs","https://shop.example/a.jpg, https://shop.example/b.jpg"
8,variation,S8,Mug blue,1,,1,,12,,,
9,simple,S9,Draft,0,,1,,12,,,
10,simple,S10,Plate,1,,0,,dear,,,`;
    const rows = await read("woocommerce-csv", text);
    expect(products(rows)).toEqual([{ id: "7", title: "Mug", link: "/?p=7", description: 'Clay, "red"', image_link: "https://shop.example/a.jpg", price: 12, sale_price: 9.5, availability: "in_stock", product_type: "Kitchen > Mugs", quantity: 4 }]);
    expect(faults(rows)).toEqual([[5, 27, "product.price"]]);
  });
});

it("tells every format by its first characters", () => {
  expect(feedFormatOf(XML)).toBe("merchant-xml");
  expect(feedFormatOf("ID,Type,SKU,Name,\"Regular price\"\n")).toBe("woocommerce-csv");
  expect(feedFormatOf("id\ttitle\tlink\n")).toBe("merchant-tsv");
  expect(feedFormatOf('{ "products" : [')).toBe("shopify-json");
  expect(feedFormatOf('{"id":"a"}\n')).toBe("jsonl");
  expect(feedFormatOf("client_id,event\n")).toBeNull();
});
