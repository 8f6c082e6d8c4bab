/** The colours that products come in, by the name on the label. */

export const COLOURS = {
  chalk: "#efeae0", ivory: "#f1e8d6", oat: "#ddd0b8", sand: "#cfb997", linen: "#d8ccba", stone: "#b3aa9c", slate: "#5d666d", charcoal: "#3b3f42", ink: "#27303f", black: "#2a2928",
  sage: "#94a88c", moss: "#66744a", fern: "#4f7a57", pine: "#2f5546", olive: "#7e7a45", mint: "#b5d2c0",
  sky: "#9fc0d3", denim: "#557796", navy: "#2b4265", teal: "#2e777c", petrol: "#1f5560",
  blush: "#e1b4a8", rose: "#c98a8a", terracotta: "#c0694a", rust: "#a4502f", brick: "#98423a", berry: "#7c2f48", plum: "#5d3a56", lilac: "#b8a7c9", coral: "#e2836b",
  mustard: "#d3a03a", butter: "#efd58a", saffron: "#e0a11b", tangerine: "#e17a2d",
  oak: "#c89d63", walnut: "#74492f", ash: "#dcc49a", bamboo: "#d6b26f", olivewood: "#a97c45", acacia: "#93592f", cork: "#c69a6a", rattan: "#c9a063", willow: "#a67f51", seagrass: "#bda873",
  steel: "#b9bfc4", silver: "#c9cdd1", brass: "#c8a04d", copper: "#bd7350", iron: "#4b4b4e", graphite: "#56585c", zinc: "#9ea5a6",
  clear: "#d6e4e6", smoke: "#8c8a88", amber: "#c47f2c", emerald: "#2f7d5b",
  kraft: "#c3a177", cocoa: "#5c3d2e", tan: "#b5824f",
} as const;
export type Colour = keyof typeof COLOURS;

/** Colours that one kind of thing is usually made in. */
export const PALETTES = {
  wood: ["oak", "walnut", "ash", "acacia", "olivewood", "bamboo"],
  paleWood: ["oak", "ash", "bamboo", "walnut", "cork"],
  metal: ["steel", "graphite", "brass", "copper", "black"],
  handle: ["walnut", "black", "oak", "olivewood", "pine", "steel"],
  enamel: ["chalk", "pine", "navy", "terracotta", "mustard", "charcoal", "sage", "petrol", "brick"],
  glaze: ["chalk", "oat", "sage", "denim", "terracotta", "charcoal", "blush", "teal", "mustard", "slate"],
  glass: ["clear", "smoke", "amber", "emerald", "rose", "sky"],
  cloth: ["linen", "sage", "terracotta", "mustard", "navy", "rose", "charcoal", "fern", "plum", "sky", "rust", "oat"],
  calmCloth: ["chalk", "linen", "oat", "stone", "sage", "sky", "blush", "slate", "navy"],
  fibre: ["seagrass", "rattan", "willow", "oat", "charcoal"],
  clay: ["terracotta", "stone", "charcoal", "chalk", "sage", "zinc", "sand"],
  outdoor: ["moss", "petrol", "rust", "mustard", "slate", "pine", "navy", "tangerine"],
  pack: ["kraft", "charcoal", "pine", "terracotta", "navy", "mustard", "berry", "sage", "cocoa", "sky"],
  wax: ["ivory", "sage", "blush", "terracotta", "charcoal", "lilac", "butter", "oat"],
  iron: ["black", "graphite", "iron", "steel", "pine", "brick"],
  leather: ["tan", "cocoa", "black", "navy", "moss", "berry", "mustard"],
  paper: ["navy", "berry", "pine", "mustard", "kraft", "black", "blush", "sky", "terracotta", "lilac"],
  bright: ["coral", "saffron", "teal", "berry", "sky", "fern", "tangerine", "lilac"],
} as const satisfies { [name: string]: readonly Colour[] };
export type Palette = keyof typeof PALETTES;
