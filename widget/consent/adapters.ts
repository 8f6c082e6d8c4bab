/** The chunk of those consent sources that few shops have: Shopify's, the IAB's framework, and our own prompt. */
import type { Bridge } from "../bridge.ts";
import { showPrompt } from "./prompt.ts";
import { followShopify, type ShopifyGlobal } from "./shopify.ts";
import { followTcf, type TcfApi } from "./tcf.ts";

const followed = new Set<string>();

/** Follows what is on the page by now; called again, whatever has come since. */
export function followConsent(bridge: Bridge): void {
  const page = window as { Shopify?: ShopifyGlobal; __tcfapi?: TcfApi };
  const once = (name: string, follow: () => void) => {
    if (followed.has(name)) return;
    followed.add(name);
    bridge.faults.guard(name, follow)();
  };
  if (page.Shopify) once("shopify", () => followShopify(page.Shopify!, document, bridge.consent));
  if (page.__tcfapi) once("tcf", () => followTcf(page.__tcfapi!, bridge.consent));
  if (bridge.attributes["consent"] === "prompt") once("prompt", () => showPrompt(bridge));
}
