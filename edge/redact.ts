/** Keeps e-mail addresses, phone numbers and card numbers out of storage, whatever the tag let pass. */
import { EVENT_SCHEMAS, type ShopEvent } from "../core/events.ts";
import { hasCheckDigit, redactPath, redactText } from "../core/redact.ts";

/** In paths a bare run of digits is mostly an article number: cards are 15 digits or more with the right check digit … */
const CARD = /(?<!\d)\d(?:[ -]?\d){14,18}(?!\d)/g;
/** … and phone numbers begin with a country code. */
const PHONE = /(?<![\w+])(?:\+|%2B)\d(?:[ ().-]?\d){6,}/gi;

const MAX_TERM_CHARS = EVENT_SCHEMAS.search.properties.search_term.maxLength;
const MAX_TITLE_CHARS = EVENT_SCHEMAS.page_view.properties.page_title.maxLength;
const MAX_REFERRER_CHARS = EVENT_SCHEMAS.page_view.properties.page_referrer.maxLength;
const MAX_PATH_CHARS = 300;

/** Redacts, in place, what a shopper or a page may have put a person's data into; ids are never touched. */
export function redactEvent(event: ShopEvent): ShopEvent {
  if (event.page?.path !== undefined) event.page.path = withoutNumbers(redactPath(event.page.path)).slice(0, MAX_PATH_CHARS);
  switch (event.name) {
    case "search":
    case "view_search_results":
      event.params.search_term = redactText(event.params.search_term).slice(0, MAX_TERM_CHARS);
      break;
    case "page_view":
      if (event.params.page_title !== undefined) event.params.page_title = redactText(event.params.page_title).slice(0, MAX_TITLE_CHARS);
      if (event.params.page_referrer !== undefined) event.params.page_referrer = redactPath(event.params.page_referrer).slice(0, MAX_REFERRER_CHARS);
      break;
  }
  return event;
}

function withoutNumbers(path: string): string {
  return path.replace(CARD, (run) => (hasCheckDigit(run.replace(/\D/g, ""), 2) ? "[number]" : run)).replace(PHONE, "[number]");
}
