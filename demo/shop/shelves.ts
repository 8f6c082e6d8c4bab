/** The shop's catalogue as its pages need it: by path, by department and category, by variant, by words. */
import { categoryPath, currentPrice, isBuyable, type Product } from "../../core/catalogue.ts";
import { slug } from "../catalogue/generate.ts";
import { DEPARTMENTS } from "../catalogue/taxonomy.ts";

export interface Shelf {
  /** Path segment. */
  id: string;
  name: string;
  /** In the catalogue's own order, one row per product: variants stand behind the first of them. */
  products: Product[];
}
export interface DepartmentShelf extends Shelf {
  categories: Shelf[];
}

export interface Shelves {
  /** Every row, variants included. */
  rows: readonly Product[];
  /** One row per product. */
  fronts: readonly Product[];
  /** What is reduced and can be bought, the greatest saving first. */
  offers: readonly Product[];
  /** Empty when the catalogue has no categories. */
  departments: readonly DepartmentShelf[];
  /** Whether this is the generated department store, which the shop has words of its own for; another catalogue gets neutral ones. */
  isOwn: boolean;
  byId(id: string): Product | undefined;
  byPath(path: string): Product | undefined;
  /** The rows that share the product's `item_group_id`, itself included. */
  variantsOf(product: Product): readonly Product[];
  department(id: string): DepartmentShelf | undefined;
  category(id: string): { department: DepartmentShelf; category: Shelf } | undefined;
  /** Best matches first; empty when no product has all of the words. */
  search(query: string): Product[];
}

export function arrangeShelves(products: readonly Product[]): Shelves {
  const byId = new Map<string, Product>();
  const byPath = new Map<string, Product>();
  const groups = new Map<string, Product[]>();
  const departments = new Map<string, DepartmentShelf>();
  const categories = new Map<string, { department: DepartmentShelf; category: Shelf }>();
  const fronts: Product[] = [];

  for (const product of products) {
    byId.set(product.id, product);
    byPath.set(pathOf(product), product);
    const group = groups.get(product.item_group_id ?? product.id);
    if (group) {
      group.push(product);
      continue;
    }
    groups.set(product.item_group_id ?? product.id, [product]);
    fronts.push(product);
    const [departmentName, ...rest] = categoryPath(product.product_type);
    if (departmentName === undefined) continue;
    const department = grow(departments, slug(departmentName), () => ({ id: slug(departmentName), name: departmentName, products: [], categories: [] }));
    department.products.push(product);
    const categoryName = rest.at(-1);
    if (categoryName === undefined) continue;
    const shelf = grow(categories, slug(categoryName), () => {
      const category: Shelf = { id: slug(categoryName), name: categoryName, products: [] };
      department.categories.push(category);
      return { department, category };
    });
    shelf.category.products.push(product);
  }

  const words = fronts.map((product) => ({ product, title: folded(product.title), all: folded([product.title, product.brand, product.product_type, product.color, ...groups.get(product.item_group_id ?? product.id)!.map(({ color }) => color)].filter(Boolean).join(" ")) }));
  return {
    rows: products,
    fronts,
    offers: fronts.filter((product) => saving(product) > 0 && isBuyable(product)).sort((a, b) => saving(b) - saving(a)),
    departments: [...departments.values()],
    isOwn: DEPARTMENTS.every(({ id }) => departments.has(id)),
    byId: (id) => byId.get(id),
    byPath: (path) => byPath.get(path),
    variantsOf: (product) => groups.get(product.item_group_id ?? product.id) ?? [product],
    department: (id) => departments.get(id),
    category: (id) => categories.get(id),
    search(query) {
      // "knives" finds "knife": a plural's ending is left off.
      const terms = folded(query).split(" ").filter(Boolean).slice(0, 8).map((term) => (term.length > 3 ? term.replace(/(?<=[a-z]{2})(ves|ies|es|s)$/, "") : term));
      if (terms.length === 0) return [];
      return words
        .map(({ product, title, all }) => ({ product, score: terms.reduce((sum, term) => (sum < 0 ? sum : title.includes(` ${term}`) ? sum + 3 : all.includes(` ${term}`) ? sum + 2 : title.includes(term) ? sum + 1 : -1), 0) }))
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score || popularity(b.product) - popularity(a.product))
        .map(({ product }) => product);
    },
  };
}

/** The path that a product's page is served under, whatever origin its link names. */
export function pathOf(product: Pick<Product, "link">): string {
  return new URL(product.link, "http://shop.invalid").pathname;
}

export function popularity(product: Pick<Product, "review_count">): number {
  return product.review_count ?? 0;
}

/** The share of the price that a sale takes off; 0 without a sale. */
function saving(product: Product): number {
  return product.price > 0 ? 1 - currentPrice(product) / product.price : 0;
}

export const SORTS = { featured: "Featured", "price-up": "Price, low to high", "price-down": "Price, high to low", rating: "Best rated" } as const;
export type Sort = keyof typeof SORTS;
export const PAGE_SIZE = 24;

/** What a listing's form asks for. */
export interface Sieve {
  brands: readonly string[];
  minPrice: number | null;
  maxPrice: number | null;
  inStock: boolean;
  sort: Sort;
  /** From 1. */
  page: number;
}

/** Reads a sieve from a page's address; what makes no sense is left out. */
export function sieveFrom(query: URLSearchParams): Sieve {
  const amount = (name: string) => {
    const value = query.get(name);
    return value !== null && /^\d{1,7}(\.\d{1,2})?$/.test(value) ? Number(value) : null;
  };
  const sort = query.get("sort") ?? "featured";
  const page = Number(query.get("page") ?? 1);
  return { brands: query.getAll("brand"), minPrice: amount("min"), maxPrice: amount("max"), inStock: query.get("stock") === "1", sort: Object.hasOwn(SORTS, sort) ? (sort as Sort) : "featured", page: Number.isSafeInteger(page) && page >= 1 ? page : 1 };
}

export interface Sifted {
  /** The page's products. */
  products: Product[];
  found: number;
  page: number;
  pages: number;
}

/** Filters, sorts and pages; a page beyond the last shows the last. */
export function sift(products: readonly Product[], sieve: Sieve): Sifted {
  const kept = products.filter((product) => {
    const price = currentPrice(product);
    return (sieve.brands.length === 0 || sieve.brands.includes(product.brand ?? ""))
      && (sieve.minPrice === null || price >= sieve.minPrice) && (sieve.maxPrice === null || price <= sieve.maxPrice)
      && (!sieve.inStock || isBuyable(product));
  });
  if (sieve.sort === "price-up") kept.sort((a, b) => currentPrice(a) - currentPrice(b));
  if (sieve.sort === "price-down") kept.sort((a, b) => currentPrice(b) - currentPrice(a));
  if (sieve.sort === "rating") kept.sort((a, b) => (b.rating_value ?? 0) - (a.rating_value ?? 0) || popularity(b) - popularity(a));
  const pages = Math.max(1, Math.ceil(kept.length / PAGE_SIZE));
  const page = Math.min(sieve.page, pages);
  return { products: kept.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE), found: kept.length, page, pages };
}

function grow<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** Lower case without accents, words parted by one space, with a space before the first. */
function folded(text: string): string {
  return ` ${text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim()}`;
}
