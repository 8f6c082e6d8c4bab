/** Watches the shop's data layer: what is in it already, and every push from now on. */
import type { Faults } from "../faults.ts";

/** How a push was written: shops that feed both Tag Manager and gtag push the same action in both ways. */
export type PushForm = "object" | "gtag";

export interface DataLayerListener {
  event(name: string, params: Record<string, unknown>, form: PushForm): void;
  consent(action: unknown, state: unknown): void;
}

/** @returns looks whether the shop has put another array in place of the one watched */
export function watchDataLayer(page: { dataLayer?: unknown }, listener: DataLayerListener, faults: Faults): () => void {
  const handle = faults.guard("data layer", (push: unknown) => read(push, listener));
  let watched: unknown;
  const watch = () => {
    const layer = Array.isArray(page.dataLayer) ? (page.dataLayer as unknown[]) : (page.dataLayer = [] as unknown[]) as unknown[];
    if (layer === watched) return;
    watched = layer;
    const push = layer.push;
    // Tag Manager wraps `push` in the same way, before or after us; each calls the one it found.
    layer.push = function (this: unknown, ...entries: unknown[]) {
      const length = push.apply(this as unknown[], entries);
      entries.forEach(handle);
      return length;
    };
    layer.slice().forEach(handle);
  };
  watch();
  return watch;
}

function read(push: unknown, listener: DataLayerListener): void {
  if (typeof push !== "object" || push === null) return;
  const [command, first, second] = [0, 1, 2].map((index) => (push as Record<number, unknown>)[index]);
  if (command === "consent") listener.consent(first, second);
  else if (command === "event" && typeof first === "string") listener.event(first, asRecord(second), "gtag");
  else {
    const { event, ecommerce, ...rest } = push as Record<string, unknown>;
    if (typeof event === "string") listener.event(event, { ...rest, ...asRecord(ecommerce) }, "object");
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
