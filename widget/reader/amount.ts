/** Reads amounts of money as shops write them: separators, currencies and their places differ by country. */

/** Signs and abbreviations, each followed by its ISO 4217 code; with a country between, what they mean there. */
const SIGNS = "€EUR £GBP ₹INR ₽RUB ₺TRY ₴UAH ₩KRW ₪ILS ฿THB ₫VND ₱PHP ₸KZT ¥JPY ¥cnCNY $USD $caCAD $auAUD $nzNZD $mxMXN c$CAD r$BRL euroEUR rsINR рубRUB рRUB złPLN kčCZK ftHUF tlTRY грнUAH тгKZT frCHF rmMYR rpIDR leiRON knHRK krSEK krnoNOK krdkDKK";
const CODES: { [sign: string]: string } = {};
for (const entry of SIGNS.split(" ")) CODES[entry.slice(0, -3)] = entry.slice(-3);
for (const code of "usd eur gbp chf cad aud sek nok dkk pln inr kwd".split(" ")) CODES[code] = code.toUpperCase();
const SIGN = new RegExp(`[a-z]{0,2}\\p{Sc}|(?<!\\p{L})(${Object.keys(CODES).slice(21).join("|")})(?!\\p{L})`, "iu");
/** The dinars and rials that have a thousand parts. */
const THREE_DECIMALS = /KWD|BHD|OMR/;

/** One number: groups of three (or two, in India), or digits as they come. */
export const NUMBERS = /\d{1,3}([.,'’\s]\d{2,3}(?!\d))+([.,]\d{1,2}(?!\d))?|\d+([.,]\d+)?/g;

/** @param country two letters, where a sign is shared by several @returns ISO 4217, where the text names a currency */
export function currencyIn(text: string, country = ""): string | undefined {
  const [sign = ""] = SIGN.exec(text.toLowerCase()) ?? [];
  return CODES[sign + country] ?? CODES[sign] ?? CODES[sign.slice(-1)];
}

/** Reads a number in which commas and points may separate thousands or decimals. */
export function readNumber(text: string, currency = ""): number {
  const digits = text.replace(/^(\d+)\s(\d\d)$/, "$1.$2").replace(/[\s'’]/g, "");
  const groups = digits.split(/[.,]/);
  const last = groups.pop()!;
  // A single separator before three digits separates thousands, but for "0.125" and for currencies of a thousand parts.
  const isDecimal = groups[1] ? /\..*,|,.*\./.test(digits) : last.length !== 3 || groups[0] === "0" || THREE_DECIMALS.test(currency);
  return Number(groups.join("") + (groups[0] && isDecimal ? "." : "") + last);
}

/** Reads what should be a plain number, as `price` is in JSON-LD, and often isn't. */
export function readAmount(value: unknown): number | undefined {
  const text = String(value ?? "").trim();
  const [found] = text.match(NUMBERS) ?? [];
  return found ? (/^\d+(\.\d+)?$/.test(text) ? Number(text) : readNumber(found, currencyIn(text))) : undefined;
}
