/** What the department store sells: its departments and categories, and how people need them. */

export interface Category {
  /** Unique in the shop; also the category's path below `/c/`. */
  id: string;
  name: string;
  department: string;
  /** Ids of categories bought to go with this one, the closest first. */
  complements: readonly string[];
  /** Demand by month, January first; the mean is 1. */
  season: readonly number[];
  /** Typical days until the same shopper needs it again; absent for what lasts. */
  replenishDays?: number;
  /** How much more often than an average category it is shopped for. */
  demand: number;
}

export interface Department {
  id: string;
  name: string;
  /** One line for the department's page. */
  motto: string;
}

export const DEPARTMENTS: readonly Department[] = [
  { id: "kitchen", name: "Kitchen", motto: "Tools that earn their place on the worktop." },
  { id: "table", name: "Table", motto: "For weekday suppers and long Sunday lunches." },
  { id: "coffee-tea", name: "Coffee & Tea", motto: "Slow mornings, made properly." },
  { id: "living", name: "Living", motto: "Soft corners, quiet colours, good company." },
  { id: "lighting", name: "Lighting", motto: "The right glow for every hour." },
  { id: "bedroom", name: "Bedroom", motto: "Natural fibres and a better night." },
  { id: "bathroom", name: "Bathroom", motto: "Small rituals, well kept." },
  { id: "garden", name: "Garden", motto: "From the first seed to the last late evening." },
  { id: "camping", name: "Camping", motto: "Pack light, stay out longer." },
  { id: "fire-grill", name: "Fire & Grill", motto: "Everything tastes better outdoors." },
  { id: "pets", name: "Pets", motto: "For the ones who meet you at the door." },
  { id: "study", name: "Study", motto: "Paper, pens and a tidy desk." },
];

/** Months' weights, January first. Scaled so that each has mean 1. */
const SEASONS = {
  even: scaled([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
  gifts: scaled([0.7, 0.9, 0.9, 0.9, 1, 0.9, 0.8, 0.8, 0.9, 1, 1.6, 2.1]),
  cosy: scaled([1.3, 1.1, 0.9, 0.7, 0.5, 0.4, 0.4, 0.5, 0.9, 1.4, 1.9, 2]),
  spring: scaled([0.4, 1, 2.1, 2.4, 1.8, 1.1, 0.7, 0.5, 0.6, 0.5, 0.3, 0.3]),
  summer: scaled([0.2, 0.3, 0.6, 1.1, 1.8, 2.3, 2.3, 1.6, 0.8, 0.4, 0.3, 0.4]),
  warm: scaled([0.4, 0.5, 0.9, 1.4, 1.7, 1.6, 1.4, 1.2, 1, 0.7, 0.6, 0.6]),
  winterBirds: scaled([1.7, 1.5, 1.2, 0.9, 0.6, 0.5, 0.4, 0.5, 0.7, 1.1, 1.5, 1.6]),
  newTerm: scaled([1.4, 0.8, 0.8, 0.8, 0.7, 0.7, 0.8, 1.6, 1.7, 0.9, 0.9, 1]),
} as const;

export const CATEGORIES: readonly Category[] = [
  category("knives", "Knives", "kitchen", ["cutting-boards", "knife-sharpeners", "pots-pans"], "gifts", 1.1),
  category("knife-sharpeners", "Knife Sharpeners", "kitchen", ["knives", "cutting-boards"], "gifts", 0.5),
  category("cutting-boards", "Cutting Boards", "kitchen", ["knives", "knife-sharpeners", "plates-bowls"], "gifts", 0.9),
  category("pots-pans", "Pots & Pans", "kitchen", ["knives", "bakeware", "cutting-boards"], "cosy", 1.2),
  category("bakeware", "Bakeware", "kitchen", ["storage-jars", "pots-pans"], "gifts", 0.9),
  category("storage-jars", "Storage Jars", "kitchen", ["bakeware", "coffee-beans", "loose-tea"], "even", 0.9),
  category("mugs", "Mugs", "table", ["coffee-beans", "loose-tea", "teapots"], "gifts", 1.5),
  category("plates-bowls", "Plates & Bowls", "table", ["cutlery", "glassware", "table-linen"], "even", 1.1),
  category("glassware", "Glassware", "table", ["plates-bowls", "cutlery"], "gifts", 1),
  category("cutlery", "Cutlery", "table", ["plates-bowls", "table-linen"], "gifts", 0.7),
  category("table-linen", "Table Linen", "table", ["plates-bowls", "candles", "cutlery"], "gifts", 0.7),
  category("coffee-beans", "Coffee Beans", "coffee-tea", ["coffee-makers", "coffee-grinders", "mugs"], "even", 1.9, 26),
  category("coffee-makers", "Coffee Makers", "coffee-tea", ["coffee-beans", "coffee-grinders", "mugs"], "gifts", 0.9),
  category("coffee-grinders", "Coffee Grinders", "coffee-tea", ["coffee-beans", "coffee-makers"], "gifts", 0.6),
  category("teapots", "Teapots", "coffee-tea", ["loose-tea", "mugs"], "cosy", 0.7),
  category("loose-tea", "Loose Tea", "coffee-tea", ["teapots", "mugs", "storage-jars"], "cosy", 1.3, 40),
  category("cushions", "Cushions", "living", ["throws", "rugs"], "even", 1.3),
  category("throws", "Throws", "living", ["cushions", "candles", "bed-linen"], "cosy", 1.1),
  category("rugs", "Rugs", "living", ["cushions", "floor-lamps"], "even", 0.8),
  category("vases", "Vases", "living", ["candles", "table-linen", "seeds"], "spring", 0.9),
  category("candles", "Candles", "living", ["vases", "throws", "soap"], "cosy", 1.6, 45),
  category("table-lamps", "Table Lamps", "lighting", ["light-bulbs", "alarm-clocks"], "cosy", 0.8),
  category("floor-lamps", "Floor Lamps", "lighting", ["light-bulbs", "rugs"], "cosy", 0.6),
  category("pendant-lights", "Pendant Lights", "lighting", ["light-bulbs", "table-lamps"], "even", 0.6),
  category("light-bulbs", "Light Bulbs", "lighting", ["table-lamps", "pendant-lights", "floor-lamps"], "cosy", 0.9, 150),
  category("bed-linen", "Bed Linen", "bedroom", ["pillows-duvets", "throws"], "even", 1.1),
  category("pillows-duvets", "Pillows & Duvets", "bedroom", ["bed-linen"], "cosy", 0.8),
  category("alarm-clocks", "Alarm Clocks", "bedroom", ["table-lamps", "bed-linen"], "newTerm", 0.5),
  category("towels", "Towels", "bathroom", ["bath-mats", "soap"], "even", 1.1),
  category("soap", "Soap & Hand Care", "bathroom", ["towels", "candles"], "gifts", 1.4, 38),
  category("bath-mats", "Bath Mats", "bathroom", ["towels", "baskets"], "even", 0.6),
  category("baskets", "Storage Baskets", "bathroom", ["towels", "throws", "planters"], "newTerm", 0.8),
  category("planters", "Planters", "garden", ["seeds", "watering-cans", "garden-tools"], "spring", 1.1),
  category("garden-tools", "Garden Tools", "garden", ["planters", "seeds", "watering-cans"], "spring", 0.9),
  category("seeds", "Seeds", "garden", ["planters", "garden-tools", "watering-cans"], "spring", 1.4, 70),
  category("watering-cans", "Watering Cans", "garden", ["planters", "seeds"], "spring", 0.6),
  category("garden-furniture", "Garden Furniture", "garden", ["barbecues", "cushions", "lanterns"], "summer", 0.7),
  category("bird-care", "Bird Feeders", "garden", ["garden-tools", "seeds"], "winterBirds", 0.7),
  category("tents", "Tents", "camping", ["sleeping-bags", "lanterns", "camp-stoves"], "summer", 0.7),
  category("sleeping-bags", "Sleeping Bags", "camping", ["tents", "backpacks", "lanterns"], "summer", 0.7),
  category("lanterns", "Lanterns", "camping", ["tents", "camp-stoves"], "summer", 0.7),
  category("camp-stoves", "Camp Stoves", "camping", ["tents", "water-bottles", "lanterns"], "summer", 0.6),
  category("backpacks", "Backpacks", "camping", ["water-bottles", "sleeping-bags"], "warm", 0.9),
  category("water-bottles", "Water Bottles", "camping", ["backpacks", "camp-stoves"], "warm", 1.1),
  category("barbecues", "Barbecues", "fire-grill", ["grill-tools", "charcoal", "garden-furniture"], "summer", 0.6),
  category("grill-tools", "Grill Tools", "fire-grill", ["barbecues", "charcoal", "knives"], "summer", 0.7),
  category("charcoal", "Charcoal & Firewood", "fire-grill", ["barbecues", "grill-tools"], "summer", 0.9, 24),
  category("dog-beds", "Dog Beds", "pets", ["pet-toys", "pet-bowls", "leads-collars"], "even", 0.6),
  category("pet-food", "Pet Food", "pets", ["pet-bowls", "pet-toys"], "even", 1.8, 28),
  category("pet-toys", "Pet Toys", "pets", ["pet-food", "dog-beds"], "gifts", 0.9, 80),
  category("leads-collars", "Leads & Collars", "pets", ["dog-beds", "pet-toys"], "even", 0.7),
  category("pet-bowls", "Pet Bowls", "pets", ["pet-food", "dog-beds"], "even", 0.6),
  category("notebooks", "Notebooks", "study", ["pens", "desk-organisers"], "newTerm", 1.2, 90),
  category("pens", "Pens", "study", ["notebooks", "desk-organisers"], "newTerm", 0.9, 120),
  category("desk-organisers", "Desk Organisers", "study", ["notebooks", "pens", "wall-clocks"], "newTerm", 0.6),
  category("wall-clocks", "Wall Clocks", "study", ["desk-organisers", "table-lamps"], "gifts", 0.5),
];

export const CATEGORY_BY_ID: ReadonlyMap<string, Category> = new Map(CATEGORIES.map((entry) => [entry.id, entry]));

/** A category as `product_type` spells it: `"Kitchen > Knives"`. */
export function productTypeOf(entry: Category): string {
  return `${DEPARTMENTS.find(({ id }) => id === entry.department)!.name} > ${entry.name}`;
}

function category(id: string, name: string, department: string, complements: string[], season: keyof typeof SEASONS, demand: number, replenishDays?: number): Category {
  return { id, name, department, complements, season: SEASONS[season], demand, replenishDays };
}

function scaled(months: number[]): number[] {
  const mean = months.reduce((sum, weight) => sum + weight, 0) / months.length;
  return months.map((weight) => weight / mean);
}
