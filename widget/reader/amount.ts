/** Reads amounts of money as shops write them: separators, currencies and their places differ by country. */

/** Signs and abbreviations, each followed by its ISO 4217 code. */
const CODES: { [sign: string]: string } = {};
const SIGNS = "€EUR £GBP ₹INR ₽RUB ₺TRY ₴UAH ₩KRW ₪ILS ฿THB ₫VND ₱PHP ₸KZT ¥JPY $USD r$BRL nt$TWD hk$HKD s$SGD euroEUR eurEUR rsINR рубRUB рRUB złPLN kčCZK ftHUF tlTRY грнUAH đVND тгKZT frCHF rmMYR rpIDR leiRON lvBGN лвBGN knHRK 円JPY 元CNY ر.سSAR krSEK";
for (const entry of SIGNS.split(" ")) CODES[entry.slice(0, -3)] = entry.slice(-3);
const SIGN = new RegExp(`[a-z]{0,2}\\p{Sc}|(?<!\\p{L})(${Object.keys(CODES).slice(18).join("|")})(?!\\p{L})`, "iu");
const ISO = /\b[A-Z]{3}(?=\s?\d)|(?<=\d\s?)[A-Z]{3}\b/;
const KNOWN = new Set(Intl.supportedValuesOf("currency"));
/** What `$`, `¥` and `kr` are called in countries that share them. */
const LOCAL: { [currency: string]: string } = { USD: "caCAD auAUD nzNZD mxMXN arARS clCLP twTWD", JPY: "cnCNY", SEK: "noNOK dkDKK" };
/** The dinars and rials that have a thousand parts. */
const THREE_DECIMALS = /KWD|BHD|OMR|JOD|TND|LYD|IQD/;

/** One number: groups of three (or two, in India), or digits as they come. */
export const NUMBERS = /\d{1,3}(?:[.,'’\s]\d{2,3}(?!\d))+(?:[.,]\d{1,2}(?!\d))?|\d+(?:[.,]\d+)?/g;

/** @param country two letters, where a sign is shared by several @returns ISO 4217, where the text names a currency */
export function currencyIn(text: string, country = ""): string | undefined {
  const [code = ""] = ISO.exec(text) ?? [];
  if (KNOWN.has(code)) return code;
  const sign = SIGN.exec(text);
  if (!sign) return undefined;
  const currency = CODES[sign[0].toLowerCase()] ?? CODES[sign[0].slice(-1)] ?? "USD";
  const at = country && sign[0].length < 3 ? (LOCAL[currency] ?? "").indexOf(country) : -1;
  return at < 0 ? currency : LOCAL[currency]!.slice(at + 2, at + 5);
}

/** Reads a number in which commas and points may separate thousands or decimals. */
export function readNumber(text: string, currency = ""): number {
  const digits = text.replace(/^(\d+)\s(\d\d)$/, "$1.$2").replace(/[\s'’]/g, "");
  const last = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(","));
  const marks = digits.match(/[.,]/g) ?? [];
  const decimals = digits.length - last - 1;
  // A single separator before three digits separates thousands, but for "0.125" and for currencies of a thousand parts.
  const isDecimal = marks.length > 0 && (marks.length < 2 ? decimals !== 3 || /^0\D/.test(digits) || THREE_DECIMALS.test(currency) : marks[0] !== marks.at(-1));
  return Number(isDecimal ? digits.slice(0, last).replace(/[.,]/g, "") + "." + digits.slice(last + 1) : digits.replace(/[.,]/g, ""));
}

/** Reads what should be a plain number, as `price` is in JSON-LD, and often isn't. */
export function readAmount(value: unknown): number | undefined {
  const text = String(value ?? "").trim();
  const [found] = text.match(NUMBERS) ?? [];
  return found ? (/^\d+(\.\d+)?$/.test(text) ? Number(text) : readNumber(found, currencyIn(text))) : undefined;
}
