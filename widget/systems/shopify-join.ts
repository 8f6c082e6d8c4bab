/** What joins a Shopify checkout, which runs no script of a theme, with the shopper's events: a hidden attribute of the cart. */
import type { EventName } from "../../core/events.ts";
import { ID_PATTERN } from "../../core/ids.ts";

/** Attributes that begin with an underscore are not shown in the checkout. */
export const JOIN_ATTRIBUTE = "_endcap";
/** In the tab's session storage: the pixel runs, so the tag leaves the checkout's beginning to it; and the numbers that it has used. */
export const PIXEL_FLAG = "endcap-pixel";

/** Each event of a checkout has its own number, reserved with the cart: however often the checkout is opened, the edge counts it once. */
export const CHECKOUT_EVENTS = ["begin_checkout", "add_shipping_info", "add_payment_info", "purchase"] as const satisfies readonly EventName[];
export type CheckoutEvent = (typeof CHECKOUT_EVENTS)[number];

export interface Join {
  clientId: string;
  sessionId: string;
  /** The first of CHECKOUT_EVENTS.length numbers. */
  firstSeq: number;
  /** By which of a line's ids the shopper's history knows products: 0 SKU, 1 variant, 2 product. */
  idKind: number;
}

export function writeJoin({ clientId, sessionId, firstSeq, idKind }: Join): string {
  return `${clientId}.${sessionId}.${firstSeq}.${idKind}`;
}

/** @returns null for anything else */
export function readJoin(text: unknown): Join | null {
  const [clientId, sessionId, seq, kind, ...rest] = typeof text === "string" ? text.split(".") : [];
  const id = new RegExp(ID_PATTERN);
  const [firstSeq, idKind] = [Number(seq), Number(kind)];
  if (rest.length > 0 || !id.test(clientId ?? "") || !id.test(sessionId ?? "") || !Number.isSafeInteger(firstSeq) || firstSeq < 1 || ![0, 1, 2].includes(idKind)) return null;
  return { clientId: clientId!, sessionId: sessionId!, firstSeq, idKind };
}
