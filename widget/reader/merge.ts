/** Brings the sources' facts together, field by field: the most trusted one is believed, and what disagrees is named. */
import type { EventSource } from "../../core/events.ts";
import type { Facts, Field, PageProduct, Reading } from "./product.ts";
import type { ShownPrice } from "./visible.ts";
import { sameName } from "./words.ts";

/** What the page shows. */
export interface Shown {
  title: string;
  /** The likeliest first. */
  prices: ShownPrice[];
  /** The printed number. */
  label?: string;
  /** The one in the page's address, or else in its buy form. */
  hidden: string | undefined;
  stock?: PageProduct["availability"];
  canBuy: boolean;
}

const paid = ({ product }: Facts): number | undefined => product.sale_price ?? product.price;

/** @param told by the sources that speak to machines, most trusted first */
export function settle(told: readonly Facts[], shown: Shown): Reading {
  const { prices, label, hidden } = shown;
  const [best] = prices;
  // Many likely prices of different products are a list.
  const isList = best?.card || prices.filter(({ card, score, amount }) => !card && score > best!.score - 1 && amount !== best!.amount).length > 5;
  if (told.length === 0 && (isList || !best || !shown.title || (best.score < 1 && !(best.score > -3.5 && (shown.canBuy || label))))) return { provenance: {}, conflicts: [] };

  const product: PageProduct = {};
  const provenance: { [field in Field]?: EventSource } = {};
  const believe = (source: EventSource, facts: PageProduct): void => {
    for (const [field, value] of Object.entries(facts) as [Field, never][]) {
      if (value === undefined || product[field] !== undefined) continue;
      product[field] = value;
      provenance[field] = source;
    }
  };

  // The number printed by the product is the shop's own name for it; JSON-LD often holds the warehouse's.
  believe("page", { id: label });
  const priced = told.filter(paid);
  const [first] = priced;
  const seen = first && prices.find(({ amount }) => amount === paid(first));
  // What the page shows is believed where a second source says the same, or where it has crossed the first one's out.
  const ally = best && priced.find((facts) => paid(facts) === best.amount);
  const isOutdated = best && seen?.former && best.amount < seen.amount && !best.card;
  const former = best && prices.find((price) => price.former && price.amount > best.amount && price.score > best.score - 8);
  const onPage: PageProduct = { price: (former ?? best)?.amount, sale_price: former && best!.amount, currency: best?.currency };
  const { source, product: { price, sale_price, currency } } = ally ?? (isOutdated || !first ? { source: "page" as const, product: onPage } : first);
  believe(source, { price, sale_price, currency });

  const stated = told.find((facts) => facts.product.availability);
  // A page's data is often staler than the page: sold out is what the page says too.
  const isStated = stated && (stated.product.availability !== "out_of_stock" || shown.stock === "out_of_stock");
  believe(isStated ? stated.source : "page", { availability: isStated ? stated.product.availability : shown.stock });

  for (const { source, product: { price: _price, sale_price: _sale, availability: _stock, id, ...rest } } of told) believe(source, { ...rest, id: /\s/.test(id!) ? undefined : id });
  believe("page", { id: hidden ?? product.gtin, title: shown.title || undefined, currency: best?.currency });

  const conflicts = new Set<Field>();
  for (const facts of told) {
    if (paid(facts) && paid(facts) !== (product.sale_price ?? product.price)) conflicts.add("price");
    for (const field of ["id", "title", "brand", "currency", "availability"] as const) if (facts.product[field] && !sameName(facts.product[field], product[field])) conflicts.add(field);
  }
  return { product, provenance, conflicts: [...conflicts], source: told[0]?.source ?? "page" };
}
