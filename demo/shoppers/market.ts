/** The shop as its shoppers meet it: products as columns, category lists in their order, what is popular. */
import { currentPrice, isBuyable, type Product } from "../../core/catalogue.ts";
import { hash32 } from "../../core/ids.ts";
import { STYLES } from "../catalogue/brands.ts";
import { COLOURS } from "../catalogue/colours.ts";
import type { ItemFacts } from "../catalogue/generate.ts";
import { CATEGORIES, DEPARTMENTS } from "../catalogue/taxonomy.ts";

/**
 * Looks that go together across categories but that no attribute names (a motif, a collection): what
 * only other shoppers' behaviour can teach a model.
 */
export const THEME_COUNT = 14;
export const STYLE_COUNT = STYLES.length;
export const COLOUR_NAMES = Object.keys(COLOURS);

export interface MarketCategory {
  id: string;
  name: string;
  department: number;
  /** Product indices as the category's page lists them, most popular first. */
  listed: readonly number[];
  /** Indices of categories, the closest first. */
  complements: readonly number[];
  season: readonly number[];
  replenishDays: number | undefined;
}

/** Every column has one entry per product, in catalogue order; N is their number. */
export interface Market {
  products: readonly Product[];
  category: Uint8Array;
  department: Uint8Array;
  style: Uint8Array;
  brand: Uint16Array;
  brandCount: number;
  colour: Uint8Array;
  theme: Uint8Array;
  /** Variants of one product share a group. */
  group: Uint16Array;
  /** 0 to 1 within the category. */
  priceTier: Float64Array;
  /** Share taken off the price; 0 to 1. */
  discount: Float64Array;
  /** What the shopper pays, in major units. */
  price: Float64Array;
  buyable: Uint8Array;
  /** log of what makes a product wanted by everybody: appeal, quality, its category's demand, its place in the list. */
  attraction: Float64Array;
  categories: readonly MarketCategory[];
  /** Product indices by what sells in a month (0 is January), most first. */
  popular: readonly Int32Array[];
}

/** How much of the attraction comes from where things stand: the place in a list counts as (1 + place)^-this. */
const POSITION_BIAS = 0.45;
const APPEAL_WEIGHT = 0.8;
const QUALITY_WEIGHT = 0.8;
/** What runs out brings shoppers in more often than what lasts; added to the log of the category's demand. */
const CONSUMABLE_DEMAND = 0.4;

export function createMarket(products: readonly Product[], facts: ReadonlyMap<string, ItemFacts>, seed: number): Market {
  const n = products.length;
  const market = {
    products,
    category: new Uint8Array(n), department: new Uint8Array(n), style: new Uint8Array(n), brand: new Uint16Array(n), colour: new Uint8Array(n),
    theme: new Uint8Array(n), group: new Uint16Array(n), priceTier: new Float64Array(n), discount: new Float64Array(n), price: new Float64Array(n),
    buyable: new Uint8Array(n), attraction: new Float64Array(n),
  };
  const brands = new Map<string, number>();
  const groups = new Map<string, number>();
  const numberOf = (map: Map<string, number>, key: string) => map.get(key) ?? (map.set(key, map.size), map.size - 1);
  const groupSizes: number[] = [];
  products.forEach((product, i) => {
    const fact = facts.get(product.id);
    if (!fact) throw new RangeError(`No facts about product ${product.id}: shoppers cannot judge it`);
    const groupId = product.item_group_id ?? product.id;
    market.category[i] = CATEGORIES.findIndex(({ id }) => id === fact.category);
    market.department[i] = DEPARTMENTS.findIndex(({ id }) => id === fact.department);
    market.style[i] = STYLES.indexOf(fact.style);
    market.brand[i] = numberOf(brands, product.brand ?? "");
    market.colour[i] = COLOUR_NAMES.indexOf(fact.colour);
    market.theme[i] = hash32(`${seed}:theme:${groupId}`) % THEME_COUNT;
    market.group[i] = numberOf(groups, groupId);
    groupSizes[market.group[i]!] = (groupSizes[market.group[i]!] ?? 0) + 1;
    market.priceTier[i] = fact.priceTier;
    market.price[i] = currentPrice(product);
    market.discount[i] = 1 - currentPrice(product) / product.price;
    market.buyable[i] = isBuyable(product) ? 1 : 0;
  });
  products.forEach((product, i) => {
    const { baseAppeal, quality } = facts.get(product.id)!;
    // A product's appeal is shared out among its variants.
    market.attraction[i] = APPEAL_WEIGHT * Math.log(baseAppeal) + QUALITY_WEIGHT * (quality - 0.5) - 0.7 * Math.log(groupSizes[market.group[i]!]!);
  });

  const categories = CATEGORIES.map((entry, index): MarketCategory => ({
    id: entry.id,
    name: entry.name,
    department: DEPARTMENTS.findIndex(({ id }) => id === entry.department),
    listed: [...market.category.keys()].filter((i) => market.category[i] === index).sort((a, b) => market.attraction[b]! - market.attraction[a]!),
    complements: entry.complements.map((id) => CATEGORIES.findIndex((other) => other.id === id)),
    season: entry.season,
    replenishDays: entry.replenishDays,
  }));
  categories.forEach((category, index) => {
    category.listed.forEach((i, place) => {
      market.attraction[i]! += Math.log(CATEGORIES[index]!.demand) + (category.replenishDays === undefined ? 0 : CONSUMABLE_DEMAND) - POSITION_BIAS * Math.log(1 + place);
    });
  });
  const popular = Array.from({ length: 12 }, (_, month) => {
    const score = (i: number) => market.attraction[i]! + Math.log(categories[market.category[i]!]!.season[month]!) + (market.buyable[i] ? 0 : -Infinity);
    return Int32Array.from(products.keys()).sort((a, b) => score(b) - score(a) || a - b);
  });
  return { ...market, brandCount: brands.size, categories, popular };
}
