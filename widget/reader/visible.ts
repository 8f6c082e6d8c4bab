/** Reads the product off the page as a shopper does: the price by the name and the buy button, the printed number, the stock. */
import { currencyIn, NUMBERS, readNumber } from "./amount.ts";
import { isShown, namesOf, pause, type Flow } from "./flow.ts";
import type { PageProduct, ReaderPage } from "./product.ts";
import { SOLD_OUT } from "./words.ts";

export interface ShownPrice {
  amount: number;
  currency?: string;
  /** Higher is likelier what the shopper pays. */
  score: number;
  /** Crossed out, or called a former price. */
  former: boolean;
  /** On another product's card. */
  card: boolean;
}

const PRICE = /pri[cs]|prei|pre[zcç]|cena|fiyat|amount/i;
const PAID = /final|current|now|sale|special|offer|main|promo/i;
const FORMER = /\bold|old\b|\bwas|regular|list.?price|rrp|msrp|uvp|before|cross|strike|origin|compare|through/i;
const ELSEWHERE = /relat|recommend|similar|-?sell|also|carousel|recent|nav|menu|aside|header|footer|bundle|shipping/i;
/** Words beside amounts that are not the price: postage, instalments, savings, units, sums without tax. */
const OTHER = /ship|deliver|versand|env[ií]|доставк|month|monat|\bmes|save|spar|discount|\b(tax|over|free)\b|(per|\/|je)\s?\d*\s?(kg|g|l|ml|mo)\b|(ex|ohne|sin|bez|brez|без)\S*\s(vat|tax|mwst|iva|dph|ddv|ндс)/i;

/** Looks outwards from an element. */
function around(element: Element, levels: number): string {
  let names = "";
  for (let at: Element | null = element; at && levels > 0; at = at.parentElement, levels -= 1) names += " " + namesOf(at);
  return names;
}

/** The text of a price, its cents told from its units where they stand in an element of their own. */
function priceText(element: Element): string {
  let text = "";
  for (const child of element.childNodes) {
    const inner = child.nodeType === 1 ? priceText(child as Element) : child.nodeType === 3 ? child.nodeValue! : "";
    text += (child.nodeType === 1 && /^\s*\d\d\D{0,3}$/.test(inner) && /(^|[^.,\d])\d{1,4}$/.test(text) ? "." : "") + inner;
  }
  return text;
}

/** Whether an element is part of another product's card: a picture beside it leads to another page. */
function isCard(element: Element, { heading }: Flow): boolean {
  for (let at: Element | null = element, levels = 0; at && levels < 6 && !(heading && at.contains(heading)); at = at.parentElement, levels += 1) {
    const picture = at.querySelector("a[href] img")?.closest("a");
    if (picture) return !/^(#|java)|\.(jpe?g|png|webp)/i.test(picture.getAttribute("href")!);
  }
  return false;
}

/** Every amount of money that the page shows, the likeliest price first. */
export async function shownPrices(flow: Flow, page: ReaderPage): Promise<ShownPrice[]> {
  const country = (page.document.documentElement.lang.split("-")[1] ?? page.location.hostname.split(".").at(-1)!).toLowerCase();
  const { lines, titleAt } = flow;
  const found: ShownPrice[] = [];
  const taken = new Set<Element>();
  for (let index = Math.max(0, titleAt - 100); index < lines.length && index < titleAt + 900; index += 1) {
    const { text, element } = lines[index]!;
    if (index % 40 === 0) await pause();
    if (!/\d/.test(text) || text.length > 99) continue;
    // Outwards, while it is one amount and no more: its sign and its cents may stand in elements of their own.
    let holder = element;
    let whole = text;
    for (let at: Element | null = element, levels = 0; at && levels < 4; at = at.parentElement, levels += 1) {
      const wider = at.textContent!.length < 99 ? priceText(at).replace(/\s+/g, " ").trim() : "";
      if (!wider || wider.length > text.length + 12 || (wider.match(NUMBERS) ?? []).length > 1) break;
      [holder, whole] = [at, wider];
      if (currencyIn(wider)) break;
    }
    const numbers = whole.match(NUMBERS);
    if (taken.has(holder) || !numbers) continue;
    const currency = currencyIn(whole, country);
    if (!currency && !(PRICE.test(around(holder, 2)) && /^\D{0,12}[\d.,\s]+\D{0,4}$/.test(whole))) continue;
    const amount = readNumber(numbers[0]!, currency);
    if (!amount || amount > 1e9 || /%\s*$|^[-–−(]/.test(whole) || !isShown(holder)) continue;
    taken.add(holder);
    const style = getComputedStyle(holder);
    const names = around(holder, 3);
    const crossed = !!holder.closest("del,s,strike") || style.textDecorationLine.includes("through");
    const before = lines[index - 1]?.text ?? "";
    const context = `${before.length < 40 ? before : ""} ${whole} ${text} ${/^\/.{1,9}/.exec(lines[index + 1]?.text ?? "")}`;
    const called = FORMER.test(names + context);
    const card = isCard(holder, flow);
    const away = index - titleAt;
    found.push({
      amount, currency, card,
      former: crossed || called,
      score:
        2 * Math.log2(Number.parseFloat(style.fontSize) / 16) + (currency ? 1 : 0) +
        (PRICE.test(names) ? 1.5 : 0) + (PAID.test(names) ? 0.7 : 0) - (crossed ? 4 : called ? 2 : 0) - (card ? 4 : 0) -
        (ELSEWHERE.test(around(holder, 7)) ? 3 : 0) -
        (OTHER.test(context) ? 2.5 : 0) -
        (away < 0 ? 1.5 - away / 40 : Math.min(5, away / 40)) - (flow.buy ? Math.min(3, Math.abs(index - flow.buyAt) / 40) : 0),
    });
  }
  return found.sort((one, other) => other.score - one.score);
}

const LABEL = /^[\s(#*•|-]*((product|item|art(icle|ikel)?|model|part|cat|style|stock|web|bestell|produkt|vare?)?[. -]*(#|n[or]\b|num(ber|mer)\b|code|id\b|sku|upc|ref)|model|r[ée]f\p{L}*|[ck][oó]d(\.|igo|ice)?|[šs]ifra|код|арт\p{L}*)( \p{L}+){0,2}[\s.:#№]*/iu;
const NUMBERED = /^[#:№\s]*([\w./-]*\d[\w./-]*)\)?$/;

/** The number printed by the product, after a label on the same line or the one before. */
export function labelledId({ lines, titleAt }: Flow): string | undefined {
  let best: string | undefined;
  let nearest = 300;
  lines.forEach(({ text, element }, index) => {
    const [label] = (text.length < 80 && LABEL.exec(text)) || [];
    if (!label) return;
    const rest = text.slice(label.length) || lines[index + 1]?.text || "";
    const id = NUMBERED.exec(rest)?.[1];
    const away = Math.abs(index - titleAt) + (index < titleAt ? 20 : 0) + (ELSEWHERE.test(around(element, 6)) ? 200 : 0) + (/model/i.test(label) ? 99 : 0);
    if (id && id.length < 40 && away < nearest && !currencyIn(id)) [best, nearest] = [id, away];
  });
  return best;
}

const ID_NAMES = /^(data-)?(product|item|article|prod|goods|offer|variant|child|id|p)?[-_]?(sku|code|id|number|product)$|^add-to-cart$/i;

const isId = (name: string, value: string): boolean => ID_NAMES.test(name) && NUMBERED.test(value) && value.length < 40;

/** The product's number in the page's address. */
export function addressId({ location: { pathname, search } }: ReaderPage): string | undefined {
  for (const [name, value] of new URLSearchParams(search)) if (isId(name, value)) return value;
  return [...pathname.matchAll(/[-_.~/][a-z]{0,2}(\d{4,}|(?=\w*\d\w*\d)[A-Z\d]{5,})(?=[-_./]|$)/g)].at(-1)?.[1];
}

/** The number by which the page's scripts know the product: in its buy form, or at the elements around its button. */
export function hiddenId({ buy, heading }: Flow): string | undefined {
  const named: { name: string; value: string }[] = [...(buy?.closest("form")?.querySelectorAll<HTMLInputElement>("[name][value]") ?? [])];
  for (let at = buy ?? heading; at; at = at.parentElement!) named.push(...[...at.attributes].filter(({ name }) => name.startsWith("data-")));
  return named.find(({ name, value }) => isId(name, value))?.value;
}

/** Out of stock where the page says so by the product, or its button is dead. */
export function shownStock({ buy, lines, titleAt }: Flow): PageProduct["availability"] {
  if (buy && !buy.matches(":disabled,[aria-disabled=true],[class*=disabled]")) return "in_stock";
  const says = lines.slice(Math.max(0, titleAt), titleAt + 100).some(({ text, element }) => text.length < 60 && SOLD_OUT.test(text) && isShown(element) && !element.closest("a[href],li,label"));
  return says ? "out_of_stock" : undefined;
}
