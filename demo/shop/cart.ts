/** The cart's arithmetic: quantities within stock, sums in whole cents. */
import { currentPrice, isBuyable, type Product } from "../../core/catalogue.ts";

/** Quantities by product id, in the order they were added. */
export type Cart = Map<string, number>;

export interface CartLine {
  product: Product;
  quantity: number;
  /** Price times quantity, in major units. */
  total: number;
}
export interface CartTotals {
  lines: CartLine[];
  /** Pieces, not lines. */
  count: number;
  subtotal: number;
  shipping: number;
  total: number;
}

export const SHIPPING = { standard: { name: "Standard, 3 to 4 days", price: 4.95 }, express: { name: "Express, tomorrow", price: 9.95 } } as const;
export type ShippingTier = keyof typeof SHIPPING;
export const FREE_SHIPPING_FROM = 60;
const MAX_QUANTITY = 99;

/** The most of a product that one order may hold; 0 when it cannot be bought. */
export function available(product: Product): number {
  return isBuyable(product) ? Math.min(product.quantity ?? MAX_QUANTITY, MAX_QUANTITY) : 0;
}

/**
 * Sets a product's quantity, within what is available; 0 takes it out.
 * @returns how many were added, negative when fewer are left than before
 */
export function setQuantity(cart: Cart, product: Product, quantity: number): number {
  const before = cart.get(product.id) ?? 0;
  const after = Math.max(0, Math.min(Math.trunc(quantity), available(product)));
  if (after === 0) cart.delete(product.id);
  else cart.set(product.id, after);
  return after - before;
}

/** Products that the shop no longer has are left out. */
export function totals(cart: Cart, byId: (id: string) => Product | undefined, tier: ShippingTier = "standard"): CartTotals {
  const lines: CartLine[] = [];
  let cents = 0, count = 0;
  for (const [id, quantity] of cart) {
    const product = byId(id);
    if (!product) continue;
    const lineCents = Math.round(currentPrice(product) * 100) * quantity;
    lines.push({ product, quantity, total: lineCents / 100 });
    cents += lineCents;
    count += quantity;
  }
  const free = tier === "standard" && cents >= FREE_SHIPPING_FROM * 100;
  const shippingCents = lines.length === 0 || free ? 0 : Math.round(SHIPPING[tier].price * 100);
  return { lines, count, subtotal: cents / 100, shipping: shippingCents / 100, total: (cents + shippingCents) / 100 };
}
