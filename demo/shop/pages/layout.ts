/** The frame around every page of the shop: head, header, consent banner, footer. */
import { dataBlock, html, type Fragment, type Html } from "../html.ts";
import { organizationLd, type DataLayerEvent } from "../analytics.ts";
import { FREE_SHIPPING_FROM } from "../cart.ts";
import type { Shelves } from "../shelves.ts";

/** What pages may know of the shop and of the request they answer. */
export interface View {
  name: string;
  /** ISO 4217 and BCP 47. */
  currency: string;
  locale: string;
  shelves: Shelves;
  /** Scheme, host and port the shop was asked under. */
  origin: string;
  query: URLSearchParams;
  /** Pieces in the visitor's cart. */
  cartCount: number;
  /** Signed-in visitor's e-mail. */
  email: string | null;
  money(amount: number): string;
  /** Without cents, for round amounts in sentences. */
  wholeMoney(amount: number): string;
}

export interface Page {
  status?: number;
  title: string;
  description?: string;
  /** The value of `data-page` on the body. */
  kind: "home" | "category" | "product" | "search" | "cart" | "checkout" | "thank_you" | "account" | "not_found" | "other";
  /** schema.org objects. */
  structured?: readonly object[];
  /** Pushed to the data layer once the page is there. */
  events?: readonly DataLayerEvent[];
  /** Payment pages carry no third party's script. */
  withoutTag?: boolean;
  main: Html;
}

/** @param tag the script tags of others, as the shop owner pasted them */
export function layout(view: View, page: Page, tag: Html | null): Html {
  const { shelves } = view;
  return html`<!doctype html>
<html lang="${view.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.kind === "home" ? page.title : `${page.title} – ${view.name}`}</title>
<meta name="description" content="${page.description ?? `${view.name}: well-made things, sent from our own shelves.`}">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/shop.css">
<script src="/consent.js"></script>
${page.withoutTag ? null : tag}
<script src="/shop.js" defer></script>
${[organizationLd(view.name, view.origin), ...(page.structured ?? [])].map((entry) => dataBlock("application/ld+json", entry))}
</head>
<body data-page="${page.kind}">
<a class="skip" href="#main">Skip to content</a>
<p class="ribbon">Free standard delivery from ${view.wholeMoney(FREE_SHIPPING_FROM)}<span>60 days to change your mind</span></p>
<header class="header">
  <div class="bar">
    <a class="wordmark" href="/">${view.name}</a>
    <form class="search" action="/search" role="search">
      <label class="hidden" for="q">Search the shop</label>
      <input id="q" name="q" type="search" placeholder="${shelves.isOwn ? "Search for mugs, tents, linen…" : "Search the shop"}" value="${page.kind === "search" ? view.query.get("q") ?? "" : ""}" maxlength="100" autocomplete="off">
      <button aria-label="Search">${icon("M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.8 11.3L20 20")}</button>
    </form>
    <a class="tool" href="/account">${icon("M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20c.8-4 3.800-6 7.500-6s6.700 2 7.500 6")}<span>${view.email ? "Account" : "Sign in"}</span></a>
    <a class="tool" href="/cart">${icon("M5 8h14l-1.200 11.500H6.200L5 8Zm3.500 0a3.500 3.500 0 0 1 7 0")}<span>Cart</span><b class="count" data-cart-count ${view.cartCount === 0 ? html`hidden` : null}>${view.cartCount}</b></a>
  </div>
  <nav class="departments" aria-label="Departments">
    ${shelves.departments.length > 0
      ? shelves.departments.map(({ id, name }) => html`<a href="/d/${id}">${name}</a>`)
      : [html`<a href="/browse">All products</a>`, ...["A", "C", "F", "H", "L", "M", "P", "R", "S", "T", "V", "W"].map((letter) => html`<a href="/browse/${letter.toLowerCase()}" aria-label="Products beginning with ${letter}">${letter}</a>`)]}
    ${shelves.offers.length > 0 ? html`<a class="offers" href="/offers">Offers</a>` : null}
  </nav>
</header>
<main id="main">
${page.main}
</main>
<footer class="footer">
  <div>
    <p class="wordmark">${view.name}</p>
    <p>A demonstration shop. Nothing here is sold, charged or sent; the makers are invented and the pictures are drawn by the shop itself.</p>
  </div>
  <nav aria-label="Shop">
    <h2>Shop</h2>
    ${shelves.departments.slice(0, 6).map(({ id, name }) => html`<a href="/d/${id}">${name}</a>`)}
    ${shelves.offers.length > 0 ? html`<a href="/offers">Offers</a>` : null}<a href="/browse">Everything, A to Z</a>
  </nav>
  <nav aria-label="Help">
    <h2>Help</h2>
    <a href="/account">Your account</a><a href="/cart">Your cart</a><button type="button" class="link" data-consent-open>Cookie choices</button><button type="button" class="link" data-privacy>Your data</button>
  </nav>
</footer>
<section class="consent" aria-label="Cookie choices" data-consent hidden>
  <p>May we remember what you look at, to show you more of what you like and to learn what works? The shop works either way.</p>
  <div><button type="button" class="button small" data-consent-choice="granted">Accept</button><button type="button" class="button small quiet" data-consent-choice="denied">Decline</button></div>
</section>
<p class="toast" role="status" aria-live="polite" data-toast></p>
${dataBlock("application/json", { currency: view.currency, events: page.events ?? [] }, "page-data")}
</body>
</html>`;
}

/** A line icon of 24 × 24. */
export function icon(d: string): Html {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${d}"/></svg>`;
}

export interface Crumb {
  name: string;
  path: string;
}
export function breadcrumbs(trail: readonly Crumb[]): Fragment {
  return html`<nav class="crumbs" aria-label="Breadcrumb"><ol>${trail.map(({ name, path }, i) => html`<li>${i === trail.length - 1 ? html`<span aria-current="page">${name}</span>` : html`<a href="${path}">${name}</a>`}</li>`)}</ol></nav>`;
}
