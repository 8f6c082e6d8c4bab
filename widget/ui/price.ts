/** Prices as the shop's customers are used to reading them. */
import { currentPrice, type Card } from "../../core/catalogue.ts";

export interface PriceTexts {
  now: string;
  /** The price before the sale. */
  was?: string;
}

/** @param locale BCP 47; an unknown one falls back to the browser's */
export function priceFormat(locale: string, currency: string): (card: Pick<Card, "price" | "sale_price">) => PriceTexts {
  let format: Intl.NumberFormat;
  try {
    format = new Intl.NumberFormat(locale, { style: "currency", currency });
  } catch {
    format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  }
  return (card) => {
    const now = currentPrice(card);
    return { now: format.format(now), was: now < card.price ? format.format(card.price) : undefined };
  };
}
