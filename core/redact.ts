/**
 * Takes what identifies a person or opens their account out of text: e-mail addresses, telephone, card and account
 * numbers, tokens and query strings, however they are encoded. Article numbers, dates and sizes stay.
 *
 * Where a number may be either, the doubt is decided for the shopper: in free text a number with a leading 0, with
 * separators, or of 15 digits goes, unless its check digit or its shape says what it is. Digits in one piece that
 * nothing marks as a telephone number stay: they are article and order numbers far more often.
 */

import { isSuspicious } from "./suspicion.ts";

/**
 * What kind of text a field holds. `text`: typed by people, or repeating it. `path`: of a page, a file or an element,
 * where numbers are mostly the shop's own. `id`: a name that the shop gave, which loses its worth when it is altered.
 */
export type FieldKind = "text" | "path" | "id";

/** More is cut off before anything is looked for: the longest field holds 500. */
const MAX_CHARS = 2_000;
const CODED = /(?:%(?:25)*[\da-f]{2})+|&#(x?[\da-f]+);|&(commat|plus|period);/gi;
const NAMED: { [name: string]: string } = { commat: "@", plus: "+", period: "." };

const USER_INFO = /\/\/[^\s/@]+@/g;
const EMAIL = /(?:"[^"]+"|[^\s@＠/:;,<>()[\]"]*)[\s+]{0,2}(?:[@＠]+|[([]at[)\]])[\s+]{0,2}(?:[\p{L}\p{M}\p{N}%-]+[.。．])+[\p{L}%][\p{L}\p{M}\p{N}%-]+/giu;
const QUERY = /(:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*|[?&#;][\w.~[\]-]+=[^\s"'<>]*/g;
const SECRET = /(?:(?:pass(?:word|wd|phrase|code)|pwd|token|secret|api[_-]?key|sess(?:ion)?[_-]?id|sid|authorization)["']?\s*[=:]\s*(?:bearer|basic)?|bearer\s)\s*["']?[^\s"'&]+|\beyJ[\w-]{6,}\.[\w.-]+/gi;
/** Opaque: 32 hexadecimal digits, or as many of capitals, small letters and digits together; fewer after what says so. */
const TOKEN = /(?<![\w-])(?:(?=[\da-f]*\d)[\da-f]{32,}|(?=[a-z]*[A-Z\d])(?=[A-Z\d]*[a-z])(?=[a-zA-Z]*\d)[a-zA-Z\d]{32,})(?![\w-])|(?<=\/(?:reset|verif|token|invit|confirm|magic|activat|session)[\w-]{0,20}\/)[\w.~-]{16,}/g;
const IBAN = /\b[a-z]{2}\d\d(?:[ +-]?[a-z\d]{4}){2,7}(?:[ +-]?[a-z\d]{1,3})?\b/gi;
/** Seven digits or more with the separators that people put between them. */
const digitRun = (slash: string) => `[+(]*\\d(?:[\\s().${slash}+_‐-―·-]{0,3}\\d){6,}`;
const ownWord = (run: string) => new RegExp(`()(?<![a-z\\d])(${run})(?![a-z\\d])`, "gi");
const NUMBERS: { readonly [K in FieldKind]: RegExp } = {
  // With the word for what it is, or the letter that an article number begins with.
  text: new RegExp(`((?:tel|phone|mobile|cell|fax|handy)\\w*[\\s.:=#]{1,3}|[a-z][-/]?)?(${digitRun("/")})`, "gi"),
  // A slash separates the parts of a path, not those of a number that no plus begins.
  path: ownWord(`[+]${digitRun("/")}|${digitRun("")}`),
  id: ownWord(digitRun("/")),
};

/** What has separators and is no telephone number: books, dates, years from and to, tyres, orders of two marketplaces, two sets of bricks. */
const SHAPES = /^(?:97[89](?:[- ]?\d){10}|(?:19|20)\d\d([-/. ])[01]?\d\1[0-3]?\d|[0-3]?\d([-/. ])[0-3]?\d\2(?:19|20)\d\d|(?:19|20)\d\d\D{1,3}(?:19|20)\d\d|[1-3]\d5\/\d\d[-/ ]\d\d|\d\d-\d{5}-\d{5}|\d{3}-\d{7}-\d{7}|[1-5]\d{4} \d{5})(?: \d{1,4})?$/;
/** First digits of the card networks' numbers. */
const CARD = /^(?:4|5|6|2[2-7]|3[04-9])/;

/** @returns the text itself where nothing had to go, else decoded and without it */
export function redact(text: string, kind: FieldKind): string {
  if (!isSuspicious(text)) return text;
  let plain = text.slice(0, MAX_CHARS);
  // Forms put into links, and those into pages, are encoded once more each time.
  for (let depth = 0; depth < 3; depth += 1) plain = plain.replace(CODED, decode);
  let clean = plain.replace(USER_INFO, "//").replace(QUERY, (_, address?: string) => address ?? "[secret]").replace(EMAIL, "[email]").replace(SECRET, "[secret]");
  if (kind !== "id") clean = clean.replace(TOKEN, "[secret]");
  clean = clean
    .replace(IBAN, (found) => (isIban(found) ? found.slice(0, 2) + "[number]" : found))
    .replace(NUMBERS[kind], (found, prefix: string | undefined, run: string, at: number, whole: string) =>
      isPersonal(run, prefix ?? "", kind, /^$|\//.test(whole.charAt(at - 1)) && /^$|\//.test(whole.charAt(at + found.length))) ? (prefix ?? "") + "[number]" : found);
  return clean === plain ? text : clean;
}

/** For what people typed, and for titles that repeat it. */
export function redactText(text: string): string {
  return redact(text, "text");
}

/** For paths, whose long numbers are the shop's own product ids. */
export function redactPath(path: string): string {
  return redact(path, "path");
}

/** What a field of an event's parameters holds, by GA4's names and ours. */
export function kindOf(field: string): FieldKind {
  return /_id$|^(?:coupon|currency|strategy|arm)$/.test(field) ? "id" : /^(?:element|form|source|page_referrer)$/.test(field) ? "path" : "text";
}

/** An event's parameters, every string of them redacted for what its field holds. */
export function redactParams<T>(value: T, field = ""): T {
  if (typeof value === "string") return redact(value, kindOf(field)) as T;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => redactParams(entry, field)) as T;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, redactParams(entry, name)])) as T;
}

/**
 * Whether the last digit checks the ones before it.
 * @param digits nothing else
 * @param factor of every second digit: 3 for article numbers (GTIN), 2 for cards (ISO/IEC 7812-1, "Luhn")
 */
export function hasCheckDigit(digits: string, factor: 2 | 3): boolean {
  let sum = 0;
  for (let i = 1; i <= digits.length; i += 1) {
    const value = +digits[digits.length - i]! * (i % 2 ? 1 : factor);
    // Luhn adds the digits of a product; those of article numbers count whole.
    sum += factor < 3 && value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

function decode(coded: string, point: string | undefined, name: string | undefined): string {
  if (name) return NAMED[name.toLowerCase()]!;
  try {
    return point ? String.fromCodePoint(+`0${point}`) : decodeURIComponent(coded.replace(/%(?:25)+(?=[\da-f]{2})/gi, "%"));
  } catch {
    return coded.replace(/%(?:25)*([2-7][\da-f])/gi, (_, pair: string) => String.fromCharCode(parseInt(pair, 16)));
  }
}

/** ISO 13616: the number, turned and with letters as numbers, leaves 1 when divided by 97. What follows it may have joined it. */
function isIban(found: string): boolean {
  for (let end = found.length; end > 14; end = found.lastIndexOf(" ", end - 1)) {
    const text = found.slice(0, end).replace(/[ +-]/g, "");
    if (BigInt((text.slice(4) + text.slice(0, 4)).replace(/[a-z]/gi, (letter) => `${parseInt(letter, 36)}`)) % 97n === 1n) return true;
  }
  return false;
}

/** @param alone it is a whole part of a path */
function isPersonal(run: string, prefix: string, kind: FieldKind, alone: boolean): boolean {
  const digits = run.replace(/\D/g, "");
  const { length } = digits;
  const inOnePiece = digits === run;
  if (prefix.length > 2 || isCard(digits, inOnePiece, run)) return true;
  if (inOnePiece) return kind !== "id" && ((kind === "text" && length > 14) || dials(digits));
  if (SHAPES.test(run)) return false;
  // Letters begin an article number.
  if (prefix && !/[\s+(]/.test(run)) return false;
  if (/[+(]/.test(run)) return true;
  if (kind === "id") return false;
  if (run.startsWith("0")) return kind === "text" || alone || /\s/.test(run);
  // Of seven digits, or with one that stands alone behind others, it is two numbers, or a decimal one.
  if ((length < 8 && !/^\d{3}-\d{4}$/.test(run)) || /\d\D+\d(?:\D|$)/.test(run)) return false;
  if (/\s/.test(run)) return true;
  // Within a path hyphens separate more than a number's digits.
  return kind === "text" || alone;
}

/** A card in one piece, or in groups that begin with four digits; what follows it, such as its date, may have joined it. */
function isCard(digits: string, inOnePiece: boolean, run: string): boolean {
  if (!CARD.test(digits) || !(inOnePiece || /^\d{4}\D\d{4,6}\D/.test(run))) return false;
  for (let length = Math.min(19, digits.length); length > 13; length -= 1) {
    const card = digits.slice(0, length);
    if (hasCheckDigit(card, 2) && (length > 14 || /^3[0689]/.test(card))) return true;
    if (inOnePiece) break;
  }
  return false;
}

/**
 * Of digits in one piece: 0 dials a number within a country, 00 one abroad. No country's numbers are longer than twelve
 * digits, so an article number that was filled up with a 0 stays; one of twelve digits that begins with 0 cannot be told.
 */
function dials(digits: string): boolean {
  const { length } = digits;
  return /^00[1-9]\d{8}/.test(digits) || (/^0[1-9]\d{7}/.test(digits) && !(length > 12 && length < 15 && hasCheckDigit(digits, 3)));
}
