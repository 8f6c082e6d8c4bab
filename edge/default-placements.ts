/** Where carousels stand in a shop that has not said: in elements with these ids. */
import type { Placement } from "../core/slate.ts";

export const DEFAULT_PLACEMENTS: Placement[] = [
  { id: "home-for-you", page: "home", selector: "#home-recommendations", insert: "append", title: "Picked for you", strategy: "for_you", k: 12 },
  { id: "product-similar", page: "product", selector: "#product-recommendations", insert: "append", title: "You may also like", strategy: "similar", k: 12 },
  { id: "cart-together", page: "cart", selector: "#cart-recommendations", insert: "append", title: "Goes well with your cart", strategy: "bought_together", k: 8 },
];
