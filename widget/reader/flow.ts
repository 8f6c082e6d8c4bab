/** The page in reading order: its texts, through open shadow roots, with the product's name and the buy button found. */
import { sameName } from "./words.ts";

export interface Line {
  text: string;
  /** The element whose text it is. */
  element: Element;
}
export interface Flow {
  lines: Line[];
  /** The product's name, as the page shows it; empty where there is none. */
  title: string;
  heading?: Element | undefined;
  /** Index of the name's line; -1 without one. */
  titleAt: number;
  buy?: HTMLElement | undefined;
  /** Index of the first line after the buy button. */
  buyAt: number;
  all(selector: string): Element[];
}

/** Reading stops for the page's own work after this long; a throttled phone is four times slower than a desk. */
const SLICE_MS = 8;
let untilMs = 0;

/** Lets the page work where this slice is used up. */
export async function pause(): Promise<void> {
  if (performance.now() < untilMs) return;
  // Frames come also where a shop has broken its timers.
  await new Promise(requestAnimationFrame);
  untilMs = performance.now() + SLICE_MS;
}

/** A page with more lines than this is read so far. */
const MAX_LINES = 9_000;
const UNREAD = /^(script|style|svg|iframe|option|noscript)$/i;
const BUY = /add.?to.?(cart|bag|basket)|\bbuy\b|warenkorb|kaufen|panier|achet|comprar|carr(ito|ello|inho)|acquist|winkelw|bestel|köp\b|kurv|koszyk|ko[šs][ií]k|корзин|купи/i;
const BUY_NAME = /add.?(to.?)?(cart|bag|basket)|(buy|cart).?(now|button|btn|add)|button.?(buy|cart)/i;

export async function readFlow(document: Document): Promise<Flow> {
  const lines: Line[] = [];
  const controls: [HTMLElement, number][] = [];
  const headings: [Element, number][] = [];
  const roots: ParentNode[] = [document];
  const ahead: Node[] = [document.body];
  const queue = (parent: Node): void => {
    for (let child = parent.lastChild; child; child = child.previousSibling) ahead.push(child);
  };
  for (let node = ahead.pop(), steps = 0; node && lines.length < MAX_LINES; node = ahead.pop(), steps += 1) {
    if (steps % 200 === 0) await pause();
    if (node.nodeType === 3) {
      const text = node.nodeValue!.trim();
      if (text) lines.push({ text, element: node.parentElement ?? (node.parentNode as ShadowRoot).host });
    }
    if (node.nodeType !== 1 || UNREAD.test((node as Element).tagName)) continue;
    const element = node as HTMLElement;
    if (element.matches("h1")) headings.push([element, lines.length]);
    if (element.matches("button,input,a,[role=button]")) controls.push([element, lines.length]);
    queue(element);
    if (element.shadowRoot) {
      roots.push(element.shadowRoot);
      queue(element.shadowRoot);
    }
  }
  const all = (selector: string): Element[] => roots.flatMap((root) => [...root.querySelectorAll(selector)]);

  // An element of that name takes its place.
  const title = `${document.title}`;
  const shown = headings.filter(([element]) => element.textContent!.trim() && isShown(element));
  const found = shown.find(([element]) => sameName(title, element.textContent!)) ?? shown[0];
  // Without a heading, a shop's page still repeats its title.
  const repeated = lines.findIndex(({ text }) => text.length > 8 && title.includes(text));
  const [heading, titleAt] = found ?? [lines[repeated]?.element, repeated];
  await pause();
  const [buy, buyAt] = controls.find(([element, at]) => at >= titleAt && isBuy(element) && isShown(element)) ?? [undefined, -1];
  return { lines, title: heading?.textContent!.trim().replace(/\s+/g, " ") ?? "", heading, titleAt, buy, buyAt, all };
}

function isBuy(element: HTMLElement): boolean {
  const label = element.textContent!.trim() + (element as HTMLInputElement).value;
  return (label.length < 60 && BUY.test(label)) || BUY_NAME.test(namesOf(element));
}

/** What a shop calls an element. */
export function namesOf(element: Element): string {
  return ["class", "id", "name", "itemprop"].map((name) => element.getAttribute(name)).join(" ") + " " + element.tagName;
}

export function isShown(element: Element): boolean {
  return element.getClientRects().length > 0;
}
