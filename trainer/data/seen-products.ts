/** A catalogue from what a log tells of its products, for files that have none beside them. */
import { parseProduct, type Product } from "../../core/catalogue.ts";
import { ownText } from "../entry-log.ts";
import type { SeenProduct } from "./acts.ts";

interface Sketch extends SeenProduct {
  price?: number;
}

export interface SeenProducts {
  /** What is told first stays, but for the price, of which the last one counts. @param item the product's number */
  see(item: number, told: SeenProduct | undefined, price: number | undefined): void;
  /**
   * By id. Products without a title are called by their id; a price that was never told is 0.
   * @param ids by the products' numbers
   * @returns also how many ids no product can have
   */
  products(ids: readonly string[]): { products: Product[]; invalid: number };
}

export function createSeenProducts(): SeenProducts {
  const sketches: Sketch[] = [];
  return {
    see(item, told, price) {
      const sketch = (sketches[item] ??= {});
      if (price !== undefined && price > 0) sketch.price = price;
      if (!told) return;
      if (told.title && sketch.title === undefined) sketch.title = ownText(told.title.slice(0, 300));
      if (told.brand && sketch.brand === undefined) sketch.brand = ownText(told.brand.slice(0, 120));
      if (told.category && sketch.category === undefined) sketch.category = ownText(told.category.slice(0, 750));
    },
    products(ids) {
      const products: Product[] = [];
      let invalid = 0;
      ids.forEach((id, item) => {
        const { title = id, brand, category, price = 0 } = sketches[item] ?? {};
        const product = parseProduct({ id, title, link: `/products/${encodeURIComponent(id)}`, price, ...(brand && { brand }), ...(category && { product_type: category }) });
        if (product.ok && !id.includes("\n")) products.push(product.value);
        else invalid += 1;
      });
      return { products: products.sort((a, b) => (a.id < b.id ? -1 : 1)), invalid };
    },
  };
}
