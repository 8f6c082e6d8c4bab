/** Exact sums: money in whole minor units of its currency. */

const digits = new Map<string, number>();

/** Decimal places of a currency: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217). */
export function minorDigits(currency: string): number {
  let known = digits.get(currency);
  if (known === undefined) {
    known = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
    digits.set(currency, known);
  }
  return known;
}

/** The price of `quantity` pieces in minor units; prices are rounded to the currency's smallest coin first. */
export function toMinor(price: number, quantity: number, currency: string): number {
  const unit = Math.round(price * 10 ** minorDigits(currency));
  return Math.round(unit * quantity);
}

/** The largest amount of one line, in minor units: sums of 90,000 of these are still exact. */
export const MAX_LINE_MINOR = 1e11;
