/** The visitor's account, and the pages that say what went wrong. */
import { html } from "../html.ts";
import type { Page, View } from "./layout.ts";
import type { Order } from "./order.ts";

/** @param fault what is wrong with the e-mail address given, if anything */
export function accountPage(view: View, orders: readonly Order[], fault: string | null): Page {
  const past = html`<section aria-labelledby="orders"><h2 id="orders">Orders from this browser</h2>
${orders.length === 0 ? html`<p class="note">None yet.</p>` : html`<ul class="orders">${orders.map((order) => html`<li><a href="/thank-you/${order.number}">${order.number}</a><span>${new Date(order.placedAtMs).toLocaleDateString(view.locale, { day: "numeric", month: "long", year: "numeric" })}</span><span>${order.totals.count} ${order.totals.count === 1 ? "piece" : "pieces"}</span><b>${view.money(order.totals.total)}</b></li>`)}</ul>`}</section>`;
  return {
    status: fault ? 422 : 200, kind: "account", title: "Your account",
    main: html`<div class="section narrow"><h1>${view.email ? "Hello again" : "Sign in"}</h1>
${view.email
  ? html`<p class="lead">Signed in as <b>${view.email}</b>.</p><form method="post" action="/account/sign-out"><button class="button quiet small">Sign out</button></form>`
  : html`<p class="lead">No password: this is a demonstration, and any address will do.</p>
<form class="form" method="post" action="/account/sign-in" data-fetch><p class="field"><label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="email" maxlength="120" required${fault ? html` aria-invalid="true" aria-describedby="email-fault"` : null}>${fault ? html`<span class="fault" id="email-fault">${fault}</span>` : null}</p><button class="button">Sign in</button></form>`}
${past}</div>`,
  };
}

export function notFoundPage(view: View): Page {
  return {
    status: 404, kind: "not_found", title: "Page not found",
    main: html`<div class="section thanks"><p class="eyebrow">404</p><h1>This shelf is empty.</h1><p class="lead">The page you asked for is not here. It may have sold out for good, or the address has a slip in it.</p>
<form class="bigsearch" action="/search" role="search" aria-label="Search again"><label class="hidden" for="again">Search the shop</label><input id="again" type="search" name="q" placeholder="Search the shop" maxlength="100"><button class="button">Search</button></form>
<nav class="chips" aria-label="Places to go"><a href="/">Home</a>${view.shelves.departments.slice(0, 6).map(({ id, name }) => html`<a href="/d/${id}">${name}</a>`)}<a href="/browse">Everything</a></nav></div>`,
  };
}

/** For requests that the shop refuses, and for its own faults. */
export function faultPage(status: number, title: string, message: string): Page {
  return { status, kind: "other", title, main: html`<div class="section thanks"><p class="eyebrow">${status}</p><h1>${title}</h1><p class="lead">${message}</p><p><a class="button" href="/">Back to the shop</a></p></div>` };
}
