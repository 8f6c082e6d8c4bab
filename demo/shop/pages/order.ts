/** The way to an order: cart, address, payment, thank-you. */
import { cartEvent } from "../analytics.ts";
import { FREE_SHIPPING_FROM, SHIPPING, available, type CartTotals, type ShippingTier } from "../cart.ts";
import { html, type Html } from "../html.ts";
import { pathOf } from "../shelves.ts";
import { pictureOf } from "./card.ts";
import type { Page, View } from "./layout.ts";

export interface Address {
  name: string;
  email: string;
  street: string;
  postcode: string;
  city: string;
  tier: ShippingTier;
}
export interface Order {
  number: string;
  placedAtMs: number;
  address: Address;
  payment: string;
  totals: CartTotals;
}
export const PAYMENTS = { demo: "Demonstration payment (always succeeds)", invoice: "Demonstration invoice" } as const;
export type Payment = keyof typeof PAYMENTS;

export function cartPage(view: View, cart: CartTotals): Page {
  const missing = FREE_SHIPPING_FROM - cart.subtotal;
  return {
    kind: "cart", title: "Your cart",
    events: [cartEvent("view_cart", view.currency, cart)].filter(() => cart.lines.length > 0),
    main: html`<div class="section"><h1>Your cart</h1>
${cart.lines.length === 0
  ? html`<p class="lead">It is empty so far.</p><p><a class="button" href="/">Look around</a></p>`
  : html`<div class="checkout"><ul class="lines">${cart.lines.map(({ product, quantity, total }) => html`<li>
  <a href="${pathOf(product)}"><img src="${pictureOf(product)}" alt="" width="112" height="112"></a>
  <div><a class="title" href="${pathOf(product)}">${product.title}</a><p class="note">${[product.brand, product.color, product.size].filter(Boolean).join(" · ")}</p>
    <div class="change">
      <form method="post" action="/cart/update" data-fetch><input type="hidden" name="id" value="${product.id}"><label><span class="hidden">Quantity of ${product.title}</span><select name="quantity" data-autosubmit>${Array.from({ length: Math.max(quantity, Math.min(available(product), 10)) }, (_, i) => html`<option${i + 1 === quantity ? html` selected` : null}>${i + 1}</option>`)}</select></label><noscript><button class="link">Update</button></noscript></form>
      <form method="post" action="/cart/remove" data-fetch><input type="hidden" name="id" value="${product.id}"><button class="link" aria-label="Remove ${product.title}">Remove</button></form>
    </div></div>
  <p class="price">${view.money(total)}</p>
</li>`)}</ul>
<aside class="summary" aria-label="Summary">${sums(view, cart)}${missing > 0 ? html`<p class="note">${view.money(missing)} to go until delivery is free.</p>` : null}<a class="button wide" href="/checkout">Go to checkout</a></aside></div>`}
</div>
<div id="cart-recommendations"></div>`,
  };
}

/** @param faults what to say beside a field, by its name */
export function checkoutPage(view: View, cart: CartTotals, given: Partial<Address>, faults: { [field: string]: string }): Page {
  const field = (name: keyof Address, label: string, autocomplete: string, type = "text") => html`<p class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" value="${given[name] ?? ""}" maxlength="120" required${faults[name] ? html` aria-invalid="true" aria-describedby="${name}-fault"` : null}>${faults[name] ? html`<span class="fault" id="${name}-fault">${faults[name]}</span>` : null}</p>`;
  return {
    status: Object.keys(faults).length > 0 ? 422 : 200, kind: "checkout", title: "Checkout: delivery",
    events: [cartEvent("begin_checkout", view.currency, cart)],
    main: html`<div class="section">${steps(0)}<h1>Where shall it go?</h1><div class="checkout">
<form class="form" method="post" action="/checkout" data-fetch>
  <p class="note">This is a demonstration: invent a name and an address.</p>
  ${field("name", "Name", "name")}${field("email", "E-mail", "email", "email")}${field("street", "Street and number", "street-address")}
  <div class="pair">${field("postcode", "Postcode", "postal-code")}${field("city", "Town", "address-level2")}</div>
  <fieldset class="options"><legend>Delivery</legend>${Object.entries(SHIPPING).map(([tier, { name, price }], i) => html`<label><input type="radio" name="tier" value="${tier}"${(given.tier ?? "standard") === tier || (i === 0 && !given.tier) ? html` checked` : null}><span>${name}</span><b>${tier === "standard" && cart.subtotal >= FREE_SHIPPING_FROM ? "free" : view.money(price)}</b></label>`)}</fieldset>
  <button class="button wide">On to payment</button>
</form>
<aside class="summary" aria-label="Summary">${miniLines(view, cart)}${sums(view, cart)}</aside></div></div>`,
  };
}

export function paymentPage(view: View, cart: CartTotals, address: Address): Page {
  return {
    kind: "checkout", title: "Checkout: payment", withoutTag: true,
    main: html`<div class="section">${steps(1)}<h1>Payment</h1><div class="checkout">
<form class="form" method="post" action="/checkout/payment" data-fetch>
  <p class="notice"><b>No money moves here.</b> This shop is a demonstration. Do not enter a real card; there is no field for one.</p>
  <fieldset class="options"><legend>How would you like to pretend to pay?</legend>${Object.entries(PAYMENTS).map(([value, label], i) => html`<label><input type="radio" name="payment" value="${value}"${i === 0 ? html` checked` : null}><span>${label}</span></label>`)}</fieldset>
  <p class="note">Goes to ${address.name}, ${address.street}, ${address.postcode} ${address.city}. <a href="/checkout">Change</a></p>
  <button class="button wide">Place demo order, ${view.money(cart.total)}</button>
</form>
<aside class="summary" aria-label="Summary">${miniLines(view, cart)}${sums(view, cart)}</aside></div></div>`,
  };
}

export function thankYouPage(view: View, order: Order): Page {
  const { totals } = order;
  return {
    kind: "thank_you", title: "Thank you",
    events: [cartEvent("purchase", view.currency, totals, { transaction_id: order.number, value: totals.subtotal, shipping: totals.shipping, tax: 0 })],
    main: html`<div class="section thanks"><p class="tickmark" aria-hidden="true">✓</p><h1>Thank you, ${order.address.name.split(" ")[0]}.</h1>
<p class="lead">Your order <b data-order>${order.number}</b> is in. As this is a demonstration, the parcel will only arrive in your imagination.</p>
<div class="summary">${miniLines(view, totals)}${sums(view, totals)}</div>
<p><a class="button" href="/">Carry on looking</a> <a class="textlink" href="/account">Your orders</a></p></div>`,
  };
}


function steps(current: number): Html {
  return html`<ol class="steps" aria-label="Checkout">${["Delivery", "Payment", "Done"].map((name, i) => html`<li${i === current ? html` aria-current="step"` : null}>${name}</li>`)}</ol>`;
}

function miniLines(view: View, cart: CartTotals): Html {
  return html`<ul class="mini">${cart.lines.map(({ product, quantity, total }) => html`<li><img src="${pictureOf(product)}" alt="" width="56" height="56"><span>${product.title}<small> × ${quantity}</small></span><span>${view.money(total)}</span></li>`)}</ul>`;
}

function sums(view: View, cart: CartTotals): Html {
  return html`<dl class="sums"><div><dt>Goods</dt><dd data-subtotal>${view.money(cart.subtotal)}</dd></div><div><dt>Delivery</dt><dd>${cart.shipping === 0 ? "free" : view.money(cart.shipping)}</dd></div><div class="total"><dt>Total</dt><dd data-total>${view.money(cart.total)}</dd></div></dl>`;
}
