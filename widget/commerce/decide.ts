/** What the events of shops say about the shopper's cart and orders. */
import type { EventItem, EventName, EventParams } from "../../core/events.ts";
import type { Decide } from "../capture/recorder.ts";
import { change, type Change } from "../store/shopper.ts";
import { decideAlone } from "./cause.ts";

const KEPT_ORDERS = 50;

/** What is to be recorded of a step, with what becomes of cart, orders and history; nothing of an order that is known. */
export const decide: Decide = (step, shopper) => {
  const { name, params, listsItems = false } = step;
  const changes = cartChanges(name, listsItems, (params as { items?: EventItem[] }).items ?? []);
  if (name === "purchase") {
    const { transaction_id } = params as EventParams<"purchase">;
    if (shopper.orders.includes(transaction_id)) return [];
    changes.push(change("orders", (orders) => [...orders, transaction_id].slice(-KEPT_ORDERS)));
  }
  const [[first, others] = [step, []], ...rest] = decideAlone(step, shopper);
  return [[first, [...changes, ...others]], ...rest];
};

function cartChanges(name: EventName, listsItems: boolean, items: EventItem[]): Change[] {
  const add = (sign: number) => change("cart", (cart) => {
    const next = { ...cart };
    for (const { item_id, quantity } of items) {
      const left = (next[item_id] ?? 0) + sign * (quantity ?? (sign > 0 ? 1 : Infinity));
      if (left > 0) next[item_id] = left;
      else delete next[item_id];
    }
    return next;
  });
  if (name === "add_to_cart") return [add(1)];
  if (name === "remove_from_cart") return [add(-1)];
  if (name === "purchase") return [change("cart", () => ({}))];
  // The whole cart, when its contents are told at all; an empty list is an empty cart.
  if ((name === "view_cart" || name === "begin_checkout") && listsItems) {
    const contents = Object.fromEntries(items.map(({ item_id, quantity }) => [item_id, quantity ?? 1]));
    return [change("cart", () => contents)];
  }
  return [];
}
