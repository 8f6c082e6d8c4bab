/** What the tag makes of lists of products: what was seen, what was chosen, what a search found. */
import type { Page } from "@playwright/test";
import type { EventItem } from "../../core/events.ts";
import { expect, GRANTED, push, test } from "./fixtures.ts";
import type { Edge } from "./shop/edge.ts";

const STYLE = "<style>.grid{display:grid;grid-template-columns:repeat(4,200px);gap:20px}.card{height:300px;border:1px solid #ccc}.card img{width:180px;height:180px}</style>";
const card = (n: number, attributes = "") => `<div class="card" ${attributes}><a href="/product/tea-${n}"><img src="/pictures/tea-${n}.svg" alt=""></a><a href="/product/tea-${n}">Tea no. ${n}</a><a href="/brands/hill">Hill</a><span>${n + 4},50 €</span><button>Add</button></div>`;
const grid = (from: number, to: number, attributes: (n: number) => string = () => "") => `<div class="grid">${Array.from({ length: to - from + 1 }, (_, i) => card(from + i, attributes(from + i))).join("")}</div>`;
const MENU = '<nav><a href="/category/tea"><img src="/pictures/tea-1.svg" width="80" height="80"></a> 5 €<a href="/category/honey"><img src="/pictures/honey-1.svg" width="80" height="80"></a> 7 €</nav>';
const items = (from: number, to: number): EventItem[] => Array.from({ length: to - from + 1 }, (_, i) => ({ item_id: `SKU-${from + i}`, item_name: `Tea no. ${from + i}`, index: i, price: from + i + 4.5 }));

interface Listed {
  name: string;
  params: { items: EventItem[]; item_list_id?: string; search_term?: string; results?: number };
  source?: string;
}
function listed(edge: Edge, ...names: string[]): Listed[] {
  return edge.counted.filter(({ name }) => names.includes(name)) as never;
}
const seen = (edge: Edge) => listed(edge, "view_item_list").flatMap(({ params }) => params.items.map(({ item_id }) => item_id));
async function open(page: Page, url: string): Promise<void> {
  await page.setViewportSize({ width: 1000, height: 700 });
  await page.goto(url);
  await expect.poll(() => page.evaluate(() => "endcap" in window)).toBe(true);
}

test("records the products that were in view for a second, once each, with their places @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED, bodies: { "/category/tea": STYLE + MENU + grid(1, 24, (n) => `data-product-sku="T${n}"`) } };
  await open(page, `${shop.origin}/category/tea`);
  await expect.poll(() => seen(edge).length).toBeGreaterThanOrEqual(4);
  await page.waitForTimeout(500);
  const first = listed(edge, "view_item_list");
  expect(first).toHaveLength(1);
  expect(first[0]!.params).toMatchObject({ item_list_id: "category" });
  expect(first[0]!.params.items[0]).toEqual({ item_id: "T1", index: 0 });
  expect(seen(edge)).not.toContain("T20");
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect.poll(() => seen(edge)).toContain("T24");
  // Shops draw the same cards again.
  await page.evaluate(() => {
    scrollTo(0, 0);
    document.querySelector(".grid")!.replaceWith(document.querySelector(".grid")!.cloneNode(true));
  });
  await page.waitForTimeout(2_000);
  await page.goto(`${shop.origin}/search`);
  await page.waitForTimeout(300);
  expect(new Set(seen(edge)).size).toBe(seen(edge).length);
});

test("believes the shop's ids and places, and does not tell a list twice @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED, bodies: { "/category/tea": STYLE + grid(1, 24) } };
  await open(page, `${shop.origin}/category/tea`);
  await push(page, { event: "view_item_list", ecommerce: { currency: "EUR", item_list_id: "teas", item_list_name: "Teas", items: items(1, 24) } });
  await expect.poll(() => seen(edge).length, { timeout: 8_000 }).toBeGreaterThanOrEqual(8);
  await page.goto(`${shop.origin}/search`);
  await page.waitForTimeout(300);
  const lists = listed(edge, "view_item_list");
  expect(lists.every(({ params }) => params.item_list_id === "teas")).toBe(true);
  expect(lists[0]!.params.items).toContainEqual({ item_id: "SKU-2", item_name: "Tea no. 2", index: 1, price: 6.5 });
  expect(new Set(seen(edge)).size).toBe(seen(edge).length);
  expect(seen(edge)).not.toContain("SKU-24");
});

test("records as told a list that can't be found on the page @once", async ({ page, shop, edge }) => {
  await open(page, shop.origin);
  await push(page, { event: "view_item_list", ecommerce: { item_list_id: "ghosts", items: items(1, 3) } });
  await expect.poll(() => listed(edge, "view_item_list").length, { timeout: 8_000 }).toBe(1);
  expect(listed(edge, "view_item_list")[0]).toMatchObject({ source: "data-layer", params: { item_list_id: "ghosts", items: [{ item_id: "SKU-1" }, {}, {}] } });
});

test("records a choice once, also where the shop tells of it, and sends what was seen with the page's leaving @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED, bodies: { "/category/tea": STYLE + grid(1, 8, (n) => `data-sku="T${n}"`) } };
  await open(page, `${shop.origin}/category/tea`);
  await page.waitForTimeout(1_700);
  await page.locator(".card a").nth(3).click();
  await page.waitForURL("**/product/tea-2");
  await expect.poll(() => listed(edge, "select_item").length).toBe(1);
  expect(listed(edge, "select_item")[0]).toMatchObject({ params: { items: [{ item_id: "T2", index: 1 }] }, source: "page" });
  expect(seen(edge)).toContain("T1");
  await page.goBack();
  await page.evaluate(() => document.addEventListener("click", (click) => {
    click.preventDefault();
    (window as unknown as { dataLayer: unknown[] }).dataLayer.push({ event: "select_item", ecommerce: { item_list_id: "teas", items: [{ item_id: "T5" }] } });
  }));
  await page.waitForTimeout(800);
  await page.locator(".card a[href='/product/tea-5']").first().click();
  await page.locator(".card a[href='/brands/hill']").first().click();
  await page.goto(`${shop.origin}/cart`);
  await expect.poll(() => listed(edge, "select_item").length).toBeGreaterThan(1);
  expect(listed(edge, "select_item").map(({ source }) => source)).toEqual(["page", "data-layer", "data-layer"]);
});

test("follows lists that grow, that are drawn in shadow trees, and the next page of a single-page shop @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED, bodies: { "/category/tea": `${STYLE}<div id="list"></div><tea-list></tea-list>` } };
  await open(page, `${shop.origin}/category/tea`);
  await page.evaluate((html) => { document.getElementById("list")!.innerHTML = html; }, grid(1, 4, (n) => `data-sku="T${n}"`));
  await expect.poll(() => seen(edge).length, { timeout: 8_000 }).toBe(4);
  await page.evaluate((html) => document.querySelector(".grid")!.insertAdjacentHTML("beforeend", html), [5, 6, 7, 8].map((n) => card(n, `data-sku="T${n}"`)).join(""));
  await expect.poll(() => seen(edge).length, { timeout: 8_000 }).toBe(8);
  await page.evaluate(([style, html]) => {
    document.getElementById("list")!.remove();
    document.querySelector("tea-list")!.attachShadow({ mode: "open" }).innerHTML = style! + html!;
  }, [STYLE, grid(9, 10, (n) => `data-sku="T${n}"`)]);
  await page.waitForTimeout(600);
  await page.evaluate((html) => document.querySelector("tea-list")!.shadowRoot!.querySelector(".grid")!.insertAdjacentHTML("beforeend", html), [11, 12].map((n) => card(n, `data-sku="T${n}"`)).join(""));
  await expect.poll(() => seen(edge).length, { timeout: 8_000 }).toBe(12);
  await page.evaluate(() => history.pushState({}, "", "/category/tea-again"));
  await expect.poll(() => seen(edge).length, { timeout: 8_000 }).toBe(16);
  expect(seen(edge).slice(12)).toEqual(["T9", "T10", "T11", "T12"]);
  const places = listed(edge, "view_item_list").flatMap(({ params }) => params.items);
  expect(places.find(({ item_id }) => item_id === "T7")).toMatchObject({ index: 6 });
});

test("reads a product's id from JSON-LD, microdata, attributes or its address, and leaves pictures without products alone @once", async ({ page, shop, edge }) => {
  const entry = (n: number, inner: string, link = `/p/tea-${n}`) => `<li class="card" style="width:200px"><a href="${link}"><img src="/pictures/tea-${n}.svg"></a><b>£${n}.00</b>${inner}</li>`;
  const ld = { "@context": "https://schema.org", "@type": "ItemList", itemListElement: [{ "@type": "ListItem", position: 1, item: { "@type": "Product", sku: "LD-1", url: "/p/tea-1" } }] };
  shop.options = { tag: GRANTED, bodies: { "/category/tea": `${STYLE}<script type="application/ld+json">${JSON.stringify(ld)}</script><ul class="grid">${entry(1, "")}${entry(2, '<meta itemprop="sku" content="MD-2">')}${entry(3, '<button data-product_id="33">Add</button>')}${entry(4, "", "/p/tea-pot-40044.html?ref=x")}</ul><div class="grid"><div class="card"><a href="/about"><img src="/pictures/cups-1.svg"></a>About us</div><div class="card"><a href="/blog/1"><img src="/pictures/cups-2.svg"></a>Tea in 3 steps</div></div>` } };
  await open(page, `${shop.origin}/category/tea`);
  await expect.poll(() => seen(edge).length, { timeout: 8_000 }).toBe(4);
  expect(seen(edge).sort()).toEqual(["33", "40044", "LD-1", "MD-2"]);
});

for (const [path, body, expected] of [
  ["/search?q=green+tea", `<h1>Results</h1><p>Showing 1–24 of 1,135 results</p>${STYLE}${grid(1, 4)}`, { search_term: "green tea", results: 1135 }],
  ["/suche?suchbegriff=x&q=Tee", "<h1>Suche</h1><p>12 Artikel gefunden</p>", { search_term: "Tee", results: 12 }],
  ["/search?query=zzz", `<h1>Search</h1><p>Sorry, no results for “zzz”</p><h2>Popular</h2>${STYLE}${grid(1, 4)}`, { search_term: "zzz", results: 0 }],
  ["/search?keyword=xyz", "<h1>Suche</h1><p>Leider wurden keine Produkte gefunden.</p>", { search_term: "xyz", results: 0 }],
  ["/search?q=thé", "<h1>Recherche</h1><p>Aucun résultat pour « thé »</p>", { search_term: "thé", results: 0 }],
  ["/?s=ann@example.org", "<h1>Tea</h1><p>Our shop</p>", { search_term: "[email]" }],
] as const) {
  test(`tells what ${path} was asked for and how much it found @once`, async ({ page, shop, edge }) => {
    shop.options = { tag: GRANTED, bodies: { [path.split("?")[0]!]: `<main>${body}</main>` } };
    await open(page, shop.origin + path);
    await expect.poll(() => listed(edge, "view_search_results").map(({ params }) => params), { timeout: 8_000 }).toEqual([expected]);
    expect(Object.keys(listed(edge, "view_search_results")[0]!.params)).toEqual(Object.keys(expected));
  });
}

test("leaves a search to the shop that tells of it itself @once", async ({ page, shop, edge }) => {
  shop.options = { tag: GRANTED, head: '<script>dataLayer = [{ event: "view_search_results", search_term: "tea", results: 7 }];</script>' };
  await open(page, `${shop.origin}/search?q=tea`);
  await page.waitForTimeout(1_500);
  await page.goto(`${shop.origin}/cart`);
  await expect.poll(() => listed(edge, "view_search_results").length).toBe(1);
  await page.waitForTimeout(300);
  expect(listed(edge, "view_search_results")).toMatchObject([{ params: { search_term: "tea", results: 7 }, source: "data-layer" }]);
});

test("fetches nothing for lists where there are none @once", async ({ page, shop, edge }) => {
  shop.options = { tag: 'data-consent="granted" data-forms="on"' };
  await open(page, shop.origin);
  await page.waitForTimeout(800);
  expect(edge.requests.filter((request) => /lists|forms|trouble/.test(request))).toEqual([]);
});
