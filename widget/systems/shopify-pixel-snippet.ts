/** What a merchant pastes into Shopify's admin as a custom pixel, with the two words in capitals replaced. */
import { createPixel, type PixelSandbox } from "./shopify-pixel.ts";

/** Shopify's sandbox gives these to a pixel. */
declare const analytics: PixelSandbox["analytics"];
declare const browser: PixelSandbox["browser"];

createPixel(
  { edge: "EDGE", key: "WRITE_KEY" },
  { analytics, browser, privacyControl: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true, fetch, nowMs: Date.now, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
);
