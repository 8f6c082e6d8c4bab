/** The product page: gallery, price, stock, variants, cart button, description. */
import { categoryPath, type Product } from "../../../core/catalogue.ts";
import { breadcrumbLd, itemEvent, listEvent, productLd } from "../analytics.ts";
import { available, FREE_SHIPPING_FROM } from "../cart.ts";
import { html, type Html } from "../html.ts";
import { pathOf, popularity } from "../shelves.ts";
import { slug } from "../../catalogue/generate.ts";
import { pictureOf, price, productList, stars } from "./card.ts";
import { breadcrumbs, type Page, type View } from "./layout.ts";

const MORE_FROM_SHELF = 4;

export function productPage(view: View, product: Product): Page {
  const [departmentName, ...rest] = categoryPath(product.product_type);
  const shelf = rest.length > 0 ? view.shelves.category(slug(rest.at(-1)!)) : undefined;
  const trail = [
    { name: "Home", path: "/" },
    ...(departmentName === undefined ? [{ name: "Everything", path: "/browse" }] : [{ name: departmentName, path: `/d/${slug(departmentName)}` }]),
    ...(shelf ? [{ name: shelf.category.name, path: `/c/${shelf.category.id}` }] : []),
    { name: product.title, path: pathOf(product) },
  ];
  const itself = view.shelves.variantsOf(product)[0]!;
  const popular = shelf ? shelf.category.products.filter(({ id }) => id !== itself.id).sort((a, b) => popularity(b) - popularity(a)).slice(0, MORE_FROM_SHELF) : [];
  const picture = pictureOf(product);
  const stock = available(product);
  return {
    kind: "product", title: product.title, description: product.description,
    structured: [productLd(product, view.origin, view.currency, picture), breadcrumbLd(trail, view.origin)],
    events: [itemEvent("view_item", view.currency, product), ...(popular.length > 0 ? [listEvent("shelf", `Popular in ${shelf!.category.name}`, popular)] : [])],
    main: html`<div class="section">
${breadcrumbs(trail)}
<article class="product">
  <div class="gallery" data-gallery>
    <img class="large" src="${picture}" alt="${product.title}" width="800" height="800" data-large>
    <div class="thumbs">
      <button type="button" aria-label="Whole picture" aria-pressed="true" data-picture="${picture}"><img src="${picture}" alt="" width="90" height="90"></button>
      <button type="button" aria-label="Close-up" aria-pressed="false" data-picture="${picture}?view=1"><img src="${picture}?view=1" alt="" width="90" height="90"></button>
    </div>
  </div>
  <div class="facts">
    ${product.brand ? html`<p class="maker"><a href="/search?${String(new URLSearchParams({ q: product.brand }))}">${product.brand}</a></p>` : null}
    <h1>${product.title}</h1>
    ${stars(product)}
    <p class="now">${price(view, product)}</p>
    ${variantLinks(view, product)}
    <p class="stock ${stock === 0 ? "none" : stock < 6 ? "low" : "plenty"}">${stock === 0 ? "Sold out" : stock < 6 ? `Only ${stock} left` : "In stock, sent tomorrow"}</p>
    ${stock > 0
      ? html`<form class="buy" method="post" action="/cart/add" data-fetch><input type="hidden" name="id" value="${product.id}"><label class="hidden" for="quantity">Quantity</label><select id="quantity" name="quantity">${Array.from({ length: Math.min(stock, 10) }, (_, i) => html`<option>${i + 1}</option>`)}</select><button class="button">Add to cart</button></form>`
      : html`<p><a class="button quiet" href="${shelf ? `/c/${shelf.category.id}` : "/browse"}">See what else there is</a></p>`}
    ${product.description ? html`<p class="description">${product.description}</p>` : null}
    <dl class="details">${Object.entries({ Maker: product.brand, Colour: product.color, Size: product.size, "Item number": product.id, GTIN: product.gtin }).map(([name, value]) => value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : null)}</dl>
    <ul class="promises"><li>Free standard delivery from ${view.wholeMoney(FREE_SHIPPING_FROM)}</li><li>60 days to change your mind</li><li>Mended for life in our workshop</li></ul>
  </div>
</article>
</div>
<div id="product-recommendations"></div>
${popular.length > 0 ? html`<section class="section" aria-labelledby="shelf"><div class="heading"><h2 id="shelf">Popular in ${shelf!.category.name}</h2><a class="textlink" href="/c/${shelf!.category.id}">All ${shelf!.category.name}</a></div>${productList(view, "shelf", popular, "row")}</section>` : null}`,
  };
}

function variantLinks(view: View, product: Product): Html | null {
  const variants = view.shelves.variantsOf(product);
  if (variants.length < 2) return null;
  const bySize = new Set(variants.map(({ size }) => size)).size > 1;
  return html`<div class="variants"><p>${bySize ? "Size" : "Colour"}: <b>${bySize ? product.size : product.color}</b></p><ul>${variants.map((variant) => html`<li><a href="${pathOf(variant)}"${variant.id === product.id ? html` aria-current="true"` : null} class="${available(variant) === 0 ? "out" : ""}">${bySize ? variant.size : html`<img src="${pictureOf(variant)}" alt="" width="56" height="56"><span class="hidden">${variant.color}</span>`}</a></li>`)}</ul></div>`;
}
