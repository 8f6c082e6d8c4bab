/** Derives a category from a product's title, for shops whose files have none: the last word that names a kind of thing. */

/** Kinds of thing by department, in the singular. A gift shop's words; what is not among them stays uncategorised. */
const NOUNS: { readonly [department: string]: readonly string[] } = {
  "Kitchen & Table": ["mug", "cup", "saucer", "plate", "bowl", "dish", "jug", "glass", "beaker", "teapot", "spoon", "cutlery", "tray", "coaster", "placemat", "napkin", "apron", "jar", "tin", "bottle", "case", "scale", "cutter", "colander", "cosy", "towel", "tablecloth", "doily", "platter", "whisk", "tongs", "container", "flask", "egg", "timer", "lid", "mould"],
  "Bags & Purses": ["bag", "purse", "handbag", "shopper", "washbag", "wallet", "tag", "umbrella", "parasol", "hat", "scarf", "suitcase"],
  "Jewellery": ["necklace", "bracelet", "earring", "ring", "charm", "brooch", "bangle", "pendant", "hairclip", "comb", "bead", "keyring"],
  "Lights & Candles": ["holder", "candle", "candleholder", "t-light", "light", "lantern", "lamp", "lampshade", "candlestick", "incense", "chandelier", "torch"],
  "Decoration": ["decoration", "sign", "frame", "clock", "mirror", "garland", "bunting", "wreath", "hook", "hanger", "cushion", "cover", "rug", "quilt", "curtain", "throw", "vase", "flower", "knob", "doorstop", "plaque", "bell", "magnet", "ornament", "bird", "bauble", "stocking", "screen", "doormat", "tile", "letter", "angel"],
  "Cards & Paper": ["card", "wrap", "ribbon", "tissue", "sticker", "notebook", "sketchbook", "journal", "book", "tape", "pen", "pencil", "stencil", "paper", "chalk", "stamp", "sheet", "album", "folder", "postcard", "memo", "calendar", "eraser", "crayon"],
  "Toys & Crafts": ["toy", "doll", "game", "kit", "puzzle", "jigsaw", "rope", "marble", "patch", "balloon", "block", "dinosaur", "domino", "ball", "craft", "rabbit", "soldier", "pom-pom", "button"],
  "Home & Storage": ["box", "basket", "cabinet", "stand", "rack", "drawer", "organiser", "bucket", "bin", "crate", "chest", "shelf", "stool", "chair", "table", "pot", "planter", "tub", "warmer", "soap", "thermometer", "calculator", "radio", "ladder", "trellis", "board", "blackboard", "chalkboard", "set"],
};
/** Kinds with fewer products have no shelf of their own. */
const MIN_PRODUCTS = 8;
const DEPARTMENT_OF = new Map(Object.entries(NOUNS).flatMap(([department, nouns]) => nouns.map((noun) => [noun, department] as const)));
/** "Set" names a kind only where no other word does. */
const LAST_RESORT = "set";

/**
 * @param titles by product id
 * @returns a `product_type` such as `Bags & Purses > Bags` for each product whose title has a known noun
 */
export function deriveCategories(titles: ReadonlyMap<string, string>): Map<string, string> {
  const nounOf = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const [id, title] of titles) {
    const noun = headNoun(title);
    if (noun === undefined) continue;
    nounOf.set(id, noun);
    counts.set(noun, (counts.get(noun) ?? 0) + 1);
  }
  return new Map([...nounOf].map(([id, noun]) => {
    const department = DEPARTMENT_OF.get(noun)!;
    return [id, counts.get(noun)! < MIN_PRODUCTS ? `${department} > Other ${department}` : `${department} > ${capital(plural(noun))}`];
  }));
}

/** The last word that names a kind of thing; undefined if none does. */
export function headNoun(title: string): string | undefined {
  // What follows "with" or "for" tells of parts and purposes: a "cabinet with 4 drawers" is no drawer.
  const words = title.toLowerCase().split(/ (?:with|for|in|on|w\/) ?/)[0]!.split(/[^a-z-]+/).filter(Boolean).map(singular);
  let fallback: string | undefined;
  for (const word of words.reverse()) {
    if (word === LAST_RESORT) fallback = word;
    else if (DEPARTMENT_OF.has(word)) return word;
  }
  return fallback;
}

function singular(word: string): string {
  if (DEPARTMENT_OF.has(word)) return word;
  for (const [ending, instead] of [["ies", "y"], ["ves", "f"], ["es", ""], ["s", ""]] as const) {
    const stem = word.slice(0, -ending.length) + instead;
    if (word.endsWith(ending) && DEPARTMENT_OF.has(stem)) return stem;
  }
  return word;
}

function plural(noun: string): string {
  if (noun === "tongs" || noun === "cutlery" || noun === "incense") return noun;
  if (/(s|x|ch|sh)$/.test(noun)) return `${noun}es`;
  if (/[^aeiou]y$/.test(noun)) return `${noun.slice(0, -1)}ies`;
  return noun === "shelf" ? "shelves" : `${noun}s`;
}

function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1);
}
