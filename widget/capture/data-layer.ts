/** Watches the shop's data layer: what is in it already, and every push from now on. */
import type { ShopEventName } from "../../core/events.ts";
import type { Faults } from "../faults.ts";
import { isShopEvent } from "./conform.ts";
import type { Voice } from "./recorder.ts";

export interface DataLayerListener {
  event(name: ShopEventName, params: Record<string, unknown>, voice: Voice): void;
  consent(action: unknown, state: unknown): void;
  /** Universal Analytics' e-commerce, which shops still push. */
  legacy(ecommerce: Record<string, unknown>): void;
}

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
  if (typeof push !== "object" || push === null) return;
  const [command, first, second] = [0, 1, 2].map((index) => (push as Record<number, unknown>)[index]);
  if (command === "consent") listener.consent(first, second);
  else if (command === "event") {
    if (isShopEvent(first)) listener.event(first, asRecord(second), "gtag");
  } else {
    const { event, ecommerce, ...rest } = push as Record<string, unknown>;
    if (isShopEvent(event)) listener.event(event, { ...rest, ...asRecord(ecommerce) }, "data-layer");
    // Also under a name of today's: shops have changed the one and not the other.
    if (ecommerce && !asRecord(ecommerce)["items"]) listener.legacy(asRecord(ecommerce));
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
