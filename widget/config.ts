/** What the tag is told: the attributes of its own script element and the shop's public configuration. */
import { routes, type ShopConfig } from "../core/api.ts";

/** A stored configuration older than this waits for a fresh one before anything is drawn with it. */
export const CONFIG_FRESH_MS = 60 * 60 * 1000;

/** What every page needs of the script element's attributes; the others are read where a carousel is. */
export interface TagAttributes {
  /** Origin that the tag came from, without a slash at its end. */
  edge: string;
  /** The shop's public write key. */
  key: string;
  attributes: DOMStringMap;
}

/**
 * Attributes may stand in the script's address as well, `tag.js?key=…`: Google Tag Manager keeps no `data-` attributes.
 *
 * @returns null without a write key, the one thing that the tag cannot do without
 * @see https://github.com/umami-software/umami/issues/430
 */
export function readTag(document: Document): TagAttributes | null {
  // Modules have no `currentScript`, and a page's `<img name="currentScript">` takes its place.
  const script = ([document.currentScript, document.querySelector('script[src*="/tag.js"]')] as (HTMLScriptElement | null)[]).find((script) => script?.src);
  if (!script) return null;
  const { origin: edge, searchParams } = new URL(script.src);
  const attributes: DOMStringMap = { ...Object.fromEntries(searchParams), ...script.dataset };
  return attributes["key"] ? { edge, key: attributes["key"], attributes } : null;
}

/**
 * Fetches the configuration: the same for every visitor, so without credentials, id or history.
 * @throws when the edge can't be reached or refuses
 */
export async function fetchConfig({ edge, key }: TagAttributes, fetch: typeof globalThis.fetch): Promise<ShopConfig> {
  const response = await fetch(edge + routes.config(key), { credentials: "omit", referrerPolicy: "origin" });
  const config = (await response.json()) as ShopConfig;
  if (!config.placements) throw new Error(`configuration: ${response.status}`);
  return config;
}
