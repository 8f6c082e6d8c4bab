/** Draws every picture of the demo shop as SVG: products by their category or title, departments and the hero. */
import type { Product } from "../../core/catalogue.ts";
import { categoryPath } from "../../core/catalogue.ts";
import { hash32, seededRandom } from "../../core/ids.ts";
import { COLOURS, type Colour } from "../catalogue/colours.ts";
import { slug } from "../catalogue/generate.ts";
import { defs, inkOf, mix, moved, type Drawing } from "./drawings/ink.ts";
import * as desk from "./drawings/desk.ts";
import * as gifts from "./drawings/gifts.ts";
import * as home from "./drawings/home.ts";
import * as kitchen from "./drawings/kitchen.ts";
import * as outdoor from "./drawings/outdoor.ts";

/** By the last level of `product_type`, slugged. */
const BY_CATEGORY: { readonly [category: string]: Drawing } = {
  "knives": kitchen.knife, "knife-sharpeners": kitchen.sharpener, "cutting-boards": kitchen.board, "pots-pans": kitchen.pan, "bakeware": kitchen.bakeware, "storage-jars": kitchen.jar,
  "mugs": kitchen.mug, "plates-bowls": kitchen.plate, "glassware": kitchen.glass, "cutlery": kitchen.cutlery, "table-linen": home.cloth,
  "coffee-beans": kitchen.pouch, "coffee-makers": kitchen.coffeeMaker, "coffee-grinders": kitchen.grinder, "teapots": kitchen.teapot, "loose-tea": kitchen.teaTin,
  "cushions": home.cushion, "throws": home.throwBlanket, "rugs": home.rug, "vases": home.vase, "candles": home.candle,
  "table-lamps": home.tableLamp, "floor-lamps": home.floorLamp, "pendant-lights": home.pendant, "light-bulbs": home.bulb,
  "bed-linen": home.bedLinen, "pillows-duvets": home.pillow, "alarm-clocks": home.clock, "wall-clocks": home.clock,
  "towels": home.towel, "soap-hand-care": home.soap, "bath-mats": home.bathMat, "storage-baskets": home.basket,
  "planters": outdoor.planter, "garden-tools": outdoor.gardenTool, "seeds": outdoor.seeds, "watering-cans": outdoor.wateringCan, "garden-furniture": outdoor.furniture, "bird-feeders": outdoor.birdCare,
  "tents": outdoor.tent, "sleeping-bags": outdoor.sleepingBag, "lanterns": outdoor.lantern, "camp-stoves": outdoor.campStove, "backpacks": outdoor.backpack, "water-bottles": outdoor.bottle,
  "barbecues": outdoor.barbecue, "grill-tools": outdoor.grillTool, "charcoal-firewood": kitchen.pouch,
  "dog-beds": desk.petBed, "pet-food": (ink) => (ink.words.includes("wet ") ? desk.petCan(ink) : kitchen.pouch(ink)), "pet-toys": desk.petToy, "leads-collars": desk.lead, "pet-bowls": desk.petBowl,
  "notebooks": desk.notebook, "pens": desk.pen, "desk-organisers": desk.deskOrganiser,
};

/** For titles alone, by what their words begin with; the first found decides, so the more telling words come first. */
const BY_WORD: readonly (readonly [words: readonly string[], drawing: Drawing])[] = [
  [["hot water"], gifts.hotWaterBottle], [["heart"], gifts.heart], [["lunch", "snack box"], gifts.lunchBox], [["bunting", "garland"], gifts.bunting], [["cake tin", "tins"], kitchen.jar], [["cake", "cupcake"], gifts.cake],
  [["mug", "cup ", "cups", "teacup", "beaker"], kitchen.mug], [["teapot", "kettle"], kitchen.teapot], [["t-light", "tealight", "candle", "holder", "lantern", "incense"], home.candle],
  [["bag", "shopper", "tote", "purse", "wallet"], gifts.bag], [["clock"], home.clock], [["umbrella", "parasol"], gifts.umbrella], [["sign", "plaque", "door", "chalkboard", "memo"], gifts.sign], [["frame", "picture", "photo", "mirror", "poster", "canvas"], gifts.frame],
  [["bottle", "flask"], outdoor.bottle], [["necklace", "bracelet", "earring", "ring ", "jewel", "brooch", "hair"], gifts.jewel], [["christmas", "bauble", "xmas", "ornament", "tree", "star"], gifts.bauble],
  [["card", "postage", "sticker", "stencil", "tattoo"], gifts.card], [["wrap", "ribbon", "paper chain", "tissue"], gifts.wrap], [["notebook", "book", "diary", "journal", "folder", "organiser"], desk.notebook], [["pencil", "pen ", "crayon", "chalk"], desk.pen],
  [["plate", "saucer", "coaster", "placemat", "doiley"], kitchen.plate], [["bowl", "dish", "colander"], kitchen.bowl], [["jar", "canister", "tin", "biscuit"], kitchen.jar], [["glass", "jug", "goblet", "tumbler", "carafe"], kitchen.glass], [["spoon", "fork", "cutlery", "knife"], kitchen.cutlery],
  [["cushion", "pillow"], home.cushion], [["towel", "apron", "cloth", "napkin", "throw", "blanket", "quilt"], home.cloth], [["rug", "mat"], home.rug], [["basket", "hamper", "crate"], home.basket], [["vase", "flower", "rose"], home.vase], [["lamp", "light", "bulb"], outdoor.lantern],
  [["soap", "bath", "lotion"], home.soap], [["garden", "planter", "pot ", "herb"], outdoor.planter], [["watering"], outdoor.wateringCan], [["bird"], outdoor.birdCare], [["doll", "girl", "babushka", "fairy", "soldier"], gifts.doll], [["knob", "hook", "handle", "drawer"], gifts.knob], [["warmer", "charger", "magnet", "button", "sewing"], gifts.charger], [["box", "gift", "set"], gifts.giftBox],
];

/** Words of colour in titles that have no colour of their own. */
const HUES: readonly (readonly [word: string, hex: string])[] = [["white", "#e6dfd2"], ["ivory", "#e9dfca"], ["cream", "#eadfc8"], ["red", "#b5443a"], ["pink", "#d98ba0"], ["blue", "#5c86a8"], ["green", "#6c9070"], ["black", "#3a3837"], ["silver", "#b6babd"], ["gold", "#c8a04d"], ["yellow", "#dcb14b"], ["orange", "#d98241"], ["purple", "#7d6390"], ["lilac", "#b8a7c9"], ["turquoise", "#4f9a9a"], ["brown", "#8a5f42"], ["wood", "#b98d58"], ["metal", "#8d9297"], ["vintage", "#a68a68"], ["retro", "#c0694a"], ["zinc", "#9ea5a6"]];

/** For titles that say no colour at all. */
const MIXED = (["sage", "terracotta", "denim", "mustard", "rose", "teal", "plum", "fern", "coral", "slate", "lilac", "rust", "sky", "olive"] as const).map((name) => COLOURS[name]);

/** What of a product its picture depends on. */
export type Pictured = Pick<Product, "id" | "title"> & Partial<Pick<Product, "color" | "product_type">>;

/** One product's picture: 800 × 800, the same for the same product every time. `view` 1 is a close-up for galleries. */
export function productPicture(product: Pictured, view: 0 | 1 = 0): string {
  const random = seededRandom(hash32(product.id));
  const ink = inkOf(colourOf(product), random, ` ${product.title.toLowerCase()} `);
  const drawing = drawingOf(product)(ink);
  const [x, y, size] = view === 0 ? [0, 0, 800] : [190, 210, 470];
  return svg(`${x} ${y} ${size} ${size}`, defs(ink) + backdrop(ink.base, view === 1 ? "near" : "far") + drawing);
}

/** A department's or the home page's picture: some of its products on one stage. Of size 1200 × 800. */
export function stagePicture(products: readonly Pictured[], hue: string): string {
  const places = [[-20, 246, 0.62], [716, 246, 0.62], [310, 178, 0.74]] as const;
  const things = products.slice(0, 3).map((product, i) => {
    const ink = inkOf(colourOf(product), seededRandom(hash32(product.id)), ` ${product.title.toLowerCase()} `);
    // A picture holds several products, and each has fills of its own names.
    const own = (markup: string) => markup.replaceAll(/(id="|url\(#)/g, `$1p${i}-`);
    const [x, y, scale] = places[i]!;
    return own(defs(ink)) + moved(x, y, own(drawingOf(product)(ink)), scale);
  });
  const wall = mix(hue, "#fbf6ee", 0.62);
  return svg("0 0 1200 800", `<defs><linearGradient id="wall" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${mix(wall, "#ffffff", 0.35)}"/><stop offset="1" stop-color="${wall}"/></linearGradient><linearGradient id="floor" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${mix(hue, "#f4ecdf", 0.42)}"/><stop offset="1" stop-color="${mix(hue, "#f4ecdf", 0.66)}"/></linearGradient></defs><rect width="1200" height="800" fill="url(#wall)"/><circle cx="600" cy="330" r="300" fill="#fff" opacity=".38"/><rect y="560" width="1200" height="240" fill="url(#floor)"/>${things.join("")}`);
}

function drawingOf(product: Pictured): Drawing {
  const level = categoryPath(product.product_type).at(-1);
  const byCategory = level === undefined ? undefined : BY_CATEGORY[slug(level)];
  if (byCategory) return byCategory;
  const title = ` ${product.title.toLowerCase()} `;
  return BY_WORD.find(([words]) => words.some((word) => title.includes(` ${word}`)))?.[1] ?? (hash32(product.id) % 3 === 0 ? gifts.card : hash32(product.id) % 3 === 1 ? gifts.giftBox : gifts.charger);
}

function colourOf(product: Pictured): string {
  const named = product.color && COLOURS[product.color.toLowerCase() as Colour];
  if (named) return named;
  const title = product.title.toLowerCase();
  const said = HUES.find(([word]) => title.includes(word))?.[1];
  return said ?? MIXED[hash32(product.title) % MIXED.length]!;
}

function backdrop(colour: string, distance: "near" | "far"): string {
  const wall = mix(colour, "#f6f1e8", 0.86);
  return `<defs><linearGradient id="wall" x1="0" y1="0" x2=".3" y2="1"><stop offset="0" stop-color="${mix(wall, "#ffffff", 0.55)}"/><stop offset="1" stop-color="${mix(wall, colour, 0.1)}"/></linearGradient></defs><rect width="800" height="800" fill="url(#wall)"/>${distance === "far" ? `<path d="M0 560 Q400 520 800 560 V800 H0 Z" fill="#fff" opacity=".22"/>` : ""}`;
}

function svg(viewBox: string, inner: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}">${inner}</svg>`;
}
