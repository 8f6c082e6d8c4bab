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
  const isList = !!best && (best.card || prices.filter(({ card, score, amount }) => !card && score > best.score - 1 && amount !== best.amount).length > 5);
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
  if (label) believe("page", { id: label });
  const priced = told.filter((facts) => paid(facts) !== undefined);
  const [first] = priced;
  const seen = first && prices.find(({ amount }) => amount === paid(first));
  // What the page shows is believed where a second source says the same, or where it has crossed the first one's out.
  const ally = best && priced.find((facts) => paid(facts) === best.amount);
  const isOutdated = !!best && !!seen?.former && best.amount < seen.amount && !best.card;
  const former = best && prices.find((price) => price.former && price.amount > best.amount && price.score > best.score - 8);
  const onPage: PageProduct = best ? { price: former ? former.amount : best.amount, sale_price: former && best.amount, currency: best.currency } : {};
  const priceOf = ({ source, product: { price, sale_price, currency } }: Facts): void => believe(source, { price, sale_price, currency });
  if (ally) priceOf(ally);
  else if (isOutdated || !first) believe("page", onPage);
  else priceOf(first);

  const [stated] = told.filter((facts) => facts.product.availability);
  // A page's data is often staler than the page: sold out is what the page says too.
  if (stated && (stated.product.availability !== "out_of_stock" || shown.stock === "out_of_stock" || !shown.title)) believe(stated.source, { availability: stated.product.availability });
  else if (shown.stock) believe("page", { availability: shown.stock });

  for (const { source, product: facts } of told) {
    const { price: _price, sale_price: _sale, availability: _stock, id, ...rest } = facts;
    believe(source, { ...rest, id: id && !/\s/.test(id) ? id : undefined });
  }
  believe("page", { id: hidden ?? product.gtin, title: shown.title || undefined, currency: best?.currency });

  const conflicts = new Set<Field>();
  for (const facts of told) {
    if (paid(facts) !== undefined && paid(facts) !== (product.sale_price ?? product.price)) conflicts.add("price");
    for (const field of ["id", "title", "brand", "currency", "availability"] as const) if (facts.product[field] && !sameName(facts.product[field], product[field])) conflicts.add(field);
  }
  return { product, provenance, conflicts: [...conflicts], source: told[0]?.source ?? "page" };
}
