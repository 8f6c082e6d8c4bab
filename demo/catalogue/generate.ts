/** Generates the demo department store's catalogue: the same seed always gives the same shop. */
import type { Product } from "../../core/catalogue.ts";
import { seededRandom } from "../../core/ids.ts";
import { ASSORTMENTS, SERIES, STYLE_LINES, type Assortment } from "./assortment.ts";
import { BRANDS, type Brand, type Style } from "./brands.ts";
import { PALETTES, type Colour } from "./colours.ts";
import { CATEGORIES, productTypeOf, type Category } from "./taxonomy.ts";

/** ISO 4217 and BCP 47 of the generated prices and words. */
export const DEMO_CURRENCY = "GBP";
export const DEMO_LOCALE = "en-GB";
export const DEMO_CATALOGUE_SEED = 20260;

/** What is true of a product but written nowhere in the catalogue: simulated shoppers act on it. */
export interface ItemFacts {
  /** Category and department ids of the taxonomy. */
  category: string;
  department: string;
  style: Style;
  /** 0: the cheapest of its category, 1: the finest. */
  priceTier: number;
  /** 0 to 1; ratings follow it. */
  quality: number;
  /** How much people want it, before their own tastes; log-normal, median about 1. Variants share their product's. */
  baseAppeal: number;
  colour: Colour;
}

export interface Shop {
  products: Product[];
  /** One entry per product row, by `id`. */
  facts: Map<string, ItemFacts>;
}

/** Rows of one category stay within 12 to 40; one shop is about 1,550 rows. */
const GROUPS_PER_CATEGORY = { low: 16, high: 22 };
const MAX_ROWS_PER_CATEGORY = 40;
const VARIANT_SHARE = 0.32;
const SALE_SHARE = 0.13;
const OUT_OF_STOCK_SHARE = 0.04;

export function generateCatalogue(options: { seed: number }): Product[] {
  return generateShop(options).products;
}

/** The catalogue with the facts behind it. */
export function generateShop({ seed }: { seed: number }): Shop {
  const shop: Shop = { products: [], facts: new Map() };
  const taken = new Set<string>();
  let groupNumber = 1000;
  for (const [index, category] of CATEGORIES.entries()) {
    // A generator of its own per category: editing one leaves the others' products as they were.
    const draw = drawer(seededRandom(seed * 1009 + index * 7919));
    const groups = GROUPS_PER_CATEGORY.low + draw.below(GROUPS_PER_CATEGORY.high - GROUPS_PER_CATEGORY.low + 1);
    let rows = 0;
    for (let group = 0; group < groups; group += 1) {
      groupNumber += 1;
      const roomLeft = MAX_ROWS_PER_CATEGORY - rows - (groups - group - 1);
      for (const [product, facts] of generateGroup(category, `LM${groupNumber}`, roomLeft, taken, draw)) {
        shop.products.push(product);
        shop.facts.set(product.id, facts);
        rows += 1;
      }
    }
  }
  return shop;
}

/** One product with its variants, each a row. */
function generateGroup(category: Category, groupId: string, maxRows: number, taken: Set<string>, draw: Draw): [Product, ItemFacts][] {
  const assortment = ASSORTMENTS[category.id]!;
  const brand = draw.pick(BRANDS.filter(({ departments }) => departments.includes(category.department)));
  const [noun, priceFactor, itsMaterials] = draw.pick(assortment.nouns);
  const material = draw.pick(itsMaterials ?? assortment.materials);
  const title = freshTitle(() => `${draw.pick(SERIES)} ${withoutEcho(material, noun)}${noun}`, taken);

  const priceTier = clamp(brand.tier * 0.7 + draw.uniform() * 0.3);
  const quality = clamp(0.25 + brand.tier * 0.4 + draw.normal() * 0.16);
  const baseAppeal = Math.exp(draw.normal() * 0.9);
  const [low, high] = assortment.price;
  const basePrice = low * (high / low) ** priceTier * priceFactor;
  const discount = draw.uniform() < SALE_SHARE ? draw.pick([0.1, 0.15, 0.2, 0.25, 0.3, 0.4]) : 0;
  const ratingValue = Math.round(clamp(3.1 + quality * 1.75 + draw.normal() * 0.18, 2.4, 5) * 10) / 10;
  const reviews = Math.round(baseAppeal * category.demand * (8 + draw.uniform() * 60));
  const description = describe(assortment, brand, draw);

  const variants = drawVariants(assortment, maxRows, draw);
  return variants.map((variant, index) => {
    const price = shelfPrice(basePrice * (1 + 0.32 * variant.sizeStep));
    const id = variants.length > 1 ? `${groupId}-${index + 1}` : groupId;
    const outOfStock = draw.uniform() < OUT_OF_STOCK_SHARE;
    const name = [title, variant.size, variants.length > 1 && assortment.variesBy === "colour" ? capital(variant.colour) : undefined].filter(Boolean).join(", ");
    const product: Product = {
      id,
      title: name,
      description,
      link: `/products/${slug(name)}-${id.slice(2).toLowerCase()}`,
      image_link: `/images/${id}.svg`,
      availability: outOfStock ? "out_of_stock" : "in_stock",
      price,
      ...(discount > 0 ? { sale_price: Math.min(shelfPrice(price * (1 - discount)), Math.round((price - 0.5) * 100) / 100) } : {}),
      brand: brand.name,
      product_type: productTypeOf(category),
      ...(variants.length > 1 ? { item_group_id: groupId } : {}),
      gtin: gtin13(draw),
      color: capital(variant.colour),
      ...(variant.size ? { size: variant.size } : {}),
      ...(reviews > 0 ? { rating_value: ratingValue, review_count: reviews } : {}),
      quantity: outOfStock ? 0 : 1 + Math.floor(draw.uniform() ** 2 * 160),
      cost_of_goods_sold: Math.round(price * (0.38 + draw.uniform() * 0.2) * 100) / 100,
    };
    return [product, { category: category.id, department: category.department, style: brand.style, priceTier, quality, baseAppeal, colour: variant.colour }];
  });
}

interface Variant {
  colour: Colour;
  size?: string;
  /** How many sizes above the smallest on offer. */
  sizeStep: number;
}

function drawVariants(assortment: Assortment, maxRows: number, draw: Draw): Variant[] {
  const colours = draw.shuffled(PALETTES[assortment.palette] as readonly Colour[]);
  const several = assortment.variesBy !== "nothing" && draw.uniform() < VARIANT_SHARE;
  const sizeStep = assortment.sizes.length > 0 ? draw.below(assortment.sizes.length) : 0;
  const single: Variant = { colour: colours[0]!, size: assortment.sizes[sizeStep], sizeStep };
  if (!several || maxRows < 2) return [single];
  if (assortment.variesBy === "colour") return colours.slice(0, Math.min(2 + draw.below(3), maxRows)).map((colour) => ({ ...single, colour }));
  return assortment.sizes.slice(0, maxRows).map((size, step) => ({ colour: single.colour, size, sizeStep: step }));
}

function describe(assortment: Assortment, brand: Brand, draw: Draw): string {
  const lines = draw.shuffled(assortment.lines).slice(0, 1 + draw.below(2));
  if (draw.uniform() < 0.6) lines.push(draw.pick(STYLE_LINES[brand.style]));
  return lines.join(" ");
}

/** "Brass" + "Brass Lamp" reads badly; so does a material that the noun already names. */
function withoutEcho(material: string, noun: string): string {
  return material.split(/[ -]/).some((word) => noun.split(/[ -]/).includes(word)) ? "" : `${material} `;
}

/** Draws titles until one is new; adds a numeral when the words run out. */
function freshTitle(drawTitle: () => string, taken: Set<string>): string {
  let title = drawTitle();
  for (let attempt = 2; taken.has(title); attempt += 1) title = attempt < 40 ? drawTitle() : `${drawTitle()} No. ${attempt - 38}`;
  taken.add(title);
  return title;
}

/** Prices end as shops let them end: .99 below 12, .95 below 40, whole amounts above, whole fives above 100. */
function shelfPrice(amount: number): number {
  if (amount < 12) return (Math.max(2, Math.round(amount)) * 100 - 1) / 100;
  if (amount < 40) return (Math.round(amount) * 100 - 5) / 100;
  if (amount < 100) return Math.round(amount);
  return Math.round(amount / 5) * 5;
}

/** A GTIN-13 in GS1's range for use inside one company (prefix 200–299), with its check digit. */
function gtin13(draw: Draw): string {
  let digits = "2";
  for (let i = 1; i < 12; i += 1) digits += draw.below(10);
  return digits + gtinCheckDigit(digits);
}

/** @see https://www.gs1.org/services/how-calculate-check-digit-manually */
export function gtinCheckDigit(digits: string): number {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) sum += Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 3 : 1);
  return (10 - (sum % 10)) % 10;
}

export function slug(text: string): string {
  return text.normalize("NFKD").replace(/[\u0300-\u036f’']/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}

function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

/** Draws from one seeded generator. */
interface Draw {
  uniform(): number;
  /** A whole number from 0 to n − 1. */
  below(n: number): number;
  normal(): number;
  pick<T>(from: readonly T[]): T;
  shuffled<T>(from: readonly T[]): T[];
}

function drawer(uniform: () => number): Draw {
  const below = (n: number) => Math.floor(uniform() * n);
  return {
    uniform,
    below,
    // Box and Muller.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    pick: (from) => from[below(from.length)]!,
    shuffled(from) {
      const copy = [...from];
      for (let i = copy.length - 1; i > 0; i -= 1) {
        const j = below(i + 1);
        [copy[i], copy[j]] = [copy[j]!, copy[i]!];
      }
      return copy;
    },
  };
}
