/** How a product looks in a list: picture, maker, title, price, rating. */
import { isBuyable, type Product } from "../../../core/catalogue.ts";
import { html, type Html } from "../html.ts";
import { pathOf } from "../shelves.ts";
import type { View } from "./layout.ts";

/** Every product has a picture of the shop's own, whatever its feed says. */
export function pictureOf(product: Pick<Product, "id">): string {
  return `/images/${encodeURIComponent(product.id)}.svg`;
}

/** @param listId the list's id in the data layer; a click on the card tells which list it came from */
export function productList(view: View, listId: string, products: readonly Product[], kind: "grid" | "row" = "grid"): Html {
  return html`<ul class="${kind === "grid" ? "grid" : "grid row"}" data-list="${listId}">${products.map((product, i) => html`<li>${card(view, product, i > 3)}</li>`)}</ul>`;
}

function card(view: View, product: Product, lazy: boolean): Html {
  const variants = view.shelves.variantsOf(product);
  return html`<a class="card" href="${pathOf(product)}" data-item="${product.id}">
  <span class="frame"><img src="${pictureOf(product)}" alt="" width="400" height="400"${lazy ? html` loading="lazy"` : null}>${badge(product)}</span>
  ${product.brand ? html`<span class="maker">${product.brand}</span>` : null}
  <span class="title">${product.title}</span>
  ${price(view, product)}
  ${stars(product)}
  ${variants.length > 1 ? html`<span class="note">${variants.length} options</span>` : null}
</a>`;
}

function badge(product: Product): Html | null {
  if (!isBuyable(product)) return html`<span class="badge out">Sold out</span>`;
  if (product.sale_price !== undefined && product.sale_price < product.price) return html`<span class="badge">−${Math.round((1 - product.sale_price / product.price) * 100)} %</span>`;
  return null;
}

export function price(view: View, product: Product): Html {
  return product.sale_price !== undefined && product.sale_price < product.price
    ? html`<span class="price sale"><span class="hidden">Now </span>${view.money(product.sale_price)} <s><span class="hidden">was </span>${view.money(product.price)}</s></span>`
    : html`<span class="price">${view.money(product.price)}</span>`;
}

/** Five stars with the rated share filled, as text for who cannot see them. */
export function stars(product: Product): Html | null {
  if (product.rating_value === undefined || !product.review_count) return null;
  return html`<span class="stars"><span class="five" style="--share:${Math.round(product.rating_value * 20)}%" role="img" aria-label="${product.rating_value.toFixed(1)} of 5 stars"></span><span class="reviews">${product.review_count}<span class="hidden"> reviews</span></span></span>`;
}
