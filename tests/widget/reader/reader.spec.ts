/** What the reader understands of pages that nobody prepared, source by source, in a real browser. */
import { expect, test } from "@playwright/test";
import { jsonLd, open, read, readOpen } from "./read.ts";

const OFFER = { "@type": "Offer", price: "249.50", priceCurrency: "EUR", availability: "https://schema.org/InStock" };
const TABLE = { "@context": "https://schema.org", "@type": "Product", name: "Oak table", sku: "T-77", brand: { "@type": "Brand", name: "Holz & Co" }, gtin13: "4006381333931", image: ["/a.jpg", "/b.jpg"], offers: OFFER };
const PLAIN = '<h1>Oak table</h1><p class="price">€249.50</p><form action="/cart/add"><button>Add to cart</button></form>';

test.describe("JSON-LD", () => {
  test("gives the product with all that it says, and GA4's event of it @once", async ({ page }) => {
    const trail = { "@type": "BreadcrumbList", itemListElement: [{ position: 1, name: "Home" }, { position: 2, name: "Furniture" }, { position: 3, item: { name: "Tables" } }, { position: 4, name: "Oak table" }] };
    const { product, provenance, source, type, view, conflicts } = await read(page, PLAIN + jsonLd({ "@graph": [trail, TABLE] }));
    expect(product).toMatchObject({ id: "T-77", title: "Oak table", price: 249.5, currency: "EUR", availability: "in_stock", brand: "Holz & Co", gtin: "4006381333931", image_link: "/a.jpg", product_type: "Furniture > Tables" });
    expect(provenance).toMatchObject({ id: "json-ld", price: "json-ld", brand: "json-ld" });
    expect([source, type, conflicts]).toEqual(["json-ld", "product", []]);
    expect(view).toMatchObject({ currency: "EUR", value: 249.5, items: [{ item_id: "T-77", item_name: "Oak table", item_brand: "Holz & Co", price: 249.5, item_category: "Furniture", item_category2: "Tables" }] });
  });

  const WRITTEN: [string, string][] = [
    ["in an array", JSON.stringify([{ "@type": "WebSite" }, TABLE])],
    ["with types in full and in lists", JSON.stringify({ ...TABLE, "@type": ["https://schema.org/Thing", "https://schema.org/Product"] })],
    ["as the main entity of its page", JSON.stringify({ "@type": "WebPage", mainEntity: TABLE })],
    ["inside an HTML comment", `<!-- ${JSON.stringify(TABLE)} -->`],
    ["inside CDATA", `//<![CDATA[\n${JSON.stringify(TABLE)}\n//]]>`],
    ["with trailing commas", JSON.stringify(TABLE).replaceAll("}", ",}").replace("]", ",]")],
    ["with a newline and a tab in a text", JSON.stringify({ ...TABLE, description: "LINE" }).replace("LINE", "one\n\ttwo")],
    ["with bare quotes in a text", JSON.stringify({ ...TABLE, description: "INCH" }).replace("INCH", 'a 55" wide top, 2" thick')],
    ["with comments", `/* shop */ ${JSON.stringify(TABLE).replace("{", "{ // the product\n")}`],
    ["with a wrong escape", JSON.stringify({ ...TABLE, description: "APOS" }).replace("APOS", "it\\'s")],
    ["with entities for quotes", JSON.stringify(TABLE).replaceAll('"', "&quot;")],
    ["with a semicolon at its end", `${JSON.stringify(TABLE)};`],
    ["twice in one script", `${JSON.stringify({ "@type": "WebSite" })}\n${JSON.stringify(TABLE)}`],
  ];
  for (const [how, text] of WRITTEN) {
    test(`is understood ${how} @once`, async ({ page }) => {
      const { product } = await read(page, PLAIN + jsonLd(text));
      expect(product).toMatchObject({ id: "T-77", price: 249.5, gtin: "4006381333931" });
    });
  }

  test("gives the variant that the address names, and lists the others @once", async ({ page }) => {
    const variant = (color: string, price: number, availability: string) => ({ "@type": "Product", sku: `T-${color}`, color, offers: { ...OFFER, price, availability, url: `https://shop.example/oak-table?color=${color}` }, url: `https://shop.example/oak-table?color=${color}` });
    const group = { "@type": "ProductGroup", name: "Oak table", productGroupID: "T", hasVariant: [variant("light", 200, "OutOfStock"), variant("dark", 260, "InStock"), variant("red", 280, "InStock")] };
    const { product } = await read(page, `<h1>Oak table</h1>${jsonLd(group)}`, { path: "/oak-table?color=red" });
    expect(product).toMatchObject({ id: "T-red", price: 280, item_group_id: "T", variant: "red" });
    expect(product!.variants).toMatchObject([{ id: "T-light", price: 200, availability: "out_of_stock" }, { id: "T-dark", price: 260 }, { id: "T-red", price: 280 }]);
    expect((await read(page, `<h1>Oak table</h1>${jsonLd(group)}`)).product).toMatchObject({ id: "T-dark", price: 260 });
  });

  test("tells what is paid from a list price, and a lowest price from none @once", async ({ page }) => {
    const priceSpecification = [{ "@type": "UnitPriceSpecification", priceType: "https://schema.org/ListPrice", price: 300, priceCurrency: "EUR" }, { "@type": "UnitPriceSpecification", price: 250, priceCurrency: "EUR" }];
    expect((await read(page, jsonLd({ ...TABLE, offers: { "@type": "Offer", priceSpecification } }))).product).toMatchObject({ price: 300, sale_price: 250, currency: "EUR" });
    expect((await read(page, jsonLd({ ...TABLE, offers: { "@type": "AggregateOffer", lowPrice: "19,90", priceCurrency: "EUR" } }))).product).toMatchObject({ price: 19.9 });
  });

  test("takes the page's own product from among recommended ones @once", async ({ page }) => {
    const others = ["Pine table", "Chair", "Lamp"].map((name, index) => ({ ...TABLE, name, sku: `X-${index}`, url: `/x-${index}` }));
    const { product } = await read(page, PLAIN + jsonLd([...others.slice(0, 2), TABLE, others[2]]));
    expect(product).toMatchObject({ id: "T-77", title: "Oak table" });
  });

  test("names the kind of pages without a product @once", async ({ page }) => {
    expect(await read(page, jsonLd({ "@type": "CollectionPage" }))).toMatchObject({ type: "category" });
    expect(await read(page, jsonLd({ "@type": "SearchResultsPage" }))).toMatchObject({ type: "search" });
  });
});

test.describe("markup", () => {
  test("is read as microdata, an offer beside its product too @once", async ({ page }) => {
    const { product, source } = await read(page, `<div itemscope itemtype="http://schema.org/Product"><h1 itemprop="name">Oak table</h1><meta itemprop="sku" content="T-77"><span itemprop="brand" itemscope itemtype="http://schema.org/Brand"><b itemprop="name">Holz</b></span><img itemprop="image" src="/a.jpg"></div>
      <div itemscope itemtype="https://schema.org/Offer"><meta itemprop="price" content="1249.5"><meta itemprop="priceCurrency" content="EUR"><link itemprop="availability" href="https://schema.org/PreOrder"></div>`);
    expect(source).toBe("microdata");
    expect(product).toMatchObject({ id: "T-77", title: "Oak table", price: 1249.5, currency: "EUR", availability: "preorder", brand: "Holz", image_link: "/a.jpg" });
  });
  test("is read as RDFa @once", async ({ page }) => {
    const { product } = await read(page, '<div vocab="https://schema.org/" typeof="Product"><h1 property="schema:name">Oak table</h1><span property="sku">T-77</span><div property="offers" typeof="Offer"><span property="price" content="9.95">9,95 €</span></div></div>');
    expect(product).toMatchObject({ id: "T-77", title: "Oak table", price: 9.95 });
  });
  test("of OpenGraph gives a former price and an id @once", async ({ page }) => {
    const head = ['property="og:type" content="product"', 'property="og:title" content="Oak table"', 'property="product:retailer_item_id" content="T-77"', 'property="product:price:amount" content="300.00"', 'property="product:sale_price:amount" content="250.00"', 'property="product:price:currency" content="EUR"', 'property="product:availability" content="out of stock"'].map((meta) => `<meta ${meta}>`).join("");
    const { product, source } = await read(page, "<h1>Oak table</h1><p>Sold out</p>", { head });
    expect(source).toBe("open-graph");
    expect(product).toMatchObject({ id: "T-77", price: 300, sale_price: 250, currency: "EUR", availability: "out_of_stock" });
  });
  test("of Shopify's own objects gives the variant in the address @once", async ({ page }) => {
    const meta = { product: { id: 9, vendor: "Holz", type: "Tables", variants: [{ id: 1, sku: "T-1", price: 20000, public_title: "light" }, { id: 2, sku: "T-2", price: 26000, public_title: "dark" }] }, currency: "EUR" };
    const { product, source } = await read(page, `<h1>Oak table</h1><script>ShopifyAnalytics=${JSON.stringify({ meta })}</script>`, { path: "/products/oak-table?variant=2" });
    expect(source).toBe("shopify");
    expect(product).toMatchObject({ id: "T-2", title: "Oak table", price: 260, currency: "EUR", brand: "Holz", product_type: "Tables", item_group_id: "9", variant: "dark" });
  });
});

test.describe("the page itself", () => {
  const buy = "<button class='add-to-cart'>Add to cart</button>";
  const PRICES: [string, string, number, string | undefined, string?][] = [
    ["a German price", '<p class="preis">1.234,56 €</p>', 1234.56, "EUR"],
    ["a French price with spaces", '<p class="prix">1 234,50 €</p>', 1234.5, "EUR"],
    ["a Swiss price", '<p class="price">CHF 1’234.50</p>', 1234.5, "CHF"],
    ["an Indian price", '<p class="price">₹1,23,456</p>', 123456, "INR"],
    ["a price with its cents set small", '<p class="price"><span>$</span>19<sup>99</sup></p>', 19.99, "USD"],
    ["a price in spans", '<div class="price"><span>24</span><span>.</span><span>90</span> <small>zł</small></div>', 24.9, "PLN"],
    ["a Canadian dollar on a Canadian page", '<p class="price">$15.00</p>', 15, "CAD", "en-CA"],
    ["a Kuwaiti price of three decimals", '<p class="price">KWD 12.500</p>', 12.5, "KWD"],
    ["a price without a currency, by its name", '<p class="product-price">35.00</p>', 35, undefined],
    ["the large price, not the small ones", '<p>Delivery €4.95</p><p style="font-size:32px">€120.00</p><p>or €10.00 per month</p>', 120, "EUR"],
    ["the price with tax", '<p class="price">€121.00</p><p class="price-ex-tax">excl. VAT €100.00</p>', 121, "EUR"],
  ];
  for (const [what, html, amount, currency, lang] of PRICES) {
    test(`shows ${what} @once`, async ({ page }) => {
      const { product, source } = await read(page, `<h1>Oak table</h1>${html}${buy}`, { lang: lang ?? "en" });
      expect([product?.sale_price ?? product?.price, product?.currency, source]).toEqual([amount, currency, "page"]);
    });
  }
  test("tells a former price from the one to pay, crossed out or named so @once", async ({ page }) => {
    const styled = await read(page, `<h1>Oak table</h1><p class="price"><span style="text-decoration:line-through">€300.00</span> <b>€250.00</b></p>${buy}`);
    expect(styled.product).toMatchObject({ price: 300, sale_price: 250 });
    const named = await read(page, `<h1>Oak table</h1><p><span class="old-price">€300.00</span></p><p><span class="price">€250.00</span></p>${buy}`);
    expect(named.product).toMatchObject({ price: 300, sale_price: 250 });
  });
  test("is believed where it has crossed out what JSON-LD still says @once", async ({ page }) => {
    const { product, provenance, conflicts } = await read(page, `<h1>Oak table</h1><p><del>€249.50</del></p><p class="price">€199.00</p>${buy}${jsonLd(TABLE)}`);
    expect(product).toMatchObject({ price: 249.5, sale_price: 199 });
    expect(provenance.sale_price).toBe("page");
    expect(conflicts).toEqual(["price"]);
  });

  const NUMBERS: [string, string][] = [
    ["<p>SKU: T-77</p>", "T-77"], ["<p>Item # 4711</p>", "4711"], ["<dl><dt>Art.-Nr.</dt><dd>12345</dd></dl>", "12345"], ["<p><b>Product code:</b> OAK/77</p>", "OAK/77"],
    ["<p>Réf. : T77</p>", "T77"], ["<p>Код товара: 00123</p>", "00123"], ["<p>Artikelnummer 998877</p>", "998877"],
  ];
  for (const [html, id] of NUMBERS) {
    test(`shows a number as ${html} @once`, async ({ page }) => expect((await read(page, `<h1>Oak table</h1><p class="price">€5.00</p>${html}${buy}`)).product?.id).toBe(id));
  }
  test("hides a number in its form, its attributes or its address @once", async ({ page }) => {
    const price = '<h1>Oak table</h1><p class="price">€5.00</p>';
    expect((await read(page, `${price}<form action="/cart"><input type="hidden" name="product_id" value="4711">${buy}</form>`)).product?.id).toBe("4711");
    expect((await read(page, `<div data-product-id="4712">${price}${buy}</div>`)).product?.id).toBe("4712");
    expect((await read(page, price + buy, { path: "/oak-table-p4713.html" })).product?.id).toBe("4713");
    expect((await read(page, price + buy, { path: "/p?sku=T-77" })).product?.id).toBe("T-77");
  });

  test("is sold out where it says so and nothing can be bought, in several languages @once", async ({ page }) => {
    for (const words of ["Out of stock", "Ausverkauft", "Rupture de stock", "Agotado", "Нет в наличии"]) {
      expect((await read(page, `<h1>Oak table</h1><p class="price">€5.00</p><p>SKU: 1</p><p>${words}</p><button disabled class="add-to-cart">Add to cart</button>`)).product?.availability, words).toBe("out_of_stock");
    }
    expect((await read(page, `<h1>Oak table</h1><p class="price">€5.00</p>${buy}<ul><li>Size XL: sold out</li></ul>`)).product?.availability).toBe("in_stock");
  });
  test("overrules a data set that calls sold out what can be bought, and counts it @once", async ({ page }) => {
    const { product, conflicts } = await read(page, PLAIN + jsonLd({ ...TABLE, offers: { ...OFFER, availability: "OutOfStock" } }));
    expect(product!.availability).toBe("in_stock");
    expect(conflicts).toEqual(["availability"]);
  });

  test("is read through open shadow roots @once", async ({ page }) => {
    await open(page, "<oak-page></oak-page>");
    await page.evaluate(() => {
      const root = document.querySelector("oak-page")!.attachShadow({ mode: "open" });
      for (const [name, text] of [["h1", "Oak table"], ["p", "SKU: T-77"], ["p", "€249.50"], ["button", "Add to cart"]] as const) root.append(Object.assign(document.createElement(name), { textContent: text }));
    });
    expect((await readOpen(page)).product).toMatchObject({ id: "T-77", title: "Oak table", price: 249.5 });
  });
});

test.describe("where sources disagree", () => {
  test("the most trusted one is believed, and the fields are named @once", async ({ page }) => {
    const head = '<title>Oak table</title><meta property="og:type" content="product"><meta property="product:price:amount" content="10"><meta property="product:brand" content="Elm"><meta property="product:price:currency" content="USD"><meta property="og:title" content="Oak table">';
    const { product, provenance, conflicts, view } = await read(page, `<h1>Oak table</h1>${jsonLd(TABLE)}`, { head });
    expect(product).toMatchObject({ price: 249.5, currency: "EUR", brand: "Holz & Co" });
    expect(provenance).toMatchObject({ price: "json-ld", brand: "json-ld", title: "json-ld" });
    expect([...conflicts].sort()).toEqual(["brand", "currency", "price"]);
    expect(view!.conflicts).toEqual(conflicts);
  });
  test("a second source and the page outvote the first @once", async ({ page }) => {
    const head = '<title>Oak table</title><meta property="product:price:amount" content="400.00"><meta property="product:price:currency" content="EUR">';
    const { product, provenance } = await read(page, '<h1>Oak table</h1><p class="price">€400.00</p><button>Add to cart</button>' + jsonLd({ ...TABLE, offers: { ...OFFER, price: 90 } }), { head });
    expect([product!.price, provenance.price]).toEqual([400, "open-graph"]);
  });
});

test.describe("what is no product page", () => {
  const card = (index: number) => `<li><a href="/p-${index}"><img src="/${index}.jpg" alt=""></a><a href="/p-${index}">Thing ${index}</a><span class="price">€${index + 5}.00</span><button class="add-to-cart">Add to cart</button></li>`;
  const cards = `<ul>${Array.from({ length: 12 }, (_, index) => card(index)).join("")}</ul>`;
  const HTML: [string, string][] = [
    ["a category of cards", `<h1>Tables</h1>${cards}`],
    ["a category that lists its products in JSON-LD", `<h1>Tables</h1>${cards}${jsonLd([0, 1, 2].map((index) => ({ ...TABLE, name: `Thing ${index}`, sku: `p-${index}`, url: `/p-${index}` })))}`],
    ["a category with its products marked up", `<h1>Tables</h1>${[0, 1, 2].map((index) => `<div itemscope itemtype="https://schema.org/Product"><a itemprop="url" href="/p-${index}"><img alt=""></a><b itemprop="name">Thing ${index}</b><span itemprop="offers" itemscope itemtype="https://schema.org/Offer"><span itemprop="price">5.00</span></span></div>`).join("")}`],
    ["an article", "<h1>How to oil a table</h1><p>It takes 2 hours and costs next to nothing, say 10 or 20.</p>"],
    ["an empty page", ""],
  ];
  for (const [what, html] of HTML) {
    test(`gives none: ${what} @once`, async ({ page }) => {
      const reading = await read(page, html, { head: "<title>Tables | Shop</title>", path: "/tables" });
      expect([reading.product, reading.view]).toEqual([undefined, undefined]);
    });
  }
});

test("finds a product that comes late, once, and not the one of the page before @once", async ({ page }) => {
  await open(page, `<div id="app">${PLAIN}<p>SKU: OLD-1</p></div>`);
  const told = await page.evaluate(async (html) => {
    const { reader } = window as unknown as { reader: typeof import("../../../widget/reader/reader.ts") };
    const ids: unknown[] = [];
    await new Promise<void>((resolve) => {
      reader.watchProduct({ document, location, globals: window as never }, "OLD-1", ({ product }) => {
        ids.push(product?.id);
        if (product) resolve();
      }, (error) => ids.push(String(error)));
      const app = document.querySelector("#app")!;
      app.replaceChildren();
      setTimeout(() => app.append(...[...new DOMParser().parseFromString(html, "text/html").body.childNodes]), 700);
    });
    return ids.filter(Boolean);
  }, `${PLAIN}<p>SKU: NEW-2</p>`);
  expect(told).toEqual(["NEW-2"]);
});
