/** What shops' words mean, in the languages of many shops. */
import type { PageProduct } from "./product.ts";

export function listOf(value: unknown): unknown[] {
  return [value].flat().filter((entry) => entry !== undefined && entry !== null);
}

/** Text of what may be a text, a number, an object with a name, or a list of those; without markup's leftovers. */
export function textOf(value: unknown): string | undefined {
  const [first] = listOf(value) as [{ [property: string]: unknown } | string | number | undefined];
  if (typeof first === "object") return textOf(first["name"] ?? first["value"] ?? first["url"] ?? first["@id"]);
  return String(first ?? "").replace(/&(amp|quot|nbsp|#\d+);/g, (_, name: string) => ({ amp: "&", quot: '"', nbsp: " " })[name] ?? String.fromCharCode(Number(name.slice(1)))).replace(/\s+/g, " ").trim() || undefined;
}

/** Whether two names are of one thing: the shorter one is in the longer, and makes up this share of it. */
export function sameName(one: string | undefined, other: string | undefined, share = 0): boolean {
  const [short, long] = [one, other].map((text = "") => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()).sort((a, b) => a.length - b.length) as [string, string];
  return short.length > 2 && long.includes(short) && short.length >= long.length * share;
}

export const SOLD_OUT = /out.?of.?stock|sold.?out|no longer|not available|unavailable|notify me|ausverkauft|nicht (verfü|liefer|auf)|uitverkocht|rupture|épuisé|indispon|agotado|sin stock|non? disponi|esaurit|esgotad|slutså|u[dt]solgt|niedostęp|vyprod|нет в нал|tükendi/i;

/** What a word or schema.org address says of a product's stock. */
export function availabilityOf(text = ""): PageProduct["availability"] {
  return SOLD_OUT.test(text) ? "out_of_stock" : /pre.?(order|sale)/i.test(text) ? "preorder" : /back.?order/i.test(text) ? "backorder" : /stock|store|online|limited|available/i.test(text) ? "in_stock" : undefined;
}
