/** Pages to look around on: home, departments, categories, offers, A to Z, search. */
import { currentPrice, type Product } from "../../../core/catalogue.ts";
import { breadcrumbLd, listEvent, listLd } from "../analytics.ts";
import { html, type Fragment, type Html } from "../html.ts";
import { popularity, sieveFrom, sift, SORTS, type DepartmentShelf, type Shelf } from "../shelves.ts";
import { DEPARTMENTS } from "../../catalogue/taxonomy.ts";
import { breadcrumbs, type Crumb, type Page, type View } from "./layout.ts";
import { productList } from "./card.ts";

const HOME: Crumb = { name: "Home", path: "/" };

export function homePage(view: View): Page {
  const { shelves } = view;
  const furnished = shelves.departments.length > 0;
  // Without reviews the order given stands: whoever serves the catalogue knows what sells.
  const reviewed = shelves.fronts.some((product) => popularity(product) > 0);
  const liked = [...shelves.fronts].sort((a, b) => popularity(b) - popularity(a));
  const best = spread(liked, furnished ? 8 : 16, furnished);
  const offers = spread(shelves.offers, 8, furnished);
  return {
    kind: "home", title: `${view.name} – ${shelves.isOwn ? "for the house, the garden and the hills beyond" : "a shop full of good things"}`,
    events: [listEvent("best-sellers", reviewed ? "Most reviewed" : "Best sellers", best), ...(offers.length > 0 ? [listEvent("offers", "Offers", offers)] : [])],
    structured: [{ "@context": "https://schema.org", "@type": "WebSite", name: view.name, url: `${view.origin}/`, potentialAction: { "@type": "SearchAction", target: `${view.origin}/search?q={search_term_string}`, "query-input": "required name=search_term_string" } }],
    main: html`
<section class="hero">
  <div class="words">
    <p class="eyebrow">${shelves.isOwn ? "The home & outdoor store" : "Gifts, and things for the house"}</p>
    <h1>${shelves.isOwn ? "Good things, for in and out of doors." : "Small things that make a day."}</h1>
    <p>${shelves.isOwn ? "Well-made tools, soft corners and the kit for a night under canvas: chosen one by one, from people who make them properly." : `${shelves.fronts.length.toLocaleString(view.locale)} things to give, to keep and to hang on the wall.`}</p>
    <p><a class="button" href="${shelves.isOwn ? `/d/${shelves.departments[0]!.id}` : "/browse"}">${shelves.isOwn ? `Start with ${shelves.departments[0]!.name.toLowerCase()}` : "See everything"}</a>${offers.length > 0 ? html` <a class="textlink" href="/offers">This week’s offers</a>` : null}</p>
  </div>
  <img src="/images/stage/home.svg" alt="" width="1200" height="800">
</section>
${furnished ? html`<section class="section" aria-labelledby="departments"><div class="heading"><h2 id="departments">Departments</h2></div>
<ul class="tiles">${shelves.departments.map(({ id, name, categories }) => html`<li><a href="/d/${id}"><img src="/images/stage/${id}.svg" alt="" width="600" height="400" loading="lazy"><span>${name}</span><small>${categories.slice(0, 3).map((category) => category.name).join(", ")}</small></a></li>`)}</ul></section>` : null}
<div id="home-recommendations"></div>
<section class="section" aria-labelledby="best"><div class="heading"><h2 id="best">${reviewed ? "Most reviewed" : "Best sellers"}</h2><a class="textlink" href="/browse">See everything</a></div>${productList(view, "best-sellers", best, "row")}</section>
${shelves.isOwn ? html`<section class="editorial"><img src="/images/stage/journal.svg" alt="" width="1200" height="800" loading="lazy"><div><p class="eyebrow">From the workbench</p><h2>Buy it once. Look after it. Hand it on.</h2><p>We would rather sell you one pan that outlives the kitchen than five that do not. Every maker on our shelves mends what they make, and so do we: bring it back blunt, torn or wobbly, and our workshop sees to it.</p><a class="textlink" href="/c/knife-sharpeners">Things to look after things</a></div></section>` : null}
${offers.length > 0 ? html`<section class="section" aria-labelledby="offers"><div class="heading"><h2 id="offers">Best offers</h2><a class="textlink" href="/offers">All offers</a></div>${productList(view, "offers", offers, "row")}</section>` : null}`,
  };
}

export function departmentPage(view: View, department: DepartmentShelf): Page {
  const motto = DEPARTMENTS.find(({ id }) => id === department.id)?.motto;
  return listingPage(view, {
    path: `/d/${department.id}`, name: department.name, listId: `department-${department.id}`, trail: [HOME, { name: department.name, path: `/d/${department.id}` }], products: inTurn(department),
    intro: html`<header class="banner"><div><h1>${department.name}</h1>${motto ? html`<p>${motto}</p>` : null}</div><img src="/images/stage/${department.id}.svg" alt="" width="1200" height="800"></header>
${chips(department, null)}`,
  });
}

export function categoryPage(view: View, department: DepartmentShelf, category: Shelf): Page {
  return listingPage(view, {
    path: `/c/${category.id}`, name: category.name, listId: `category-${category.id}`, products: category.products,
    trail: [HOME, { name: department.name, path: `/d/${department.id}` }, { name: category.name, path: `/c/${category.id}` }],
    intro: html`<h1>${category.name}</h1>${chips(department, category.id)}`,
  });
}

export function offersPage(view: View): Page {
  return listingPage(view, { path: "/offers", name: "Offers", listId: "all-offers", trail: [HOME, { name: "Offers", path: "/offers" }], products: view.shelves.offers, intro: html`<h1>Offers</h1>` });
}

/** @param letter null for everything; a letter of the alphabet otherwise */
export function browsePage(view: View, letter: string | null): Page {
  const { fronts } = view.shelves;
  const initial = (product: Product) => product.title.trim()[0]?.toLowerCase() ?? "";
  const letters = [..."abcdefghijklmnopqrstuvwxyz"].filter((entry) => fronts.some((product) => initial(product) === entry));
  const products = letter === null ? fronts : fronts.filter((product) => initial(product) === letter).sort((a, b) => a.title.localeCompare(b.title, view.locale));
  const path = letter === null ? "/browse" : `/browse/${letter}`;
  const name = letter === null ? "Everything" : `Everything with ${letter.toUpperCase()}`;
  return listingPage(view, {
    path, name, listId: letter === null ? "everything" : `everything-${letter}`, trail: [HOME, { name: "Everything", path: "/browse" }, ...(letter === null ? [] : [{ name: letter.toUpperCase(), path }])], products,
    intro: html`<h1>${name}</h1><nav class="chips letters" aria-label="A to Z">${letters.map((entry) => html`<a href="/browse/${entry}"${entry === letter ? html` aria-current="page"` : null}>${entry.toUpperCase()}</a>`)}</nav>`,
  });
}

export function searchPage(view: View): Page {
  const query = (view.query.get("q") ?? "").trim().slice(0, 100);
  const products = query ? view.shelves.search(query) : [];
  const search = query ? [{ event: "search" as const, search_term: query }, { event: "view_search_results" as const, search_term: query, results: products.length }] : [];
  if (products.length === 0) {
    const popular = spread([...view.shelves.fronts].sort((a, b) => popularity(b) - popularity(a)), 8, true);
    return {
      kind: "search", title: query ? `No results for “${query}”` : "Search", events: [...search, listEvent("search-popular", "Popular now", popular)],
      main: html`<div class="section"><h1>${query ? html`Nothing found for “${query}”` : "What are you looking for?"}</h1>
<p class="lead">${query ? "Try fewer or other words, or start from a department." : "Type a word or two in the field above."}</p>
<nav class="chips" aria-label="Departments">${view.shelves.departments.map(({ id, name }) => html`<a href="/d/${id}">${name}</a>`)}<a href="/browse">Everything, A to Z</a></nav></div>
<section class="section" aria-labelledby="popular"><div class="heading"><h2 id="popular">Popular now</h2></div>${productList(view, "search-popular", popular, "row")}</section>`,
    };
  }
  const page = listingPage(view, { path: "/search", name: `Results for “${query}”`, listId: "search-results", trail: [HOME, { name: "Search", path: "/search" }], products, intro: html`<h1>Results for “${query}”</h1>`, hidden: html`<input type="hidden" name="q" value="${query}">` });
  return { ...page, kind: "search", events: [...search, ...(page.events ?? [])] };
}

interface Listing {
  path: string;
  name: string;
  listId: string;
  trail: Crumb[];
  products: readonly Product[];
  intro: Html;
  /** Fields that the filters' form carries along. */
  hidden?: Html;
}

function listingPage(view: View, listing: Listing): Page {
  const sieve = sieveFrom(view.query);
  const { products, found, page, pages } = sift(listing.products, sieve);
  const brands = [...new Set(listing.products.map(({ brand }) => brand).filter((brand) => brand !== undefined))].sort((a, b) => a.localeCompare(b));
  const narrowed = sieve.brands.length > 0 || sieve.minPrice !== null || sieve.maxPrice !== null || sieve.inStock;
  const at = (number: number) => {
    const query = new URLSearchParams(view.query);
    query.set("page", String(number));
    return `${listing.path}?${query}`;
  };
  return {
    kind: "category", title: listing.name,
    events: products.length > 0 ? [listEvent(listing.listId, listing.name, products)] : [],
    structured: [breadcrumbLd(listing.trail, view.origin), listLd(listing.name, products, view.origin)],
    main: html`<div class="section listing">
${breadcrumbs(listing.trail)}
${listing.intro}
<form class="filters" action="${listing.path}" data-autosubmit>
  ${listing.hidden}
  ${brands.length > 1 ? html`<details class="filter"${sieve.brands.length > 0 ? html` open` : null}><summary>Maker${sieve.brands.length > 0 ? ` (${sieve.brands.length})` : ""}</summary><fieldset><legend class="hidden">Maker</legend>${brands.map((brand) => html`<label><input type="checkbox" name="brand" value="${brand}"${sieve.brands.includes(brand) ? html` checked` : null}> ${brand}</label>`)}</fieldset></details>` : null}
  <label class="amount"><span>From</span><input name="min" inputmode="decimal" size="5" value="${sieve.minPrice ?? ""}" placeholder="${String(Math.floor(extreme(listing.products, Math.min)))}" aria-label="Lowest price"></label>
  <label class="amount"><span>To</span><input name="max" inputmode="decimal" size="5" value="${sieve.maxPrice ?? ""}" placeholder="${String(Math.ceil(extreme(listing.products, Math.max)))}" aria-label="Highest price"></label>
  <label class="tick"><input type="checkbox" name="stock" value="1"${sieve.inStock ? html` checked` : null}> In stock</label>
  <label class="sort"><span>Sort</span><select name="sort">${Object.entries(SORTS).map(([value, label]) => html`<option value="${value}"${value === sieve.sort ? html` selected` : null}>${label}</option>`)}</select></label>
  <button class="button small quiet">Apply</button>
  <p class="found" role="status">${found === 1 ? "1 product" : `${found.toLocaleString(view.locale)} products`}${narrowed ? html` · <a href="${listing.path}${view.query.has("q") ? `?${new URLSearchParams({ q: view.query.get("q")! })}` : ""}">Clear filters</a>` : null}</p>
</form>
${products.length > 0 ? productList(view, listing.listId, products) : html`<p class="empty">${narrowed ? html`Nothing here matches all of that. <a href="${listing.path}">Clear the filters</a> and look again.` : html`Nothing here at the moment. <a href="/browse">See everything</a>`}</p>`}
${pages > 1 ? html`<nav class="paging" aria-label="Pages">${page > 1 ? html`<a rel="prev" href="${at(page - 1)}">Previous</a>` : null}<span>Page ${page} of ${pages}</span>${page < pages ? html`<a rel="next" href="${at(page + 1)}">Next</a>` : null}</nav>` : null}
</div>`,
  };
}

function chips(department: DepartmentShelf, current: string | null): Fragment {
  return department.categories.length > 0 && html`<nav class="chips" aria-label="${department.name}"><a href="/d/${department.id}"${current === null ? html` aria-current="page"` : null}>All ${department.name}</a>${department.categories.map(({ id, name }) => html`<a href="/c/${id}"${id === current ? html` aria-current="page"` : null}>${name}</a>`)}</nav>`;
}

/** A department's products, one of each category in turn. */
function inTurn({ categories, products }: DepartmentShelf): Product[] {
  const turn = new Map(categories.flatMap((category) => category.products.map((product, i) => [product.id, i] as const)));
  return [...products].sort((a, b) => (turn.get(a.id) ?? 0) - (turn.get(b.id) ?? 0));
}

/** The first `n`, but only one of each category, so that a home page shows the breadth of the shop. */
function spread(products: readonly Product[], n: number, byCategory: boolean): Product[] {
  const seen = new Map<string, number>();
  return products.filter((product) => {
    const key = product.product_type;
    if (!byCategory || key === undefined) return true;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key)! <= 1;
  }).slice(0, n);
}

function extreme(products: readonly Product[], pick: (...values: number[]) => number): number {
  return products.length === 0 ? 0 : products.map(currentPrice).reduce((a, b) => pick(a, b));
}
