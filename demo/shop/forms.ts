/** What the shop's forms do: carts change, addresses are taken, orders are placed. */
import { cartEvent, itemEvent, type DataLayerEvent } from "./analytics.ts";
import { SHIPPING, setQuantity, totals, type ShippingTier } from "./cart.ts";
import { PAYMENTS, type Address, type Payment } from "./pages/order.ts";
import type { Session } from "./sessions.ts";
import type { Shelves } from "./shelves.ts";

export type Outcome =
  | { ok: true; events: DataLayerEvent[]; message: string; next: string }
  /** The visitor must mend the form: faults by field. */
  | { ok: false; status: number; faults: { [field: string]: string } };

export interface FormContext {
  session: Session;
  shelves: Shelves;
  currency: string;
  form: URLSearchParams;
  nowMs: number;
  /** A new order's number. */
  orderNumber: () => string;
}

/** By path; each answers a POST. */
export const FORMS: { readonly [path: string]: (context: FormContext) => Outcome } = {
  "/cart/add": (context) => changeCart(context, (before, asked) => before + Math.max(1, asked)),
  "/cart/update": (context) => changeCart(context, (_, asked) => asked),
  "/cart/remove": (context) => changeCart(context, () => 0),
  "/checkout": takeAddress,
  "/checkout/payment": placeOrder,
  "/account/sign-in": signIn,
  "/account/sign-out": signOut,
};

function changeCart({ session, shelves, currency, form }: FormContext, decide: (before: number, asked: number) => number): Outcome {
  const product = shelves.byId(form.get("id") ?? "");
  if (!product) return { ok: false, status: 404, faults: { id: "There is no such product." } };
  const asked = Number(form.get("quantity") ?? 1);
  if (!Number.isSafeInteger(asked) || asked < 0) return { ok: false, status: 422, faults: { quantity: "The quantity must be a whole number." } };
  const change = setQuantity(session.cart, product, decide(session.cart.get(product.id) ?? 0, asked));
  const events = change === 0 ? [] : [itemEvent(change > 0 ? "add_to_cart" : "remove_from_cart", currency, product, Math.abs(change))];
  const message = change > 0 ? `${product.title} is in your cart.` : change < 0 ? `${product.title}: cart changed.` : "That is all we have of it.";
  return { ok: true, events, message, next: "/cart" };
}

function takeAddress({ session, shelves, currency, form }: FormContext): Outcome {
  const text = (name: string) => (form.get(name) ?? "").trim().slice(0, 120);
  const tier = form.get("tier") ?? "standard";
  const address: Address = { name: text("name"), email: text("email"), street: text("street"), postcode: text("postcode"), city: text("city"), tier: Object.hasOwn(SHIPPING, tier) ? (tier as ShippingTier) : "standard" };
  session.address = address;
  const faults: { [field: string]: string } = {};
  for (const name of ["name", "street", "postcode", "city"] as const) if (address[name] === "") faults[name] = "Please fill this in; anything will do.";
  if (!isEmail(address.email)) faults["email"] = "This does not look like an e-mail address.";
  if (Object.keys(faults).length > 0) return { ok: false, status: 422, faults };
  return { ok: true, events: [cartEvent("add_shipping_info", currency, totals(session.cart, shelves.byId, address.tier), { shipping_tier: address.tier })], message: "", next: "/checkout/payment" };
}

function placeOrder({ session, shelves, currency, form, nowMs, orderNumber }: FormContext): Outcome {
  const payment = form.get("payment") ?? "";
  const cart = totals(session.cart, shelves.byId, session.address?.tier);
  if (!session.address || cart.lines.length === 0) return { ok: false, status: 409, faults: { cart: "There is nothing to order." } };
  if (!Object.hasOwn(PAYMENTS, payment)) return { ok: false, status: 422, faults: { payment: "Please choose how to pay." } };
  const number = orderNumber();
  session.orders.unshift({ number, placedAtMs: nowMs, address: session.address, payment: PAYMENTS[payment as Payment], totals: cart });
  session.cart.clear();
  return { ok: true, events: [cartEvent("add_payment_info", currency, cart, { payment_type: payment })], message: "", next: `/thank-you/${number}` };
}

function signIn({ session, form }: FormContext): Outcome {
  const email = (form.get("email") ?? "").trim().slice(0, 120);
  if (!isEmail(email)) return { ok: false, status: 422, faults: { email: "This does not look like an e-mail address." } };
  session.email = email;
  return { ok: true, events: [{ event: "login", method: "email" }], message: "", next: "/account" };
}

function signOut({ session }: FormContext): Outcome {
  session.email = null;
  return { ok: true, events: [], message: "", next: "/account" };
}

function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
}
