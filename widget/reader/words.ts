/** What shops' words mean, in the languages of many shops. */
import type { PageProduct } from "./product.ts";

const ENTITIES: { [name: string]: string } = { amp: "&", quot: '"', apos: "'", lt: "<", gt: ">", nbsp: " " };

export function listOf(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

/** Text of what may be a text, a number, an object with a name, or a list of those; without markup's leftovers. */
export function textOf(value: unknown): string | undefined {
  const [first] = listOf(value) as [{ [property: string]: unknown } | string | number | undefined];
  if (typeof first === "object") return first ? textOf(first["name"] ?? first["@value"] ?? first["value"] ?? first["url"] ?? first["@id"]) : undefined;
  if (first === undefined || typeof first === "boolean") return undefined;
  return String(first).replace(/&(#x?)?(\w+);/g, (whole, number: string | undefined, name: string) => (number ? String.fromCharCode(Number.parseInt(name, number === "#" ? 10 : 16)) : ENTITIES[name] ?? whole)).replace(/\s+/g, " ").trim() || undefined;
}

/** Whether two names are of one thing: they are the same but for a word or two. */
export function sameName(one: string | undefined, other: string | undefined, share = 0.6): boolean {
  const [short, long] = [one, other].map((text) => (text ?? "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()).sort((a, b) => a.length - b.length) as [string, string];
  return short.length > 2 && long.includes(short) && short.length >= long.length * share;
}

export const SOLD_OUT = /out.?of.?stock|sold.?out|discontinued|no longer available|(currently|is|not) (un)?available|notify me when|ausverkauft|(nicht|niet) (verfügbar|lieferbar|auf lager|vorrätig|op voorraad|leverbaar)|vergriffen|uitverkocht|rupture|épuisé|indispon|agotado|sin stock|no(n)? disponi|esaurito|esgotado|slutsåld|udsolgt|utsolgt|loppu|niedostępn|brak w|vyprod[áa]n|vypredan|nen[íi] skladem|elfogy|nincs|epuizat|нет в нал|распрод|немає в|изчерпан|няма нал|tükendi|stokta yok|rasprodan|ni na zalogi|nije dost|售罄|缺货|売り切れ|在庫切れ|품절|אזל|نفد|غير متوفر/i;
const WORDS: [RegExp, PageProduct["availability"]][] = [
  [SOLD_OUT, "out_of_stock"],
  [/pre.?(order|sale)|vorbestell/i, "preorder"],
  [/back.?order/i, "backorder"],
  [/in.?stock|store.?only|online.?only|limited|available|made.?to.?order|^(true|yes|1)$/i, "in_stock"],
];

/** What a word or schema.org address says of a product's stock. */
export function availabilityOf(text: string | undefined): PageProduct["availability"] {
  return text ? WORDS.find(([pattern]) => pattern.test(text))?.[1] : undefined;
}
