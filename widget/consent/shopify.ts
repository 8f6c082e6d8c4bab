/**
 * Shopify's Customer Privacy API: what this visitor allows, in view of their region and the shop's settings.
 * @see https://shopify.dev/docs/api/customer-privacy
 */
import type { Consent } from "../consent.ts";

export interface ShopifyGlobal {
  customerPrivacy?: { analyticsProcessingAllowed?(): boolean; preferencesProcessingAllowed?(): boolean };
  loadFeatures?(features: { name: string; version: string }[], done: (error?: unknown) => void): void;
}

/** Asks now, or once the API has loaded, and again whenever the visitor has decided. */
export function followShopify(shopify: ShopifyGlobal, page: EventTarget, consent: Consent): void {
  const read = () => {
    const { customerPrivacy } = shopify;
    // Under older versions a purpose may have no method: then nothing allows it.
    if (customerPrivacy) consent.update({ analytics: customerPrivacy.analyticsProcessingAllowed?.() === true, personalization: customerPrivacy.preferencesProcessingAllowed?.() === true }, "shopify");
  };
  page.addEventListener("visitorConsentCollected", (event) => {
    const { analyticsAllowed, preferencesAllowed } = ((event as CustomEvent).detail ?? {}) as { analyticsAllowed?: boolean; preferencesAllowed?: boolean };
    if (typeof analyticsAllowed === "boolean") consent.update({ analytics: analyticsAllowed, personalization: preferencesAllowed === true }, "shopify");
    else read();
  });
  if (shopify.customerPrivacy) read();
  else shopify.loadFeatures?.([{ name: "consent-tracking-api", version: "0.1" }], (error) => !error && read());
}
