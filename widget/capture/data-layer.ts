/** Watches the shop's data layer: what is in it already, and every push from now on. */
import type { EventName } from "../../core/events.ts";
import type { Faults } from "../faults.ts";
import type { Voice } from "./recorder.ts";

export interface DataLayerListener {
  /** A voice's word. Universal Analytics' e-commerce, which shops still push, has no one name: it is called nothing. */
  told(name: EventName, params: object, voice: Voice): void;
  consent(action: unknown, state: unknown): void;
}

/** What e-commerce events are called; which of them are known, the commerce chunk says. */
const SHOP_EVENT = /^(view_|select_|add_|remove_|begin_|purchase$|refund$|search$|login$)/;
const isShopEvent = (name: unknown): name is EventName => SHOP_EVENT.test(name as string);

/** @returns looks whether the shop has put another array in place of the one watched */
export function watchDataLayer(page: { dataLayer?: unknown }, listener: DataLayerListener, faults: Faults): () => void {
  const handle = faults.guard("data layer", (push: unknown) => read(push, listener));
  let watched: unknown;
  // What the shop has frozen, or has something else in the place of, stays as it is.
  const watch = faults.guard("data layer", () => {
    const layer = (page.dataLayer ??= []) as unknown[];
    if (layer === watched) return;
    watched = layer;
    const push = layer.push;
    layer.slice().forEach(handle);
    // Tag Manager wraps `push` in the same way, before or after us; each calls the one it found.
    layer.push = function (this: unknown, ...entries: unknown[]) {
      const length = push.apply(this as unknown[], entries);
      entries.forEach(handle);
      return length;
    };
  });
  watch();
  return watch;
}

function read(push: unknown, listener: DataLayerListener): void {
  // What gtag pushes is `arguments`.
  const { 0: command, 1: first, 2: second, event, ecommerce, ...rest } = Object(push) as { [key: string]: unknown };
  if (command === "consent") listener.consent(first, second);
  else if (command === "event" && isShopEvent(first)) listener.told(first, Object(second) as object, "gtag");
  else {
    if (isShopEvent(event)) listener.told(event, { ...rest, ...(ecommerce as object) }, "data-layer");
    // Also under a name of today's: shops have changed the one and not the other.
    if (ecommerce && !(ecommerce as { items?: unknown }).items) listener.told("" as EventName, ecommerce, "universal");
  }
}
