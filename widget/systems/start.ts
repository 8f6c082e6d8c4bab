/** Wires the chunk of shop systems: which of them the page runs on, and what becomes of what they tell. */
import { watchAnyShop } from "./any-shop.ts";
import { createHold } from "./hold.ts";
import type { Systems, SystemsHost } from "./host.ts";
import { watchSegment } from "./segment.ts";
import { isShopify, pixelRuns, watchShopify } from "./shopify.ts";
import { fromUniversal } from "./universal.ts";
import { isWooCommerce, watchWooCommerce } from "./woocommerce.ts";

export function startSystems(given: SystemsHost): Systems {
  const page = window;
  const { faults } = given;
  const hold = createHold(given);
  const host: SystemsHost = {
    ...given,
    capture(name, params, voice) {
      if (voice === "shopify" || voice === "segment" || voice === "woocommerce") hold.overrule(name, voice);
      return given.capture(name, params, voice);
    },
  };
  const lookForLibrary = watchSegment(page, host);
  const isShopifys = isShopify(page);
  const shopify = isShopifys ? faults.guard("shopify", watchShopify)(host, page) : undefined;
  const wooCommerce = !isShopifys && isWooCommerce(page) ? faults.guard("woocommerce", watchWooCommerce)(host, hold, page) : undefined;
  const beginPage = faults.guard("any shop", watchAnyShop)(host, hold, page, {
    readsCart: isShopifys,
    // A shop that lets the tag onto its checkout tells of it there.
    toldElsewhere: () => given.attributes["checkout"] === "on" || (isShopifys && pixelRuns()),
  });
  beginPage?.();
  // A library takes its snippet's place at a moment of its own; whoever clicks does so after it.
  for (const type of ["load", "pointerdown", "keydown"]) page.addEventListener(type, lookForLibrary, { capture: true, passive: true });
  return {
    legacy: (ecommerce) => fromUniversal(ecommerce).forEach(({ name, params }) => void host.capture(name, params, "universal")),
    turnPage() {
      lookForLibrary();
      shopify?.turnPage();
      wooCommerce?.turnPage();
      beginPage?.();
    },
    leave: hold.release,
  };
}
