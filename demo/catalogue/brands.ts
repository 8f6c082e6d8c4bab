/** Invented makers: where each stands in price, what it looks like and which departments it supplies. */
export const STYLES = ["rustic", "modern", "classic", "colourful", "minimal"] as const;
export type Style = (typeof STYLES)[number];

export interface Brand {
  name: string;
  /** 0: the cheapest, 1: the finest. */
  tier: number;
  style: Style;
  departments: readonly string[];
}

export const BRANDS: readonly Brand[] = [
  brand("Thornwick", 0.9, "classic", "kitchen table"), brand("Ostra Works", 0.75, "minimal", "kitchen coffee-tea"), brand("Hob & Ladle", 0.35, "colourful", "kitchen table"),
  brand("Graylock Forge", 0.95, "rustic", "kitchen fire-grill"), brand("Pinnock", 0.2, "modern", "kitchen bathroom study"), brand("Marrowdale", 0.6, "rustic", "kitchen table living"),
  brand("Saltmere Pottery", 0.7, "rustic", "table coffee-tea living"), brand("Ilka Nord", 0.8, "minimal", "table lighting living"), brand("Bellwether Home", 0.25, "classic", "table bedroom bathroom"),
  brand("Confetti Street", 0.3, "colourful", "table living study"), brand("Quillon", 0.85, "modern", "table kitchen"), brand("Hart & Sorrel", 0.55, "classic", "table living"),
  brand("Third Kettle", 0.5, "modern", "coffee-tea"), brand("Northbound Roasters", 0.6, "rustic", "coffee-tea"), brand("Lowtide Coffee", 0.45, "colourful", "coffee-tea"),
  brand("Merridew Tea", 0.65, "classic", "coffee-tea"), brand("Cindermill", 0.8, "minimal", "coffee-tea kitchen"), brand("Plain Cup", 0.2, "minimal", "coffee-tea table"),
  brand("Wolds & Weft", 0.7, "rustic", "living bedroom"), brand("Ravelin", 0.45, "modern", "living bedroom bathroom"), brand("Sundry & Soft", 0.2, "colourful", "living bedroom bathroom"),
  brand("Tessaly", 0.9, "classic", "living lighting"), brand("Ember Rowe", 0.55, "minimal", "living bathroom"), brand("Juniper Lane Studio", 0.4, "colourful", "living study"),
  brand("Lumenfield", 0.6, "modern", "lighting"), brand("Halden Light", 0.85, "minimal", "lighting study"), brand("Brightside & Sons", 0.3, "classic", "lighting"), brand("Filamenta", 0.4, "rustic", "lighting"),
  brand("Drowse", 0.65, "minimal", "bedroom"), brand("Cotterill Linens", 0.85, "classic", "bedroom bathroom table"), brand("Featherby", 0.4, "classic", "bedroom"), brand("Noon & Nine", 0.35, "colourful", "bedroom study"),
  brand("Tidewrack", 0.6, "rustic", "bathroom"), brand("Sopworth", 0.5, "classic", "bathroom"), brand("Kelp & Clay", 0.75, "minimal", "bathroom living"), brand("Everyday Fold", 0.15, "modern", "bathroom bedroom"),
  brand("Greenacre Tools", 0.5, "classic", "garden"), brand("Potting & Co", 0.3, "rustic", "garden"), brand("Verdanta", 0.65, "modern", "garden"), brand("Old Orchard Seeds", 0.35, "rustic", "garden"),
  brand("Wrenhouse", 0.45, "classic", "garden pets"), brand("Terrane", 0.85, "minimal", "garden fire-grill"), brand("Petalworks", 0.2, "colourful", "garden"),
  brand("Highfell", 0.85, "modern", "camping"), brand("Tarn Equipment", 0.65, "classic", "camping"), brand("Packhorse", 0.4, "rustic", "camping"), brand("Wildlight", 0.5, "colourful", "camping lighting"),
  brand("Basecoat", 0.2, "modern", "camping"), brand("Ridgeway Supply", 0.55, "minimal", "camping fire-grill"), brand("Cinder & Co", 0.6, "rustic", "fire-grill"), brand("Smokehouse Row", 0.45, "classic", "fire-grill"),
  brand("Blackbarrel", 0.8, "modern", "fire-grill"), brand("Quickflame", 0.15, "colourful", "fire-grill camping"),
  brand("Muddy Rufus", 0.35, "colourful", "pets"), brand("Houndsworth", 0.75, "classic", "pets"), brand("Good Bowl", 0.45, "modern", "pets"), brand("Thistle & Tail", 0.6, "rustic", "pets"), brand("Whiskerly", 0.25, "minimal", "pets"),
  brand("Margin Paper", 0.6, "minimal", "study"), brand("Fawcett & Quire", 0.85, "classic", "study"), brand("Inkpot Yard", 0.35, "colourful", "study"), brand("Deskwright", 0.5, "modern", "study lighting"),
];

function brand(name: string, tier: number, style: Style, departments: string): Brand {
  return { name, tier, style, departments: departments.split(" ") };
}
